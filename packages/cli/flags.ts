// Flags: one table per command says what there is; parsing and help both read it.

import { parseArgs } from "@std/cli/parse-args";
import { UsageError } from "./user_error.ts";

/** One flag of a command. */
export interface Flag {
  /** What kind of value it takes. */
  readonly kind: "text" | "integer" | "number" | "switch";
  /** What stands for its value in the help, as `<folder>`. */
  readonly value?: string;
  /** One line of help. */
  readonly help: string;
}

/** The flags of a command by name, without the dashes. */
export type Flags = Readonly<Record<string, Flag>>;

/** A command of the program. */
export interface Command {
  /** The name it is called by. */
  readonly name: string;
  /** One line of help. */
  readonly summary: string;
  /** The operands, as they stand in the usage line. */
  readonly operands: string;
  /** Its flags. */
  readonly flags: Flags;
  /** What values of its flags stand for, under a title. */
  readonly glossary?: readonly [title: string, entries: Readonly<Record<string, string>>];
  /** Examples: the command line without the program's name, and what it does. */
  readonly examples: readonly (readonly [line: string, meaning: string])[];
  /** Runs it; resolves to the exit code. */
  readonly run: (input: CommandInput) => Promise<number>;
}

/** What a command is called with. */
export interface CommandInput {
  /** The operands. */
  readonly operands: readonly string[];
  /** The values of the flags that were given. */
  readonly values: FlagValues;
  /** Aborted when the user interrupts. */
  readonly signal: AbortSignal;
}

/** The flags that were given, by name. */
export interface FlagValues {
  /** The text of a flag, or `undefined`. */
  text(name: string): string | undefined;
  /** The number of a flag, or `undefined`. */
  number(name: string): number | undefined;
  /** Whether a switch was given. */
  on(name: string): boolean;
}

/**
 * Reads a command line.
 *
 * @param command Whose flags there may be.
 * @param args The arguments after the command's name.
 * @returns Operands and values.
 * @throws {UsageError} If a flag is unknown, lacks its value or has one of the wrong kind.
 */
export function parseFlags(
  command: Command,
  args: readonly string[],
): { operands: string[]; values: FlagValues } {
  const { flags, name } = command;
  const switches = Object.keys(flags).filter((flag) => flags[flag].kind === "switch");
  const parsed = parseArgs(args, {
    boolean: switches,
    string: ["_", ...Object.keys(flags).filter((flag) => flags[flag].kind !== "switch")],
    unknown: (arg, key) => {
      if (key === undefined) return true;
      const near = Object.keys(flags).filter((flag) => flag.startsWith(key[0]));
      throw new UsageError(
        `Cannot run ${name} as flag ${arg.split("=")[0]} is unknown: ` +
          (near.length ? `did you mean ${near.map((flag) => `--${flag}`).join(", ")}? ` : "") +
          `"${name} --help" lists all`,
      );
    },
  });
  const raw = (flag: string) => Object.hasOwn(parsed, flag) ? parsed[flag] : undefined;
  for (const [flag, { kind, value }] of Object.entries(flags)) {
    const given = raw(flag);
    if (kind === "switch" || given === undefined) continue;
    if (args.filter((arg) => arg === `--${flag}` || arg.startsWith(`--${flag}=`)).length > 1) {
      throw new UsageError(`Cannot run ${name} as --${flag} must be given once: there are several`);
    }
    if (given === "") {
      throw new UsageError(`Cannot run ${name} as --${flag} must have a value: ${value}`);
    }
    if (kind !== "text" && !isNumber(String(given), kind)) {
      throw new UsageError(
        `Cannot run ${name} as --${flag} must be ${
          kind === "integer" ? "a whole number" : "a number"
        }: current value is ${given}`,
      );
    }
  }
  return {
    operands: parsed._.map(String),
    values: {
      text: (flag) => raw(flag) === undefined ? undefined : String(raw(flag)),
      number: (flag) => raw(flag) === undefined ? undefined : Number(raw(flag)),
      on: (flag) => raw(flag) === true,
    },
  };
}

function isNumber(text: string, kind: "integer" | "number"): boolean {
  return kind === "integer"
    ? /^-?\d+$/.test(text)
    : text.trim() !== "" && Number.isFinite(Number(text));
}

/** The help of a command. */
export function commandHelp(command: Command): string {
  const { name, summary, operands, flags, glossary, examples } = command;
  const helps = Object.entries(flags).map(([flag, { value, help }]): [string, string] => [
    `--${flag}${value ? ` ${value}` : ""}`,
    help,
  ]);
  return [
    summary,
    "",
    `Usage: deno task ${name} ${operands} [flags]`,
    "",
    "Flags:",
    ...columns(helps),
    "",
    ...(glossary ? [`${glossary[0]}:`, ...columns(Object.entries(glossary[1])), ""] : []),
    "Examples:",
    ...examples.flatMap(([line, meaning]) => [
      `  # ${meaning}`,
      `  deno task ${name} ${line}`.trimEnd(),
      "",
    ]),
  ].join("\n");
}

/** Lines of two columns, the second one aligned. */
function columns(entries: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(...entries.map(([left]) => left.length));
  return entries.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`);
}
