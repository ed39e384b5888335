// What the program says and where: results to standard output, everything else to standard error.

import { createProgress, type Progress } from "./progress.ts";

const encoder = new TextEncoder();

/** Prints a result. */
export function print(text: string): void {
  writeAll(Deno.stdout, encoder.encode(text + "\n"));
}

/** Prints a piece of a result, without a line feed. */
export function printPiece(text: string): void {
  writeAll(Deno.stdout, encoder.encode(text));
}

/** Tells the user something that is not a result. */
export function tell(text: string): void {
  writeAll(Deno.stderr, encoder.encode(text + "\n"));
}

/** Makes the progress display of this terminal; JSON lines where standard error is not one. */
export function terminalProgress(): Progress {
  const isTerminal = Deno.stderr.isTerminal();
  return createProgress({
    isTerminal,
    colors: isTerminal && useColors(),
    // A terminal that does not know its width says 0.
    columns: isTerminal && Deno.consoleSize().columns || 80,
    write: (text) => writeAll(Deno.stderr, encoder.encode(text)),
  });
}

/** Whether colours are wanted: https://no-color.org. */
export function useColors(): boolean {
  return !Deno.noColor;
}

function writeAll(stream: { writeSync(bytes: Uint8Array): number }, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length;) done += stream.writeSync(bytes.subarray(done));
}
