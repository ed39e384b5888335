// The main job from its plan to the finished folder.
//
// A journal in the output folder names the parts that are done, with a digest of their bytes. An
// interrupted job that is started again checks those parts and goes on behind them.

import { type CompressionJob, manifestOf, planJob, type PlannedJob, textFiles } from "./job.ts";
import { JOURNAL_FILE, openJournal } from "./journal.ts";
import { type Manifest, MANIFEST_FILE, serializeManifest } from "./manifest.ts";
import type { OutputFolder } from "./output.ts";
import { resolveRanks } from "./resolve_ranks.ts";
import { sha256 } from "./sha256.ts";
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
 * @throws {RangeError} If a layer cannot be compressed (the message names it), or the folder holds
 * an interrupted job of another kind.
 */
export async function compress(
  job: CompressionJob,
  output: OutputFolder,
  options: CompressOptions = {},
): Promise<Manifest> {
  const planned = planJob(await resolveRanks(job, options));
  const { plan } = planned;
  const journal = await openJournal(output, await identityOf(job, planned));
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
    ...manifestOf(job, plan, measures, digests, planned.files),
    byteLength: planned.byteLength,
  };
  const length = planned.files.get(MANIFEST_FILE);
  if (length !== undefined) {
    await output.writeText(MANIFEST_FILE, serializeManifest(manifest, length));
  }
  await output.commit(JOURNAL_FILE);
  return manifest;
}

/** What decides the bytes of the result: a run goes on only where all of it is the same. */
async function identityOf(
  job: CompressionJob,
  planned: PlannedJob,
): Promise<Record<string, unknown>> {
  const { creator, source, recipe, format, device, calibration } = job;
  const digestOf = (value: unknown) => sha256(new TextEncoder().encode(JSON.stringify(value)));
  return {
    creator,
    source,
    recipe,
    format,
    kernels: device.description,
    // The windows stand for text, tokenizer and sampling at once.
    calibration: calibration && {
      ...calibration.text,
      windows: await digestOf(calibration.windows.map((window) => Array.from(window))),
    },
    texts: await digestOf([...job.files]),
    files: Object.fromEntries(planned.files),
  };
}
