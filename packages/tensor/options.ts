/** One rule that the value of an option keeps to. */
export interface Check {
  /** What a value must be, to end the sentence "… must be". */
  readonly wanted: string;
  /** The same rule as JSON Schema (draft 2020-12). */
  readonly schema: Readonly<Record<string, unknown>>;
  /** Tells whether a value keeps to the rule. */
  readonly test: (value: unknown) => boolean;
  /**
   * Checks what a value that keeps to the rule holds, where that are options of its own; throws what
   * {@linkcode checkOptions} does.
   */
  readonly inner?: (action: string, value: unknown) => void;
}

/** One rule per option; the compiler demands one for every option of `Options`. */
export type Checks<Options> = { readonly [Key in keyof Required<Options>]: Check };

/**
 * Accepts integers from `minimum` to `maximum`.
 *
 * @param minimum The smallest integer accepted.
 * @param maximum The largest; no bound by default.
 * @returns The rule.
 */
export function integer(minimum: number, maximum: number = Number.MAX_SAFE_INTEGER): Check {
  const bounded = maximum < Number.MAX_SAFE_INTEGER;
  return {
    wanted: bounded
      ? `an integer from ${minimum} to ${maximum}`
      : `an integer of ${minimum} or more`,
    schema: bounded ? { type: "integer", minimum, maximum } : { type: "integer", minimum },
    test: (value) =>
      Number.isSafeInteger(value) && (value as number) >= minimum && (value as number) <= maximum,
  };
}

/**
 * Accepts finite numbers from `minimum` to `maximum`.
 *
 * @param minimum The smallest number accepted; `Number.MIN_VALUE` for all above 0.
 * @param maximum The largest.
 * @returns The rule.
 */
export function number(minimum: number, maximum: number): Check {
  // The smallest number above zero stands for any number above zero.
  const isOpen = minimum === Number.MIN_VALUE;
  return {
    wanted: isOpen
      ? `a number above 0 and at most ${maximum}`
      : `a number from ${minimum} to ${maximum}`,
    schema: isOpen
      ? { type: "number", exclusiveMinimum: 0, maximum }
      : { type: "number", minimum, maximum },
    test: (value) =>
      Number.isFinite(value) && (value as number) >= minimum && (value as number) <= maximum,
  };
}

/**
 * Accepts `true` and `false`.
 *
 * @returns The rule.
 */
export function boolean(): Check {
  return {
    wanted: "true or false",
    schema: { type: "boolean" },
    test: (value) => typeof value === "boolean",
  };
}

/**
 * Accepts one of the given words.
 *
 * @param words The words.
 * @returns The rule.
 */
export function oneOf(...words: readonly string[]): Check {
  return {
    wanted: `one of ${words.map((word) => `"${word}"`).join(", ")}`,
    schema: { enum: words },
    test: (value) => typeof value === "string" && words.includes(value),
  };
}

/**
 * Accepts objects, what they hold left aside.
 *
 * @returns The rule.
 */
export function record(): Check {
  return {
    wanted: "an object",
    schema: { type: "object" },
    test: (value) => typeof value === "object" && value !== null && !Array.isArray(value),
  };
}

/** A JSON Schema of options. */
export interface OptionsSchema {
  /** Options are an object. */
  readonly type: "object";
  /** One schema per option. */
  readonly properties: Readonly<Record<string, Check["schema"]>>;
  /** What is no option is refused. */
  readonly additionalProperties: false;
}

/**
 * Describes options as JSON Schema: an object that holds nothing else.
 *
 * @param checks One rule per option.
 * @returns The schema.
 */
export function optionsSchema(checks: Readonly<Record<string, Check>>): OptionsSchema {
  const properties = Object.fromEntries(
    Object.entries(checks).map(([name, { schema }]) => [name, schema]),
  );
  return { type: "object", properties, additionalProperties: false };
}

/**
 * Checks options against their rules; a key without a rule is refused by name.
 *
 * A value of `undefined` passes: the default is taken.
 *
 * @example A misspelt option
 * ```ts
 * import { checkOptions, integer } from "@pare/tensor";
 * import { assertThrows } from "@std/assert";
 *
 * assertThrows(
 *   () => checkOptions("Cannot quantize", { bit: 4 }, { bits: integer(2, 8) }),
 *   TypeError,
 *   `Cannot quantize as option "bit" is unknown: known options are "bits"`,
 * );
 * ```
 *
 * @param action What cannot be done otherwise, to begin the message.
 * @param options The options.
 * @param checks One rule per option.
 * @throws {TypeError} If an option is unknown.
 * @throws {RangeError} If the value of an option breaks its rule.
 */
export function checkOptions(
  action: string,
  options: object,
  checks: Readonly<Record<string, Check>>,
): void {
  for (const [name, value] of Object.entries(options)) {
    if (!Object.hasOwn(checks, name)) {
      const known = Object.keys(checks).map((key) => `"${key}"`).join(", ") || "none";
      throw new TypeError(`${action} as option "${name}" is unknown: known options are ${known}`);
    }
    const { test, wanted, inner } = checks[name];
    if (value === undefined) continue;
    if (!test(value)) {
      throw new RangeError(
        `${action} as ${name} must be ${wanted}: current value is ${shown(value)}`,
      );
    }
    inner?.(`${action} (${name})`, value);
  }
}

/** A value as a message shows it. */
function shown(value: unknown): string {
  // What JSON has no word for, or another one: NaN, infinities, big integers, symbols.
  if (!["string", "object"].includes(typeof value)) return String(value);
  try {
    return JSON.stringify(value);
  } catch {
    return "an object that holds itself";
  }
}
