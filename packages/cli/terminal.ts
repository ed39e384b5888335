// What the program says and where: results to standard output, everything else to standard error.

import { createProgress, type Progress } from "./progress.ts";
import { UserError } from "./user_error.ts";

const encoder = new TextEncoder();

/** Prints a result. */
export function print(text: string): void {
  writeResult(text + "\n");
}

/** Prints a piece of a result, without a line feed. */
export function printPiece(text: string): void {
  writeResult(text);
}

/** Tells the user something that is not a result. */
export function tell(text: string): void {
  writeAside(text + "\n");
}

/** How the user calls Deno: programs that npm fetched for one run are on no path. */
export function denoCommand(): string {
  return /[\\/]_npx[\\/]/.test(Deno.execPath()) ? `npx -y deno@${Deno.version.deno}` : "deno";
}

/** Makes the progress display of this terminal; JSON lines where standard error is not one. */
export function terminalProgress(): Progress {
  const isTerminal = Deno.stderr.isTerminal();
  return createProgress({
    isTerminal,
    colors: isTerminal && useColors(),
    // A terminal that does not know its width says 0.
    columns: isTerminal && Deno.consoleSize().columns || 80,
    write: writeAside,
  });
}

/** Whether colours are wanted: https://no-color.org. */
export function useColors(): boolean {
  return !Deno.noColor;
}

function writeResult(text: string): void {
  try {
    writeAll(Deno.stdout, encoder.encode(text));
  } catch (error) {
    if (error instanceof Deno.errors.BrokenPipe || !(error instanceof Error)) throw error;
    throw new UserError(
      `Cannot print the result as standard output must take it: ${error.message}`,
      error,
    );
  }
}

/** That nobody reads along is no reason to stop hours of work. */
function writeAside(text: string): void {
  try {
    writeAll(Deno.stderr, encoder.encode(text));
  } catch {
    // There is nobody to tell.
  }
}

function writeAll(stream: { writeSync(bytes: Uint8Array): number }, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length;) done += stream.writeSync(bytes.subarray(done));
}
