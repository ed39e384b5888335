/**
 * The storage forms of compressed weights: dense matrices, packed integer codes, products, sums,
 * and scaled, permuted, rotated or interpolative ones of these. Every form tells its exact size,
 * multiplies without being written out, and is stored as named tensors with a small JSON node.
 *
 * @example A quantized matrix with a correction of low rank
 * ```ts
 * import { affine, bitsPerWeight, dense, parse, product, serialize, sum } from "@pare/operators";
 * import { randomNormal, tensor } from "@pare/tensor";
 * import { assertEquals } from "@std/assert";
 *
 * const codes = affine({
 *   codes: tensor(new Uint8Array(64 * 64), [64, 64], "u8"),
 *   bits: 2,
 *   groupSize: 64,
 *   scales: tensor(new Float32Array(64), [64, 1]),
 * });
 * const correction = product(dense(randomNormal([64, 1])), dense(randomNormal([1, 64])));
 * const operator = sum(codes, correction);
 * assertEquals(bitsPerWeight(operator), 2 + 0.5 + 1);
 *
 * const { node, tensors } = serialize(operator);
 * assertEquals(parse(JSON.parse(JSON.stringify(node)), tensors, "up_proj"), operator);
 * ```
 *
 * @module
 */

export { affine, type AffineParts } from "./affine.ts";
export { unpackCodes, unpackZeroPoints } from "./affine_codes.ts";
export { bind, type BoundOperator } from "./bind.ts";
export { bitsPerWeight, byteLengthOf } from "./byte_length_of.ts";
export { checkStatistics } from "./check_statistics.ts";
export { dense } from "./dense.ts";
export { gatherRows, toDense } from "./gather_rows.ts";
export { hadamardRotation, type HadamardRotationOptions } from "./hadamard_rotation.ts";
export { identityColumns, interpolative } from "./interpolative.ts";
export type { LevelScaleDtype } from "./level_scales.ts";
export { lattice, type LatticeParts } from "./lattice.ts";
export { levels, type LevelsParts } from "./levels.ts";
export { type LevelKind, levelsOf } from "./levels_of.ts";
export * from "./method.ts";
export * from "./node.ts";
export { nodeOf } from "./node_of.ts";
export * from "./operator.ts";
export { orthogonalRotation } from "./orthogonal_rotation.ts";
export { parse } from "./parse.ts";
export { parseNode } from "./parse_node.ts";
export { permuted, type PermutedSides } from "./permuted.ts";
export { product } from "./product.ts";
export { rotate, type RotateOptions } from "./rotate.ts";
export { rotateGram } from "./rotate_gram.ts";
export { rotated, type RotatedSides } from "./rotated.ts";
export { scaled, type ScaledSides } from "./scaled.ts";
export { serialize, type SerializedOperator } from "./serialize.ts";
export { shapeOfNode } from "./shape_of_node.ts";
export { isInParts, ownTensorSpecsOf, type SharedParts, storedName } from "./shared_parts.ts";
export { sum } from "./sum.ts";
export { superblock, type SuperblockParts } from "./superblock.ts";
export { tensorSpecsOf } from "./tensor_specs_of.ts";
export { trellisCoded, trellisCodesShape, trellisSteps, type TrellisTiles } from "./trellis.ts";
