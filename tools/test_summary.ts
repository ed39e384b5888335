/** How many tests ended in which way. */
export interface TestCounts {
  /** Tests that ran and held. */
  readonly passed: number;
  /** Tests that ran and did not hold. */
  readonly failed: number;
  /** Tests that were not run. */
  readonly skipped: number;
}

/** What the output of `deno test` tells. */
export interface TestSummary extends TestCounts {
  /** The names of the tests that were not run. */
  readonly skippedNames: readonly string[];
}

// deno-lint-ignore no-control-regex -- Colours are control characters.
const COLOUR = /\u001b\[[0-9;]*m/g;

const LAST_LINE =
  /^(?:ok|FAILED) \| (\d+) passed(?: \([^)]*\))? \| (\d+) failed(?: \([^)]*\))?(?: \| (\d+) ignored(?: \([^)]*\))?)?/;

/**
 * Reads the output of `deno test`, line by line.
 *
 * @param output All of it, with or without colours.
 * @returns The counts of the summary line, or `null` if the run did not come to one.
 */
export function parseTestOutput(output: string): TestSummary | null {
  const lines = output.replaceAll(COLOUR, "").split("\n");
  const last = lines.map((line) => LAST_LINE.exec(line)).findLast((match) => match !== null);
  if (!last) return null;
  const [passed, failed, skipped] = last.slice(1, 4).map((count) => Number(count ?? 0));
  const skippedNames = lines
    .map((line) => /^\s*(.+) \.\.\. ignored\b/.exec(line)?.[1])
    .filter((name) => name !== undefined);
  return { passed, failed, skipped, skippedNames };
}

/** The line that ends a run of the tests; programs read it too. */
export function formatCounts({ passed, failed, skipped }: TestCounts): string {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`;
}
