// Statistics of the tiny model, saved in memory.

import { bytesSource } from "@pare/formats";
import { openModel } from "@pare/model";
import type { OutputFile } from "../output.ts";
import { openStatistics, type StatisticsSource } from "../statistics/open_statistics.ts";
import { planStatistics, saveStatistics } from "../statistics/save_statistics.ts";
import type { StatisticsJob } from "../statistics/statistics_record.ts";
import { device, WINDOWS } from "./tiny_job.ts";
import { type MemoryOutput, memoryOutput } from "./memory_output.ts";
import { tinyCheckpoint } from "./tiny_model.ts";

/** What the file is called in memory. */
export const FILE = "statistics";

/** A job that observes the tiny model, with anything changed. */
export function statisticsJob(changes: Partial<StatisticsJob> = {}): StatisticsJob {
  return {
    creator: "test",
    model: openModel(tinyCheckpoint()),
    source: { name: "tiny", sha256: "0".repeat(64) },
    device,
    text: { name: "text", sha256: "1".repeat(64) },
    windows: WINDOWS,
    skipFirstTokens: 0,
    ...changes,
  };
}

/** Opens the file of a job in an output in memory, of the planned length. */
export async function openFile(job: StatisticsJob, output: MemoryOutput): Promise<OutputFile> {
  return await output.open(FILE, (await planStatistics(job)).byteLength);
}

/** The bytes that a job writes. */
export async function savedBytes(job: StatisticsJob): Promise<Uint8Array<ArrayBuffer>> {
  const output = memoryOutput();
  await saveStatistics(job, await openFile(job, output));
  return bytesIn(output);
}

/** The bytes of the file as they are. */
export function bytesIn({ files }: MemoryOutput): Uint8Array<ArrayBuffer> {
  return files.get(FILE) ?? new Uint8Array();
}

/** Opens bytes as the statistics of a job. */
export async function openBytes(
  bytes: Uint8Array,
  job: StatisticsJob = statisticsJob(),
): Promise<StatisticsSource> {
  return await openStatistics(bytesSource(bytes, FILE), job);
}
