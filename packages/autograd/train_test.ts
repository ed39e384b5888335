import { createReferenceDevice, type Device } from "@pare/linalg";
import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { DEVICE_KINDS } from "#devices";
import { linear } from "./operations/linear.ts";
import { multiply, scale } from "./operations/multiply.ts";
import { mean } from "./operations/sum.ts";
import { subtract } from "./operations/add.ts";
import { createAdamW } from "./optimizer/adamw.ts";
import { createParameter, type Parameter } from "./parameter.ts";
import type { Tape } from "./tape.ts";
import { inDtype, values } from "./testing/gradients.ts";
import { train, type TrainOptions } from "./train.ts";

/** A linear layer to be fitted to another one, four rows a micro-batch. */
function fit(parameter: Parameter): Pick<TrainOptions, "loss" | "learningRate"> {
  const upload = (tape: Tape, shape: number[], seed: number) =>
    tape.constant(tape.device.upload(inDtype(values(shape, seed), "f32")));
  return {
    learningRate: (step) => 0.2 / (1 + step / 10),
    loss: (tape, step, microBatch) => {
      const x = upload(tape, [4, 3], 1000 + 10 * step + microBatch);
      const wanted = linear(x, upload(tape, [2, 3], 1));
      const error = subtract(linear(x, tape.parameter(parameter)), wanted);
      return mean(multiply(error, error));
    },
  };
}

function layer(device: Device): Parameter {
  return createParameter(device, "w", inDtype(values([2, 3], 2), "f32"));
}

for (const { kind, ignore, create } of DEVICE_KINDS) {
  Deno.test({
    name: `train() goes on to the same bytes after an interruption on ${kind}`,
    ignore,
    fn: async () => {
      using device = await create();
      const w = layer(device);
      using optimizer = createAdamW(device, [w]);
      const options = { device, parameters: [w], optimizer, steps: 12, ...fit(w) };
      const steps = await Array.fromAsync(train(options));
      assertEquals(steps.map(({ step }) => step), [...Array(12).keys()]);
      assert(steps[11].loss < steps[0].loss);

      const again = layer(device);
      using before = createAdamW(device, [again]);
      const first = { ...options, parameters: [again], optimizer: before, ...fit(again) };
      for await (const { step } of train(first)) if (step === 6) break;
      const state = await before.download();
      const resumed = layer(device);
      using after = createAdamW(device, [resumed]);
      after.upload(state);
      const rest = { ...options, parameters: [resumed], optimizer: after, ...fit(resumed) };
      assertEquals(await Array.fromAsync(train(rest)), steps.slice(7));
      assertEquals(await after.download(), await optimizer.download());
    },
  });
}

Deno.test("train() averages micro-batches", async () => {
  using device = createReferenceDevice();
  const w = layer(device);
  const gradients: Float64Array[] = [];
  const optimizer = {
    ...createAdamW(device, [w]),
    steps: 0,
    step: () => {
      optimizer.steps++;
      const { gradient } = w;
      assert(gradient);
      downloads.push(device.download(gradient));
    },
  };
  const downloads: Promise<{ data: unknown }>[] = [];
  const options = { device, parameters: [w], optimizer, steps: 1, ...fit(w) };
  const [{ loss }] = await Array.fromAsync(train({ ...options, accumulation: 2 }));
  const losses = [];
  for (const only of [0, 1]) {
    optimizer.steps = 0;
    const one = {
      ...options,
      loss: (tape: Tape, step: number) => options.loss(tape, step, only),
    };
    losses.push((await Array.fromAsync(train(one)))[0].loss);
  }
  for (const download of downloads) {
    gradients.push(Float64Array.from((await download).data as Iterable<number>));
  }
  assertAlmostEquals(loss, (losses[0] + losses[1]) / 2, 1e-6);
  gradients[0].forEach((value, i) =>
    assertAlmostEquals(value, (gradients[1][i] + gradients[2][i]) / 2, 1e-5)
  );
});

Deno.test("train() clips all gradients by their common norm", async () => {
  using device = createReferenceDevice();
  const w = layer(device);
  const scales: number[] = [];
  const optimizer = createAdamW(device, [w]);
  const watched = {
    ...optimizer,
    get steps() {
      return optimizer.steps;
    },
    step: (step: Parameters<typeof optimizer.step>[0]) => {
      scales.push(step.gradientScale ?? 1);
      optimizer.step(step);
    },
  };
  const options = { device, parameters: [w], optimizer: watched, steps: 3, ...fit(w) };
  const steps = await Array.fromAsync(train({ ...options, maxNorm: 0.01 }));
  steps.forEach(({ gradientNorm }, i) => assertAlmostEquals(scales[i] * gradientNorm, 0.01, 1e-6));
});

Deno.test("train() stops at a loss that is not finite, before it changes anything", async () => {
  using device = createReferenceDevice();
  const w = layer(device);
  using optimizer = createAdamW(device, [w]);
  const { loss, learningRate } = fit(w);
  const options: TrainOptions = {
    device,
    parameters: [w],
    optimizer,
    steps: 5,
    learningRate,
    loss: async (tape, step, microBatch) =>
      scale(await loss(tape, step, microBatch), step === 2 ? Infinity : 1),
  };
  let state = await optimizer.download();
  await assertRejects(
    async () => {
      for await (const _ of train(options)) state = await optimizer.download();
    },
    RangeError,
    "the loss must be finite: current value in step 2 is Infinity",
  );
  assertEquals(await optimizer.download(), state);
  assertEquals(w.gradient, null);
});

Deno.test("train() stops when it is told to", async () => {
  using device = createReferenceDevice();
  const w = layer(device);
  using optimizer = createAdamW(device, [w]);
  const controller = new AbortController();
  const options = { device, parameters: [w], optimizer, steps: 9, ...fit(w) };
  await assertRejects(
    async () => {
      const run = train({ ...options, signal: controller.signal });
      for await (const { step } of run) if (step === 3) controller.abort();
    },
    DOMException,
  );
  assertEquals(optimizer.steps, 4);
});

Deno.test("train() gives others a turn, those among them who tell it to stop", async () => {
  using device = createReferenceDevice();
  const w = layer(device);
  using optimizer = createAdamW(device, [w]);
  const controller = new AbortController();
  const options = { device, parameters: [w], optimizer, steps: 1e6, ...fit(w) };
  const timer = setTimeout(() => controller.abort(), 0);
  try {
    await assertRejects(
      () => Array.fromAsync(train({ ...options, signal: controller.signal })),
      DOMException,
    );
  } finally {
    clearTimeout(timer);
  }
  assert(optimizer.steps < 1e6);
});
