import { assertEquals } from "@std/assert";
import { matchesGlob } from "./glob.ts";

const NAME = "model.layers.12.mlp.up_proj";
const CASES: readonly [glob: string, name: string, matches: boolean][] = [
  [NAME, NAME, true],
  ["**", NAME, true],
  ["*", NAME, false],
  ["*", "lm_head", true],
  ["model.layers.*.mlp.*", NAME, true],
  ["model.layers.1.mlp.*", NAME, false],
  ["model.layers.**", NAME, true],
  ["model.layers.**", "model.embed_tokens", false],
  ["**.{up,gate}_proj", NAME, true],
  ["**.{down,gate}_proj", NAME, false],
  ["model.layers.{11,12}.**", NAME, true],
  ["modelXlayers.**", "model.layers.0", false],
  ["model.layers.(12)+.**", NAME, false],
  ["up_proj", NAME, false],
  ["model.{layers,layers.12}.**", NAME, true],
  ["**{,x}", NAME, true],
  ["{up,", "{up,", true],
  ["***", NAME, true],
  ["*.*", NAME, false],
  // What takes a regular expression a time exponential in the number of stars.
  [`${"**".repeat(40)}x`, NAME, false],
  ["", "", true],
  ["", NAME, false],
];

for (const [glob, name, matches] of CASES) {
  Deno.test(`matchesGlob() says ${matches} to "${glob}" and "${name}"`, () => {
    assertEquals(matchesGlob(glob, name), matches);
  });
}
