// What a model of some configuration consists of: the table of architectures, with numbers put in.

import type { MatrixShape } from "@pare/operators";
import { sizeOf } from "@pare/tensor";
import {
  ARCHITECTURES,
  type Axis,
  type InputGroup,
  type NormRow,
  type VectorRole,
} from "./architecture.ts";
import type { LinearRole, ModelConfig } from "./config.ts";

/** A linear layer of one block. */
export interface BlockLinear {
  /** What it does. */
  readonly role: LinearRole;
  /** Its full name, without `.weight`. */
  readonly name: string;
  /** `[outFeatures, inFeatures]`. */
  readonly shape: MatrixShape;
  /** The axes of its weight. */
  readonly axes: readonly [rows: Axis, cols: Axis];
  /** Which input it reads. */
  readonly input: InputGroup;
}

/** A vector of one block. */
export interface BlockVector {
  /** What it does. */
  readonly role: VectorRole;
  /** Its full name, `.weight` or `.bias` included. */
  readonly name: string;
  /** The axis it lies along. */
  readonly axis: Axis;
  /** How long it is. */
  readonly length: number;
}

/** What stands before and after the blocks. */
export interface TopLevel {
  /** The embedding, a linear layer `[vocabulary, hidden]`. */
  readonly embedding: { readonly name: string; readonly shape: MatrixShape };
  /** The gain of the last norm. */
  readonly finalNorm: { readonly name: string; readonly length: number };
  /** The linear layer that makes logits: the embedding where the two are tied. */
  readonly head: { readonly name: string; readonly shape: MatrixShape };
}

/**
 * Tells how long an axis is.
 *
 * @param config The model's configuration.
 * @param axis The axis.
 * @returns Its length.
 */
export function axisLength(config: ModelConfig, axis: Axis): number {
  switch (axis) {
    case "vocabulary":
      return config.vocabularySize;
    case "hidden":
      return config.hiddenSize;
    case "intermediate":
      return config.intermediateSize;
    case "query":
      return config.heads * config.headSize;
    case "keyValue":
      return config.kvHeads * config.headSize;
    case "head":
      return config.headSize;
  }
}

/**
 * Names a block, as `model.layers.3`.
 *
 * @param config The model's configuration.
 * @param index The number of the block, from 0.
 * @returns The name that those of its tensors begin with.
 * @throws {RangeError} If there is no such block.
 */
export function blockName(config: ModelConfig, index: number): string {
  if (!Number.isInteger(index) || index < 0 || index >= config.layers) {
    throw new RangeError(
      `Cannot name a block as its index must be an integer from 0 to ${config.layers - 1}: ` +
        `current value is ${index}`,
    );
  }
  return ARCHITECTURES[config.family].blocks + index;
}

/**
 * Lists the linear layers of a block, in the order in which they run.
 *
 * @example What reads the same input as the query projection
 * ```ts
 * import { linearsOfBlock, parseConfig } from "@pare/model";
 * import { assertEquals } from "@std/assert";
 *
 * const config = parseConfig({
 *   model_type: "llama", vocab_size: 32000, hidden_size: 2048, intermediate_size: 5632,
 *   num_hidden_layers: 22, num_attention_heads: 32, num_key_value_heads: 4,
 *   max_position_embeddings: 2048,
 * }, "TinyLlama");
 * const readers = linearsOfBlock(config, 0).filter(({ input }) => input === "attention");
 * assertEquals(readers.map(({ shape }) => shape), [[2048, 2048], [256, 2048], [256, 2048]]);
 * ```
 *
 * @param config The model's configuration.
 * @param index The number of the block, from 0.
 * @returns Their roles, names and shapes.
 * @throws {RangeError} If there is no such block.
 */
export function linearsOfBlock(config: ModelConfig, index: number): BlockLinear[] {
  const prefix = blockName(config, index);
  return ARCHITECTURES[config.family].linears.map(({ role, name, axes, input }) => ({
    role,
    name: `${prefix}.${name}`,
    shape: [axisLength(config, axes[0]), axisLength(config, axes[1])],
    axes,
    input,
  }));
}

/**
 * Lists the vectors of a block: the gains of its norms, then its biases.
 *
 * @param config The model's configuration.
 * @param index The number of the block, from 0.
 * @returns Their roles, names and lengths.
 * @throws {RangeError} If there is no such block.
 */
export function vectorsOfBlock(config: ModelConfig, index: number): BlockVector[] {
  const prefix = blockName(config, index);
  const { norms, linears } = ARCHITECTURES[config.family];
  const biases = linears
    .filter(({ role }) => config.biases.includes(role))
    .map(({ role, name, axes }): NormRow => ({
      role: `${role}Bias`,
      name: `${name}.bias`,
      axis: axes[0],
    }));
  return [...norms, ...biases].map(({ role, name, axis }) => ({
    role,
    name: `${prefix}.${name}`,
    axis,
    length: axisLength(config, axis),
  }));
}

/**
 * Tells what stands before and after the blocks.
 *
 * @param config The model's configuration.
 * @returns The embedding, the last norm and the head; a tied head is the embedding.
 */
export function topLevel(config: ModelConfig): TopLevel {
  const { embedding, finalNorm, head } = ARCHITECTURES[config.family];
  const shape: MatrixShape = [config.vocabularySize, config.hiddenSize];
  return {
    embedding: { name: embedding, shape },
    finalNorm: { name: finalNorm, length: config.hiddenSize },
    head: { name: config.tiedEmbeddings ? embedding : head, shape },
  };
}

/**
 * Lists the linear layers of all blocks: those that are compressed. The embedding and the head are
 * not among them.
 *
 * @param config The model's configuration.
 * @returns Their full names, without `.weight`, block by block.
 */
export function linearNames(config: ModelConfig): string[] {
  const blocks = Array.from({ length: config.layers }, (_, index) => linearsOfBlock(config, index));
  return blocks.flat().map(({ name }) => name);
}

/**
 * Lists every tensor that a dense checkpoint of a model has.
 *
 * @param config The model's configuration.
 * @returns Shapes by full names; a tied head has none of its own.
 */
export function tensorSpecs(config: ModelConfig): Map<string, readonly number[]> {
  const { embedding, finalNorm, head } = topLevel(config);
  const specs = new Map<string, readonly number[]>();
  specs.set(`${embedding.name}.weight`, embedding.shape);
  for (let index = 0; index < config.layers; index++) {
    for (const { name, shape } of linearsOfBlock(config, index)) specs.set(`${name}.weight`, shape);
    for (const { name, length } of vectorsOfBlock(config, index)) specs.set(name, [length]);
  }
  specs.set(finalNorm.name, [finalNorm.length]);
  specs.set(`${head.name}.weight`, head.shape);
  return specs;
}

/**
 * Counts the parameters of a dense model; those of a tied head once.
 *
 * @param config The model's configuration.
 * @returns How many numbers its checkpoint holds.
 */
export function parameterCount(config: ModelConfig): number {
  let count = 0;
  for (const shape of tensorSpecs(config).values()) count += sizeOf(shape);
  return count;
}
