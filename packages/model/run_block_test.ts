import { createReferenceDevice, type DeviceArray } from "@pare/linalg";
import { affine, dense, type Operator, product, toDense } from "@pare/operators";
import { randomNormal, randomUniform, ShapeError, tensor } from "@pare/tensor";
import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { INPUT_GROUPS } from "./architecture.ts";
import { bindBlock } from "./block.ts";
import { embed } from "./embed.ts";
import { linearsOfBlock } from "./layout.ts";
import type { Model } from "./model.ts";
import { openModel } from "./open_model.ts";
import { bindPositions } from "./rotary.ts";
import { runBlock } from "./run_block.ts";
import { runWindows } from "./run_windows.ts";
import { createCountingDevice } from "./testing/counting_device.ts";
import { FAMILIES, TOKENS } from "./testing/families.ts";
import { tinyCheckpoint } from "./testing/tiny_checkpoint.ts";
import { withLinears } from "./with_linears.ts";

for (const { name, config: json } of FAMILIES) {
  Deno.test(`runBlock() shows what each group of layers reads, in order: ${name}`, async () => {
    using device = createReferenceDevice();
    const model = openModel(tinyCheckpoint(json));
    using block = await bindBlock(model, 0, device);
    using positions = bindPositions(model.config, device, 8);
    using x = device.zeros([2, 8, model.config.hiddenSize]);
    const seen: [string, readonly number[]][] = [];
    const onInput = (group: string, { shape }: DeviceArray) => {
      seen.push([group, shape]);
    };
    using y = await runBlock(block, x, positions, { onInput });
    assertEquals(y.shape, x.shape);
    const widths = INPUT_GROUPS.map((group) => {
      const reader = linearsOfBlock(model.config, 0).find(({ input }) => input === group);
      return [group, [2, 8, reader?.shape[1] ?? 0]] as [string, number[]];
    });
    assertEquals(seen, widths);
  });
}

Deno.test("runBlock() leaves nothing but its result behind, also where an observer fails", async () => {
  using counting = createCountingDevice();
  const { device } = counting;
  const model = openModel(tinyCheckpoint(FAMILIES[0].config));
  using block = await bindBlock(model, 0, device);
  using positions = bindPositions(model.config, device, 8);
  using x = device.zeros([2, 8, 16]);
  const before = counting.held;
  const y = await runBlock(block, x, positions);
  assertEquals(counting.held - before, 4 * 2 * 8 * 16);
  y[Symbol.dispose]();
  for (const failing of INPUT_GROUPS) {
    const onInput = (group: string) => {
      if (group === failing) throw new Error(group);
    };
    await assertRejects(() => runBlock(block, x, positions, { onInput }), Error, failing);
    assertEquals(counting.held, before);
  }
});

Deno.test("runBlock() frees the widest arrays before it makes the next", async () => {
  using counting = createCountingDevice();
  const { device } = counting;
  const config = { ...FAMILIES[0].config, intermediate_size: 1000 };
  const model = openModel(tinyCheckpoint(config));
  using block = await bindBlock(model, 0, device);
  using positions = bindPositions(model.config, device, 8);
  using x = device.zeros([2, 8, 16]);
  const before = counting.held;
  counting.restart();
  using _y = await runBlock(block, x, positions);
  // silu(gate x), up x and their product; some arrays of width 16.
  const widest = 4 * 2 * 8 * 1000;
  assert(counting.peak - before > 3 * widest);
  assert(counting.peak - before < 3.2 * widest);
});

Deno.test("runBlock() runs compressed layers as the matrices that they stand for", async () => {
  using device = createReferenceDevice();
  const model = openModel(tinyCheckpoint(FAMILIES[2].config));
  const [q, , , , gate] = linearsOfBlock(model.config, 0);
  const codes = randomUniform([12, 12], { seed: 1 }).data.map((value) => Math.floor(16 * value));
  const compressed = new Map<string, Operator>([
    [
      q.name,
      affine({
        codes: tensor(Uint8Array.from(codes), [12, 12], "u8"),
        bits: 4,
        groupSize: 6,
        scales: tensor(new Float32Array(24).fill(0.0625), [12, 2]),
      }),
    ],
    [
      gate.name,
      product(dense(randomNormal([18, 3], { seed: 2 })), dense(randomNormal([3, 12], { seed: 3 }))),
    ],
  ]);
  const written = new Map([...compressed].map(([name, form]) => [name, dense(toDense(form))]));
  const hidden = await embed(model, [TOKENS]);
  const outputOf = async (model: Model) => {
    using block = await bindBlock(model, 0, device);
    return (await runWindows(block, hidden))[0].data;
  };
  const [a, b, plain] = [
    await outputOf(withLinears(model, compressed)),
    await outputOf(withLinears(model, written)),
    await outputOf(model),
  ];
  // Outputs below 16, behind some ten roundings to f32 that the two do in different places.
  a.forEach((value, i) => assertAlmostEquals(value, b[i], 1e-5));
  assertEquals(a.some((value, i) => Math.abs(value - plain[i]) > 0.1), true);
});

Deno.test("runBlock() refuses a residual stream of another width", async () => {
  using device = createReferenceDevice();
  const model = openModel(tinyCheckpoint(FAMILIES[0].config));
  using block = await bindBlock(model, 0, device);
  using positions = bindPositions(model.config, device, 8);
  using x = device.zeros([1, 8, 12]);
  await assertRejects(() => runBlock(block, x, positions), ShapeError);
});
