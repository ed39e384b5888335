import { createReferenceDevice } from "@pare/linalg";
import { assert, assertEquals } from "@std/assert";
import { DEVICE_KINDS } from "#devices";
import { differencesOf, gradientsOf, values } from "./testing/gradients.ts";
import { OPERATION_CASES } from "./testing/operation_cases.ts";

const H = 2 ** -13;

// The difference quotient is off by h²/6 times a third derivative, for which 2^4 is plenty where the
// inputs are normal, and by the rounding of two losses of size 2^6 at most, divided by h.
const DIFFERENCE = H ** 2 / 6 * 2 ** 4 + 2 * 2 ** 6 * 2 ** -52 / H;

// Each element of a gradient is a sum of at most 2^6 products, of numbers that a handful of functions
// of up to 2^3 units in the last place have gone into.
const SINGLE = 2 ** 6 * 2 ** 3 * 2 ** -24;

/** The largest element, or 1. */
const scaleOf = (gradient: Float64Array) => Math.max(1, ...gradient.map(Math.abs));

function assertNear(actual: Float64Array, wanted: Float64Array, bound: number, what: string) {
  assertEquals(actual.length, wanted.length, what);
  for (let i = 0; i < wanted.length; i++) {
    assert(
      Math.abs(actual[i] - wanted[i]) <= bound * scaleOf(wanted),
      `${what}, element ${i}: ${actual[i]} must be ${wanted[i]} within ${bound}`,
    );
  }
}

for (const [name, shapes, expression] of OPERATION_CASES) {
  const inputs = shapes.map((shape, seed) => values(shape, seed + 1));

  Deno.test(`the gradient of ${name} is that of central differences`, async () => {
    using device = createReferenceDevice();
    const gradients = await gradientsOf(device, expression, inputs, "f64");
    const differences = await differencesOf(device, expression, inputs, H);
    for (const [i, gradient] of gradients.entries()) {
      assertNear(gradient, differences[i], DIFFERENCE, `input ${i}`);
      assert(gradient.some((value) => value !== 0), `input ${i} must matter`);
    }
  });

  for (const { kind, ignore, create } of DEVICE_KINDS) {
    Deno.test({
      name: `the gradient of ${name} on ${kind} is that of the reference in f64`,
      ignore,
      fn: async () => {
        using reference = createReferenceDevice();
        using device = await create();
        const wanted = await gradientsOf(reference, expression, inputs, "f64");
        for (const dtype of ["f32", "f64"] as const) {
          if (!device.supports(dtype)) continue;
          const actual = await gradientsOf(device, expression, inputs, dtype);
          const bound = dtype === "f32" ? SINGLE : SINGLE * 2 ** -29;
          for (const [i, gradient] of actual.entries()) {
            assertNear(gradient, wanted[i], bound, `${dtype}, input ${i}`);
          }
        }
      },
    });
  }
}
