import { createReferenceDevice, createWasmDevice, type Device } from "@pare/linalg";
import { nodeOf, type Operator, toDense } from "@pare/operators";
import { randomNormal, type Tensor } from "@pare/tensor";
import { assert, assertEquals } from "@std/assert";
import type { NamedColumnQuantizer } from "./column_quantizers.ts";
import { ldlq, planLdlq } from "./ldlq.ts";
import { mxfp4 } from "./mxfp4.ts";
import { nf4 } from "./nf4.ts";
import { nvfp4 } from "./nvfp4.ts";
import { errorsOf, identityGram, lossOf, randomGram } from "./testing/layers.ts";

const SETTINGS: readonly (readonly [
  quantizer: NamedColumnQuantizer,
  plain: (weight: Tensor) => Operator,
])[] = [
  [{ method: "nf4", options: { groupSize: 32 } }, (w) => nf4(w, { groupSize: 32 })],
  [
    { method: "nf4", options: { bits: 2, groupSize: 16, scaleDtype: "f8e4m3" } },
    (w) => nf4(w, { bits: 2, groupSize: 16, scaleDtype: "f8e4m3" }),
  ],
  [{ method: "mxfp4" }, (w) => mxfp4(w)],
  [{ method: "nvfp4" }, (w) => nvfp4(w)],
];

for (const [quantizer, plain] of SETTINGS) {
  const name = JSON.stringify(quantizer);

  Deno.test(`ldlq() by levels is rounding to nearest where inputs do not correlate: ${name}`, async () => {
    const weight = randomNormal([7, 96], { seed: 1 });
    using device = await createWasmDevice({ threads: 1 });
    const devices: Device[] = [createReferenceDevice(), device];
    for (const device of devices) {
      const operator = await ldlq(weight, identityGram(96, 1), { quantizer, device });
      assertEquals(operator, plain(weight));
      assertEquals(nodeOf(operator), planLdlq([7, 96], { quantizer }));
    }
  });

  Deno.test(`ldlq() by levels makes up for errors, in any order: ${name}`, async () => {
    const weight = randomNormal([16, 96], { seed: 2 });
    const gram = randomGram(96, 150, 3);
    const before = lossOf(errorsOf(weight, toDense(plain(weight))), gram);
    using device = await createWasmDevice({ threads: 1 });
    for (const order of ["descending", "activation"] as const) {
      const operator = await ldlq(weight, gram, { quantizer, order, device });
      const after = lossOf(errorsOf(weight, toDense(operator)), gram);
      assert(after < 0.9 * before, `${order}: ${after} of ${before}`);
    }
  });
}
