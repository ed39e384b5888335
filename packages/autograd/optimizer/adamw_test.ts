import { createReferenceDevice, type Device } from "@pare/linalg";
import { tensor } from "@pare/tensor";
import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { DEVICE_KINDS } from "#devices";
import { createParameter, type Parameter } from "../parameter.ts";
import { type AdamW, createAdamW } from "./adamw.ts";

function parameterOf(device: Device, name: string, ...values: number[]): Parameter {
  return createParameter(device, name, tensor(Float32Array.from(values), [values.length]));
}

function stepWith(
  device: Device,
  optimizer: AdamW,
  parameter: Parameter,
  gradient: readonly number[],
  learningRate = 0.1,
): void {
  parameter.gradient = device.upload(tensor(Float32Array.from(gradient), [gradient.length]));
  optimizer.step({ learningRate });
}

async function valueOf(device: Device, parameter: Parameter): Promise<number[]> {
  return Array.from((await device.download(parameter.value)).data as Iterable<number>);
}

for (const { kind, ignore, create } of DEVICE_KINDS) {
  Deno.test({
    name: `AdamW steps as an independent program does on ${kind}`,
    ignore,
    fn: async () => {
      using device = await create();
      const p = parameterOf(device, "p", 1);
      using optimizer = createAdamW(device, [p]);
      stepWith(device, optimizer, p, [0.5]);
      assertAlmostEquals((await valueOf(device, p))[0], 0.890000002, 2e-7);
      assertEquals(p.gradient, null);
      stepWith(device, optimizer, p, [-0.25]);
      assertAlmostEquals((await valueOf(device, p))[0], 0.854466299, 2e-7);
      assertEquals(optimizer.steps, 2);
    },
  });

  Deno.test({
    name: `AdamW goes on to the same bytes from what it downloaded on ${kind}`,
    ignore,
    fn: async () => {
      using device = await create();
      const gradients = [[0.3, -1, 2], [1, 1, -0.5], [0, 0.25, 3], [-2, 0.1, 0.7]];
      const whole = parameterOf(device, "w", 1, -2, 3);
      using uninterrupted = createAdamW(device, [whole]);
      for (const gradient of gradients) stepWith(device, uninterrupted, whole, gradient);

      const first = parameterOf(device, "w", 1, -2, 3);
      using before = createAdamW(device, [first]);
      for (const gradient of gradients.slice(0, 2)) stepWith(device, before, first, gradient);
      const state = await before.download();
      const second = parameterOf(device, "w", 9, 9, 9);
      using after = createAdamW(device, [second]);
      after.upload(state);
      assertEquals(after.steps, 2);
      for (const gradient of gradients.slice(2)) stepWith(device, after, second, gradient);
      assertEquals(await after.download(), await uninterrupted.download());
    },
  });
}

Deno.test("AdamW in f64 meets the golden values to their last digit", async () => {
  using device = createReferenceDevice();
  const p = createParameter(device, "p", tensor(Float64Array.of(1), [1]));
  using optimizer = createAdamW(device, [p]);
  for (const [gradient, wanted] of [[0.5, 0.890000002], [-0.25, 0.854466299]]) {
    p.gradient = device.upload(tensor(Float64Array.of(gradient), [1]));
    optimizer.step({ learningRate: 0.1 });
    assertAlmostEquals((await valueOf(device, p))[0], wanted, 5e-10);
  }
});

Deno.test("AdamW lets decay only what it is told to, and leaves alone what has no gradient", async () => {
  using device = createReferenceDevice();
  const [matrix, gain, unused] = ["matrix", "gain", "unused"].map((name) =>
    parameterOf(device, name, 1)
  );
  using optimizer = createAdamW(device, [matrix, gain, unused], {
    decays: ({ name }) => name === "matrix",
  });
  gain.gradient = device.upload(tensor(Float32Array.of(0), [1]));
  stepWith(device, optimizer, matrix, [0]);
  assertEquals(await valueOf(device, matrix), [Math.fround(0.99)]);
  assertEquals(await valueOf(device, gain), [1]);
  assertEquals(await valueOf(device, unused), [1]);
});

Deno.test("AdamW multiplies gradients before it remembers them", async () => {
  using device = createReferenceDevice();
  const [a, b] = ["a", "b"].map((name) => parameterOf(device, name, 1));
  using first = createAdamW(device, [a]);
  using second = createAdamW(device, [b]);
  stepWith(device, first, a, [0.25]);
  b.gradient = device.upload(tensor(Float32Array.of(1), [1]));
  second.step({ learningRate: 0.1, gradientScale: 0.25 });
  const [left, right] = [await first.download(), await second.download()];
  assertEquals(left.get("a.first"), right.get("b.first"));
  assertEquals(left.get("a.second"), right.get("b.second"));
});

Deno.test("AdamW.upload() refuses a state that does not fit, and changes nothing", async () => {
  using device = createReferenceDevice();
  const [a, b] = [parameterOf(device, "a", 1, 2), parameterOf(device, "b", 3)];
  using optimizer = createAdamW(device, [a, b]);
  const state = await optimizer.download();
  const before = await optimizer.download();
  state.set("a", tensor(Float32Array.of(7, 7), [2]));
  const refused = (name: string, value: ReturnType<typeof state.get>) => {
    const wrong = new Map(state);
    if (value) wrong.set(name, value);
    else wrong.delete(name);
    return () => optimizer.upload(wrong);
  };
  assertThrows(refused("b.second", undefined), RangeError, 'a tensor "b.second"');
  const long = tensor(Float32Array.of(1, 2, 3), [3]);
  assertThrows(refused("b.first", long), RangeError, 'shape of "b.first" must be [1]');
  const double = tensor(Float64Array.of(1), [1]);
  assertThrows(refused("b", double), TypeError, 'dtype of "b" must be f32');
  const half = tensor(Float64Array.of(0.5), [1]);
  assertThrows(refused("steps", half), RangeError, '"steps" must hold an integer');
  assertThrows(refused("steps", undefined), RangeError, '"steps" must hold an integer');
  assertEquals(await optimizer.download(), before);
});

Deno.test("createAdamW() refuses options and names that it cannot use", () => {
  using device = createReferenceDevice();
  const a = parameterOf(device, "a", 1);
  assertThrows(() => createAdamW(device, [a], { beta1: 1 }), RangeError, "beta1");
  assertThrows(() => createAdamW(device, [a], { epsilon: 0 }), RangeError, "epsilon");
  assertThrows(() => createAdamW(device, [a, a]), TypeError, "name a is used twice");
  const clash = parameterOf(device, "a.first", 1);
  assertThrows(() => createAdamW(device, [a, clash]), TypeError, "a.first is used twice");
});
