import type { Device } from "@pare/linalg";
import { dense, type MatrixShape, type Operator, type OperatorNode } from "@pare/operators";
import { castFinite, type Tensor } from "@pare/tensor";
import {
  FACTOR_QUANTIZERS,
  type FactorQuantizerName,
  type FactorQuantizerOf,
} from "./factor_quantizers.ts";
import type { FactorDtype, LowRankOptions } from "./low_rank_options.ts";

/** Which of the two factors. */
export type Side = "left" | "right";

/** How one factor becomes an operator. */
export interface FactorStore {
  /** Whether the numbers are rounded so far that the other factor should make up for it. */
  readonly isQuantizer: boolean;
  /** Whether errors are weighed by the Gram matrix of what the factor multiplies. */
  readonly needsGram: boolean;
  /** What `store` will return; throws for a shape that does not fit. */
  plan(side: Side, shape: MatrixShape): OperatorNode;
  /** Stores a factor; `gram` is of its inputs, `null` where none is known or needed. */
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
  return quantizerStore(factorQuantizer);
}

function denseStore(dtype: FactorDtype): FactorStore {
  return {
    isQuantizer: false,
    needsGram: false,
    plan: (_side, shape) => ({ form: "dense", shape, dtype }),
    store: (_side, factor) => dense(castFinite(ACTION, factor, dtype)),
  };
}

function quantizerStore<Name extends FactorQuantizerName>(
  { method, options, ...sides }: FactorQuantizerOf<Name>,
): FactorStore {
  const quantizer = FACTOR_QUANTIZERS[method];
  const optionsOf = (side: Side) => ({ ...options, ...sides[side] });
  return {
    isQuantizer: true,
    needsGram: quantizer.needsGram,
    plan: (side, shape) => quantizer.plan(shape, optionsOf(side)),
    store: (side, factor, gram, device) =>
      quantizer.quantize(castFinite(ACTION, factor, "f32"), gram, optionsOf(side), device),
  };
}
