import { createReferenceDevice, type Device, downloadF32 } from "@pare/linalg";
import { type Tensor, tensor } from "@pare/tensor";
import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { INPUT_GROUPS, type InputGroup } from "./architecture.ts";
import { bindBlock } from "./block.ts";
import { embed } from "./embed.ts";
import { observeBlock } from "./observe_block.ts";
import { openModel } from "./open_model.ts";
import { bindPositions } from "./rotary.ts";
import { runBlock } from "./run_block.ts";
import { runWindows } from "./run_windows.ts";
import { createCountingDevice } from "./testing/counting_device.ts";
import { DEVICES } from "./testing/devices.ts";
import { FAMILIES, TOKENS } from "./testing/families.ts";
import { checkpointOf, tensorsOf, tinyCheckpoint } from "./testing/tiny_checkpoint.ts";

const WINDOWS = [TOKENS, TOKENS.slice(1, 4), TOKENS.toReversed()];
const WIDTHS = { attention: 16, o: 16, mlp: 16, down: 20 };

/** What each linear layer reads, window by window: rows of every group. */
async function inputsOf(device: Device, hidden: readonly Tensor[], skip: number) {
  const rows: Record<InputGroup, Float32Array[]> = { attention: [], o: [], mlp: [], down: [] };
  using block = await bindBlock(openModel(tinyCheckpoint(FAMILIES[0].config)), 0, device);
  for (const { shape, data } of hidden) {
    using scope = device.scope();
    const positions = bindPositions(block.config, scope, shape[0]);
    await runBlock(block, scope.upload(tensor(data, [1, ...shape])), positions, {
      device: scope,
      onInput: async (group, x) => {
        const { data } = await downloadF32(scope, x);
        const n = WIDTHS[group];
        for (let t = skip; t < shape[0]; t++) rows[group].push(data.slice(t * n, (t + 1) * n));
      },
    });
  }
  return rows;
}

for (const skip of [0, 1, 3]) {
  Deno.test(`observeBlock() sums what the layers read, but for the first ${skip}`, async () => {
    using device = createReferenceDevice();
    const model = openModel(tinyCheckpoint(FAMILIES[0].config));
    const hidden = await embed(model, WINDOWS);
    const rows = await inputsOf(device, hidden, skip);
    using block = await bindBlock(model, 0, device);
    const { statistics } = await observeBlock(block, hidden, { skipFirstTokens: skip });
    for (const group of INPUT_GROUPS) {
      const { tokens, gram, meanAbs, maxAbs, squareSum } = statistics[group];
      const n = WIDTHS[group];
      assertEquals(tokens, 19 - 3 * skip);
      assertEquals(gram.shape, [n, n]);
      for (let i = 0; i < n; i++) {
        const column = rows[group].map((row) => row[i]);
        // Sums of f64 from f32 numbers; those per channel are rounded to f32 once a batch.
        const sum = column.reduce((total, x) => total + Math.abs(x), 0);
        assertAlmostEquals(meanAbs.data[i], sum / tokens, 2 ** -23 * sum);
        assertEquals(maxAbs.data[i], Math.max(...column.map(Math.abs)));
        assertEquals(squareSum.data[i], gram.data[i * n + i]);
        for (let j = 0; j < n; j++) {
          const product = rows[group].reduce((total, row) => total + row[i] * row[j], 0);
          assertAlmostEquals(gram.data[i * n + j], product, 1e-12);
          assertEquals(gram.data[i * n + j], gram.data[j * n + i]);
        }
      }
    }
  });
}

Deno.test("observeBlock() makes what runWindows() makes", async () => {
  using device = createReferenceDevice();
  const model = openModel(tinyCheckpoint(FAMILIES[0].config));
  const hidden = await embed(model, WINDOWS);
  using block = await bindBlock(model, 0, device);
  const { outputs } = await observeBlock(block, hidden);
  assertEquals(outputs, await runWindows(block, hidden));
  assertEquals(outputs.map(({ shape }) => shape), [[8, 16], [3, 16], [8, 16]]);
});

Deno.test("observeBlock() gathers the same in batches of any size", async () => {
  using device = createReferenceDevice();
  const model = openModel(tinyCheckpoint(FAMILIES[0].config));
  const hidden = await embed(model, WINDOWS);
  using block = await bindBlock(model, 0, device);
  const together = await observeBlock(block, hidden, { batchTokens: 100 });
  const apart = await observeBlock(block, hidden, { batchTokens: 1 });
  assertEquals(apart.outputs, together.outputs);
  for (const group of INPUT_GROUPS) {
    const [a, b] = [together.statistics[group], apart.statistics[group]];
    assertEquals(a.tokens, b.tokens);
    assertEquals(a.maxAbs, b.maxAbs);
    a.gram.data.forEach((value, i) => assertAlmostEquals(value, b.gram.data[i], 1e-12));
  }
});

