import type { Device } from "@pare/linalg";
import { dense, type MatrixShape, type Operator, type OperatorNode } from "@pare/operators";
import type { NamedQuantizer } from "@pare/quantizers";
import { castFinite, type Tensor } from "@pare/tensor";
import type { FactorDtype, LowRankOptions } from "./low_rank_options.ts";
import { type QuantizerWith, quantizerWith } from "./quantizer_with.ts";

/** Which of the two factors. */
export type Side = "left" | "right";

/** How one factor becomes an operator. */
export interface FactorStore {
  /** Whether the numbers are rounded so far that the other factor should make up for it. */
  readonly isQuantizer: boolean;
  /** Whether errors are weighed by the Gram matrix of what the factor multiplies. */
  needsGram(side: Side): boolean;
  /** What `store` will return; throws for a shape that does not fit. */
  plan(side: Side, shape: MatrixShape): OperatorNode;
  /** Stores a factor; `gram` is of its inputs, `null` where it is not needed. */
  store(
    side: Side,
    factor: Tensor<"f64">,
    gram: Tensor<"f64"> | null,
    device: Device,
  ): Operator | Promise<Operator>;
}

const ACTION = "Cannot store a factor";

/**
 * How factors are stored, as the options say.
 *
 * @throws {RangeError} If both a dtype and a quantizer are given.
 */
export function factorStoreOf({ factorDtype, factorQuantizer }: LowRankOptions): FactorStore {
  if (factorQuantizer === undefined) return denseStore(factorDtype ?? "f16");
  if (factorDtype !== undefined) {
    throw new RangeError(
      `${ACTION} as only one of factorDtype and factorQuantizer must be given: current values ` +
        `are ${factorDtype} and ${JSON.stringify(factorQuantizer)}`,
    );
  }
  const { method, options } = factorQuantizer;
  const sided = (side: Side) =>
    quantizerWith(
      { method, options: { ...options, ...factorQuantizer[side] } } as NamedQuantizer,
      { partialGroups: true },
    );
  return quantizerStore({ left: sided("left"), right: sided("right") });
}

/** Factors that are stored as they are. */
export function denseStore(dtype: FactorDtype): FactorStore {
  return {
    isQuantizer: false,
    needsGram: () => false,
    plan: (_side, shape) => ({ form: "dense", shape, dtype }),
    store: (_side, factor) => dense(castFinite(ACTION, factor, dtype)),
  };
}

/** Factors that are stored by a quantizer each. */
export function quantizerStore(quantizers: Readonly<Record<Side, QuantizerWith>>): FactorStore {
  return {
    isQuantizer: true,
    needsGram: (side) => quantizers[side].needsGram,
    plan: (side, shape) => quantizers[side].plan(shape),
    store: (side, factor, gram, device) =>
      quantizers[side].quantize(castFinite(ACTION, factor, "f32"), gram, device),
  };
}
