import type { TensorSpec } from "@pare/tensor";
import { type Reject, rejectAs } from "./check_tensor.ts";
import { type Field, joinPath, readKey, readNullable, readObject, readWord } from "./field.ts";
import type { Form, NodeOf, Store } from "./form.ts";
import type { RotationNode } from "./node.ts";
import type { MatrixShape, Operator, RotatedOperator, Rotation } from "./operator.ts";
import { pipe } from "./pipe.ts";
import { ROTATIONS } from "./rotations.ts";

/** The rotations of {@linkcode rotated} and {@linkcode rotate}; a side left out stays as it is. */
export interface RotatedSides {
  /** U of size `rows`. @default {null} */
  readonly left?: Rotation | null;
  /** V of size `cols`. @default {null} */
  readonly right?: Rotation | null;
}

const KINDS = Object.keys(ROTATIONS) as readonly Rotation["kind"][];

/**
 * Stores a matrix by what it is in a rotated basis: leftᵀ · inner · right.
 *
 * @example The weight itself, from what `rotate` makes of it
 * ```ts
 * import { dense, hadamardRotation, rotate, rotated, toDense } from "@pare/operators";
 * import { tensor } from "@pare/tensor";
 * import { assertEquals } from "@std/assert";
 *
 * const weight = tensor(Float32Array.of(1, 2, 3, 4), [1, 4]);
 * const sides = { right: hadamardRotation(4, { seed: 7 }) };
 * assertEquals(toDense(rotated(dense(await rotate(weight, sides)), sides)), weight);
 * ```
 *
 * @param inner The weight in the rotated basis.
 * @param sides The rotation of either side.
 * @returns The operator of the shape of `inner`; it shares the rotations.
 * @throws {RangeError} If a rotation is not one, or not of the size of its side.
 */
export function rotated(inner: Operator, sides: RotatedSides): RotatedOperator {
  const { left = null, right = null } = sides;
  checkSides(inner.shape, sides, rejectAs("Cannot rotate an operator"));
  return { form: "rotated", shape: inner.shape, inner, left, right };
}

/** Checks that the rotations are of the size of their side. */
export function checkSides(
  [rows, cols]: MatrixShape,
  { left, right }: RotatedSides,
  reject: Reject,
): void {
  if (left) ROTATIONS[left.kind].check(left, rows, rejectSide("left", reject));
  if (right) ROTATIONS[right.kind].check(right, cols, rejectSide("right", reject));
}

/** The form of operators with an orthogonal matrix on either side. */
export const ROTATED: Form<RotatedOperator, NodeOf<"rotated">> = {
  isOperator: (value) => "shape" in value,

  nodeOf: ({ inner, left, right }, nodeOf) => ({
    form: "rotated",
    inner: nodeOf(inner),
    left: left && ROTATIONS[left.kind].nodeOf(left),
    right: right && ROTATIONS[right.kind].nodeOf(right),
  }),

  shapeOf: ({ inner }, shapeOf) => shapeOf(inner),

  specs: ({ inner, left, right }, [rows, cols]) => ({
    tensors: [...specsOf("left", left, rows), ...specsOf("right", right, cols)],
    inner: [["inner", inner]],
  }),

  parts: ({ inner, left, right }) => ({
    tensors: [...partsOf("left", left), ...partsOf("right", right)],
    inner: [["inner", inner]],
  }),

  readNode(field, readInner, shapeOf) {
    const fields = readObject(field, ["form", "inner", "left", "right"]);
    const inner = readInner(fields.inner);
    const [rows, cols] = shapeOf(inner);
    return {
      form: "rotated",
      inner,
      left: readNullable(fields.left, (side) => readRotation(side, rows)),
      right: readNullable(fields.right, (side) => readRotation(side, cols)),
    };
  },

  build: ({ inner, left, right }, shape, store) => ({
    form: "rotated",
    shape,
    inner: store.inner("inner", inner),
    left: left && ROTATIONS[left.kind].build(left, sideOf(store, "left")),
    right: right && ROTATIONS[right.kind].build(right, sideOf(store, "right")),
  }),

  check: ({ shape, left, right }, reject) => checkSides(shape, { left, right }, reject),

  rows({ shape: [size, cols], inner, left, right }, indices, rows) {
    let data: Float64Array;
    if (left === null) data = rows(inner, indices);
    else {
      const kind = ROTATIONS[left.kind];
      const needed = blocksOf(indices, kind.blockOf(left, size), size);
      const mixed = kind.left(left, rows(inner, needed), cols, needed, true);
      data = pick(mixed, cols, needed, indices);
    }
    return right === null ? data : ROTATIONS[right.kind].right(right, data, cols, false);
  },

  bind({ shape: [rows, cols], inner, left, right }, upload, bind) {
    return pipe(
      right && ROTATIONS[right.kind].bind(right, cols, upload, true),
      bind(inner),
      left && ROTATIONS[left.kind].bind(left, rows, upload, false),
    );
  },
};

function specsOf(
  side: string,
  node: RotationNode | null,
  size: number,
): readonly (readonly [string, TensorSpec])[] {
  if (node === null) return [];
  const [name, spec] = ROTATIONS[node.kind].spec(node, size);
  return [[joinPath(side, name), spec]];
}

function partsOf(side: string, rotation: Rotation | null): ReturnType<
  typeof ROTATED.parts
>["tensors"] {
  if (rotation === null) return [];
  const [name, tensor] = ROTATIONS[rotation.kind].part(rotation);
  return [[joinPath(side, name), tensor]];
}

function readRotation(field: Field, size: number): RotationNode {
  return ROTATIONS[readWord(readKey(field, "kind"), KINDS)].readNode(field, size);
}

function sideOf(store: Store, side: string): Store {
  return { ...store, tensor: (name, dtype) => store.tensor(joinPath(side, name), dtype) };
}

function rejectSide(side: string, reject: Reject): Reject {
  return (field, problem, Kind) => reject(joinPath(side, field), problem, Kind);
}

/** All rows of the blocks in which the indices lie, in order. */
function blocksOf(indices: Uint32Array, block: number, size: number): Uint32Array {
  const isNeeded = new Uint8Array(size / block);
  for (const index of indices) isNeeded[Math.floor(index / block)] = 1;
  const needed = new Uint32Array(block * isNeeded.reduce((count, bit) => count + bit, 0));
  for (let row = 0, i = 0; row < size; row++) {
    if (isNeeded[Math.floor(row / block)]) needed[i++] = row;
  }
  return needed;
}

/** The rows `indices` of a matrix of which `data` holds the rows `held`, in ascending order. */
function pick(
  data: Float64Array,
  cols: number,
  held: Uint32Array,
  indices: Uint32Array,
): Float64Array {
  const positions = new Uint32Array(held[held.length - 1] + 1);
  held.forEach((row, position) => positions[row] = position);
  const rows = new Float64Array(indices.length * cols);
  indices.forEach((index, i) => {
    const start = positions[index] * cols;
    rows.set(data.subarray(start, start + cols), i * cols);
  });
  return rows;
}
