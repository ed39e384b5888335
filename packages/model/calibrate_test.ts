import { createReferenceDevice } from "@pare/linalg";
import { assert, assertEquals } from "@std/assert";
import { INPUT_GROUPS } from "./architecture.ts";
import { bindBlock } from "./block.ts";
import { calibrate } from "./calibrate.ts";
import { forwardBlocks } from "./forward_blocks.ts";
import { observeBlock } from "./observe_block.ts";
import { openModel } from "./open_model.ts";
import { createCountingDevice } from "./testing/counting_device.ts";
import { FAMILIES, TOKENS } from "./testing/families.ts";
import { tinyCheckpoint } from "./testing/tiny_checkpoint.ts";

const WINDOWS = [TOKENS, TOKENS.toReversed()];

for (const { name, config } of FAMILIES) {
  Deno.test(`calibrate() observes every block behind those before it: ${name}`, async () => {
    using device = createReferenceDevice();
    const model = openModel(tinyCheckpoint(config));
    const seen = await Array.fromAsync(calibrate(model, WINDOWS, { device }));
    assertEquals(seen.map(({ index }) => index), [...Array(model.config.layers).keys()]);
    for await (const { index, inputs } of forwardBlocks(model, WINDOWS, { device })) {
      using block = await bindBlock(model, index, device);
      assertEquals(seen[index].statistics, (await observeBlock(block, inputs)).statistics);
    }
  });
}

Deno.test("calibrate() gathers channels alone where they are enough, and frees all", async () => {
  using counting = createCountingDevice();
  const { device } = counting;
  const model = openModel(tinyCheckpoint(FAMILIES[0].config));
  const progress: number[] = [];
  const calibration = calibrate(model, WINDOWS, {
    device,
    needs: "channels",
    skipFirstTokens: 1,
    onProgress: ({ done, total }) => progress.push(done / total),
  });
  for await (const { statistics } of calibration) {
    for (const group of INPUT_GROUPS) {
      assert(!("gram" in statistics[group]));
      assertEquals(statistics[group].tokens, 14);
    }
  }
  assertEquals(progress, [0.5, 1]);
  assertEquals(counting.held, 0);
});

Deno.test("calibrate() from a block on gathers what it gathers from the first", async () => {
  using device = createReferenceDevice();
  const model = openModel(tinyCheckpoint(FAMILIES[0].config));
  const options = { device, skipFirstTokens: 2, batchTokens: 8 };
  const all = await Array.fromAsync(calibrate(model, WINDOWS, options));
  for (let from = 0; from <= all.length; from++) {
    const progress: number[] = [];
    const onProgress = ({ done, total }: { done: number; total: number }) =>
      progress.push(done / total);
    const rest = await Array.fromAsync(
      calibrate(model, WINDOWS, { ...options, from, onProgress }),
    );
    assertEquals(rest, all.slice(from));
    assertEquals(progress, [0.25, 0.5, 0.75, 1]);
  }
});
