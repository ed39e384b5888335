// Saved statistics as files: one that is named, or a folder that has each under its address.

import type { ModelConfig } from "@pare/model";
import { blockName, INPUT_GROUPS } from "@pare/model";
import {
  type InputSummary,
  openStatistics,
  type PlannedStatistics,
  planStatistics,
  saveStatistics,
  type StatisticsJob,
  type StatisticsOwner,
  type StatisticsSource,
  summarizeInput,
} from "@pare/pipeline";
import { exists, fileSource, openPendingFile, partialPath, statOf } from "./files.ts";
import type { FlagValues } from "./flags.ts";
import type { ProgressEvent } from "./progress.ts";
import { tell, terminalProgress } from "./terminal.ts";
import { UserError } from "./user_error.ts";

/** Where statistics are taken from. */
export interface StatisticsPlace {
  /** A file with the statistics, or a folder of files by their addresses. */
  readonly kind: "file" | "folder";
  /** Its path; a folder may be missing yet. */
  readonly path: string;
}

/** What is known of an input of a block. */
export interface InputReport extends InputSummary {
  /** The block's name. */
  readonly block: string;
  /** The input's name. */
  readonly input: string;
}

/** Statistics in a file, all of them read and found to be whole. */
export interface SavedStatistics {
  /** The file. */
  readonly path: string;
  /** Whether they were gathered now. */
  readonly isNew: boolean;
  /** The statistics. */
  readonly statistics: StatisticsSource;
  /** What stands out about each input. */
  readonly inputs: readonly InputReport[];
}

/** Tells what --statistics names. */
export async function statisticsPlace(values: FlagValues): Promise<StatisticsPlace | null> {
  const path = values.text("statistics");
  if (path === undefined) return null;
  const isFile = await exists(path) ? (await statOf(path)).isFile : /\.safetensors$/.test(path);
  return { kind: isFile ? "file" : "folder", path };
}

/** Opens a file of statistics, and reads all of it to find it whole. */
export async function readStatistics(
  path: string,
  owner: StatisticsOwner,
  signal: AbortSignal,
): Promise<StatisticsSource> {
  const statistics = await openStatistics(await fileSource(path), owner);
  await withProgress(async (onProgress) => {
    await summarize(statistics, owner.model.config, signal, onProgress);
  });
  return statistics;
}

/**
 * Finds the statistics of a job in a folder.
 *
 * @param job What is observed.
 * @param folder The folder.
 * @param signal Stops the work.
 * @returns The statistics, found to be whole; `null` where they are not there.
 */
export async function findStatistics(
  job: StatisticsJob,
  folder: string,
  signal: AbortSignal,
): Promise<SavedStatistics | null> {
  const { digest, path } = await addressIn(folder, job);
  if (!await exists(path)) return null;
  try {
    const statistics = await openStatistics(await fileSource(path), job);
    if (statistics.digest !== digest) {
      throw new UserError(
        `Cannot use ${path} as its statistics must be what its name says: ` +
          `current ones are ${statistics.digest}; remove the file to have it made anew`,
      );
    }
    const inputs = await withProgress((onProgress) =>
      summarize(statistics, job.model.config, signal, onProgress)
    );
    return { path, isNew: false, statistics, inputs };
  } catch (error) {
    throw error instanceof SyntaxError
      ? new UserError(`${error.message}; remove the file to have it made anew`, error)
      : error;
  }
}

/**
 * Finds the statistics of a job in a folder, or gathers them and puts them there.
 *
 * @param job What is observed.
 * @param folder The folder; it is made where it is missing.
 * @param signal Stops the work; what is done is kept for the next run.
 * @returns The statistics, found to be whole.
 */
export async function findOrGather(
  job: StatisticsJob,
  folder: string,
  signal: AbortSignal,
): Promise<SavedStatistics> {
  const known = await findStatistics(job, folder, signal);
  if (known) return known;
  const { path, byteLength } = await addressIn(folder, job);
  try {
    await withProgress(async (onProgress) => {
      await using file = await openPendingFile(path, byteLength);
      await saveStatistics(job, file, { signal, onProgress });
      await file.commit();
    });
  } catch (error) {
    if (signal.aborted) {
      tell(`Interrupted. Run the same command again to go on from ${partialPath(path)}.`);
    }
    throw error;
  }
  const gathered = await findStatistics(job, folder, signal);
  if (gathered) return { ...gathered, isNew: true };
  throw new UserError(
    `Cannot use ${path} as it must exist: it was removed as soon as it was written`,
  );
}

/** Where the statistics of a job are in a folder, and how large. */
async function addressIn(
  folder: string,
  job: StatisticsJob,
): Promise<PlannedStatistics & { path: string }> {
  const planned = await planStatistics(job);
  return { ...planned, path: `${folder.replace(/\/+$/, "")}/${planned.fileName}` };
}

/** Reads all statistics, which checks them, and summarizes each input. */
async function summarize(
  statistics: StatisticsSource,
  config: ModelConfig,
  signal: AbortSignal,
  onProgress: (event: ProgressEvent) => void,
): Promise<InputReport[]> {
  const inputs: InputReport[] = [];
  for (let index = 0; index < config.layers; index++) {
    signal.throwIfAborted();
    const block = blockName(config, index);
    onProgress({ stage: "Checking statistics", done: index, total: config.layers, item: block });
    const seen = await statistics.block(index);
    for (const input of INPUT_GROUPS) inputs.push({ block, input, ...summarizeInput(seen[input]) });
  }
  return inputs;
}

async function withProgress<T>(
  body: (onProgress: (event: ProgressEvent) => void) => Promise<T>,
): Promise<T> {
  const progress = terminalProgress();
  try {
    return await body((event) => progress.update(event));
  } finally {
    progress.clear();
  }
}
