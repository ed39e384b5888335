// What an interrupted training run leaves behind, so that it can go on as if nothing had happened: the
// state of the optimizer, and a log of what was measured so far.

import { bytesSource, openSafetensors, writeSafetensors } from "@pare/formats";
import type { AnyTensor } from "@pare/tensor";
import type { Schedule } from "./learning_rate.ts";
import type { PerDomain } from "./per_domain.ts";

/** What was measured at one step. */
export interface LogEntry {
  /** How many steps were done. */
  readonly step: number;
  /** Tokens seen so far. */
  readonly tokens: number;
  /** Loss on the step's text before the step, in nats per token. */
  readonly loss: number;
  /** The norm of the gradient, before it was clipped. */
  readonly gradientNorm: number;
  /** The learning rate of the step. */
  readonly learningRate: number;
  /** Loss on validation text after the step, where it was measured. */
  readonly heldOut?: PerDomain;
}

/** A training run that can go on. */
export interface TrainingState {
  /** Parameters, moments and step, as the optimizer gave them. */
  readonly tensors: ReadonlyMap<string, AnyTensor>;
  /** The learning rates of the run that they are of. */
  readonly schedule: Schedule;
  /** What was measured up to there. */
  readonly log: readonly LogEntry[];
}

const STATE_FILE = "state.safetensors";
const LOG_FILE = "log.jsonl";

/**
 * Opens the folder of a training run.
 *
 * @param folder The folder; made when something is written.
 * @param run What the run depends on; a state of another run is refused.
 * @returns What there is, and how to write more.
 */
export function trainingFiles(folder: string, run: Readonly<Record<string, unknown>>): {
  /** Reads where the run stopped; `null` if it never began. */
  load(): Promise<TrainingState | null>;
  /** Replaces the state, whole or not at all, and brings the log up to it. */
  save(state: TrainingState): Promise<void>;
  /** Removes the state and the log. */
  clear(): Promise<void>;
} {
  const statePath = `${folder}/${STATE_FILE}`;
  const logPath = `${folder}/${LOG_FILE}`;
  return {
    load: async () => {
      const bytes = await readIfThere(statePath);
      if (!bytes) return null;
      const source = await openSafetensors(bytesSource(bytes, statePath));
      const differing = differences(run, JSON.parse(source.metadata.run));
      if (differing.length > 0) {
        throw new RangeError(
          `Cannot go on with ${statePath} as it must be of the same run: current state differs in ` +
            `${differing.join(", ")}; begin anew with --fresh`,
        );
      }
      const tensors = new Map<string, AnyTensor>();
      for (const name of source.specs.keys()) tensors.set(name, await source.read(name));
      const { schedule, log } = JSON.parse(source.metadata.history);
      return { tensors, schedule, log };
    },
    save: async ({ tensors, schedule, log }) => {
      await Deno.mkdir(folder, { recursive: true });
      const metadata = { run: JSON.stringify(run), history: JSON.stringify({ schedule, log }) };
      await replaceFile(statePath, writeSafetensors(tensors, { metadata }));
      const lines = log.map((entry) => JSON.stringify(entry) + "\n").join("");
      await replaceFile(logPath, new TextEncoder().encode(lines));
    },
    clear: async () => {
      for (const path of [statePath, logPath]) {
        if (await readIfThere(path)) await Deno.remove(path);
      }
    },
  };
}

/** The names of fields that two runs do not share. */
function differences(
  run: Readonly<Record<string, unknown>>,
  other: Readonly<Record<string, unknown>>,
): string[] {
  const names = new Set([...Object.keys(run), ...Object.keys(other)]);
  return [...names].filter((name) => JSON.stringify(run[name]) !== JSON.stringify(other[name]));
}

/**
 * Writes a file under another name first, so that whoever reads it finds the old bytes or the new
 * ones.
 *
 * @param path The file.
 * @param bytes What it is to hold.
 */
export async function replaceFile(path: string, bytes: Uint8Array): Promise<void> {
  const next = `${path}.new`;
  {
    using file = await Deno.open(next, { write: true, create: true, truncate: true });
    for (let done = 0; done < bytes.length;) done += await file.write(bytes.subarray(done));
    await file.syncData();
  }
  await Deno.rename(next, path);
}

async function readIfThere(path: string): Promise<Uint8Array<ArrayBuffer> | null> {
  try {
    return await Deno.readFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}
