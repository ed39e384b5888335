// How statistics lie in a safetensors file.
//
// Of every block and each of its four inputs, which all layers share that read the same:
//
//   model.layers.3.attention.gram      the lower triangle of Σ x xᵀ, row by row, f64 [n (n + 1) / 2]
//   model.layers.3.attention.meanAbs   f64 [n]
//   model.layers.3.attention.maxAbs    f64 [n]
//
// and last `sha256`, u8 [blocks + 1, 32]: the digest of each block's tensors, zeros until the block is
// written, and that of the record in the header. So a file is known to be whole, damage is found
// wherever it is, and an interrupted run knows how far it came. The record, JSON, says what the
// statistics are of.

import { planSafetensors, type SafetensorsShard } from "@pare/formats";
import {
  blockName,
  INPUT_GROUPS,
  type InputGroup,
  linearsOfBlock,
  type ModelConfig,
  type PerInput,
} from "@pare/model";
import type { Statistics } from "@pare/operators";
import { type AnyTensor, bytesOf, type Tensor, tensor, type TensorSpec } from "@pare/tensor";
import { sha256 } from "../sha256.ts";
import { type StatisticsRecord, textDigest } from "./statistics_record.ts";

/** What the header says the format is. */
export const STATISTICS_FORMAT = "pare-statistics";

/** The name of the tensor of digests. */
export const DIGESTS = "sha256";

/** Bytes of a digest. */
export const DIGEST_BYTES = 32;

/** Lays out the file. */
export function layoutStatistics(config: ModelConfig, record: StatisticsRecord): SafetensorsShard {
  const { shards: [shard] } = planSafetensors(statisticsSpecs(config), {
    metadata: { format: STATISTICS_FORMAT, record: JSON.stringify(record) },
    maxShardBytes: Number.MAX_SAFE_INTEGER,
  });
  return shard;
}

/** Every tensor of a file about such a model. */
export function statisticsSpecs(config: ModelConfig): Map<string, TensorSpec> {
  const specs = new Map<string, TensorSpec>();
  for (let block = 0; block < config.layers; block++) {
    for (const group of INPUT_GROUPS) {
      const n = widthOf(config, group);
      const [gram, meanAbs, maxAbs] = tensorNames(config, block, group);
      specs.set(gram, { dtype: "f64", shape: [n * (n + 1) / 2] });
      specs.set(meanAbs, { dtype: "f64", shape: [n] });
      specs.set(maxAbs, { dtype: "f64", shape: [n] });
    }
  }
  return specs.set(DIGESTS, { dtype: "u8", shape: [config.layers + 1, DIGEST_BYTES] });
}

/** The names of the tensors of one input, in the order of the file: gram, meanAbs, maxAbs. */
export function tensorNames(
  config: ModelConfig,
  block: number,
  group: InputGroup,
): readonly [gram: string, meanAbs: string, maxAbs: string] {
  const prefix = `${blockName(config, block)}.${group}`;
  return [`${prefix}.gram`, `${prefix}.meanAbs`, `${prefix}.maxAbs`];
}

/** The channels of an input. */
export function widthOf(config: ModelConfig, group: InputGroup): number {
  const reader = linearsOfBlock(config, 0).find(({ input }) => input === group);
  return reader?.shape[1] ?? 0;
}

/** The tensors of one block, in the order of the file. */
export function packBlock(
  config: ModelConfig,
  block: number,
  statistics: PerInput<Statistics>,
): Map<string, Tensor<"f64">> {
  const tensors = new Map<string, Tensor<"f64">>();
  for (const group of INPUT_GROUPS) {
    const { gram, meanAbs, maxAbs } = statistics[group];
    const numbers = [lowerTriangle(gram), meanAbs, maxAbs];
    tensorNames(config, block, group).forEach((name, i) => tensors.set(name, numbers[i]));
  }
  return tensors;
}

/** The digest of the tensors of one block, given in the order of the file. */
export async function blockDigest(tensors: Iterable<AnyTensor>): Promise<Uint8Array<ArrayBuffer>> {
  const digests: string[] = [];
  for (const one of tensors) digests.push(await sha256(bytesOf(one)));
  return Uint8Array.fromHex(await textDigest(digests.join()));
}

/** The digest of the record. */
export async function recordDigest(record: StatisticsRecord): Promise<Uint8Array<ArrayBuffer>> {
  return Uint8Array.fromHex(await textDigest(JSON.stringify(record)));
}

/** The rows of a symmetric matrix up to its diagonal, one after the other. */
export function lowerTriangle({ shape: [n], data }: Tensor<"f64">): Tensor<"f64"> {
  const packed = new Float64Array(n * (n + 1) / 2);
  for (let i = 0, at = 0; i < n; at += ++i) {
    packed.set(data.subarray(i * n, i * n + i + 1), at);
  }
  return tensor(packed, [packed.length]);
}

/** The symmetric matrix of a lower triangle. */
export function symmetricOf({ data: packed }: Tensor<"f64">, n: number): Tensor<"f64"> {
  const data = new Float64Array(n * n);
  for (let i = 0, at = 0; i < n; i++) {
    for (let j = 0; j <= i; j++, at++) {
      data[i * n + j] = packed[at];
      data[j * n + i] = packed[at];
    }
  }
  return tensor(data, [n, n]);
}
