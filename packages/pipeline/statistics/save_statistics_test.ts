import { calibrate, INPUT_GROUPS } from "@pare/model";
import { randomNormal } from "@pare/tensor";
import { assert, assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { device, WINDOWS } from "../testing/tiny_job.ts";
import { memoryOutput } from "../testing/memory_output.ts";
import {
  bytesIn,
  FILE,
  openBytes,
  openFile,
  savedBytes,
  statisticsJob,
} from "../testing/statistics.ts";
import { planStatistics, saveStatistics } from "./save_statistics.ts";
import { lowerTriangle, symmetricOf } from "./statistics_layout.ts";
import type { StatisticsJob } from "./statistics_record.ts";

for (const skipFirstTokens of [0, 3]) {
  Deno.test(`saveStatistics() keeps every bit of what calibrate() sees but for the first ${skipFirstTokens}`, async () => {
    const job = statisticsJob({ skipFirstTokens });
    const bytes = await savedBytes(job);
    const { byteLength, digest, record } = await planStatistics(job);
    assertEquals(bytes.length, byteLength);
    const saved = await openBytes(bytes);
    assertEquals([saved.digest, saved.record], [digest, record]);
    assertEquals(record.tokens, 5 * (16 - skipFirstTokens));
    const options = { device, skipFirstTokens };
    for await (const { index, statistics } of calibrate(job.model, WINDOWS, options)) {
      const block = await saved.block(index);
      for (const group of INPUT_GROUPS) {
        const { squareSum: _, ...wanted } = statistics[group];
        assertEquals(block[group], wanted);
      }
    }
  });
}

Deno.test("saveStatistics() goes on after a failure at any write, with the same bytes", async () => {
  const job = statisticsJob();
  const wanted = await savedBytes(job);
  for (let changes = 0;; changes++) {
    const output = memoryOutput();
    output.changesLeft = changes;
    const file = await openFile(job, output);
    const failed = await saveStatistics(job, file).then(() => false, () => true);
    if (!failed) return assert(changes > 30, `${changes} changes`);
    await assertRejects(async () => {
      const half = await openBytes(bytesIn(output));
      for (let block = 0; block < 3; block++) await half.block(block);
    }, SyntaxError);
    output.changesLeft = Infinity;
    await saveStatistics(job, await openFile(job, output));
    assertEquals(bytesIn(output), wanted, `after ${changes} changes`);
  }
});

Deno.test("saveStatistics() stops at a signal, and does not write again what is there", async () => {
  const job = statisticsJob();
  const wanted = await savedBytes(job);
  const output = memoryOutput();
  const controller = new AbortController();
  const onProgress = ({ item }: { item: string }) => {
    if (item === "model.layers.2") controller.abort();
  };
  await assertRejects(
    async () =>
      await saveStatistics(job, await openFile(job, output), {
        signal: controller.signal,
        onProgress,
      }),
    DOMException,
  );
  output.changesLeft = 13;
  // Twelve tensors of the last block, and its digest.
  await saveStatistics(job, await openFile(job, output));
  assertEquals(output.changesLeft, 0);
  assertEquals(bytesIn(output), wanted);
  await saveStatistics(job, await openFile(job, output));
  assertEquals(output.changesLeft, 0, "A whole file is left as it is");
});

Deno.test("saveStatistics() gathers again what was damaged, and what is of another text", async () => {
  const job = statisticsJob();
  const wanted = await savedBytes(job);
  for (const at of [0.2, 0.5, 0.9]) {
    const output = memoryOutput();
    const damaged = wanted.slice();
    damaged[Math.floor(at * wanted.length)] ^= 1;
    output.files.set(FILE, damaged);
    await saveStatistics(job, await openFile(job, output));
    assertEquals(bytesIn(output), wanted, `damaged at ${at}`);
  }
  const output = memoryOutput();
  output.files.set(FILE, await savedBytes(statisticsJob({ windows: WINDOWS.toReversed() })));
  await saveStatistics(job, await openFile(job, output));
  assertEquals(bytesIn(output), wanted);
});

Deno.test("saveStatistics() tells how far it is, in windows through blocks", async () => {
  const events: [number, string][] = [];
  const job = statisticsJob();
  await saveStatistics(job, await openFile(job, memoryOutput()), {
    onProgress: ({ stage, done, total, item }) => {
      assertEquals([stage, total], ["Calibrating", 15]);
      events.push([done, item]);
    },
  });
  // One batch holds all five windows.
  assertEquals(events, [[5, "model.layers.1"], [10, "model.layers.2"], [15, "model.layers.2"]]);
});

Deno.test("planStatistics() gives an address to whatever decides the numbers, and to nothing else", async () => {
  const digestOf = async (changes: Partial<StatisticsJob>) =>
    (await planStatistics(statisticsJob(changes))).digest;
  const digest = await digestOf({});
  const same: readonly Partial<StatisticsJob>[] = [
    {},
    { text: { name: "other", sha256: "2".repeat(64) } },
    { source: { name: "other", sha256: "0".repeat(64) } },
    { windows: WINDOWS.map((window) => Array.from(window)) },
  ];
  for (const changes of same) assertEquals(await digestOf(changes), digest);
  const others: readonly Partial<StatisticsJob>[] = [
    { creator: "other" },
    { source: { name: "tiny", sha256: "2".repeat(64) } },
    { device: { ...device, description: "other" } },
    { windows: WINDOWS.slice(1) },
    { windows: WINDOWS.toReversed() },
    { skipFirstTokens: 1 },
  ];
  const digests = await Promise.all(others.map(digestOf));
  assertEquals(new Set([digest, ...digests]).size, 1 + others.length);
  for (const other of digests) assertNotEquals(other, digest);
});

Deno.test("planStatistics() refuses windows of which no token would be counted", async () => {
  await assertRejects(
    () => planStatistics(statisticsJob({ skipFirstTokens: 16 })),
    RangeError,
    "a window must have more tokens than the 16 that are left out: current longest one has 16",
  );
  await assertRejects(() => planStatistics(statisticsJob({ windows: [] })), RangeError, "has 0");
});

Deno.test("symmetricOf() is the inverse of lowerTriangle()", () => {
  for (let n = 1; n < 8; n++) {
    const random = randomNormal([n * (n + 1) / 2], { seed: n });
    const packed = { ...random, dtype: "f64" as const, data: Float64Array.from(random.data) };
    const full = symmetricOf(packed, n);
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) assertEquals(full.data[i * n + j], full.data[j * n + i]);
    }
    assertEquals(lowerTriangle(full), packed);
  }
});
