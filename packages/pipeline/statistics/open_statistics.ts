import { type ByteSource, openSafetensors, type SafetensorsSource } from "@pare/formats";
import { blockName, INPUT_GROUPS, type InputGroup, type Model, type PerInput } from "@pare/model";
import type { Statistics } from "@pare/operators";
import { FormatError, type Tensor } from "@pare/tensor";
import type { InputRecord } from "../manifest.ts";
import {
  blockDigest,
  DIGEST_BYTES,
  DIGESTS,
  recordDigest,
  STATISTICS_FORMAT,
  statisticsSpecs,
  symmetricOf,
  tensorNames,
} from "./statistics_layout.ts";
import {
  parseStatisticsRecord,
  statisticsDigest,
  type StatisticsRecord,
} from "./statistics_record.ts";

/** Statistics of a model that were gathered before, one block at a time. */
export interface StatisticsSource {
  /** Their address: SHA-256 of everything that decides the numbers. */
  readonly digest: string;
  /** What they are of. */
  readonly record: StatisticsRecord;
  /** Gives those of one block, by its number; rejects where they are damaged. */
  block(index: number): Promise<PerInput<Statistics>>;
}

/** Whose statistics are wanted. */
export interface StatisticsOwner {
  /** The model. */
  readonly model: Model;
  /** The files it came from. */
  readonly source: InputRecord;
}

/**
 * Opens statistics that `saveStatistics` wrote. They are untrusted: what the header says is checked
 * here, the numbers of a block when it is read.
 *
 * @example Saved, and read back
 * ```ts
 * import { bytesSource } from "@pare/formats";
 * import { createReferenceDevice } from "@pare/linalg";
 * import { parseConfig, randomModel } from "@pare/model";
 * import { openStatistics, planStatistics, saveStatistics } from "@pare/pipeline";
 * import { assertEquals } from "@std/assert";
 *
 * using device = createReferenceDevice();
 * const job = {
 *   creator: "example",
 *   model: randomModel(parseConfig({
 *     model_type: "llama", vocab_size: 8, hidden_size: 4, intermediate_size: 6,
 *     num_hidden_layers: 2, num_attention_heads: 2, max_position_embeddings: 16,
 *   }, "tiny")),
 *   source: { name: "tiny", sha256: "0".repeat(64) },
 *   device,
 *   text: { name: "text", sha256: "1".repeat(64) },
 *   windows: [[1, 2, 3], [4, 5, 6]],
 *   skipFirstTokens: 0,
 * };
 * const { byteLength, digest } = await planStatistics(job);
 * const bytes = new Uint8Array(byteLength);
 * await saveStatistics(job, {
 *   write: (offset, piece) => Promise.resolve(bytes.set(piece, offset)),
 *   read: (offset, length) => Promise.resolve(bytes.slice(offset, offset + length)),
 *   sync: () => Promise.resolve(),
 *   [Symbol.asyncDispose]: () => Promise.resolve(),
 * });
 *
 * const statistics = await openStatistics(bytesSource(bytes, "memory"), job);
 * assertEquals(statistics.digest, digest);
 * assertEquals((await statistics.block(1)).down.gram.shape, [6, 6]);
 * ```
 *
 * @param file The file.
 * @param owner Whose statistics they must be.
 * @returns The statistics; a block is refused by a `FormatError` where its bytes are not those that
 * were written, or a number cannot be.
 * @throws {FormatError} If the file is not whole, not of this format, or not of such a model.
 * @throws {RangeError} If they are of another model.
 */
