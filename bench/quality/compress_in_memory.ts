import { bytesSource, folderOf, openShardedSafetensors } from "@pare/formats";
import type { Device } from "@pare/linalg";
import type { Model } from "@pare/model";
import {
  compress,
  type CompressionJob,
  type Manifest,
  openCompressed,
  openStatistics,
  parseRecipe,
  planStatistics,
  saveStatistics,
  type StatisticsSource,
  type Step,
} from "@pare/pipeline";
import type { OpenedSource } from "../../packages/cli/open_source.ts";
import { REGISTRY } from "../../packages/cli/registry.ts";
import { memoryOutput } from "../../packages/pipeline/testing/memory_output.ts";

/** A step of a recipe as it is written. */
export type WrittenStep = Partial<Step> & Pick<Step, "method">;

/** A compressed model and what its manifest says. */
export interface Compressed {
  /** The model, read back from what was written. */
  readonly model: Model;
  /** Its manifest. */
  readonly manifest: Manifest;
}

/** What stands for the digest of files that nobody looks up. */
const NO_DIGEST = "0".repeat(64);
const CREATOR = "bench";

/** Gathers statistics of a model into memory, once for all methods. */
export async function gatherInMemory(
  { name, model }: OpenedSource,
  windows: readonly Uint32Array[],
  device: Device,
): Promise<StatisticsSource> {
  const job = {
    creator: CREATOR,
    model,
    source: { name, sha256: NO_DIGEST },
    device,
    text: { name: "calibration", sha256: NO_DIGEST },
    windows,
    skipFirstTokens: 0,
  };
  const { fileName, byteLength } = await planStatistics(job);
  const output = memoryOutput();
  await saveStatistics(job, await output.open(fileName, byteLength));
  return await openStatistics(
    bytesSource(output.files.get(fileName) ?? new Uint8Array(), fileName),
    job,
  );
}

/** The job of compressing a model by some steps; the rest is kept in f16. */
export function jobOf(
  source: OpenedSource,
  steps: readonly WrittenStep[],
  statistics: StatisticsSource,
  device: Device,
): CompressionJob {
  return {
    creator: CREATOR,
    model: source.model,
    source: { name: source.name, sha256: NO_DIGEST },
    recipe: parseRecipe({ version: 1, dtype: "f16", steps }, REGISTRY),
    registry: REGISTRY,
    device,
    calibration: null,
    statistics,
    files: new Map([["config.json", JSON.stringify(source.config)]]),
    format: "pare",
  };
}

/** Does a job in memory and opens what was written. */
export async function compressInMemory(
  source: OpenedSource,
  job: CompressionJob,
): Promise<Compressed> {
  const { name } = source;
  const output = memoryOutput();
  const manifest = await compress(job, output);
  const tensors = await openShardedSafetensors(folderOf(Object.fromEntries(output.files), name));
  return { manifest, model: openCompressed(manifest, { name, config: source.config, tensors }) };
}
