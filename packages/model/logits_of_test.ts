import { createReferenceDevice } from "@pare/linalg";
import type { Tensor } from "@pare/tensor";
import { assert, assertAlmostEquals } from "@std/assert";
import { logitsOf } from "./logits_of.ts";
import { openModel } from "./open_model.ts";
import { FAMILIES, TOKENS } from "./testing/families.ts";
import { tinyCheckpoint } from "./testing/tiny_checkpoint.ts";

for (const { name, config, loss, logits } of FAMILIES) {
  Deno.test(`logitsOf() agrees with an independent program on ${name}`, async () => {
    using device = createReferenceDevice();
    const pieces = await Array.fromAsync(
      logitsOf(openModel(tinyCheckpoint(config)), [TOKENS], { device }),
    );
    const last = pieces[0].logits.data.subarray(-11);
    console.log(Math.max(...logits.map((v, i) => Math.abs(v - last[i]))));
    logits.forEach((v, i) => assertAlmostEquals(last[i], v, 1e-5));
    console.log(loss);
  });
}
