import { createReferenceDevice, downloadF32 } from "@pare/linalg";
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { bindModel, runModel } from "./bind_model.ts";
import { createKvCache } from "./kv_cache.ts";
import { openModel } from "./open_model.ts";
import { createCountingDevice } from "./testing/counting_device.ts";
import { FAMILIES, TOKENS } from "./testing/families.ts";
import { tinyCheckpoint } from "./testing/tiny_checkpoint.ts";

const WINDOWS = [TOKENS, TOKENS.toReversed()];

for (const { name, config } of FAMILIES) {
  for (const cuts of [[8], [5, 8], [1, 2, 3, 4, 5, 6, 7, 8]]) {
    Deno.test(`createKvCache() lets runs up to ${cuts} equal one run: ${name}`, async () => {
      using counting = createCountingDevice();
      const { device } = counting;
      using model = await bindModel(openModel(tinyCheckpoint(config)), device);
      const before = counting.held;
      using whole = await runModel(model, WINDOWS);
      const { data, shape: [, tokens, width] } = await downloadF32(device, whole);
      // Room for one token at first, so that it has to grow twice.
      const cache = createKvCache(model.config, device, { batch: 2, capacity: 1 });
      let start = 0;
      for (const end of cuts) {
        using hidden = await runModel(model, WINDOWS.map((w) => w.slice(start, end)), { cache });
        const { data: part } = await downloadF32(device, hidden);
        for (let window = 0; window < 2; window++) {
          const size = (end - start) * width;
          const expected = data.subarray((window * tokens + start) * width).subarray(0, size);
          // The reference device sums every row alone, and in one order.
          assertEquals(part.slice(window * size, (window + 1) * size), expected.slice());
        }
        start = end;
        assertEquals(cache.length, end);
      }
      cache[Symbol.dispose]();
      whole[Symbol.dispose]();
      assertEquals(counting.held, before);
    });
  }
}

Deno.test("createKvCache() grows by doubling, no further than the context", async () => {
  using counting = createCountingDevice();
  const { device } = counting;
  const config = { ...FAMILIES[0].config, num_hidden_layers: 1, max_position_embeddings: 6 };
  using model = await bindModel(openModel(tinyCheckpoint(config)), device);
  const before = counting.held;
  using cache = createKvCache(model.config, device, { capacity: 2 });
  const rows: number[] = [];
  for (const token of [1, 2, 3, 4, 5, 6]) {
    (await runModel(model, [[token]], { cache }))[Symbol.dispose]();
    // Keys and values, each 8 wide in f32.
    rows.push((counting.held - before) / (2 * 8 * 4));
  }
  assertEquals(rows, [2, 2, 4, 4, 6, 6]);
  await assertRejects(
    () => runModel(model, [[7]], { cache }),
    RangeError,
    "the context must be 6 tokens or shorter: current length is 7",
  );
});

Deno.test("createKvCache() refuses a run of another number of sequences", async () => {
  using device = createReferenceDevice();
  using model = await bindModel(openModel(tinyCheckpoint(FAMILIES[0].config)), device);
  using cache = createKvCache(model.config, device, { batch: 2 });
  await assertRejects(
    () => runModel(model, [TOKENS], { cache }),
    RangeError,
    "Cannot append to the cache as it must hold 2 sequences of 32 tokens or fewer: current ones are 1 of 8",
  );
  assertEquals(cache.length, 0);
  assertThrows(
    () => createKvCache(model.config, device, { capacity: 0 }),
    RangeError,
    "capacity must be an integer of 1 or more",
  );
});

Deno.test("createKvCache() counts nothing of a run that failed", async () => {
  using device = createReferenceDevice();
  using model = await bindModel(openModel(tinyCheckpoint(FAMILIES[0].config)), device);
  using cache = createKvCache(model.config, device);
  const [first, second] = model.blocks;
  const gone = {
    ...second.linears.q,
    apply: () => {
      throw new Error("gone");
    },
  };
  const broken = { ...second, linears: { ...second.linears, q: gone } };
  await assertRejects(
    () => runModel({ ...model, blocks: [first, broken] }, [TOKENS], { cache }),
    Error,
    "gone",
  );
  assertEquals(cache.length, 0);
  using again = await runModel(model, [TOKENS], { cache });
  using fresh = await runModel(model, [TOKENS]);
  assertEquals(await device.download(again), await device.download(fresh));
});
