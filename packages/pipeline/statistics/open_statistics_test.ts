import { INPUT_GROUPS, openModel } from "@pare/model";
import { type AnyTensor, FormatError, tensor } from "@pare/tensor";
import { bytesSource, openSafetensors, writeSafetensors } from "@pare/formats";
import { assertEquals, assertRejects } from "@std/assert";
import { device } from "../testing/tiny_job.ts";
import { openBytes, savedBytes, statisticsJob } from "../testing/statistics.ts";
import { TINY_CONFIG, tinyCheckpoint } from "../testing/tiny_model.ts";
import { openStatistics } from "./open_statistics.ts";
import { blockDigest, DIGESTS, layoutStatistics, packBlock } from "./statistics_layout.ts";
import { statisticsRecord } from "./statistics_record.ts";

const BLOCKS = TINY_CONFIG.num_hidden_layers;

Deno.test("openStatistics() refuses statistics of another model, and of other widths", async () => {
  const bytes = await savedBytes(statisticsJob());
  const source = { name: "other", sha256: "2".repeat(64) };
  await assertRejects(
    () => openBytes(bytes, statisticsJob({ source })),
    RangeError,
    `must be of the model other, SHA-256 ${source.sha256}: current ones are of tiny, SHA-256 000`,
  );
  const wider = { ...TINY_CONFIG, intermediate_size: 32 };
  await assertRejects(
    () => openBytes(bytes, statisticsJob({ model: openModel(tinyCheckpoint(wider)) })),
    FormatError,
    "model.layers.0.down.gram must be f64 [528]: current tensor is f64 [300]",
  );
  for (
    const [layers, message] of [[4, "model.layers.3.attention.gram must be"], [
      2,
      "sha256 must be u8 [3, 32]",
    ]]
  ) {
    const config = { ...TINY_CONFIG, num_hidden_layers: layers };
    await assertRejects(
      () => openBytes(bytes, statisticsJob({ model: openModel(tinyCheckpoint(config)) })),
      FormatError,
      String(message),
    );
  }
});

Deno.test("openStatistics() refuses other files", async () => {
  const other = writeSafetensors(new Map([["x", tensor(new Float32Array(2), [2])]]));
  await assertRejects(
    () => openBytes(other),
    FormatError,
    `format must be "pare-statistics": current value is undefined`,
  );
  const empty = writeSafetensors(new Map(), { metadata: { format: "pare-statistics" } });
  await assertRejects(() => openBytes(empty), FormatError, "record must be JSON");
  await assertRejects(() => openBytes(new Uint8Array(40)), FormatError);
  const bytes = await savedBytes(statisticsJob());
  const { specs, metadata, read } = await openSafetensors(bytesSource(bytes, "statistics"));
  const tensors = new Map<string, AnyTensor>();
  for (const name of specs.keys()) tensors.set(name, await read(name));
  const same = writeSafetensors(tensors, { metadata });
  assertEquals(await (await openBytes(same)).block(1), await (await openBytes(bytes)).block(1));
  tensors.set("extra", tensor(new Float32Array(2), [2]));
  await assertRejects(
    () => openBytes(writeSafetensors(tensors, { metadata })),
    FormatError,
    `"extra" must be a tensor of statistics`,
  );
});

Deno.test("openStatistics() refuses a block that is not written, and gives those that are", async () => {
  const bytes = await savedBytes(statisticsJob());
  const { block } = await openBytes(bytes);
  const half = bytes.slice();
  // The digests of the last block and of the record are the last of the file.
  half.fill(0, bytes.length - 64, bytes.length - 32);
  const source = await openBytes(half);
  assertEquals(await source.block(1), await block(1));
  await assertRejects(
    () => source.block(2),
    FormatError,
    "model.layers.2 must be written: current file is the work of an interrupted run",
  );
  await assertRejects(() => source.block(3), RangeError, "index must be an integer from 0 to 2");
});

Deno.test("openStatistics() refuses numbers that no inputs have, though their digest is right", async () => {
  const job = statisticsJob();
  const { config } = job.model;
  const bytes = await savedBytes(job);
  const { block } = await openBytes(bytes);
  const layout = layoutStatistics(config, await statisticsRecord(job));
  const wrong: readonly [tensor: number, element: number, value: number, isRefused: boolean][] = [
    [0, 0, NaN, true],
    [0, 1, Infinity, true],
    // G₁₀ may be negative; G₁₁ and G₂₂ may not.
    [0, 1, -1, false],
    [0, 2, -1, true],
    [0, 5, -1, true],
    [0, 4, -1, false],
    [1, 3, -1, true],
    [2, 3, NaN, true],
  ];
  for (const [which, element, value, isRefused] of wrong) {
    const tensors = packBlock(config, 1, await block(1));
    const [name, { data }] = [...tensors][which];
    data[element] = value;
    const forged = bytes.slice();
    const at = layout.offsets.get(name)?.offset ?? 0;
    forged.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    const digests = layout.offsets.get(DIGESTS)?.offset ?? 0;
    forged.set(await blockDigest(tensors.values()), digests + 32);
    const source = await openBytes(forged);
    if (isRefused) {
      await assertRejects(() => source.block(1), FormatError, `${name} must be finite, and not`);
    } else {
      const { attention: { gram } } = await source.block(1);
      assertEquals(gram.data.filter((found) => found === value).length, 2);
    }
  }
});

Deno.test("openStatistics() reads no more than a block at once", async () => {
  const bytes = await savedBytes(statisticsJob());
  const whole = bytesSource(bytes, "statistics");
  let read = 0;
  const source = await openStatistics({
    ...whole,
    read: (offset, length) => {
      read += length;
      return whole.read(offset, length);
    },
  }, { model: openModel(tinyCheckpoint()), source: { name: "tiny", sha256: "0".repeat(64) } });
  const header = bytes.length - 8 * BLOCKS * (3 * 136 + 300 + 2 * (3 * 16 + 24));
  assertEquals(read, header);
  for (const group of INPUT_GROUPS) assertEquals((await source.block(0))[group].tokens, 80);
  assertEquals(read, header + 4 * (bytes.length - header) / BLOCKS);
  assertEquals(device.description, source.record.kernels);
});
