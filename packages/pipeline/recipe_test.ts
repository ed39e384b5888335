import { integer } from "@pare/tensor";
import { assertEquals, assertThrows } from "@std/assert";
import { parseRecipe, recipeSchema } from "./recipe.ts";
import { METHODS } from "./testing/methods.ts";

Deno.test("parseRecipe() fills in every default", () => {
  assertEquals(parseRecipe({ version: 1, steps: [{ method: "rtn" }] }, METHODS), {
    version: 1,
    seed: 0,
    dtype: "source",
    calibration: { windows: null, windowLength: null, skipFirstTokens: 0, sequential: false },
    steps: [{ method: "rtn", layers: ["model.layers.**"], except: [], options: {} }],
  });
});

Deno.test("parseRecipe() gives its seed to methods that choose at random, unless they have one", () => {
  const random = { ...METHODS.rtn, checks: { ...METHODS.rtn.checks, seed: integer(0) } };
  const registry = { ...METHODS, random };
  const steps = [{ method: "random" }, { method: "random", options: { seed: 3 } }, {
    method: "rtn",
  }];
  const recipe = parseRecipe({ version: 1, seed: 7, steps }, registry);
  assertEquals(recipe.steps.map(({ options }) => options), [{ seed: 7 }, { seed: 3 }, {}]);
  assertEquals(parseRecipe(JSON.parse(JSON.stringify(recipe)), registry), recipe);
});

const RECIPES: readonly Record<string, unknown>[] = [
  { version: 1 },
  { version: 1, steps: [{ method: "rtn" }] },
  {
    version: 1,
    seed: 7,
    dtype: "f16",
    calibration: { windows: 3, windowLength: 64, sequential: true },
    steps: [{ method: "rtn", layers: "a.*", except: ["a.b"], options: { bits: 3 } }],
  },
  { version: 1, steps: [{ method: "asvd", allocation: { rule: "greedy" } }] },
  { version: 1, steps: [{ method: "asvd", allocation: { rule: "uniform", bytes: 1000 } }] },
];

for (const recipe of RECIPES) {
  Deno.test(`parseRecipe() reads back what it returned for ${JSON.stringify(recipe)}`, () => {
    // As it stands in a manifest, where every default is filled in.
    const full = parseRecipe(recipe, METHODS);
    assertEquals(parseRecipe(JSON.parse(JSON.stringify(full)), METHODS), full);
  });
}

const BAD: readonly [name: string, recipe: unknown, message: string][] = [
  ["a list", [], "it must be an object: current value is []"],
  ["no version", { steps: [] }, "version must be 1: current value is undefined"],
  ["another version", { version: 2 }, "version must be 1: current value is 2"],
  ["an unknown key", { version: 1, step: [] }, `option "step" is unknown`],
  ["a wrong dtype", { version: 1, dtype: "f8" }, `dtype must be one of "source", "f32"`],
  ["a negative seed", { version: 1, seed: -1 }, "seed must be an integer of 0 or more"],
  ["steps that are no list", { version: 1, steps: {} }, "steps must be a list"],
  [
    "a step that is no object",
    { version: 1, steps: [1] },
    "step 1 of the recipe as it must be an object",
  ],
  [
    "no method",
    { version: 1, steps: [{}] },
    `step 1 of the recipe as method must be one of "rtn", "asvd"`,
  ],
  ["an inherited method", { version: 1, steps: [{ method: "toString" }] }, "method must be one of"],
  [
    "a misspelt option",
    { version: 1, steps: [{ method: "rtn" }, { method: "rtn", options: { bit: 4 } }] },
    `Cannot read step 2 of the recipe (rtn) as option "bit" is unknown: known options are "bits"`,
  ],
  [
    "an option out of range",
    { version: 1, steps: [{ method: "rtn", options: { bits: 9 } }] },
    "bits must be an integer from 1 to 8: current value is 9",
  ],
  [
    "no globs",
    { version: 1, steps: [{ method: "rtn", layers: [] }] },
    "layers must be a glob or a list of globs",
  ],
  [
    "a misspelt calibration",
    { version: 1, calibration: { window: 3 } },
    `option "window" is unknown`,
  ],
];

/** Steps with an allocation that cannot be. */
const BAD_ALLOCATIONS: readonly [name: string, step: Record<string, unknown>, message: string][] = [
  [
    "an allocation for a method without ranks",
    { method: "rtn", allocation: { rule: "greedy" } },
    "only a method that has ranks must have an allocation: current method is rtn",
  ],
  [
    "an unknown rule",
    { allocation: { rule: "best" } },
    `rule must be one of "uniform", "greedy", "inverse-log", "sensitivity": current value is "best"`,
  ],
  [
    "no rule",
    { allocation: {} },
    `rule must be one of "uniform", "greedy", "inverse-log", "sensitivity": current value is undefined`,
  ],
  [
    "a misspelt allocation",
    { allocation: { rule: "greedy", kept: 0.5 } },
    `option "kept" is unknown`,
  ],
  [
    "an allocation of nothing",
    { allocation: { rule: "greedy", keep: 0 } },
    "keep must be a number above 0 and at most 1",
  ],
  [
    "two budgets",
    { allocation: { rule: "greedy", keep: 0.5, bytes: 9 } },
    "only one of keep and bytes must be given: current values are 0.5 and 9",
  ],
  [
    "a rank from two sides",
    { options: { keep: 0.5 }, allocation: { rule: "greedy" } },
    "current options have keep",
  ],
  ["a list for an allocation", { allocation: [] }, "allocation must be an object"],
];

for (const [name, step, message] of BAD_ALLOCATIONS) {
  Deno.test(`parseRecipe() refuses ${name}`, () => {
    const recipe = { version: 1, steps: [{ method: "asvd", ...step }] };
    assertThrows(() => parseRecipe(recipe, METHODS), Error, message);
  });
}

Deno.test("parseRecipe() fills in what an allocation keeps", () => {
  const [step] = parseRecipe(
    { version: 1, steps: [{ method: "asvd", allocation: { rule: "greedy" } }] },
    METHODS,
  )
    .steps;
  assertEquals(step.allocation, { rule: "greedy", keep: 0.8 });
});

for (const [name, recipe, message] of BAD) {
  Deno.test(`parseRecipe() refuses ${name}`, () => {
    assertThrows(() => parseRecipe(recipe, METHODS), Error, message);
  });
}

Deno.test("recipeSchema() has a branch for each method and nothing else", () => {
  const schema = JSON.parse(JSON.stringify(recipeSchema(METHODS)));
  const branches = schema.properties.steps.items.oneOf;
  assertEquals(branches.map((branch: { title: string }) => branch.title), Object.keys(METHODS));
  // Methods that have the same options refer to what is written once.
  const { $ref } = branches[0].properties.options;
  const options = schema.$defs[$ref.slice("#/$defs/".length)];
  assertEquals(options.properties.bits, {
    type: "integer",
    minimum: 1,
    maximum: 8,
  });
  assertEquals(options.additionalProperties, false);
  assertEquals(schema.additionalProperties, false);
  const allocations = branches.map((branch: { properties: Record<string, unknown> }) =>
    branch.properties.allocation !== undefined
  );
  assertEquals(allocations, Object.values(METHODS).map(({ spectrum }) => spectrum !== undefined));
});