Deno.test("observeBlock() needs no room for Gram matrices where channels are enough", async () => {
  using counting = createCountingDevice();
  const model = openModel(tinyCheckpoint(FAMILIES[0].config));
  const hidden = await embed(model, WINDOWS);
  using block = await bindBlock(model, 0, counting.device);
  const before = counting.held;
  counting.restart();
  const full = await observeBlock(block, hidden, { needs: "gram" });
  const peak = counting.peak;
  assertEquals(counting.held, before);
  counting.restart();
  const { statistics } = await observeBlock(block, hidden, { needs: "channels" });
  // Three Gram matrices of 16, one of 20, in f64.
  assertEquals(counting.peak, peak - 8 * (3 * 16 ** 2 + 20 ** 2));
  assertEquals(counting.held, before);
  for (const group of INPUT_GROUPS) {
    assert(!("gram" in statistics[group]));
    assertEquals(statistics[group].meanAbs, full.statistics[group].meanAbs);
    const { data } = full.statistics[group].squareSum;
    // Σ x² is rounded to f32 once a batch.
    statistics[group].squareSum.data.forEach((sum, i) =>
      assertAlmostEquals(sum, data[i], 2 ** -23 * data[i])
    );
  }
});

for (const { name: on, create } of DEVICES) {
  Deno.test(`observeBlock() names the layers whose input is not finite on ${on}`, async () => {
    using device = await create();
    const { config } = FAMILIES[0];
    const hidden = await embed(openModel(tinyCheckpoint(config)), WINDOWS);
    const observed = async (name: string, shape: readonly number[]) => {
      const tensors = tensorsOf(config);
      tensors.set(name, tensor(new Float32Array(shape.reduce((a, b) => a * b)).fill(3e38), shape));
      using block = await bindBlock(openModel(checkpointOf(config, tensors)), 0, device);
      await observeBlock(block, hidden);
    };
    const layer = "model.layers.0";
    await assertRejects(
      () => observed(`${layer}.input_layernorm.weight`, [16]),
      RangeError,
      `Cannot calibrate ${layer}.self_attn.q_proj, ${layer}.self_attn.k_proj, ` +
        `${layer}.self_attn.v_proj as the input, summed by channel, must be finite`,
    );
    await assertRejects(
      () => observed(`${layer}.self_attn.v_proj.weight`, [8, 16]),
      RangeError,
      `Cannot calibrate ${layer}.self_attn.o_proj as`,
    );
    await assertRejects(
      () => observed(`${layer}.mlp.up_proj.weight`, [20, 16]),
      RangeError,
      `Cannot calibrate ${layer}.mlp.down_proj as`,
    );
  });
}

Deno.test("observeBlock() gathers on wasm what it gathers on the reference device", async () => {
  const model = openModel(tinyCheckpoint(FAMILIES[0].config));
  const hidden = await embed(model, WINDOWS);
  const [reference, wasm] = await Promise.all(DEVICES.map(async ({ create }) => {
    using device = await create();
    using block = await bindBlock(model, 0, device);
    return (await observeBlock(block, hidden)).statistics;
  }));
  for (const group of INPUT_GROUPS) {
    const [a, b] = [reference[group], wasm[group]];
    assertEquals(a.tokens, b.tokens);
    const n = WIDTHS[group];
    b.gram.data.forEach((value, k) =>
      assertEquals(value, b.gram.data[(k % n) * n + Math.floor(k / n)])
    );
    // Inputs are off by some ten roundings to f32, and so is every product of two.
    const largest = Math.max(...a.squareSum.data);
    a.gram.data.forEach((value, i) => assertAlmostEquals(b.gram.data[i], value, 1e-5 * largest));
    a.meanAbs.data.forEach((value, i) => assertAlmostEquals(b.meanAbs.data[i], value, 1e-5));
    a.maxAbs.data.forEach((value, i) => assertAlmostEquals(b.maxAbs.data[i], value, 1e-5));
  }
});

Deno.test("observeBlock() refuses to count no token at all", async () => {
  using device = createReferenceDevice();
  const model = openModel(tinyCheckpoint(FAMILIES[0].config));
  using block = await bindBlock(model, 0, device);
  const hidden = await embed(model, WINDOWS);
  await assertRejects(() => observeBlock(block, []), RangeError, "current windows are 0");
  await assertRejects(
    () => observeBlock(block, hidden, { skipFirstTokens: 8 }),
    RangeError,
    "Cannot calibrate model.layers.0 as a window must have more tokens than skipFirstTokens of 8",
  );
  await assertRejects(
    () => observeBlock(block, hidden, { needs: "all" } as object),
    RangeError,
    `needs must be one of "gram", "channels"`,
  );
});
