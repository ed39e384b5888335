import type { Device, DeviceArray } from "@pare/linalg";
import type { AnyTensor, Dtype, Tensor, TensorSpec } from "@pare/tensor";
import type { Reject } from "./check_tensor.ts";
import type { Field } from "./field.ts";
import type { OperatorNode } from "./node.ts";
import type { MatrixShape, Operator } from "./operator.ts";

/** The name of a storage form. */
export type FormName = Operator["form"];

/** The operator of one form. */
export type OperatorOf<F extends FormName> = Extract<Operator, { readonly form: F }>;

/** The node of one form. */
export type NodeOf<F extends FormName> = Extract<OperatorNode, { readonly form: F }>;

/** What an operator or a node consists of on its own level, by name, in the order of storage. */
export interface Parts<T, I> {
  /** The tensors of its own. */
  readonly tensors: readonly (readonly [name: string, tensor: T])[];
  /** What it is made of. */
  readonly inner: readonly (readonly [name: string, inner: I])[];
}

/** A tensor of one of several dtypes, told apart by its dtype. */
export type TensorOf<D extends Dtype> = D extends Dtype ? Tensor<D> : never;

/** Where an operator gets its parts from when it is read. */
export interface Store {
  /** The tensor of that name, of that dtype and of any shape; throws where there is none. */
  tensor<D extends Dtype>(name: string, dtype: D): TensorOf<D>;
  /** The operator of that name that `node` describes. */
  inner(name: string, node: OperatorNode): Operator;
}

/** Multiplies activations f32 `[…, m, cols]` by the transposed matrix, in new arrays of `device`. */
export type Apply = (x: DeviceArray, device: Device) => DeviceArray;

/** Rows of a matrix in f64, one after another, in an array that the caller may change. */
export type RowsOf = (operator: Operator, indices: Uint32Array) => Float64Array;

/**
 * All that the package knows of one storage form: a row of the table {@linkcode FORMS}.
 *
 * Nothing here calls itself: what a form needs of the operators inside it is handed to it as a
 * function, so that a form knows only itself.
 */
export interface Form<O extends Operator = Operator, N extends OperatorNode = OperatorNode> {
  /** Tells an operator from its node. */
  isOperator(value: O | N): boolean;
  /** Describes an operator. */
  nodeOf(operator: O, nodeOf: (inner: Operator) => OperatorNode): N;
  /** Tells the shape of what a node describes. */
  shapeOf(node: N, shapeOf: (inner: OperatorNode) => MatrixShape): MatrixShape;
  /** Tells the parts of what a node of that shape describes. */
  specs(node: N, shape: MatrixShape): Parts<TensorSpec, OperatorNode>;
  /** Takes an operator apart: the same names in the same order as `specs`. */
  parts(operator: O): Parts<AnyTensor, Operator>;
  /** Reads a node that cannot be trusted; throws a `FormatError` unless its fields fit together. */
  readNode(
    field: Field,
    readInner: (field: Field) => OperatorNode,
    shapeOf: (inner: OperatorNode) => MatrixShape,
  ): N;
  /** Puts an operator together, unchecked. */
  build(node: N, shape: MatrixShape, store: Store): O;
  /** Checks all that is on the operator's own level: sizes, dtypes, shapes, numbers. */
  check(operator: O, reject: Reject): void;
  /** Computes rows of the dense matrix; the indices lie within it. */
  rows(operator: O, indices: Uint32Array, rows: RowsOf): Float64Array;
  /** Copies the parts to a device by `upload`, which keeps them, and says how they multiply. */
  bind(
    operator: O,
    upload: (tensor: AnyTensor) => DeviceArray,
    bind: (inner: Operator) => Apply,
  ): Apply;
}
