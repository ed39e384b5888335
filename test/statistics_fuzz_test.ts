// Thousands of damaged files of statistics: each is refused by an error that says what is wrong with
// it, or gives every number as it was written.

import type { PerInput } from "@pare/model";
import type { Statistics } from "@pare/operators";
import { FormatError } from "@pare/tensor";
import { assert, assertEquals, assertGreater } from "@std/assert";
import { mutateBytes, mutateJson } from "../packages/formats/testing/mutate.ts";
import { type RandomBelow, randomBelow } from "../packages/formats/testing/random_below.ts";
import { safetensorsBytes } from "../packages/formats/testing/safetensors_bytes.ts";
import { openBytes, savedBytes, statisticsJob } from "../packages/pipeline/testing/statistics.ts";
import { TINY_CONFIG } from "../packages/pipeline/testing/tiny_model.ts";

const JOB = statisticsJob();

/** Everything that a file says, in a form that is quick to compare. */
async function readAll(bytes: Uint8Array): Promise<string> {
  const source = await openBytes(bytes, JOB);
  const blocks: PerInput<Statistics>[] = [];
  for (let block = 0; block < TINY_CONFIG.num_hidden_layers; block++) {
    blocks.push(await source.block(block));
  }
  const numbers = (_key: string, value: unknown) =>
    value instanceof Float64Array ? Array.from(value) : value;
  return JSON.stringify({ record: source.record, blocks }, numbers);
}

/** Damages a file many times: it is refused, or says what it said; both fates have to occur. */
async function fuzz(
  seed: number,
  runs: number,
  damage: (bytes: Uint8Array<ArrayBuffer>, random: RandomBelow) => Uint8Array<ArrayBuffer>,
): Promise<void> {
  const bytes = await savedBytes(JOB);
  const wanted = await readAll(bytes);
  const random = randomBelow(seed);
  let accepted = 0;
  for (let run = 0; run < runs; run++) {
    const damaged = damage(bytes, random);
    try {
      assertEquals(await readAll(damaged), wanted, `run ${run} of seed ${seed}`);
      accepted++;
    } catch (error) {
      // A changed digest of the model says that they are of another one.
      assert(error instanceof FormatError || error instanceof RangeError, `${error}`);
      assert(error.message.length < 2000, error.message);
    }
  }
  assertGreater(accepted, 0);
  assertGreater(runs - accepted, runs / 2);
}

Deno.test("openStatistics() survives a single changed byte anywhere", async () => {
  await fuzz(1, 1000, (bytes, random) => {
    const damaged = bytes.slice();
    // One in twenty is left whole, to see that what is whole is accepted.
    if (random(20) > 0) damaged[random(bytes.length)] ^= 1 + random(255);
    return damaged;
  });
});

Deno.test("openStatistics() survives bytes that are cut, repeated or inserted", async () => {
  await fuzz(2, 500, (bytes, random) => random(20) ? mutateBytes(bytes, random) : bytes);
});

Deno.test("openStatistics() survives headers with damaged JSON", async () => {
  await fuzz(3, 1000, (bytes, random) => {
    const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
    const header = new TextDecoder().decode(bytes.subarray(8, 8 + length)).trimEnd();
    return safetensorsBytes(mutateJson(header, random), bytes.slice(8 + length));
  });
});
