import type { DeviceArray } from "@pare/linalg";
import type { AnyTensor, TensorSpec } from "@pare/tensor";
import type { Reject } from "./check_tensor.ts";
import type { Field } from "./field.ts";
import type { Apply, Store } from "./form.ts";
import type { RotationNode } from "./node.ts";
import type { Rotation } from "./operator.ts";

/** The rotation of one kind. */
export type RotationOf<K extends Rotation["kind"]> = Extract<Rotation, { readonly kind: K }>;

/** The node of one kind. */
export type RotationNodeOf<K extends Rotation["kind"]> = Extract<
  RotationNode,
  { readonly kind: K }
>;

/**
 * All that the package knows of one kind of rotation: a row of the table {@linkcode ROTATIONS}.
 *
 * Matrices on the host are f64 and may be changed; what holds the result is returned.
 */
export interface RotationKind<
  R extends Rotation = Rotation,
  N extends RotationNode = RotationNode,
> {
  /** Describes a rotation. */
  nodeOf(rotation: R): N;
  /** The one tensor of a rotation of that size. */
  spec(node: N, size: number): readonly [name: string, spec: TensorSpec];
  /** The same tensor, with its numbers. */
  part(rotation: R): readonly [name: string, tensor: AnyTensor];
  /** Reads a node that cannot be trusted. */
  readNode(field: Field, size: number): N;
  /** Puts a rotation together, unchecked. */
  build(node: N, store: Store): R;
  /** Checks that it is a rotation of that size. */
  check(rotation: R, size: number, reject: Reject): void;
  /** How many neighbours it mixes; all of them is `size`. */
  blockOf(rotation: R, size: number): number;
  /**
   * U · M, or Uᵀ · M where `isTransposed`.
   *
   * @param rows Which rows of M `[size, cols]` the data is: whole blocks, in order.
   */
  left(
    rotation: R,
    data: Float64Array,
    cols: number,
    rows: Uint32Array,
    isTransposed: boolean,
  ): Float64Array;
  /** M · V, or M · Vᵀ where `isTransposed`, for M `[…, size]`. */
  right(rotation: R, data: Float64Array, size: number, isTransposed: boolean): Float64Array;
  /** Multiplies activations by V, or by Vᵀ where `isTransposed`. */
  bind(
    rotation: R,
    size: number,
    upload: (tensor: AnyTensor) => DeviceArray,
    isTransposed: boolean,
  ): Apply;
}
