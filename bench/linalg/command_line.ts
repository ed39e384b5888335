import { type Command, commandHelp, type Flags, parseFlags } from "../../packages/cli/flags.ts";
import { UsageError, UserError } from "../../packages/cli/user_error.ts";

/**
 * The flags that every program has.
 *
 * @param output Where results go if nothing else is said.
 */
export function commonFlags(output: string): Flags {
  return {
    output: {
      kind: "text",
      value: "<file>",
      help: `where everything measured is written, as JSON; ${output} by default`,
    },
    help: { kind: "switch", help: "print this" },
  };
}

/** Runs a program of one command: prints its help, or what it was refused for. */
export async function runCommand(command: Command): Promise<void> {
  try {
    const input = parseFlags(command, Deno.args);
    if (input.values.on("help")) console.log(commandHelp(command));
    else await command.run({ ...input, signal: new AbortController().signal });
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    console.error(error.message);
    Deno.exit(1);
  }
}

/**
 * Reads numbers of threads, separated by commas.
 *
 * @param text One and all processors by default.
 * @throws {UsageError} If one is no integer from 1 to 256.
 */
export function readThreads(text: string | undefined): number[] {
  const counts = text?.split(",").map(Number) ?? [...new Set([1, navigator.hardwareConcurrency])];
  if (!counts.every((count) => Number.isInteger(count) && count >= 1 && count <= 256)) {
    throw new UsageError(
      `Cannot measure as threads must be integers from 1 to 256: current threads is ${text}`,
    );
  }
  return counts;
}

/**
 * Reads positive integers, separated by commas.
 *
 * @param what What they count.
 * @throws {UsageError} If one is no positive integer.
 */
export function readCounts(what: string, text: string): number[] {
  const counts = text.split(",").map(Number);
  if (!counts.every((count) => Number.isSafeInteger(count) && count > 0)) {
    throw new UsageError(
      `Cannot measure as ${what} must be positive integers: current ${what} is ${text}`,
    );
  }
  return counts;
}

/**
 * Reads shapes of matrices such as `1024x512`, separated by commas.
 *
 * @throws {UsageError} If one is no such shape.
 */
export function readShapes(text: string): [rows: number, cols: number][] {
  return text.split(",").map((shape) => {
    const found = /^(\d+)x(\d+)$/.exec(shape);
    if (!found) {
      throw new UsageError(
        `Cannot measure as a shape must be like 1024x512: current shape is ${shape}`,
      );
    }
    return [Number(found[1]), Number(found[2])];
  });
}

/**
 * Reads names, separated by commas.
 *
 * @param what What they are names of, in the singular.
 * @param text All by default.
 * @param all Those there are.
 * @throws {UsageError} If one is unknown.
 */
export function readNames(
  what: string,
  text: string | undefined,
  all: readonly string[],
): string[] {
  const names = text?.split(",") ?? [...all];
  const wrong = names.find((name) => !all.includes(name));
  if (wrong !== undefined) {
    throw new UsageError(
      `Cannot measure as a ${what} must be one of ${all.join(", ")}: current ${what} is ${wrong}`,
    );
  }
  return names;
}