export async function openStatistics(
  file: ByteSource,
  { model, source }: StatisticsOwner,
): Promise<StatisticsSource> {
  const { config } = model;
  const action = `Cannot read statistics from "${file.name}"`;
  const tensors = await openSafetensors(file);
  const { format, record: text = "" } = tensors.metadata;
  if (format !== STATISTICS_FORMAT) {
    throw new FormatError(
      action,
      "format",
      `must be "${STATISTICS_FORMAT}": current value is ${JSON.stringify(format)?.slice(0, 100)}`,
    );
  }
  const record = parseStatisticsRecord(action, text);
  if (record.model.sha256 !== source.sha256) {
    throw new RangeError(
      `Cannot use statistics of "${file.name}" as they must be of the model ${source.name}, ` +
        `SHA-256 ${source.sha256}: current ones are of ${record.model.name}, ` +
        `SHA-256 ${record.model.sha256}`,
    );
  }
  checkSpecs(action, tensors, statisticsSpecs(config));
  const { data: digests } = await tensors.read(DIGESTS) as Tensor<"u8">;
  const checkDigest = (row: number, found: Uint8Array, what: string) => {
    const wanted = digests.subarray(row * DIGEST_BYTES, (row + 1) * DIGEST_BYTES);
    if (found.every((byte, i) => byte === wanted[i])) return;
    const problem = wanted.every((byte) => byte === 0)
      ? "must be written: current file is the work of an interrupted run"
      : `must be as it was written: current SHA-256 is ${found.toHex()}, not ${wanted.toHex()}`;
    throw new FormatError(action, what, problem);
  };
  checkDigest(config.layers, await recordDigest(record), "record");
  return {
    digest: await statisticsDigest(record),
    record,
    block: async (index) => {
      const read: Tensor<"f64">[] = [];
      for (const name of INPUT_GROUPS.flatMap((group) => tensorNames(config, index, group))) {
        read.push(await tensors.read(name) as Tensor<"f64">);
      }
      checkDigest(index, await blockDigest(read), blockName(config, index));
      const statistics: Partial<Record<InputGroup, Statistics>> = {};
      for (const group of INPUT_GROUPS) {
        // What is unpacked is let go: not to hold a block twice.
        const parts = read.splice(0, 3);
        checkNumbers(action, tensorNames(config, index, group), parts);
        const [packed, meanAbs, maxAbs] = parts;
        const gram = symmetricOf(packed, meanAbs.data.length);
        statistics[group] = { tokens: record.tokens, gram, meanAbs, maxAbs };
      }
      return statistics as PerInput<Statistics>;
    },
  };
}

/** Refuses numbers that no inputs have: not finite, or sums of what is not negative below zero. */
function checkNumbers(
  action: string,
  names: readonly string[],
  tensors: readonly Tensor<"f64">[],
): void {
  // Of a packed triangle, row i ends with the diagonal, at (i + 1) (i + 2) / 2 - 1.
  let nextOnDiagonal = 0;
  let row = 0;
  for (const [t, { data }] of tensors.entries()) {
    const at = data.findIndex((value, i) => {
      const isSigned = t === 0 && i !== nextOnDiagonal;
      if (t === 0 && !isSigned) nextOnDiagonal += ++row + 1;
      return !Number.isFinite(value) || (!isSigned && value < 0);
    });
    if (at < 0) continue;
    throw new FormatError(
      action,
      names[t],
      `must be finite, and not negative where it sums what is not: ` +
        `current value of element ${at} is ${data[at]}`,
    );
  }
}

/** Refuses a file that lacks a tensor, has another one, or one of another width. */
function checkSpecs(
  action: string,
  { specs }: SafetensorsSource,
  wanted: ReturnType<typeof statisticsSpecs>,
): void {
  for (const [name, { dtype, shape }] of wanted) {
    const found = specs.get(name);
    if (found?.dtype === dtype && found.shape.join() === shape.join()) continue;
    const current = found ? `${found.dtype} [${found.shape.join(", ")}]` : "none";
    throw new FormatError(
      action,
      name,
      `must be ${dtype} [${shape.join(", ")}]: current tensor is ${current}`,
    );
  }
  const other = [...specs.keys()].find((name) => !wanted.has(name));
  if (other !== undefined) {
    throw new FormatError(
      action,
      JSON.stringify(other.slice(0, 100)),
      "must be a tensor of statistics: current model has no such input",
    );
  }
}
