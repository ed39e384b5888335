import { createReferenceDevice, downloadF32 } from "@pare/linalg";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { bindModel, runModel } from "./bind_model.ts";
import { embed } from "./embed.ts";
import { forwardBlocks } from "./forward_blocks.ts";
import type { Model } from "./model.ts";
import { openModel } from "./open_model.ts";
import { createCountingDevice } from "./testing/counting_device.ts";
import { DEVICES } from "./testing/devices.ts";
import { FAMILIES, TOKENS } from "./testing/families.ts";
import { tinyCheckpoint } from "./testing/tiny_checkpoint.ts";

const WINDOWS = [TOKENS, TOKENS.toReversed(), TOKENS.toSorted()];

for (const { name: on, create } of DEVICES) {
  for (const { name, config } of FAMILIES) {
    Deno.test(`forwardBlocks() equals the whole model bit for bit on ${on}: ${name}`, async () => {
      using device = await create();
      const model = openModel(tinyCheckpoint(config));
      const steps = await Array.fromAsync(forwardBlocks(model, WINDOWS, { device }));
      using bound = await bindModel(model, device);
      using hidden = await runModel(bound, WINDOWS);
      const { data, shape } = await downloadF32(device, hidden);
      assertEquals(shape, [3, 8, model.config.hiddenSize]);
      const size = 8 * model.config.hiddenSize;
      const streamed = steps.at(-1)?.outputs ?? [];
      assertEquals(streamed.length, 3);
      for (const [window, output] of streamed.entries()) {
        assertEquals(output.data, data.slice(window * size, (window + 1) * size));
      }
    });
  }
}

Deno.test("forwardBlocks() hands every block what the one before made", async () => {
  using device = createReferenceDevice();
  const model = openModel(tinyCheckpoint(FAMILIES[0].config));
  const steps = await Array.fromAsync(forwardBlocks(model, WINDOWS, { device }));
  assertEquals(steps.map(({ index }) => index), [0, 1]);
  assertEquals(steps[0].inputs, await embed(model, WINDOWS));
  assertEquals(steps[1].inputs, steps[0].outputs);
});

Deno.test("forwardBlocks() holds one block at a time, however many there are", async () => {
  const peaks = [];
  for (const layers of [2, 9]) {
    using counting = createCountingDevice();
    const { device } = counting;
    const config = { ...FAMILIES[0].config, num_hidden_layers: layers };
    const source = openModel(tinyCheckpoint(config));
    const read: string[] = [];
    const model: Model = {
      ...source,
      linear: (name) => {
        read.push(name);
        return source.linear(name);
      },
    };
    for await (const { index } of forwardBlocks(model, WINDOWS, { device, batchTokens: 8 })) {
      // The embedding, and the blocks so far.
      assertEquals(read.length, 1 + 7 * (index + 1));
    }
    assertEquals(counting.held, 0);
    peaks.push(counting.peak);
  }
  assertEquals(peaks[0], peaks[1]);
  assert(peaks[0] > 0);
});

Deno.test("forwardBlocks() reports progress and stops when told to", async () => {
  using counting = createCountingDevice();
  const { device } = counting;
  const model = openModel(tinyCheckpoint(FAMILIES[0].config));
  const controller = new AbortController();
  const progress: [number, number][] = [];
  const options = {
    device,
    batchTokens: 8,
    signal: controller.signal,
    onProgress: ({ done, total }: { done: number; total: number }) => {
      progress.push([done, total]);
      if (done === 32) controller.abort();
    },
  };
  const steps: number[] = [];
  await assertRejects(
    async () => {
      for await (const { index } of forwardBlocks(model, WINDOWS, options)) steps.push(index);
    },
    DOMException,
    "aborted",
  );
  assertEquals(progress, [[8, 48], [16, 48], [24, 48], [32, 48]]);
  assertEquals(steps, [0]);
  assertEquals(counting.held, 0);
});
