import type { LevelScaleDtype } from "./level_scales.ts";
import type { LevelKind } from "./levels_of.ts";
import type { MatrixShape } from "./operator.ts";

/**
 * What a checkpoint's manifest says of an operator: all but the numbers. A node alone tells which
 * tensors the operator is stored in, and so its exact size before it exists.
 */
export type OperatorNode =
  | {
    readonly form: "dense";
    readonly shape: MatrixShape;
    readonly dtype: "f32" | "f16" | "bf16";
  }
  | {
    readonly form: "affine";
    readonly shape: MatrixShape;
    readonly bits: number;
    readonly groupSize: number | null;
    readonly scaleDtype: "f16" | "f32";
    /** `null`: 2^(bits − 1) everywhere; `u8`: packed integers of `bits` bits. */
    readonly zeroPointDtype: "u8" | "f16" | "f32" | null;
  }
  | {
    readonly form: "levels";
    readonly shape: MatrixShape;
    readonly kind: LevelKind;
    readonly bits: number;
    readonly groupSize: number;
    /** `f8e8m0`: powers of two in bytes. */
    readonly scaleDtype: LevelScaleDtype;
    /** Whether there is a scale of the matrix. */
    readonly matrixScale: boolean;
  }
  | {
    readonly form: "superblock";
    readonly shape: MatrixShape;
    readonly layout: "q4_k";
  }
  | {
    readonly form: "lattice";
    readonly shape: MatrixShape;
    readonly bits: 2 | 3 | 4;
    readonly residualScale: number | null;
    readonly granularity: "row" | "tensor";
    readonly scaleDtype: "f16" | "f32";
  }
  | {
    readonly form: "trellis";
    readonly shape: MatrixShape;
    readonly bits: number;
    readonly stateBits: number;
    readonly tileHeight: number;
    readonly tileWidth: number;
    readonly scaleDtype: "f16" | "f32";
    readonly granularity: "row" | "tensor";
  }
  | { readonly form: "product"; readonly left: OperatorNode; readonly right: OperatorNode }
  | { readonly form: "sum"; readonly terms: readonly OperatorNode[] }
  | {
    readonly form: "scaled";
    readonly inner: OperatorNode;
    readonly rowScaleDtype: "f16" | "f32" | null;
    readonly colScaleDtype: "f16" | "f32" | null;
  }
  | {
    readonly form: "permuted";
    readonly inner: OperatorNode;
    readonly rowOrder: boolean;
    readonly colOrder: boolean;
  }
  | {
    readonly form: "rotated";
    readonly inner: OperatorNode;
    readonly left: RotationNode | null;
    readonly right: RotationNode | null;
  }
  | {
    readonly form: "interpolative";
    readonly shape: MatrixShape;
    /** `null`: all columns are those of the identity. */
    readonly rest: OperatorNode | null;
  };

/** What a manifest says of a rotation. */
export type RotationNode =
  | { readonly kind: "hadamard"; readonly block: number }
  | { readonly kind: "orthogonal" };
