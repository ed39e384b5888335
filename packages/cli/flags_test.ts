import { assertEquals, assertMatch, assertStringIncludes, assertThrows } from "@std/assert";
import { COMMANDS } from "./cli.ts";
import { type Command, commandHelp, parseFlags } from "./flags.ts";
import { RECIPE_FLAGS, recipeFromFlags } from "./recipe_flags.ts";
import { REGISTRY } from "./registry.ts";
import { UsageError } from "./user_error.ts";

const COMMAND: Command = {
  name: "try",
  summary: "Tries.",
  operands: "<model>",
  flags: { ...RECIPE_FLAGS, help: { kind: "switch", help: "Show this help" } },
  examples: [["model/", "Just try"]],
  run: () => Promise.resolve(0),
};

function recipeOf(line: string, base?: unknown) {
  return recipeFromFlags(parseFlags(COMMAND, line.split(" ")).values, REGISTRY, base);
}

Deno.test("parseFlags() tells operands, texts, numbers and switches apart", () => {
  const { operands, values } = parseFlags(COMMAND, [
    "a",
    "--bits",
    "3",
    "--keep=0.5",
    "--symmetric",
    "--method",
    "rtn",
    "7",
  ]);
  assertEquals(operands, ["a", "7"]);
  assertEquals([values.number("bits"), values.number("keep"), values.text("method")], [
    3,
    0.5,
    "rtn",
  ]);
  assertEquals([values.on("symmetric"), values.on("sequential"), values.number("rank")], [
    true,
    false,
    undefined,
  ]);
});

const BAD: readonly [line: string, message: string][] = [
  ["--bots 3", "flag --bots is unknown: did you mean --bits, --bits-per-weight?"],
  ["-x", "flag -x is unknown"],
  ["--bits three", "--bits must be a whole number: current value is three"],
  ["--bits 3.5", "--bits must be a whole number"],
  ["--keep much", "--keep must be a number"],
  ["--bits", "--bits must have a value: <n>"],
  ["--bits 3 --bits 4", "--bits must be given once"],
];
for (const [line, message] of BAD) {
  Deno.test(`parseFlags() refuses ${line}`, () => {
    assertThrows(() => parseFlags(COMMAND, line.split(" ")), UsageError, message);
  });
}

Deno.test("recipeFromFlags() makes a recipe of one step", () => {
  assertEquals(
    recipeOf(
      "--method rtn --bits 3 --group 32 --layers **.{q,k}_proj,lm_head --seed 2 --windows 4",
    ),
    {
      version: 1,
      seed: 2,
      calibration: { windows: 4 },
      steps: [{
        method: "rtn",
        options: { bits: 3, groupSize: 32 },
        layers: ["**.{q,k}_proj", "lm_head"],
      }],
    },
  );
});

Deno.test("recipeFromFlags() puts a quantizer into what flags ask for", () => {
  const stepOf = (line: string) => (recipeOf(line) as { steps: unknown[] }).steps[0];
  const inner = { method: "rtn", options: { bits: 3, granularity: "row", symmetric: true } };
  const line = "--method rtn --bits 3 --group row --symmetric";
  assertEquals(stepOf(line), inner);
  const feedback = { method: "ldlq", options: { quantizer: inner } };
  assertEquals(stepOf(`${line} --feedback`), feedback);
  assertEquals(stepOf(`${line} --feedback --rotate`), {
    method: "incoherence",
    options: { quantizer: feedback },
  });
  assertEquals(stepOf(`${line} --rotate --layers **.q_proj`), {
    method: "incoherence",
    options: { quantizer: inner },
    layers: ["**.q_proj"],
  });
  assertEquals(stepOf("--method hqq --rotate --partial-groups"), {
    method: "incoherence",
    options: { quantizer: { method: "hqq", options: { partialGroups: true } } },
  });
});

