// The first command of a newcomer: compress, without a word more.

import { assert, assertAlmostEquals, assertEquals, assertStringIncludes } from "@std/assert";
import { filesOf, run, sizeOfFiles, start } from "./run_cli.ts";
import { writeTinyFolder } from "./tiny_folder.ts";

const DEMO = new URL("../packages/cli/demo/model/", import.meta.url);
const DEMO_FILES = ["config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"];
const README = new URL("../README.md", import.meta.url);

/** What the perplexity of each text must be before, and by what share it may grow. */
const DOMAINS: readonly [name: string, least: number, most: number, growth: number][] = [
  ["stories", 1.2, 3, 0.1],
  ["arithmetic", 1.2, 4, 0.1],
  ["Russian", 1.2, 3, 0.1],
];

function demoTest(name: string, body: (folder: string) => Promise<void>): void {
  Deno.test(name, async () => {
    const folder = await Deno.makeTempDir();
    try {
      await body(folder);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
}

/** The rows of the table: what it is, before and after. */
function readTable(report: string): Map<string, [before: number, after: number]> {
  const rows = report.matchAll(/^(\S.*?) {2,}([\d.,]+) {2,}([\d.,]+) {2,}[−+][\d.]+ %$/gm);
  const number = (text: string) => Number(text.replaceAll(",", ""));
  return new Map(
    [...rows].map(([, name, before, after]) => [name, [number(before), number(after)]]),
  );
}

/** Interrupts a run when it says something. */
async function interrupt(
  child: Deno.ChildProcess,
  when: string,
): Promise<{ code: number; heard: string }> {
  const done = child.stdout.cancel();
  let heard = "";
  let isSent = false;
  for await (const text of child.stderr.pipeThrough(new TextDecoderStream())) {
    heard += text;
    if (isSent || !heard.includes(when)) continue;
    child.kill("SIGINT");
    isSent = true;
  }
  await done;
  return { code: (await child.status).code, heard };
}

demoTest("compress without a model compresses the demo model, again and again", async (folder) => {
  await Deno.mkdir(`${folder}/json`);
  const [first, second] = await Promise.all([
    run(["compress"], folder),
    run(["compress", "--json"], `${folder}/json`),
  ]);
  assertEquals(first.code, 0, first.stderr);
  assertEquals(second.code, 0, second.stderr);
  const table = readTable(first.stdout);
  assertEquals(table.size, 2 + DOMAINS.length, first.stdout);
  const result = `${folder}/demo-rtn`;
  const stats = await Promise.all(DEMO_FILES.map((name) => Deno.stat(new URL(name, DEMO))));
  const bytes = [stats.reduce((sum, { size }) => sum + size, 0), await sizeOfFiles(result)];
  assertEquals(table.get("bytes on disk"), bytes);
  assert(bytes[1] < bytes[0] / 2);
  const [bitsBefore, bitsAfter] = table.get("bits per weight") ?? [NaN, NaN];
  assertEquals(bitsBefore, 16);
  // Four bits, and for each group of 32 a scale of 16 bits and a zero point of 4.
  assertEquals(bitsAfter, 4 + (16 + 4) / 32);
  for (const [name, least, most, growth] of DOMAINS) {
    const [before, after] = table.get(`perplexity, ${name}`) ?? [NaN, NaN];
    assert(before > least && before < most, `${name}: ${before}`);
    assert(after > before && after < before * (1 + growth), `${name}: ${after}`);
    assertStringIncludes(first.stdout, `\n${name}: `);
  }
  const samples = [...first.stdout.matchAll(/^ {2}(?:before|after) +(.*)$/gm)];
  assertEquals(samples.length, 2 * DOMAINS.length);
  for (const [, text] of samples) assert(text.trim().length > 0, first.stdout);
  assertStringIncludes(first.stdout, "task generate demo-rtn --prompt");
  // The README shows the table as it is printed.
  const [, shown] = first.stdout.split("\n\n");
  assertStringIncludes(await Deno.readTextFile(README), shown);
  const files = await filesOf(result);

  assertEquals(await filesOf(`${folder}/json/demo-rtn`), files);
  const { comparisons } = JSON.parse(second.stdout);
  for (const [i, [name]] of DOMAINS.entries()) {
    const { summary: { perplexity, against }, sample } = comparisons[i];
    const [before, after] = table.get(`perplexity, ${name}`) ?? [NaN, NaN];
    assertAlmostEquals(against.perplexity.mean, before, 1e-3 * before);
    assertAlmostEquals(perplexity.mean, after, 1e-3 * after);
    assertStringIncludes(first.stdout, `${name}: ${sample.prompt}`);
  }

  // Once more, which replaces the result; it is whole before it is measured.
  const third = await interrupt(start(["compress"], folder), `"Measuring"`);
  assertEquals(third.code, 130);
  assertStringIncludes(third.heard, "Replacing demo-rtn");
  assertStringIncludes(third.heard, "demo-rtn is whole, but was not measured");
  assertEquals(await filesOf(result), files);

  await Deno.writeTextFile(`${result}/notes.txt`, "mine");
  const fourth = await run(["compress"], folder);
  assertEquals([fourth.code, fourth.stdout], [1, ""]);
  assertStringIncludes(fourth.stderr, "demo-rtn as it must not exist yet");
  await Deno.remove(`${result}/notes.txt`);
  assertEquals(await filesOf(result), files);
});

demoTest("demo names the demo model, for every command", async (folder) => {
  const inspected = await run(["inspect", "demo"], folder);
  assertEquals(inspected.code, 0, inspected.stderr);
  assertStringIncludes(inspected.stdout, "demo: llama");
  const written = await run(["generate", "demo", "--max-tokens", "3", "--json"], folder);
  assertEquals(written.code, 0, written.stderr);
  const planned = await run(["compress", "demo", "--method", "asvd", "--dry-run"], folder);
  assertEquals(planned.code, 0, planned.stderr);
  assertStringIncludes(planned.stdout, "Would write  demo-asvd");
});

demoTest("a folder that is called demo comes before the demo model", async (folder) => {
  await writeTinyFolder(`${folder}/demo`);
  const inspected = await run(["inspect", "demo"], folder);
  assertStringIncludes(inspected.stdout, "vocabulary 24,");
  // What was made of it is nobody's to replace.
  const args = ["compress", "demo", "--method", "rtn", "--group", "8"];
  const first = await run(args, folder);
  assertEquals(first.code, 0, first.stderr);
  const files = await filesOf(`${folder}/demo-rtn`);
  const second = await run(args, folder);
  assertEquals([second.code, second.stdout], [1, ""]);
  await Deno.remove(`${folder}/demo`, { recursive: true });
  const third = await run(["compress"], folder);
  assertEquals([third.code, third.stdout], [1, ""]);
  assertEquals(await filesOf(`${folder}/demo-rtn`), files);
});
