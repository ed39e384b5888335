// What an interrupted job has done: a line for the job, then one for each finished part.

import type { Convergence } from "@pare/operators";
import type { OutputFolder } from "./output.ts";

/** The name of the journal's file; it is removed when the result is whole. */
export const JOURNAL_FILE = "progress.jsonl";

/** What was measured of one layer. */
export interface Measure {
  /** ‖W - Ŵ‖² / ‖W‖². */
  readonly nmse: number;
  /** ‖(W - Ŵ) X‖² / ‖W X‖², or `null` without calibration text. */
  readonly activationNmse: number | null;
  /** How the method went, as the manifest has it; not there for one that does not iterate. */
  readonly convergence?: Convergence;
}

/** A finished part. */
export interface PartEntry {
  /** The part's place in the plan. */
  readonly part: number;
  /** Digest of its tensors as written. */
  readonly sha256: string;
  /** What was measured of its layers. */
  readonly measures: Readonly<Record<string, Measure>>;
}

/** The journal of one job. */
export interface Journal {
  /** The finished parts that an earlier run left. */
  readonly done: ReadonlyMap<number, PartEntry>;
  /** Notes that a part is finished; what it wrote must be safe by then. */
  append(entry: PartEntry): Promise<void>;
}

/**
 * Opens the journal in an output folder, or begins one.
 *
 * @param output The folder.
 * @param identity What decides every byte of the result: recipe, digests of the inputs, kernels.
 * @returns The journal.
 * @throws {RangeError} If the folder holds an interrupted job with another identity.
 */
export async function openJournal(
  output: OutputFolder,
  identity: Readonly<Record<string, unknown>>,
): Promise<Journal> {
  const done = new Map<number, PartEntry>();
  const text = await output.readText(JOURNAL_FILE);
  const lines = (text ?? "").split("\n").flatMap(parseLine);
  if (lines.length === 0) {
    await output.writeText(JOURNAL_FILE, JSON.stringify(identity) + "\n");
  } else {
    checkIdentity(lines[0], identity);
    // A last line without its end was cut off: what follows must not be glued to it.
    if (!text?.endsWith("\n")) await output.appendLine(JOURNAL_FILE, "");
    for (const line of lines.slice(1)) {
      const entry = line as unknown as PartEntry;
      done.set(entry.part, entry);
    }
  }
  return { done, append: (entry) => output.appendLine(JOURNAL_FILE, JSON.stringify(entry)) };
}

/** A line cut off by a crash says nothing. */
function parseLine(line: string): Record<string, unknown>[] {
  if (line === "") return [];
  try {
    const value = JSON.parse(line);
    return typeof value === "object" && value !== null ? [value] : [];
  } catch {
    return [];
  }
}

function checkIdentity(
  found: Readonly<Record<string, unknown>>,
  wanted: Readonly<Record<string, unknown>>,
): void {
  for (const key of new Set([...Object.keys(wanted), ...Object.keys(found)])) {
    const [a, b] = [JSON.stringify(found[key]), JSON.stringify(wanted[key])];
    if (a !== b) {
      throw new RangeError(
        `Cannot resume the interrupted run as its ${key} must be the same: ` +
          `current ${key} is ${b}, that of the interrupted run ${a}`,
      );
    }
  }
}