Deno.test("recipeFromFlags() names the flag that does not go with the method", () => {
  for (
    const [line, message] of [
      [
        "svd --bits 4",
        "--bits must go with a method that has such an option: current method is svd",
      ],
      ["rtn --keep 0.5", "--keep must go with"],
      ["hqq --group row", "--group must go with"],
      ["rtn --factor-group 8", "--factor-group must go with"],
      ["incoherence --bits 4", "is incoherence, whose options are"],
      ["svd --rotate", "--rotate must go with --method rtn"],
      ["awq --rotate", "current method is awq"],
      ["hqq --feedback", "--feedback must go with --method rtn"],
    ]
  ) {
    assertThrows(() => recipeOf(`--method ${line}`), UsageError, message);
  }
  // What is no method is refused by the check of recipes.
  recipeOf("--method rtm --bits 4");
  assertThrows(() => recipeOf("--rotate"), UsageError, "--method must be named");
});

Deno.test("recipeFromFlags() gives what is kept to the allocation, if there is one", () => {
  const stepOf = (line: string) => {
    const { steps: [step] } = recipeOf(line) as { steps: Record<string, unknown>[] };
    return step;
  };
  assertEquals(stepOf("--method asvd --allocation greedy --keep 0.7 --variant II"), {
    method: "asvd",
    options: { variant: "II" },
    allocation: { rule: "greedy", keep: 0.7 },
  });
  assertEquals(stepOf("--method asvd --allocation uniform"), {
    method: "asvd",
    options: {},
    allocation: { rule: "uniform" },
  });
});

Deno.test("recipeFromFlags() has factors quantized", () => {
  const optionsOf = (line: string) =>
    (recipeOf(line) as { steps: { options: unknown }[] }).steps[0].options;
  assertEquals(optionsOf("--method asvd --keep 0.5 --factor-bits 8"), {
    keep: 0.5,
    factorQuantizer: { method: "rtn", options: { bits: 8 } },
  });
  assertEquals(optionsOf("--method svd --factor-bits 4 --factor-group row"), {
    factorQuantizer: { method: "rtn", options: { bits: 4, granularity: "row" } },
  });
  assertEquals(optionsOf("--method svd --factor-group 32"), {
    factorQuantizer: { method: "rtn", options: { groupSize: 32 } },
  });
  assertThrows(
    () => recipeOf("--method svd --factor-group many"),
    UsageError,
    "--factor-group must be a number, row or tensor: current value is many",
  );
});

Deno.test("recipeFromFlags() lays flags over a recipe that was read", () => {
  const base = {
    version: 1,
    calibration: { windows: 9, windowLength: 8 },
    steps: [{ method: "rtn" }],
  };
  assertEquals(recipeOf("--windows 4 --dtype f16", base), {
    ...base,
    dtype: "f16",
    calibration: { windows: 4, windowLength: 8 },
  });
});

Deno.test("recipeFromFlags() refuses options without their method, and a step beside a recipe", () => {
  assertThrows(
    () => recipeOf("--bits 3"),
    UsageError,
    "--method must be named: known methods are rtn",
  );
  assertThrows(
    () => recipeOf("--method rtn", { version: 1 }),
    UsageError,
    "--recipe must stand alone",
  );
  assertThrows(
    () => recipeOf("--allocation greedy", { version: 1 }),
    UsageError,
    "--recipe must stand alone",
  );
  assertThrows(() => recipeOf("--allocation greedy"), UsageError, "--method must be named");
  assertThrows(
    () => recipeOf("--method rtn --group few"),
    UsageError,
    "must be a number, row or tensor",
  );
});

Deno.test("the help of compress tells what each method does", () => {
  const command = COMMANDS.find(({ name }) => name === "compress");
  const help = command ? commandHelp(command) : "";
  for (const [name, { summary }] of Object.entries(REGISTRY)) {
    assertMatch(help, new RegExp(`^  ${name} `, "m"));
    assertStringIncludes(help, summary);
  }
});

for (const command of COMMANDS) {
  Deno.test(`the help of ${command.name} names every flag`, () => {
    const help = commandHelp(command);
    for (const flag of Object.keys(command.flags)) assertStringIncludes(help, `--${flag}`);
    // Lines of a terminal: help that wraps is hard to read.
    for (const line of help.split("\n")) assertEquals(line.length <= 110, true, line);
  });
}
