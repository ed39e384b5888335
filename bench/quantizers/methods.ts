// The quantizers whose time and memory are measured on one matrix, by their names in the table.

import type { Stored } from "./stored_forms.ts";

/** A codebook behind the feedback of LDLQ, as its authors use it but for the random basis. */
function ldlq(method: string): Stored {
  return { method: "ldlq", options: { quantizer: { method, options: { bits: 2 } } } };
}

/** One outer iteration of CALDERA at rank 64, in the random basis that it works in. */
function caldera(codebook: string): Stored {
  return {
    method: "caldera",
    options: { quantizer: ldlq(codebook), rank: 64, iterations: 1 },
  };
}

/** The methods by name. */
export const METHODS: Readonly<Record<string, Stored>> = {
  "rtn 4 bits": { method: "rtn", options: { bits: 4, groupSize: 128, partialGroups: true } },
  "hqq 4 bits": { method: "hqq", options: { bits: 4, groupSize: 128, partialGroups: true } },
  "gptq 4 bits": { method: "gptq", options: { bits: 4, groupSize: 128, partialGroups: true } },
  "E8P LDLQ 2 bits": ldlq("e8p"),
  "trellis LDLQ 2 bits": ldlq("trellis"),
  "CALDERA E8P": caldera("e8p"),
  "CALDERA trellis": caldera("trellis"),
};
