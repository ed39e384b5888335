// Calibration written to a file, block by block: no more than one block's statistics are in memory.
//
// A block's digest is written when its numbers are safe. Started again on what an interrupted run has
// left, the windows only run through the blocks that are there, to the same bits as before, so that
// the file ends with the same bytes.

import type { SafetensorsPlacement, SafetensorsShard } from "@pare/formats";
import { blockName, calibrate, INPUT_GROUPS, type ModelConfig } from "@pare/model";
import { bytesOf, fromBytes, type Tensor } from "@pare/tensor";
import type { OutputFile } from "../output.ts";
import type { CompressionProgress } from "../write_weights.ts";
import {
  blockDigest,
  DIGEST_BYTES,
  DIGESTS,
  layoutStatistics,
  packBlock,
  recordDigest,
  tensorNames,
} from "./statistics_layout.ts";
import {
  statisticsDigest,
  type StatisticsJob,
  type StatisticsRecord,
  statisticsRecord,
} from "./statistics_record.ts";

/** What calibration will write, to the byte. */
export interface PlannedStatistics {
  /** The address: SHA-256 of everything that decides the numbers. */
  readonly digest: string;
  /** What the file is called by its address. */
  readonly fileName: string;
  /** The length of the file. */
  readonly byteLength: number;
  /** What the file says of itself. */
  readonly record: StatisticsRecord;
}

/** Options of {@linkcode saveStatistics}. */
export interface SaveStatisticsOptions {
  /** Called as windows go through the blocks. */
  onProgress?: (progress: CompressionProgress) => void;
  /** Stops the work between two batches; the blocks that are done are kept for another run. */
  signal?: AbortSignal;
}

/**
 * Plans what {@linkcode saveStatistics} will write; no weight is read.
 *
 * @param job What is observed.
 * @returns Address, name, length and record.
 * @throws {RangeError} If no token is counted.
 */
export async function planStatistics(job: StatisticsJob): Promise<PlannedStatistics> {
  checkCounted(job);
  const record = await statisticsRecord(job);
  const digest = await statisticsDigest(record);
  const { byteLength } = layoutStatistics(job.model.config, record);
  return { digest, fileName: `${digest}.safetensors`, byteLength, record };
}

/**
 * Observes what every linear layer of a model reads, and writes it to a file.
 *
 * The same job gives the same bytes, whether or not it was interrupted on the way.
 *
 * @param job What is observed.
 * @param file The file, of the planned length; of what it holds the finished blocks are kept.
 * @param options Progress, in windows through blocks, and interruption.
 * @throws {RangeError} If no token is counted, or an input is not finite (the message names the
 * layers).
 */
export async function saveStatistics(
  job: StatisticsJob,
  file: OutputFile,
  options: SaveStatisticsOptions = {},
): Promise<void> {
  checkCounted(job);
  const { model, windows, device, skipFirstTokens } = job;
  const { signal, onProgress } = options;
  const { config } = model;
  const record = await statisticsRecord(job);
  const layout = layoutStatistics(config, record);
  const digestAt = (row: number) => placeOf(layout, DIGESTS).offset + row * DIGEST_BYTES;
  const finished = await countFinished(config, layout, file);
  if (finished === null) {
    const digests = new Uint8Array((config.layers + 1) * DIGEST_BYTES);
    digests.set(await recordDigest(record), config.layers * DIGEST_BYTES);
    // The header last: where it stands, the digests are of this job.
    await file.write(digestAt(0), digests);
    await file.sync();
    await file.write(0, layout.header);
  }
  if (finished === config.layers) return;
  const total = windows.length * config.layers;
  const calibration = calibrate(model, windows, {
    device,
    skipFirstTokens,
    from: finished ?? 0,
    signal,
    onProgress: (progress) => {
      const done = Math.floor(total * progress.done / progress.total);
      const block = Math.min(Math.floor(done / windows.length), config.layers - 1);
      onProgress?.({ stage: "Calibrating", done, total, item: blockName(config, block) });
    },
  });
  for await (const { index, statistics } of calibration) {
    const tensors = packBlock(config, index, statistics);
    for (const [name, numbers] of tensors) {
      await file.write(placeOf(layout, name).offset, bytesOf(numbers));
    }
    await file.sync();
    await file.write(digestAt(index), await blockDigest(tensors.values()));
  }
  await file.sync();
}

/** How many blocks stand in the file from the first on; `null` where it is not of this job. */
async function countFinished(
  config: ModelConfig,
  layout: SafetensorsShard,
  file: OutputFile,
): Promise<number | null> {
  const { header } = layout;
  if (!equal(await file.read(0, header.length), header)) return null;
  const start = placeOf(layout, DIGESTS).offset;
  for (let block = 0; block < config.layers; block++) {
    const wanted = await file.read(start + block * DIGEST_BYTES, DIGEST_BYTES);
    if (wanted.every((byte) => byte === 0)) return block;
    const tensors: Tensor<"f64">[] = [];
    for (const name of INPUT_GROUPS.flatMap((group) => tensorNames(config, block, group))) {
      const { offset, byteLength, shape } = placeOf(layout, name);
      tensors.push(fromBytes(await file.read(offset, byteLength), "f64", shape));
    }
    if (!equal(await blockDigest(tensors), wanted)) return block;
  }
  return config.layers;
}

function checkCounted({ model, windows, skipFirstTokens }: StatisticsJob): void {
  const longest = windows.reduce((most, { length }) => Math.max(most, length), 0);
  if (longest > skipFirstTokens) return;
  throw new RangeError(
    `Cannot calibrate ${model.name} as a window must have more tokens than the ` +
      `${skipFirstTokens} that are left out: current longest one has ${longest}`,
  );
}

function placeOf(layout: SafetensorsShard, name: string): SafetensorsPlacement {
  const place = layout.offsets.get(name);
  if (place) return place;
  throw new RangeError(`Cannot write ${name} as it must be planned: current plan lacks it`);
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
