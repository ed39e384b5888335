// The program: finds the command, runs it, turns errors into messages and exit codes.

import { CALIBRATE } from "./calibrate_command.ts";
import { COMPRESS } from "./compress_command.ts";
import { EVALUATE } from "./evaluate_command.ts";
import { type Command, commandHelp, parseFlags } from "./flags.ts";
import { GENERATE } from "./generate_command.ts";
import { INSPECT } from "./inspect_command.ts";
import { print, tell } from "./terminal.ts";
import { UsageError, UserError } from "./user_error.ts";
import { VERSION } from "./version.ts";

/** Every command. */
export const COMMANDS: readonly Command[] = [COMPRESS, CALIBRATE, EVALUATE, INSPECT, GENERATE];

/** Exit codes: done, failed, called wrongly, interrupted. */
const EXIT = { done: 0, failed: 1, usage: 2, interrupted: 130 } as const;

/**
 * Runs the program.
 *
 * @param args The command's name and its arguments.
 * @returns The exit code: 0 when done, 1 when it failed, 2 when called wrongly, 130 when interrupted.
 */
export async function runCli(args: readonly string[]): Promise<number> {
  const [name, ...rest] = args;
  if (name === "--version") {
    print(VERSION);
    return EXIT.done;
  }
  const command = COMMANDS.find((command) => command.name === name);
  if (!command) {
    (name === undefined || name === "--help" || name === "help" ? print : tell)(overview(name));
    return name === undefined || name === "--help" || name === "help" ? EXIT.done : EXIT.usage;
  }
  return await runCommand(command, rest);
}

/**
 * Runs one command: reads its flags, shows its help, turns errors into messages and exit codes.
 *
 * @param command The command.
 * @param args Its arguments, without its name.
 * @returns The exit code, as {@linkcode runCli} has them.
 */
export async function runCommand(command: Command, args: readonly string[]): Promise<number> {
  const interrupt = new AbortController();
  const onSignal = () => interrupt.signal.aborted ? Deno.exit(EXIT.interrupted) : interrupt.abort();
  Deno.addSignalListener("SIGINT", onSignal);
  Deno.addSignalListener("SIGTERM", onSignal);
  try {
    const { operands, values } = parseFlags(command, args);
    if (values.on("help")) {
      print(commandHelp(command));
      return EXIT.done;
    }
    return await command.run({ operands, values, signal: interrupt.signal });
  } catch (error) {
    if (interrupt.signal.aborted) return EXIT.interrupted;
    // Whoever reads the results has seen enough, as `head` does.
    if (error instanceof Deno.errors.BrokenPipe) return EXIT.done;
    tell(`error: ${messageOf(error)}`);
    return error instanceof UsageError ? EXIT.usage : EXIT.failed;
  } finally {
    Deno.removeSignalListener("SIGINT", onSignal);
    Deno.removeSignalListener("SIGTERM", onSignal);
  }
}

/** What users are told: the message of an error that names what to change, the stack of a bug. */
function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const isExpected = error instanceof UserError || error instanceof RangeError ||
    error instanceof SyntaxError || error.message.startsWith("Cannot ");
  return isExpected ? error.message : error.stack ?? error.message;
}

function overview(name: string | undefined): string {
  const width = Math.max(...COMMANDS.map((command) => command.name.length));
  const known = name === undefined || name.startsWith("-") || name === "help";
  return [
    ...(known ? [] : [`error: Cannot run ${name} as there is no such command`, ""]),
    "pare makes language models smaller.",
    "",
    "Usage: deno task <command> [flags]",
    "",
    ...COMMANDS.map((command) => `  ${command.name.padEnd(width)}  ${command.summary}`),
    "",
    "`deno task <command> --help` explains a command.",
  ].join("\n");
}
