// The command line as a user meets it: every run is a process of its own, with the permissions of
// the tasks and no more.

import { castTo, tensor } from "@pare/tensor";
import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertMatch,
  assertStringIncludes,
} from "@std/assert";
import { filesOf, run, sizeOfFiles, start } from "./run_cli.ts";
import { writeLetters, writeTinyFolder } from "./tiny_folder.ts";

/** A test in a folder of its own, with a model and a text in it. */
function cliTest(name: string, body: (folder: string) => Promise<void>): void {
  Deno.test(name, async () => {
    const folder = await Deno.makeTempDir();
    try {
      await writeTinyFolder(`${folder}/model`);
      await writeLetters(`${folder}/text.txt`);
      await body(folder);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
}

const ASVD = [
  "compress",
  "model",
  "--method",
  "asvd",
  "--keep",
  "0.7",
  "--calibration",
  "text.txt",
];

cliTest("compress writes what its dry run says, and the others read it", async (folder) => {
  const args = [...ASVD, "--output", "out", "--json"];
  const plan = await run([...args, "--dry-run"], folder);
  assertEquals(plan.code, 0, plan.stderr);
  assertEquals(
    await Array.fromAsync(Deno.readDir(folder), ({ name }) => name).then((n) => n.sort()),
    ["model", "text.txt"],
  );
  const result = await run(args, folder);
  assertEquals(result.code, 0, result.stderr);
  const { byteLength } = JSON.parse(result.stdout);
  assertEquals(byteLength, JSON.parse(plan.stdout).byteLength);
  assertEquals(byteLength, await sizeOfFiles(`${folder}/out`));
  assertEquals(
    byteLength,
    JSON.parse(await Deno.readTextFile(`${folder}/out/pare.json`)).byteLength,
  );
  // Without a terminal, progress is a JSON object on each line.
  for (const line of result.stderr.trim().split("\n")) {
    assertEquals(JSON.parse(line).total > 0, true);
  }

  const inspected = await run(["inspect", "out"], folder);
  assertEquals(inspected.code, 0, inspected.stderr);
  assertStringIncludes(inspected.stdout, "model.layers.2.mlp.down_proj");
  assertStringIncludes(inspected.stdout, "dense f16 · dense f16, rank");
  const scores = await run([
    "evaluate",
    "out",
    "--text",
    "text.txt",
    "--against",
    "model",
    "--json",
  ], folder);
  assertEquals(scores.code, 0, scores.stderr);
  const { against, perplexity } = JSON.parse(scores.stdout);
  assert(against.kl.mean > 0 && perplexity.mean > 1);
  const written = await run(
    ["generate", "out", "--prompt", "abc", "--max-tokens", "5", "--json"],
    folder,
  );
  assertEquals(written.code, 0, written.stderr);
  assertEquals(JSON.parse(written.stdout).tokens.length <= 5, true);
});

/** Runs compress, and sees to it that the dry run has told its size and that the result works. */
async function compressed(folder: string, ...flags: string[]): Promise<string> {
  const args = ["compress", "model", ...flags, "--output", "out", "--json"];
  const plan = await run([...args, "--dry-run"], folder);
  assertEquals(plan.code, 0, plan.stderr);
  const result = await run(args, folder);
  assertEquals(result.code, 0, result.stderr);
  assertEquals(await sizeOfFiles(`${folder}/out`), JSON.parse(plan.stdout).byteLength);
  const scores = await run(["evaluate", "out", "--text", "text.txt", "--json"], folder);
  assertEquals(scores.code, 0, scores.stderr);
  assert(JSON.parse(scores.stdout).perplexity.mean > 1);
  const inspected = await run(["inspect", "out"], folder);
  assertEquals(inspected.code, 0, inspected.stderr);
  return inspected.stdout;
}

cliTest("compress --rotate rounds in a random basis, without a text", async (folder) => {
  const flags = ["--method", "rtn", "--bits", "3", "--group", "8", "--rotate", "--seed", "5"];
  assertStringIncludes(await compressed(folder, ...flags), "rotated(affine 3-bit g8)");
  const { recipe } = JSON.parse(await Deno.readTextFile(`${folder}/out/pare.json`));
  assertEquals(recipe.steps[0].options, {
    seed: 5,
    quantizer: { method: "rtn", options: { bits: 3, groupSize: 8 } },
  });
});

cliTest("compress --feedback --rotate wants a text, and rounds by it", async (folder) => {
  const flags = ["--method", "rtn", "--bits", "3", "--group", "8", "--feedback", "--rotate"];
  const without = await run(["compress", "model", ...flags, "--output", "out"], folder);
  assertEquals(without.code, 1, without.stderr);
  assertStringIncludes(without.stderr, "calibration text must be given for incoherence");
  const shown = await compressed(folder, ...flags, "--calibration", "text.txt");
  assertStringIncludes(shown, "rotated(affine 3-bit g8)");
});

cliTest("compress --feedback --rotate goes around lattices and trellises too", async (folder) => {
  const text = ["--calibration", "text.txt"];
  const flags = ["--feedback", "--rotate", ...text];
  assertMatch(await compressed(folder, "--method", "e8p", ...flags), /rotated\(.*lattice/);
  await Deno.remove(`${folder}/out`, { recursive: true });
  const shown = await compressed(folder, "--method", "trellis", "--bits", "3", ...flags);
  assertMatch(shown, /rotated\(.*trellis.*3-bit/);
});

cliTest("compress --method awq has a factor for each column", async (folder) => {
  const flags = ["--method", "awq", "--group", "8", "--calibration", "text.txt"];
  assertStringIncludes(await compressed(folder, ...flags), "scaled(affine 4-bit g8)");
});

cliTest(
  "compress --shared-right stores what layers share once, and tells how it went",
  async (folder) => {
    const flags = ["--method", "caldera", "--rank", "3", "--shared-right"];
    const shown = await compressed(folder, ...flags, "--calibration", "text.txt");
    const q = "model.layers.1.self_attn.q_proj";
    assertMatch(shown, /partly stored with +result kept +loss, first and kept$/m);
    // The first of the layers has the losses, the others the name of the first.
    assertMatch(shown, /1\.self_attn\.q_proj .* \d+ of \d+ +[\d.]+ → [\d.]+$/m);
    assertMatch(shown, /1\.self_attn\.v_proj .* model\.layers\.1\.self_attn\.q_proj$/m);
    const { layers } = JSON.parse((await run(["inspect", "out", "--json"], folder)).stdout);
    const find = (name: string) => layers.find((layer: { name: string }) => layer.name === name);
    assert(find(q).convergence.losses.length > 1 && find(q).shared === null);
    assertEquals(find("model.layers.1.self_attn.k_proj").shared.layer, q);
    // The two have the same shapes and forms; one of them holds what both need.
    const [gate, up] = ["gate", "up"].map((role) => find(`model.layers.1.mlp.${role}_proj`));
    assert(up.byteLength < gate.byteLength);
    const path = `${folder}/out/pare.json`;
    const manifest = await Deno.readTextFile(path);
    await Deno.writeTextFile(path, manifest.replace(`"layer":"${q}"`, `"layer":"elsewhere"`));
    const { code, stderr } = await run(["inspect", "out"], folder);
    assertEquals(code, 1);
    assertStringIncludes(
      stderr,
      "model.layers.1.self_attn.k_proj.shared.layer must be a layer that is stored by itself: " +
        `current value is "elsewhere"`,
    );
  },
);

cliTest("compress --factor-bits stores the factors of svd-llm in few bits", async (folder) => {
  const args = ["compress", "model", "--method", "svd-llm", "--keep", "0.7"];
  const bits = ["--factor-bits", "6", "--factor-group", "16", "--calibration", "text.txt"];
  for (
    const [storage, form] of [
      ["factors", /affine 6-bit g5 · affine 6-bit g16, rank 5/],
      ["junction", /scaled\(affine 6-bit g8\) · \(identity \| affine 6-bit g8\), rank 8/],
    ] as const
  ) {
    const all = [...args, ...bits, "--storage", storage, "--output", storage];
    const plan = await run([...all, "--dry-run", "--json"], folder);
    assertEquals(plan.code, 0, plan.stderr);
    const result = await run(all, folder);
    assertEquals(result.code, 0, result.stderr);
    assertEquals(JSON.parse(plan.stdout).byteLength, await sizeOfFiles(`${folder}/${storage}`));
    const inspected = await run(["inspect", storage], folder);
    assertEquals(inspected.code, 0, inspected.stderr);
    assertMatch(inspected.stdout, form);
    const scores = await run(["evaluate", storage, "--text", "text.txt", "--json"], folder);
    assertEquals(scores.code, 0, scores.stderr);
  }
});

cliTest("compress --method nid writes what its dry run says, columns by a mask", async (folder) => {
  const options = ["--share", "0.5", "--storage", "junction"];
  const args = [...ASVD.with(3, "nid"), ...options, "--output", "out", "--json"];
  const plan = await run([...args, "--dry-run"], folder);
  assertEquals(plan.code, 0, plan.stderr);
  const result = await run(args, folder);
  assertEquals(result.code, 0, result.stderr);
  assertEquals(await sizeOfFiles(`${folder}/out`), JSON.parse(plan.stdout).byteLength);
  const inspected = await run(["inspect", "out"], folder);
  assertStringIncludes(inspected.stdout, "dense f16 · (identity | dense f16), rank");
  const scores = await run(["evaluate", "out", "--text", "text.txt", "--json"], folder);
  assertEquals(scores.code, 0, scores.stderr);
  assert(JSON.parse(scores.stdout).perplexity.mean > 1);
});

cliTest(
  "compress --allocation writes what its dry run says, and shows what was predicted",
  async (folder) => {
    const args = [...ASVD, "--allocation", "greedy", "--output", "out"];
    const plan = await run([...args, "--dry-run", "--json"], folder);
    assertEquals(plan.code, 0, plan.stderr);
    const { byteLength, sizes: { decoder } } = JSON.parse(plan.stdout);
    // Greedy leaves less than one rank of the widest layers, 40 numbers of two bytes.
    assert(decoder.after <= 0.7 * decoder.before && decoder.after > 0.7 * decoder.before - 80);
    const result = await run(args, folder);
    assertEquals(result.code, 0, result.stderr);
    assertMatch(
      result.stdout,
      /^worst layer of its kind +method +relative error +of its outputs +predicted$/m,
    );
    assertEquals(byteLength, await sizeOfFiles(`${folder}/out`));
    const inspected = await run(["inspect", "out", "--json"], folder);
    const layers: { predictedLoss: number | null; activationNmse: number }[] = JSON.parse(
      inspected.stdout,
    ).layers.slice(1);
    assertEquals(layers.length, 21);
    for (const { predictedLoss, activationNmse } of layers) {
      // Factors in f16: a few units of 2^-11 of the outputs' size.
      assertAlmostEquals(Math.sqrt(predictedLoss ?? NaN), Math.sqrt(activationNmse), 2 ** -7);
    }
    const shown = await run(["inspect", "out"], folder);
    assertMatch(shown.stdout, /of outputs +predicted$/m);
  },
);

cliTest("compress gives the same bytes twice, and with one thread and two", async (folder) => {
  for (const [name, threads] of [["a", "1"], ["b", "2"], ["c", "2"]]) {
    const { code, stderr } = await run([...ASVD, "--output", name, "--threads", threads], folder);
    assertEquals(code, 0, stderr);
  }
  const [a, b, c] = await Promise.all(["a", "b", "c"].map((name) => filesOf(`${folder}/${name}`)));
  assertEquals(a, b);
  assertEquals(b, c);
});

for (const [when, stage] of [["during calibration", 0], ["while it writes", 12]] as const) {
  cliTest(`compress interrupted ${when} leaves no result and goes on later`, async (folder) => {
    const args = [...ASVD, "--output", "out"];
    const whole = await run([...ASVD, "--output", "whole"], folder);
    assertEquals(whole.code, 0, whole.stderr);
    const child = start(args, folder);
    const reader = child.stderr.pipeThrough(new TextDecoderStream()).getReader();
    let heard = "";
    for (let sent = false;;) {
      const { value, done } = await reader.read();
      if (done) break;
      heard += value;
      if (!sent && heard.includes(`"done":${stage},`)) {
        child.kill("SIGINT");
        sent = true;
      }
    }
    await child.stdout.cancel();
    const { code } = await child.status;
    // The tiny model may be done before the signal arrives; then there is nothing to go on with.
    if (code !== 0) {
      assertEquals(code, 130, heard);
      assertStringIncludes(heard, "Run the same command again to go on from out.partial");
      assertEquals(
        await Array.fromAsync(Deno.readDir(folder), ({ name }) => name).then((n) =>
          n.includes("out")
        ),
        false,
      );
      const opened = await run(["inspect", "out.partial"], folder);
      assertEquals(opened.code, 1);
      assertStringIncludes(opened.stderr, "work of an interrupted run");
      const again = await run(args, folder);
      assertEquals(again.code, 0, again.stderr);
    }
    assertEquals(await filesOf(`${folder}/out`), await filesOf(`${folder}/whole`));
  });
}

/** Gathers statistics of the text with the flags given, and returns the file's path. */
async function calibrated(folder: string, ...flags: string[]): Promise<string> {
  const args = ["calibrate", "model", "--calibration", "text.txt", "--json", ...flags];
  const { code, stdout, stderr } = await run(args, folder);
  assertEquals(code, 0, stderr);
  return JSON.parse(stdout).path;
}

cliTest(
  "calibrate writes one file, named by what decides it, and finds it again",
  async (folder) => {
    const args = ["calibrate", "model", "--calibration", "text.txt", "--windows", "3"];
    const first = await run([...args, "--json"], folder);
    assertEquals(first.code, 0, first.stderr);
    const { path, digest, isNew, tokens, windows, text, inputs } = JSON.parse(first.stdout);
    assertEquals([path, isNew], [`model-statistics/${digest}.safetensors`, true]);
    assertEquals([tokens, windows.count, text.name], [48, 3, "text.txt"]);
    assertEquals(inputs.length, 3 * 4);
    assertEquals(inputs[11].block, "model.layers.2");
    assertEquals([inputs[11].input, inputs[11].channels, inputs[11].isUndetermined], [
      "down",
      24,
      false,
    ]);
    assert(inputs[11].peak > 1);
    const written = await filesOf(`${folder}/model-statistics`);
    assertEquals([...written.keys()], [`${digest}.safetensors`]);

    const again = await run(args, folder);
    assertEquals(again.code, 0, again.stderr);
    assertStringIncludes(again.stdout, `${path} (`);
    assertStringIncludes(again.stdout, "was there already; nothing had to be done");
    assertMatch(again.stdout, /^block +attention +o +mlp +down$/m);
    assert(!again.stderr.includes("Calibrating"), again.stderr);
    assertEquals(await filesOf(`${folder}/model-statistics`), written);

    const one = await run(
      ["calibrate", "model", "--calibration", "text.txt", "--windows", "1"],
      folder,
    );
    assertMatch(one.stdout, /Warning: 16 tokens are fewer than the 24 channels/);
    assertEquals((await filesOf(`${folder}/model-statistics`)).size, 2);
  },
);

cliTest(
  "compress --statistics gives the bytes that --calibration gives, from a file or a folder",
  async (folder) => {
    const flags = ["--windows", "4", "--skip-first-tokens", "1"];
    const asvd = ["compress", "model", "--method", "asvd", "--keep", "0.7"];
    const text = ["--calibration", "text.txt", ...flags];
    const direct = await run([...asvd, ...text, "--output", "direct"], folder);
    assertEquals(direct.code, 0, direct.stderr);
    const wanted = await filesOf(`${folder}/direct`);

    const plan = await run([...asvd, ...text, "--statistics", "kept", "--dry-run"], folder);
    assertEquals(plan.code, 0, plan.stderr);
    const names = await Array.fromAsync(Deno.readDir(folder), ({ name }) => name);
    assertEquals(names.sort(), ["direct", "model", "text.txt"]);
    for (const [output, was] of [["gathered", ""], ["found", ", which was there already"]]) {
      const args = [...asvd, ...text, "--statistics", "kept", "--output", output];
      const { code, stderr } = await run(args, folder);
      assertEquals(code, 0, stderr);
      assertMatch(
        stderr,
        new RegExp(`^Statistics: kept/[0-9a-f]{64}\\.safetensors${was}\\.$`, "m"),
      );
      assertEquals(await filesOf(`${folder}/${output}`), wanted);
    }
    const [name] = (await filesOf(`${folder}/kept`)).keys();
    const path = await calibrated(folder, ...flags, "--output", "kept");
    assertEquals(path, `kept/${name}`);
    // Neither text nor tokenizer is needed any more, but what goes into the result.
    await Deno.remove(`${folder}/text.txt`);
    const alone = await run([...asvd, "--statistics", path, "--output", "alone"], folder);
    assertEquals(alone.code, 0, alone.stderr);
    assert(!alone.stderr.includes("Calibrating"), alone.stderr);
    const weights = (files: Map<string, string>) => files.get("model.safetensors");
    assertEquals(weights(await filesOf(`${folder}/alone`)), weights(wanted));
    const { calibration } = JSON.parse(await Deno.readTextFile(`${folder}/alone/pare.json`));
    assertEquals([calibration.name, calibration.tokens], ["text.txt", 64]);
    assertEquals(`${calibration.statistics}.safetensors`, name);
  },
);

cliTest(
  "compress with a method of two streams takes one of them from saved statistics",
  async (folder) => {
    const args = ["compress", "model", "--method", "svd-llm", "--calibration", "text.txt"];
    const direct = await run([...args, "--output", "direct"], folder);
    assertEquals(direct.code, 0, direct.stderr);
    const statistics = await calibrated(folder);
    const saved = await run([...args, "--statistics", statistics, "--output", "saved"], folder);
    assertEquals(saved.code, 0, saved.stderr);
    assertEquals(await filesOf(`${folder}/saved`), await filesOf(`${folder}/direct`));
  },
);

cliTest(
  "calibrate interrupted leaves nothing under the final name and goes on later",
  async (folder) => {
    const args = ["calibrate", "model", "--calibration", "text.txt", "--output", "kept"];
    const wanted = await calibrated(folder, "--output", "whole");
    const child = start(args, folder);
    const reader = child.stderr.pipeThrough(new TextDecoderStream()).getReader();
    let heard = "";
    for (let sent = false;;) {
      const { value, done } = await reader.read();
      if (done) break;
      heard += value;
      if (!sent && heard.includes("Calibrating")) {
        child.kill("SIGINT");
        sent = true;
      }
    }
    await child.stdout.cancel();
    const { code } = await child.status;
    // The tiny model may be done before the signal arrives; then there is nothing to go on with.
    if (code !== 0) {
      assertEquals(code, 130, heard);
      const names = [...(await filesOf(`${folder}/kept`)).keys()];
      if (names[0].endsWith(".partial")) {
        assertStringIncludes(heard, `Run the same command again to go on from kept/${names[0]}`);
      }
      assertEquals(names.length, 1);
    }
    const again = await run(args, folder);
    assertEquals(again.code, 0, again.stderr);
    assertEquals(await filesOf(`${folder}/kept`), await filesOf(`${folder}/whole`));
    assertStringIncludes(again.stdout, wanted.replace("whole/", "kept/"));
  },
);

cliTest("compress finishes when nobody reads what it says", async (folder) => {
  const child = start([...ASVD, "--output", "out"], folder);
  await Promise.all([child.stdout.cancel(), child.stderr.cancel()]);
  assertEquals((await child.status).code, 0);
  assert((await Deno.stat(`${folder}/out/pare.json`)).isFile);
});

cliTest("evaluate counts the characters that the vocabulary lacks", async (folder) => {
  // Every letter is a token of its own, and so is every unknown one.
  await Deno.writeTextFile(`${folder}/text.txt`, "abcZZZabc<|endoftext|>ZZZZ");
  const args = ["evaluate", "model", "--text", "text.txt", "--documents", "--json"];
  const { code, stdout, stderr } = await run(args, folder);
  assertEquals(code, 0, stderr);
  const { tokens, nll, bitsPerCharacter } = JSON.parse(stdout);
  assertEquals(tokens, 13);
  assertAlmostEquals(bitsPerCharacter.mean, nll.mean / Math.LN2, 1e-9);
});

cliTest("inspect ends quietly when its output is closed", async (folder) => {
  const child = start(["inspect", "model"], folder);
  await child.stdout.cancel();
  const stderr = await new Response(child.stderr).text();
  assertEquals([(await child.status).code, stderr], [0, ""]);
});

cliTest("compress reads a recipe that begins with a byte order mark", async (folder) => {
  const recipe = JSON.stringify({ version: 1, steps: [{ method: "svd" }] });
  await Deno.writeTextFile(`${folder}/recipe.json`, `\uFEFF${recipe}`);
  const args = ["compress", ".", "--recipe", "../recipe.json", "--dry-run", "--json"];
  const { code, stdout, stderr } = await run(args, `${folder}/model`);
  assertEquals(code, 0, stderr);
  // A folder that is named by "." still gives the result its name.
  assertEquals(JSON.parse(stdout).output, `${await Deno.realPath(folder)}/model-svd`);
});

const HELP = ["compress", "calibrate", "evaluate", "inspect", "generate"];
for (const command of HELP) {
  cliTest(`${command} --help shows usage, flags and examples`, async (folder) => {
    const { code, stdout } = await run([command, "--help"], folder);
    assertEquals(code, 0);
    for (const part of ["Usage: deno task", "Flags:", "Examples:"]) {
      assertStringIncludes(stdout, part);
    }
  });
}

cliTest("compress --evaluate says what evaluate says", async (folder) => {
  await writeLetters(`${folder}/other.txt`, 500);
  const args = ["compress", "model", "--method", "rtn", "--group", "8", "--bits", "2"];
  const texts = ["text.txt", "other.txt"];
  const result = await run([...args, "--evaluate", texts.join(), "--json"], folder);
  assertEquals(result.code, 0, result.stderr);
  const { comparisons } = JSON.parse(result.stdout);
  for (const [i, text] of texts.entries()) {
    const scores = await run(
      ["evaluate", "model-rtn", "--text", text, "--against", "model", "--json"],
      folder,
    );
    assertEquals(scores.code, 0, scores.stderr);
    const { perplexity, against } = JSON.parse(scores.stdout);
    assertEquals(comparisons[i].name, text);
    assertEquals(comparisons[i].sample, null);
    assertEquals(comparisons[i].summary.perplexity, perplexity);
    assertEquals(comparisons[i].summary.against, against);
  }
  assert(comparisons[0].summary.tokens > comparisons[1].summary.tokens);
  const shown = await run([...args, "--evaluate", "text.txt", "--output", "again"], folder);
  const { perplexity, against } = comparisons[0].summary;
  const numbers = [against.perplexity.mean, perplexity.mean].map((value) => value.toFixed(4));
  assertMatch(shown.stdout, new RegExp(`^text\\.txt +${numbers.join(" +")} `, "m"));
});

/** Gathers statistics, and returns the path of the file from anywhere. */
async function withFile(folder: string): Promise<string> {
  return `${folder}/${await calibrated(folder)}`;
}

/** What goes wrong, how it is brought about, what is run and what must be said. */
const BAD: readonly [
  name: string,
  prepare: (folder: string) => Promise<unknown>,
  args: readonly string[],
  message: RegExp,
][] = [
  [
    "a truncated file",
    (folder) => Deno.truncate(`${folder}/model/model.safetensors`, 3000),
    ["compress", "model", "--method", "rtn", "--group", "8", "--output", "out"],
    /model\.safetensors.*(3000|bytes)/,
  ],
  [
    "a header longer than the file",
    async (folder) => {
      using file = await Deno.open(`${folder}/model/model.safetensors`, { write: true });
      await file.write(Uint8Array.of(0, 0, 0, 4, 0, 0, 0, 0));
    },
    ["inspect", "model"],
    /header/,
  ],
  [
    "overlapping tensors",
    async (folder) => {
      const path = `${folder}/model/model.safetensors`;
      const bytes = await Deno.readFile(path);
      const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
      const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)));
      const names = Object.keys(header).filter((name) => name.includes("q_proj"));
      header[names[1]].data_offsets = header[names[0]].data_offsets;
      bytes.set(new TextEncoder().encode(JSON.stringify(header).padEnd(length)), 8);
      await Deno.writeFile(path, bytes);
    },
    ["inspect", "model"],
    /q_proj/,
  ],
  [
    "a shard missing from the folder",
    async (folder) => {
      await Deno.rename(
        `${folder}/model/model.safetensors`,
        `${folder}/model/model-00001-of-00002.safetensors`,
      );
      await Deno.writeTextFile(
        `${folder}/model/model.safetensors.index.json`,
        JSON.stringify({
          metadata: {},
          weight_map: { "model.norm.weight": "model-00002-of-00002.safetensors" },
        }),
      );
    },
    ["inspect", "model"],
    /model-00002-of-00002\.safetensors/,
  ],
  [
    "weights that are not numbers",
    (folder) =>
      writeTinyFolder(`${folder}/model`, {
        change: (tensors) => {
          const weight = tensor(new Float32Array(16 * 16).fill(0.1), [16, 16]);
          weight.data[5] = NaN;
          tensors.set("model.layers.1.self_attn.o_proj.weight", castTo(weight, "bf16"));
        },
      }),
    ["compress", "model", "--method", "rtn", "--group", "8", "--output", "out"],
    /model\.layers\.1\.self_attn\.o_proj.*finite/,
  ],
  [
    "a tokenizer that does not fit",
    (folder) => writeTinyFolder(`${folder}/model`, { letters: "abcdefghijklmnopqrstuvwxyz" }),
    ["generate", "model", "--prompt", "a"],
    /tokenizer.*vocabulary of 24: current largest id is 28/,
  ],
  [
    "an unknown architecture",
    (folder) => writeTinyFolder(`${folder}/model`, { config: { model_type: "mamba" } }),
    ["compress", "model", "--method", "rtn", "--output", "out"],
    /mamba.*/,
  ],
  [
    "a recipe with a misspelt option",
    (folder) =>
      Deno.writeTextFile(
        `${folder}/recipe.json`,
        JSON.stringify({ version: 1, steps: [{ method: "rtn", options: { bit: 4 } }] }),
      ),
    ["compress", "model", "--recipe", "recipe.json", "--output", "out"],
    /recipe\.json: .*"bit" is unknown: known options are "bits"/,
  ],
  [
    "a flag of other methods",
    () => Promise.resolve(),
    ["compress", "model", "--method", "svd", "--bits", "3", "--output", "out"],
    /--bits must go with a method that has such an option: current method is svd/,
  ],
  [
    "a basis for a method that has its own",
    () => Promise.resolve(),
    [...ASVD, "--rotate", "--output", "out"],
    /--rotate must go with --method rtn, .*: current method is asvd/,
  ],
  [
    "a quantizer in a basis whose groups do not divide",
    () => Promise.resolve(),
    ["compress", "model", "--method", "rtn", "--group", "7", "--rotate", "--output", "out"],
    /q_proj: .*groupSize must divide the 16 columns/,
  ],
  [
    "activation-aware scales without a text",
    () => Promise.resolve(),
    ["compress", "model", "--method", "awq", "--group", "8", "--output", "out"],
    /calibration text must be given for awq/,
  ],
  [
    "a group size that does not divide",
    () => Promise.resolve(),
    ["compress", "model", "--method", "rtn", "--group", "7", "--output", "out"],
    /q_proj: .*groupSize must divide the 16 columns, or partialGroups be true: current value is 7/,
  ],
  [
    "a recipe that is no object",
    (folder) => Deno.writeTextFile(`${folder}/recipe.json`, "null"),
    ["compress", "model", "--recipe", "recipe.json", "--output", "out"],
    /recipe\.json: Cannot read the recipe as it must be an object: current value is null/,
  ],
  [
    "a recipe whose calibration is no object",
    (folder) =>
      Deno.writeTextFile(
        `${folder}/recipe.json`,
        JSON.stringify({ version: 1, calibration: null, steps: [{ method: "svd" }] }),
      ),
    ["compress", "model", "--recipe", "recipe.json", "--windows", "4", "--output", "out"],
    /recipe\.json: .*calibration must be an object: current value is null/,
  ],
  [
    "layers of nothing but commas",
    () => Promise.resolve(),
    ["compress", "model", "--method", "svd", "--layers", ",", "--output", "out"],
    /step 1 \(svd\) matches none by "", ""/,
  ],
  [
    "an allocation for a method without ranks",
    () => Promise.resolve(),
    ["compress", "model", "--method", "rtn", "--allocation", "greedy", "--output", "out"],
    /only a method that has ranks must have an allocation: current method is rtn/,
  ],
  [
    "a rank beside an allocation",
    () => Promise.resolve(),
    [...ASVD, "--allocation", "greedy", "--rank", "4", "--output", "out"],
    /the rank must come from the allocation or from the options, not from both: .* have rank/,
  ],
  [
    "a budget below the lowest ranks",
    () => Promise.resolve(),
    [...ASVD.with(5, "0.01"), "--allocation", "uniform", "--output", "out"],
    /Step 1 \(asvd\): Cannot allocate ranks as the budget of 21 layers must be from \d+ bytes/,
  ],
  [
    "a text that is not UTF-8",
    (folder) => Deno.writeFile(`${folder}/text.txt`, new Uint8Array(200).fill(0xff)),
    [...ASVD, "--output", "out"],
    /text\.txt as it must be text in UTF-8/,
  ],
  [
    "a prompt longer than the context",
    () => Promise.resolve(),
    ["generate", "model", "--prompt", "abc".repeat(10)],
    /--prompt must have at most the model's 16 tokens: current number is 31/,
  ],
  [
    "an output folder that exists",
    (folder) => Deno.mkdir(`${folder}/taken`),
    ["compress", "model", "--method", "rtn", "--group", "8", "--output", "taken"],
    /taken as it must not exist yet/,
  ],
  [
    "a folder of the temporary name that is not our work",
    async (folder) => {
      await Deno.mkdir(`${folder}/out.partial`);
      await Deno.writeTextFile(`${folder}/out.partial/mine.txt`, "mine");
    },
    ["compress", "model", "--method", "rtn", "--group", "8", "--output", "out"],
    /out\.partial as it must be the work of an interrupted run: remove it/,
  ],
  [
    "an unfinished folder as a model",
    (folder) => writeTinyFolder(`${folder}/half.partial`),
    ["inspect", "half.partial/"],
    /work of an interrupted run/,
  ],
  [
    "calibration text that is missing",
    () => Promise.resolve(),
    ["compress", "model", "--method", "asvd", "--output", "out"],
    /calibration text must be given for asvd/,
  ],
  [
    "calibration text shorter than a window",
    (folder) => writeLetters(`${folder}/text.txt`, 9),
    [...ASVD, "--output", "out"],
    /text must have 16 tokens or more/,
  ],
  [
    "fewer windows of calibration text than are asked for",
    () => Promise.resolve(),
    [...ASVD, "--windows", "200", "--output", "out"],
    /text\.txt: .*text must have 3200 tokens or more for 200 of 16: current length is 2001/,
  ],
  [
    "calibration windows of which all tokens are left out",
    () => Promise.resolve(),
    [...ASVD, "--skip-first-tokens", "16", "--output", "out"],
    /window must have more tokens than the 16 that are left out: current length is 16/,
  ],
  [
    "activations that are not finite",
    (folder) =>
      writeTinyFolder(`${folder}/model`, {
        change: (tensors) => {
          const gain = tensor(new Float32Array(16).fill(3e38), [16]);
          tensors.set("model.layers.1.post_attention_layernorm.weight", castTo(gain, "bf16"));
        },
      }),
    ["calibrate", "model", "--calibration", "text.txt", "--output", "kept"],
    /Cannot calibrate model\.layers\.1\.mlp\.gate_proj, .*up_proj as the input.*must be finite/,
  ],
  [
    "statistics without a text",
    () => Promise.resolve(),
    ["calibrate", "model", "--output", "out"],
    /--calibration must name a text/,
  ],
  [
    "statistics of a text that is too short",
    (folder) => writeLetters(`${folder}/text.txt`, 9),
    ["calibrate", "model", "--calibration", "text.txt", "--output", "out"],
    /text\.txt: .*text must have 16 tokens or more/,
  ],
  [
    "statistics of another model",
    async (folder) => {
      await Deno.rename(await withFile(folder), `${folder}/s.safetensors`);
      const model = JSON.parse(await Deno.readTextFile(`${folder}/model/config.json`));
      await Deno.writeTextFile(
        `${folder}/model/config.json`,
        JSON.stringify({ ...model, rope_theta: 5000 }),
      );
    },
    ["compress", "model", "--method", "asvd", "--statistics", "s.safetensors", "--output", "out"],
    /s\.safetensors" as they must be of the model model, SHA-256 .*: current ones are of model,/,
  ],
  [
    "statistics of other windows than the text's",
    async (folder) => await Deno.rename(await withFile(folder), `${folder}/s.safetensors`),
    [...ASVD, "--seed", "5", "--statistics", "s.safetensors", "--output", "out"],
    /must be of the same 125 windows of the text: current ones are of 125 windows of text\.txt/,
  ],
  [
    "damaged statistics",
    async (folder) => {
      const path = `${folder}/s.safetensors`;
      await Deno.rename(await withFile(folder), path);
      const bytes = await Deno.readFile(path);
      bytes[bytes.length >> 1] ^= 1;
      await Deno.writeFile(path, bytes);
    },
    ["compress", "model", "--method", "asvd", "--statistics", "s.safetensors", "--output", "out"],
    /s\.safetensors" as model\.layers\.1 must be as it was written/,
  ],
  [
    "damaged statistics in a folder",
    async (folder) => await Deno.truncate(await withFile(folder), 9000),
    [...ASVD, "--statistics", "model-statistics", "--output", "out"],
    /\.safetensors" as file length must .*; remove the file to have it made anew/,
  ],
  [
    "statistics in a folder under the name of others",
    async (folder) => {
      const name = await withFile(folder);
      await Deno.rename(`${folder}/${await calibrated(folder, "--windows", "3")}`, name);
    },
    [...ASVD, "--statistics", "model-statistics", "--output", "out"],
    /as its statistics must be what its name says: current ones are [0-9a-f]{64}; remove/,
  ],
  [
    "a file that is no statistics",
    () => Promise.resolve(),
    [
      "compress",
      "model",
      "--method",
      "asvd",
      "--statistics",
      "model/model.safetensors",
      "--output",
      "out",
    ],
    /model\.safetensors" as format must be "pare-statistics"/,
  ],
  [
    "statistics that are not there",
    () => Promise.resolve(),
    ["compress", "model", "--method", "asvd", "--statistics", "s.safetensors", "--output", "out"],
    /s\.safetensors as it must exist/,
  ],
  [
    "statistics without the text, for a method that looks at compressed blocks",
    async (folder) => await Deno.rename(await withFile(folder), `${folder}/s.safetensors`),
    ["compress", "model", "--method", "svd-llm", "--statistics", "s.safetensors"],
    /calibration text must be given for svd-llm, which looks at the inputs of compressed blocks/,
  ],
  [
    "statistics for a sequential calibration",
    () => Promise.resolve(),
    [...ASVD, "--sequential", "--statistics", "kept", "--output", "out"],
    /--statistics must be left out where calibration is sequential/,
  ],
  [
    "a folder of statistics without a text",
    (folder) => Deno.mkdir(`${folder}/kept`),
    ["compress", "model", "--method", "asvd", "--statistics", "kept", "--output", "out"],
    /--calibration must name the text whose statistics are in the folder kept/,
  ],
  [
    "sampling flags beside statistics that were sampled",
    async (folder) => await Deno.rename(await withFile(folder), `${folder}/s.safetensors`),
    [
      "compress",
      "model",
      "--method",
      "asvd",
      "--statistics",
      "s.safetensors",
      "--windows",
      "3",
      "--output",
      "out",
    ],
    /--windows must be left out without --calibration/,
  ],
  [
    "an original of a shorter context",
    (folder) => writeTinyFolder(`${folder}/other`, { config: { max_position_embeddings: 8 } }),
    ["evaluate", "model", "--text", "text.txt", "--against", "other"],
    /with other as --window-length must be at most its 8 tokens: current length is 16/,
  ],
  [
    "a flag that does not exist",
    () => Promise.resolve(),
    ["compress", "model", "--metod", "rtn"],
    /flag --metod is unknown.*--method/,
  ],
  [
    "a model that is not there",
    () => Promise.resolve(),
    ["evaluate", "nowhere", "--text", "text.txt"],
    /nowhere as it must exist/,
  ],
  [
    "a compressed folder whose weights were changed",
    async (folder) => {
      const { code, stderr } = await run([
        "compress",
        "model",
        "--method",
        "rtn",
        "--group",
        "8",
        "--output",
        "out2",
      ], folder);
      assertEquals(code, 0, stderr);
      using file = await Deno.open(`${folder}/out2/model.safetensors`, { write: true });
      await file.seek(-3, Deno.SeekMode.End);
      await file.write(Uint8Array.of(7));
    },
    ["generate", "out2", "--prompt", "a"],
    /model\.safetensors is not the file that was written/,
  ],
];

for (const [name, prepare, args, message] of BAD) {
  cliTest(`${name} gives one clear message and no result`, async (folder) => {
    await prepare(folder);
    const { code, stdout, stderr } = await run(args, folder);
    assert(code === 1 || code === 2, `${code}: ${stderr}`);
    assertEquals(stdout, "");
    const lines = stderr.trim().split("\n").filter((line) => !line.startsWith("{"));
    assertEquals(lines.length, 1, stderr);
    assertMatch(lines[0], message);
    assertMatch(lines[0], /^error: /);
    const names = await Array.fromAsync(Deno.readDir(folder), ({ name }) => name);
    assert(!names.includes("out"), names.join());
  });
}
