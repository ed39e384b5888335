// How large a model is before and after its compression.

import { byteLengthOf } from "@pare/operators";
import { type LayerPlan, type PlannedJob, sizeOfLayers } from "@pare/pipeline";
import { statOf } from "./files.ts";
import type { OpenedSource } from "./open_source.ts";
import type { OpenedTokenizer } from "./open_tokenizer.ts";

/** What is weighed. */
export interface SizesInput {
  /** The model. */
  readonly source: OpenedSource;
  /** Its tokenizer, if there is one. */
  readonly tokenizer: OpenedTokenizer | null;
  /** What becomes of it. */
  readonly planned: PlannedJob;
}

/** The sizes of the model before and after. */
export interface Sizes {
  /** Linear layers of the blocks. */
  readonly decoder: { readonly before: number; readonly after: number; readonly weights: number };
  /** All linear layers, the embedding among them. */
  readonly layers: { readonly before: number; readonly after: number; readonly weights: number };
  /** Every file. */
  readonly files: { readonly before: number; readonly after: number };
}

/** Weighs a model and what becomes of it. */
export async function sizesOf({ source, tokenizer, planned }: SizesInput): Promise<Sizes> {
  const { parts } = planned.plan;
  const { model } = source;
  const storedBytes = (name: string) => byteLengthOf(model.node(name), model.sharedParts(name));
  const sizeOf = (layers: readonly LayerPlan[]) => {
    const { weights, byteLength: after } = sizeOfLayers(layers);
    const before = layers.reduce((sum, { name }) => sum + storedBytes(name), 0);
    return { before, after, weights };
  };
  let bytes = tokenizer?.sourceByteLength ?? 0;
  for (const file of source.files) bytes += (await statOf(file)).size;
  return {
    decoder: sizeOf(parts.flatMap(({ block, layers }) => block === null ? [] : layers)),
    layers: sizeOf(parts.flatMap(({ layers }) => layers)),
    files: { before: bytes, after: planned.byteLength },
  };
}
