// Peak resident memory of `compress` on a synthetic model of 16 blocks and of 32.
//
//   deno run --allow-read --allow-write=.tmp --allow-run bench/memory/peak_memory.ts
//
// The same command on both, in processes of their own; the peak is VmHWM of /proc (Linux). Weights
// are streamed, so that twice the blocks must cost less than one block more.

import { planSafetensors } from "@pare/formats";
import { parseConfig, tensorSpecs } from "@pare/model";
import { bytesOf, castTo, randomNormal, sizeOf, type TensorSpec } from "@pare/tensor";
import { formatBytes, formatTable } from "../../packages/cli/table.ts";
import { writeLetters, writeTinyFolder } from "../../test/tiny_folder.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
const CONFIG = {
  model_type: "llama",
  vocab_size: 4096,
  hidden_size: 1024,
  intermediate_size: 2816,
  num_attention_heads: 16,
  num_key_value_heads: 4,
  max_position_embeddings: 256,
  rms_norm_eps: 1e-5,
  rope_theta: 10000,
  tie_word_embeddings: true,
  bos_token_id: 1,
  eos_token_id: 2,
  hidden_act: "silu",
};

/** Runs of each job: when the garbage collector runs is a matter of chance. */
const RUNS = 3;

/** Writes a folder of random weights in bf16, tensor by tensor; returns the bytes of one block. */
async function writeModel(path: string, blocks: number): Promise<number> {
  const config = { ...CONFIG, num_hidden_layers: blocks };
  const specs = new Map<string, TensorSpec>();
  for (const [name, shape] of tensorSpecs(parseConfig(config, path))) {
    specs.set(name, { dtype: "bf16", shape });
  }
  const { shards: [shard] } = planSafetensors(specs);
  await writeTinyFolder(path);
  await Deno.writeTextFile(`${path}/config.json`, JSON.stringify(config));
  using file = await Deno.open(`${path}/${shard.fileName}`, { write: true, truncate: true });
  const write = async (bytes: Uint8Array) => {
    for (let done = 0; done < bytes.length;) done += await file.write(bytes.subarray(done));
  };
  await write(shard.header);
  // One matrix of noise serves all: what counts is how much there is of it.
  const normal = randomNormal([4096, 1024], { seed: 1 }).data.map((value) => 0.02 * value);
  const noise = bytesOf(castTo({ dtype: "f32", shape: [4096, 1024], data: normal }, "bf16"));
  const ones = new Float32Array(CONFIG.hidden_size).fill(1);
  const gain = bytesOf(castTo({ dtype: "f32", shape: [ones.length], data: ones }, "bf16"));
  let block = 0;
  for (const [name, { shape }] of specs) {
    const length = 2 * sizeOf(shape);
    await write((shape.length === 1 ? gain : noise).subarray(0, length));
    if (name.startsWith("model.layers.0.")) block += length;
  }
  return block;
}

/** Runs `compress` and returns the largest resident memory its process had, in bytes. */
async function peakOf(args: readonly string[]): Promise<number> {
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-prompt",
      "--allow-read",
      "--allow-write",
      `${ROOT}packages/cli/main.ts`,
      "compress",
      ...args,
    ],
    stdout: "null",
    stderr: "null",
  }).spawn();
  const peaks: number[] = [0];
  const poll = setInterval(async () => {
    // Deno itself reads /proc only with all permissions.
    const status = await new Deno.Command("cat", {
      args: [`/proc/${child.pid}/status`],
      stderr: "null",
    }).output();
    const found = /VmHWM:\s+(\d+)/.exec(new TextDecoder().decode(status.stdout));
    if (found) peaks.push(1024 * Number(found[1]));
  }, 50);
  const { code } = await child.status;
  clearInterval(poll);
  if (code !== 0) {
    throw new Error(`Cannot measure as compress must succeed: current exit code is ${code}`);
  }
  return Math.max(...peaks);
}

/** Bytes more or less. */
function formatChange(bytes: number): string {
  return `${formatBytes(Math.abs(bytes))} ${bytes < 0 ? "less" : "more"}`;
}

await Deno.mkdir(`${ROOT}.tmp`, { recursive: true });
const folder = await Deno.makeTempDir({ dir: `${ROOT}.tmp` });
try {
  const text = await writeLetters(`${folder}/text.txt`, 4096);
  const rows: string[][] = [];
  const peaks = new Map<string, number[]>();
  let block = 0;
  for (const blocks of [16, 32]) {
    const model = `${folder}/model-${blocks}`;
    block = await writeModel(model, blocks);
    for (
      const [name, extra] of [["rtn", []], ["rtn, calibrated", [
        "--calibration",
        text,
        "--windows",
        "8",
      ]]] as const
    ) {
      const output = `${folder}/out-${blocks}-${name.length}`;
      const runs: number[] = [];
      while (runs.length < RUNS) {
        runs.push(await peakOf([model, "--method", "rtn", "--output", output, ...extra]));
        await Deno.remove(output, { recursive: true });
      }
      runs.sort((a, b) => a - b);
      const median = runs[Math.floor(RUNS / 2)];
      peaks.set(name, [...peaks.get(name) ?? [], median]);
      rows.push([
        name,
        String(blocks),
        formatBytes(runs[0]),
        formatBytes(median),
        formatBytes(runs[RUNS - 1]),
      ]);
    }
    await Deno.remove(model, { recursive: true });
  }
  console.log(formatTable(["job", "blocks", "least peak", "median", "most"], rows));
  for (const [name, [small, large]] of peaks) {
    console.log(
      `${name}: ${formatChange(large - small)} for 16 more blocks of ${formatBytes(block)} (bf16)`,
    );
  }
} finally {
  await Deno.remove(folder, { recursive: true });
}
