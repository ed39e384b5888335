// The main job from its plan to the finished folder.
//
// A journal in the output folder names the parts that are done, with a digest of their bytes. An
// interrupted job that is started again checks those parts and goes on behind them.

import { type CompressionJob, manifestOf, planJob, type PlannedJob, textFiles } from "./job.ts";
import { JOURNAL_FILE, openJournal } from "./journal.ts";
import { type Manifest, MANIFEST_FILE, serializeManifest } from "./manifest.ts";
import type { OutputFolder } from "./output.ts";
import { resolveRanks } from "./resolve_ranks.ts";
import { checkSameText } from "./statistics/check_same_text.ts";
import {
  statisticsDigest,
  statisticsRecord,
  textDigest,
  windowsDigest,
} from "./statistics/statistics_record.ts";
import { type CompressOptions, writeWeights } from "./write_weights.ts";

/**
 * Compresses a model into an output folder.
 *
 * The same job gives the same bytes, whether or not it was interrupted on the way.
 *
 * @param job What to do.
 * @param output The folder; it gets its final name when all is written and checked.
 * @param options Progress and interruption.
 * @returns The manifest, with everything measured.
 * @throws {RangeError} If a layer cannot be compressed (the message names it), the folder holds an
 * interrupted job of another kind, or saved statistics are not of the job's windows.
 */
export async function compress(
  job: CompressionJob,
  output: OutputFolder,
  options: CompressOptions = {},
): Promise<Manifest> {
  const planned = planJob(await resolveRanks(job, options));
  const { plan } = planned;
  const statistics = await statisticsOf(job);
  const journal = await openJournal(output, await identityOf(job, planned, statistics));
  const measures = await writeWeights(job, plan, output, journal, options);
  for (const [name, text] of textFiles(job, plan)) await output.writeText(name, text);
  const digests = new Map<string, string>();
  const names = [...planned.files.keys()].filter((name) => name !== MANIFEST_FILE);
  for (const [done, item] of names.entries()) {
    options.signal?.throwIfAborted();
    options.onProgress?.({ stage: "Checking", done, total: names.length, item });
    digests.set(item, await output.digest(item));
  }
  const manifest = {
    ...manifestOf(job, plan, { measures, digests, sizes: planned.files, statistics }),
    byteLength: planned.byteLength,
  };
  const length = planned.files.get(MANIFEST_FILE);
  if (length !== undefined) {
    await output.writeText(MANIFEST_FILE, serializeManifest(manifest, length));
  }
  await output.commit(JOURNAL_FILE);
  return manifest;
}

/** The address of the original model's statistics: of those that are saved, or would be. */
async function statisticsOf(job: CompressionJob): Promise<string | null> {
  const { calibration, statistics, recipe: { calibration: { sequential, skipFirstTokens } } } = job;
  if (statistics) {
    if (calibration) await checkSameText(statistics, calibration, skipFirstTokens);
    return statistics.digest;
  }
  if (!calibration || sequential) return null;
  return await statisticsDigest(
    await statisticsRecord({ ...job, ...calibration, skipFirstTokens }),
  );
}

/** What decides the bytes of the result: a run goes on only where all of it is the same. */
async function identityOf(
  job: CompressionJob,
  planned: PlannedJob,
  statistics: string | null,
): Promise<Record<string, unknown>> {
  const { creator, source, recipe, format, device, calibration } = job;
  const saved = job.statistics?.record;
  return {
    creator,
    source,
    recipe,
    format,
    kernels: device.description,
    // The windows stand for text, tokenizer and sampling at once.
    calibration: calibration
      ? { ...calibration.text, windows: await windowsDigest(calibration.windows) }
      : saved
      ? { ...saved.text, windows: saved.windows.sha256 }
      : null,
    statistics,
    texts: await textDigest(JSON.stringify([...job.files])),
    files: Object.fromEntries(planned.files),
  };
}
