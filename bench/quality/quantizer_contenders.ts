// All quantizers, and CALDERA on top of them, at sizes that are as equal as their forms allow.
//
// The first of a group, plain rounding, comes as near to the group's bits per weight as its groups of
// weights allow; the others get the bytes that its layers take, and not one more. A manifest and the
// names of tensors are left out unless asked for: of a model with layers of some kilobytes they take as
// much as a third of a bit per weight, of a large one nothing.

import type { WrittenStep } from "./compress_in_memory.ts";
import type { Contender } from "./contenders.ts";

/** Bits per weight of the sets, by name: plain rounding has them with groups of 64 or so. */
const SETS: Readonly<Record<string, number>> = {
  "quantizers-2": 2.25,
  "quantizers-2.5": 2.5,
  "quantizers-3": 3.25,
  "quantizers-4": 4.25,
};

/** How many weights of a row share a scale: the fewer the better, and the larger. */
const GROUP_SIZES = [4096, 2048, 1024, 512, 256, 128, 96, 64, 48, 32];

/**
 * How far around the bits of a set CALDERA's ladders reach, and how far apart their rungs are. Beyond
 * them too: bits that a small matrix has no use for, as its ranks are coarse, go to the others.
 */
const AROUND = 0.5;
const STEP = 0.025;

/** GPTQ as it was published: our own clips ranges, sorts columns within groups, and refines twice. */
const PUBLISHED = { order: "ascending", clip: false, refinements: 0 };

/** A quantizer by its name, as options of others name it. */
interface Named {
  readonly method: string;
  readonly options: Readonly<Record<string, unknown>>;
}

/** Uniform grids of 2 to 4 bits for groups of ever fewer weights. */
function grids(stepOf: (options: Named["options"]) => WrittenStep): WrittenStep[] {
  return [2, 3, 4].flatMap((bits) =>
    GROUP_SIZES.map((groupSize) => stepOf({ bits, groupSize, partialGroups: true }))
  );
}

/** The quantizer in a random basis. */
function rotated(quantizer: Named): WrittenStep {
  return { method: "incoherence", options: { quantizer } };
}

/** A codebook behind the feedback of LDLQ. */
function ldlq(method: string, bits: number): Named {
  return { method: "ldlq", options: { quantizer: { method, options: { bits } } } };
}

/** CALDERA without low-rank part: bits of the codebook are its only rungs. */
function rankZero(codebook: string): WrittenStep[] {
  return [2, 3, 4].map((bits) => ({
    method: "caldera",
    options: { rank: 0, quantizer: ldlq(codebook, bits) },
  }));
}

/**
 * CALDERA with the rank that the bits allow beside a codebook of as many whole bits as fit; with
 * `sharedRight` that of layers which read one input and share a right factor.
 */
function withRank(
  codebook: string,
  factorBits: number,
  target: number,
  sharedRight: boolean = false,
): WrittenStep[] {
  const factor = ldlq("e8p", factorBits);
  const factors = { leftQuantizer: factor, rightQuantizer: factor };
  const count = Math.round(2 * AROUND / STEP) + 1;
  return Array.from({ length: count }, (_, i) => {
    const bitsPerWeight = Number((target - AROUND + i * STEP).toFixed(3));
    const quantizer = ldlq(codebook, Math.floor(target));
    return { method: "caldera", options: { quantizer, ...factors, bitsPerWeight, sharedRight } };
  });
}

/** The methods by their names, each with its ladder. */
function ladders(target: number): Record<string, WrittenStep[]> {
  return {
    "rtn": grids((options) => ({ method: "rtn", options })),
    "rtn, clipped": grids((options) => ({ method: "rtn", options: { ...options, clip: true } })),
    "hqq": grids((options) => ({ method: "hqq", options })),
    "awq": grids((options) => ({ method: "awq", options })),
    "gptq": grids((options) => ({ method: "gptq", options: { ...options, ...PUBLISHED } })),
    "gptq, rotated": grids((options) =>
      rotated({ method: "gptq", options: { ...options, ...PUBLISHED } })
    ),
    "gptq, clipped": grids((options) => ({ method: "gptq", options })),
    "gptq, clipped, rotated": grids((options) => rotated({ method: "gptq", options })),
    "E8P LDLQ, rotated": [2, 3, 4].map((bits) => rotated(ldlq("e8p", bits))),
    "trellis LDLQ, rotated": [2, 3, 4].map((bits) => rotated(ldlq("trellis", bits))),
    "CALDERA E8P, rank 0": rankZero("e8p"),
    "CALDERA E8P, factors of 4 bits": withRank("e8p", 4, target),
    "CALDERA E8P, factors of 2 bits": withRank("e8p", 2, target),
    "CALDERA E8P, factors of 4 bits, shared": withRank("e8p", 4, target, true),
    "CALDERA trellis, rank 0": rankZero("trellis"),
    "CALDERA trellis, factors of 4 bits": withRank("trellis", 4, target),
    "CALDERA trellis, factors of 2 bits": withRank("trellis", 2, target),
  };
}

/** The sets of all quantizers, by their bits per weight. */
export const QUANTIZER_CONTENDERS: Readonly<Record<string, readonly Contender[]>> = Object
  .fromEntries(
    Object.entries(SETS).map(([set, bitsPerWeight]) => [
      set,
      Object.entries(ladders(bitsPerWeight)).map(([name, ladder]) => ({
        name,
        group: `${bitsPerWeight} bits`,
        ladder,
        bitsPerWeight,
      })),
    ]),
  );
