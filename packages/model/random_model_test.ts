import { createReferenceDevice } from "@pare/linalg";
import { toDense } from "@pare/operators";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { linearsOfBlock, vectorsOfBlock } from "./layout.ts";
import { logitsOf } from "./logits_of.ts";
import { parseConfig } from "./parse_config.ts";
import { randomModel } from "./random_model.ts";
import { FAMILIES, TOKENS } from "./testing/families.ts";

for (const { name, config: json } of FAMILIES) {
  Deno.test(`randomModel() makes a model that runs: ${name}`, async () => {
    using device = createReferenceDevice();
    const model = randomModel(parseConfig(json, name), { dtype: "bf16" });
    const [{ logits }] = await Array.fromAsync(logitsOf(model, [TOKENS], { device }));
    assertEquals(logits.shape, [8, 11]);
    const [{ name: linear }] = linearsOfBlock(model.config, 0);
    assertEquals((await model.linear(linear)).weight.dtype, "bf16");
  });
}

Deno.test("randomModel() reads the same numbers every time, others for another seed", async () => {
  const config = parseConfig(FAMILIES[2].config, "qwen2");
  const [{ name }, { name: other }] = linearsOfBlock(config, 0);
  const model = randomModel(config, { seed: 1 });
  const weight = await model.linear(name);
  assertEquals(await model.linear(name), weight);
  assertEquals(await randomModel(config, { seed: 1 }).linear(name), weight);
  const { data } = toDense(weight);
  assert(toDense(await randomModel(config, { seed: 2 }).linear(name)).data[0] !== data[0]);
  assert(toDense(await model.linear(other)).data[0] !== data[0]);
});

Deno.test("randomModel() spreads matrices by their width, gains around 1, biases around 0", async () => {
  const config = { ...parseConfig(FAMILIES[2].config, "qwen2"), hiddenSize: 1024 };
  const model = randomModel(config);
  const [{ name }] = linearsOfBlock(config, 0);
  const { data } = toDense(await model.linear(name));
  const variance = data.reduce((sum, value) => sum + value ** 2, 0) / data.length;
  // 12,288 squares of variance 2: four standard deviations are 0.052.
  assert(Math.abs(1024 * variance - 1) < 0.052);
  for (const { role, name } of vectorsOfBlock(config, 0)) {
    const middle = role.endsWith("Bias") ? 0 : 1;
    const { data } = await model.vector(name);
    const mean = data.reduce((sum, value) => sum + value, 0) / data.length;
    // Six numbers or more of deviation 0.1: five standard deviations are 0.21.
    assert(Math.abs(mean - middle) < 0.21);
  }
});

Deno.test("randomModel() refuses other options", () => {
  const config = parseConfig(FAMILIES[0].config, "llama");
  assertThrows(() => randomModel(config, { dtype: "f8" } as object), RangeError, "dtype must be");
  assertThrows(() => randomModel(config, { size: 1 } as object), TypeError, `"size"`);
});
