import { hadamardBlock } from "@pare/linalg";
import {
  hadamardRotation,
  type MatrixShape,
  type RotatedSides,
  type RotationNode,
} from "@pare/operators";

/** Options of {@linkcode hadamardSides}. */
export interface HadamardSidesOptions {
  /**
   * Which random signs. Layers of one width and one seed turn their inputs alike, so that those which
   * read the same input can share the turned one.
   *
   * @default {0}
   */
  seed?: number;
  /**
   * Which sides are turned: rows (`output`), columns (`input`) or both.
   *
   * @default {"both"}
   */
  sides?: "both" | "input" | "output";
}

/** The independent sequences of one seed. */
const STREAMS = { input: 0, output: 1 };

/**
 * Makes randomized Hadamard transforms for the sides of a matrix, in blocks as long as there are; a
 * side whose longest block is 1 is left alone, as nothing would be mixed.
 *
 * @example Layers of one width share the rotation of their inputs
 * ```ts
 * import { hadamardSides } from "@pare/quantizers";
 * import { assertEquals } from "@std/assert";
 *
 * const [q, k] = [hadamardSides([64, 48], { seed: 7 }), hadamardSides([16, 48], { seed: 7 })];
 * assertEquals(q.right, k.right);
 * assertEquals(hadamardSides([9, 48]).left, null);
 * ```
 *
 * @param shape `[rows, cols]`.
 * @param options The seed and the sides.
 * @returns The rotation of either side, or `null`.
 */
export function hadamardSides(
  shape: MatrixShape,
  { seed = 0, sides }: HadamardSidesOptions = {},
): Required<RotatedSides> {
  const { left, right } = planHadamardSides(shape, { sides });
  const [rows, cols] = shape;
  return {
    left: left && hadamardRotation(rows, { seed, stream: STREAMS.output }),
    right: right && hadamardRotation(cols, { seed, stream: STREAMS.input }),
  };
}

/**
 * Tells what {@linkcode hadamardSides} returns for a matrix of the given shape.
 *
 * @param shape `[rows, cols]`.
 * @param options The same options.
 * @returns The node of either rotation, or `null`.
 */
export function planHadamardSides(
  [rows, cols]: MatrixShape,
  { sides = "both" }: HadamardSidesOptions = {},
): { readonly left: RotationNode | null; readonly right: RotationNode | null } {
  return {
    left: sides === "input" ? null : planSide(rows),
    right: sides === "output" ? null : planSide(cols),
  };
}

function planSide(size: number): RotationNode | null {
  const block = hadamardBlock(size);
  return block > 1 ? { kind: "hadamard", block } : null;
}
