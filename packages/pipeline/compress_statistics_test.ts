// compress() on statistics that were saved before.

import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { compress } from "./compress.ts";
import { type CompressionJob, planJob } from "./job.ts";
import type { StatisticsSource } from "./statistics/open_statistics.ts";
import { planStatistics } from "./statistics/save_statistics.ts";
import { contentOf, device, jobOf, WINDOWS } from "./testing/tiny_job.ts";
import { memoryOutput } from "./testing/memory_output.ts";
import { openBytes, savedBytes, statisticsJob } from "./testing/statistics.ts";

const RTN = { method: "rtn", options: { bits: 3, groupSize: 8 } };
const ASVD = { method: "asvd", layers: "**.mlp.*", options: { keep: 0.7 } };
const GREEDY = {
  method: "asvd",
  layers: "model.layers.{0,2}.self_attn.*",
  allocation: { rule: "greedy", keep: 0.7 },
};
const BOTH = { ...ASVD, method: "both", layers: "model.layers.{0,1}.mlp.*" };

async function saved(changes: Parameters<typeof statisticsJob>[0] = {}): Promise<StatisticsSource> {
  return await openBytes(await savedBytes(statisticsJob(changes)));
}

async function resultOf(
  recipe: Record<string, unknown>,
  changes: Partial<CompressionJob>,
): Promise<Record<string, string>> {
  const output = memoryOutput();
  await compress(jobOf(recipe, changes), output);
  return contentOf(output);
}

for (const skipFirstTokens of [0, 2]) {
  Deno.test(`compress() on saved statistics gives the same bytes as on their text, ${skipFirstTokens} tokens left out`, async () => {
    const recipe = { steps: [RTN, ASVD, GREEDY], calibration: { skipFirstTokens } };
    const wanted = await resultOf(recipe, {});
    const statistics = await saved({ skipFirstTokens });
    assertEquals(await resultOf(recipe, { statistics }), wanted);
    assertEquals(await resultOf(recipe, { statistics, calibration: null }), wanted);
    const other = { ...recipe, calibration: { skipFirstTokens: 2 - skipFirstTokens } };
    assert((await resultOf(other, {}))["model.safetensors"] !== wanted["model.safetensors"]);
  });
}

Deno.test("compress() takes the stream of the original model from saved statistics", async () => {
  const recipe = { steps: [RTN, ASVD, BOTH] };
  const wanted = await resultOf(recipe, {});
  assertEquals(await resultOf(recipe, { statistics: await saved() }), wanted);
  // Statistics of other kernels, and so not the same, are used as they are.
  const gathered = await saved();
  const doubled: StatisticsSource = {
    ...gathered,
    block: async (index) => {
      const { down, ...others } = await gathered.block(index);
      const data = down.gram.data.map((value, i) => i === 0 ? 1e4 * value : value);
      return { ...others, down: { ...down, gram: { ...down.gram, data } } };
    },
  };
  assert(
    (await resultOf(recipe, { statistics: doubled }))["model.safetensors"] !==
      wanted["model.safetensors"],
  );
});

Deno.test("compress() on saved statistics goes on after a failure at any write, with the same bytes", async () => {
  const recipe = { steps: [RTN, ASVD] };
  const statistics = await saved();
  const changes = { statistics, calibration: null };
  const wanted = await resultOf(recipe, changes);
  for (let left = 0;; left += 11) {
    const output = memoryOutput();
    output.changesLeft = left;
    const failed = await compress(jobOf(recipe, changes), output).then(() => false, () => true);
    if (!failed) return;
    output.changesLeft = Infinity;
    // What began with the file may go on with the text: it is the same job.
    await compress(jobOf(recipe, left % 2 ? {} : changes), output);
    assertEquals(contentOf(output), wanted, `after ${left} changes`);
  }
});

Deno.test("compress() records where statistics came from, and whether there were any", async () => {
  const recordOf = async (recipe: Record<string, unknown>, changes: Partial<CompressionJob>) =>
    (await compress(jobOf(recipe, changes), memoryOutput())).calibration;
  const { digest } = await planStatistics(statisticsJob());
  const wanted = { name: "text", sha256: "1".repeat(64), tokens: 80, statistics: digest };
  assertEquals(await recordOf({ steps: [ASVD] }, {}), wanted);
  const alone = { statistics: await saved(), calibration: null };
  assertEquals(await recordOf({ steps: [RTN] }, alone), wanted);
  assertEquals(await recordOf({ steps: [RTN] }, { calibration: null }), null);
  const sequential = { steps: [ASVD], calibration: { sequential: true } };
  assertEquals(await recordOf(sequential, {}), { ...wanted, statistics: null });
});

Deno.test("compress() refuses to go on with other statistics", async () => {
  const output = memoryOutput();
  output.changesLeft = 40;
  const begin = jobOf({ steps: [ASVD] }, { statistics: await saved(), calibration: null });
  await assertRejects(() => compress(begin, output), Error, "disk is full");
  output.changesLeft = Infinity;
  const statistics = await saved({ device: { ...device, description: "other" } });
  await assertRejects(
    () => compress({ ...begin, statistics }, output),
    RangeError,
    "statistics must be the same",
  );
});

Deno.test("compress() refuses saved statistics of other windows than the text's", async () => {
  const at = async (
    recipe: Record<string, unknown>,
    statistics: StatisticsSource,
    message: string,
  ) => {
    const output = memoryOutput();
    const job = jobOf({ steps: [ASVD], ...recipe }, { statistics });
    await assertRejects(() => compress(job, output), RangeError, message);
    assertEquals(output.files.size, 0);
  };
  await at(
    {},
    await saved({ windows: WINDOWS.slice(1) }),
    "with text as they must be of the same 5 windows of the text: current ones are of 4 windows of",
  );
  await at(
    { calibration: { skipFirstTokens: 1 } },
    await saved(),
    "they must leave out 1 tokens of each window: current ones leave out 0",
  );
  // Other kernels see the same text.
  const statistics = await saved({ device: { ...device, description: "other" } });
  await compress(jobOf({ steps: [ASVD] }, { statistics }), memoryOutput());
});

Deno.test("planJob() refuses what saved statistics cannot give, before any work", async () => {
  const changes = { statistics: await saved(), calibration: null };
  const sequential = { calibration: { sequential: true } };
  assertThrows(
    () => planJob(jobOf({ steps: [ASVD], ...sequential }, changes)),
    RangeError,
    "must not be sequential with saved statistics",
  );
  assertThrows(
    () => planJob(jobOf({ steps: [RTN, BOTH] }, changes)),
    RangeError,
    "calibration text must be given for both, which looks at the inputs of compressed blocks",
  );
  planJob(jobOf({ steps: [ASVD] }, changes));
  assertThrows(
    () => planJob(jobOf({ steps: [ASVD], calibration: { skipFirstTokens: 16 } })),
    RangeError,
    "must have more tokens than skipFirstTokens of 16: current windows are 5, none longer",
  );
});
