// The step of a recipe that flags ask for.

import type { Registry } from "@pare/pipeline";
import { COLUMN_QUANTIZERS, PLAIN_QUANTIZERS } from "@pare/quantizers";
import type { FlagValues } from "./flags.ts";
import { UsageError } from "./user_error.ts";

/** A method with its options. */
interface Named {
  readonly method: string;
  readonly options: Readonly<Record<string, unknown>>;
}

/** What flags become options of a method, and which. */
const OPTION_FLAGS: readonly {
  readonly flag: string;
  readonly options: (values: FlagValues) => Record<string, unknown>;
}[] = [
  ...["bits", "keep", "rank", "share"].map((flag) => ({
    flag,
    options: (values: FlagValues) => compact({ [flag]: values.number(flag) }),
  })),
  {
    flag: "bits-per-weight",
    options: (values) => compact({ bitsPerWeight: values.number("bits-per-weight") }),
  },
  ...["storage", "variant"].map((flag) => ({
    flag,
    options: (values: FlagValues) => compact({ [flag]: values.text(flag) }),
  })),
  { flag: "symmetric", options: (values) => values.on("symmetric") ? { symmetric: true } : {} },
  {
    flag: "partial-groups",
    options: (values) => values.on("partial-groups") ? { partialGroups: true } : {},
  },
  {
    flag: "shared-right",
    options: (values) => values.on("shared-right") ? { sharedRight: true } : {},
  },
  { flag: "group", options: (values) => groupOptions("group", values) },
  { flag: "factor-bits", options: (values) => factorOptions("factor-bits", values) },
  { flag: "factor-group", options: (values) => factorOptions("factor-group", values) },
];

/** The flags that put a quantizer into another method, from the inside out. */
const WRAPPERS: readonly {
  readonly flag: string;
  readonly method: string;
  readonly around: readonly string[];
}[] = [
  { flag: "feedback", method: "ldlq", around: Object.keys(COLUMN_QUANTIZERS) },
  { flag: "rotate", method: "incoherence", around: Object.keys(PLAIN_QUANTIZERS) },
];

/** Whether there is a flag that says what a step does, or to which layers. */
export function isStepGiven(values: FlagValues): boolean {
  return ["layers", "except", "allocation"].some((flag) => values.text(flag) !== undefined) ||
    WRAPPERS.some(({ flag }) => values.on(flag)) ||
    OPTION_FLAGS.some(({ options }) => Object.keys(options(values)).length > 0);
}

/**
 * Makes a step of flags.
 *
 * @throws {UsageError} If a flag does not go with the method.
 */
export function stepFromFlags(
  method: string,
  values: FlagValues,
  registry: Registry,
): Record<string, unknown> {
  const { method: outer, options } = wrapped(
    { method, options: optionsOf(method, values, registry) },
    values,
  );
  return {
    method: outer,
    ...rankedBy(values.text("allocation"), options),
    ...compact({ layers: globs(values.text("layers")), except: globs(values.text("except")) }),
  };
}

/** Leaves out what is not given. */
export function compact(record: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined));
}

function optionsOf(
  method: string,
  values: FlagValues,
  registry: Registry,
): Record<string, unknown> {
  const all: Record<string, unknown> = {};
  for (const { flag, options } of OPTION_FLAGS) {
    const given = options(values);
    // A method that does not exist is left for the check of recipes to refuse.
    const known = Object.hasOwn(registry, method) ? registry[method].checks : given;
    if (Object.keys(given).some((option) => !Object.hasOwn(known, option))) {
      throw new UsageError(
        `Cannot compress as --${flag} must go with a method that has such an option: current ` +
          `method is ${method}, whose options are ${Object.keys(known).join(", ")}`,
      );
    }
    Object.assign(all, given);
  }
  return all;
}

function wrapped(step: Named, values: FlagValues): Named {
  return WRAPPERS.reduce((inner, { flag, method, around }) => {
    if (!values.on(flag)) return inner;
    if (!around.includes(inner.method)) {
      throw new UsageError(
        `Cannot compress as --${flag} must go with --method ${around.join(", ")}: current ` +
          `method is ${inner.method}`,
      );
    }
    return { method, options: { quantizer: inner } };
  }, step);
}

/** Where a rule shares the bytes out, the share to keep is its, and no option of the method. */
function rankedBy(
  rule: string | undefined,
  options: Record<string, unknown>,
): Record<string, unknown> {
  if (rule === undefined) return { options };
  const { keep, ...rest } = options;
  return { options: rest, allocation: compact({ rule, keep }) };
}

/** The options of round-to-nearest for factors; both flags are asked for together. */
function factorOptions(flag: string, values: FlagValues): Record<string, unknown> {
  if (values.text(flag) === undefined) return {};
  const options = compact({
    bits: values.number("factor-bits"),
    ...groupOptions("factor-group", values),
  });
  return { factorQuantizer: { method: "rtn", options } };
}

/** The options of round-to-nearest that one flag says how to group by. */
function groupOptions(flag: string, values: FlagValues): Record<string, unknown> {
  const group = values.text(flag);
  if (group === undefined) return {};
  if (group === "row" || group === "tensor") return { granularity: group };
  if (/^\d+$/.test(group)) return { groupSize: Number(group) };
  throw new UsageError(
    `Cannot compress as --${flag} must be a number, row or tensor: current value is ${group}`,
  );
}

/** Splits at commas that do not stand in braces. */
function globs(text: string | undefined): string[] | undefined {
  return text?.split(/,(?![^{}]*\})/);
}
