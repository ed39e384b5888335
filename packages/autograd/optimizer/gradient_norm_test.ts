import { tensor } from "@pare/tensor";
import { assertAlmostEquals, assertEquals } from "@std/assert";
import { DEVICE_KINDS } from "#devices";
import { createParameter } from "../parameter.ts";
import { clipFactor, gradientNorm } from "./gradient_norm.ts";

for (const { kind, ignore, create } of DEVICE_KINDS) {
  Deno.test({
    name: `gradientNorm() is that of all gradients as one vector on ${kind}`,
    ignore,
    fn: async () => {
      using device = await create();
      const [a, b, c] = ["a", "b", "c"].map((name) =>
        createParameter(device, name, tensor(new Float32Array(4), [2, 2]))
      );
      assertEquals(await gradientNorm(device, [a, b, c]), 0);
      a.gradient = device.upload(tensor(Float32Array.of(1, 2, 3, 4), [2, 2]));
      c.gradient = device.upload(tensor(Float32Array.of(5, -6), [2]));
      assertAlmostEquals(await gradientNorm(device, [a, b, c]), Math.sqrt(91), 1e-6);
      for (const { gradient } of [a, c]) gradient?.[Symbol.dispose]();
    },
  });
}

Deno.test("clipFactor() brings a norm down to the largest wanted, and lets smaller ones be", () => {
  assertEquals(clipFactor(0.5, 1), 1);
  assertEquals(clipFactor(0, 1), 1);
  assertAlmostEquals(clipFactor(4, 1) * 4, 1, 1e-6);
});
