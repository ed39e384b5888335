// The demo model as it is committed: what its facts and its page say is so.

import { assert, assertEquals } from "@std/assert";
import { evaluate } from "@pare/evaluators";
import { openHuggingFace } from "@pare/formats";
import { createWasmDevice } from "@pare/linalg";
import { bindModel, openModel, openTokenizer, parameterCount } from "@pare/model";
import { fileDigest, folderSource } from "../../packages/cli/files.ts";
import { readDocuments } from "../../packages/cli/text.ts";
import { packDocuments } from "../../packages/cli/windows.ts";
import { demoPage } from "./demo_page.ts";
import type { DemoFacts } from "./facts.ts";
import { heldOutProblems } from "./held_out_problems.ts";
import { modelCard } from "./model_card.ts";
import { joinTexts, prepareText } from "./prepare_text.ts";
import { demoConfig } from "./recipe.ts";
import { solveProblems } from "./solve_problems.ts";

const ROOT = decodeURIComponent(new URL("../../", import.meta.url).pathname);
const FOLDER = `${ROOT}packages/cli/demo`;

const FACTS: DemoFacts = await readJson("training.json");
const TOKENIZER = openTokenizer({
  tokenizerJson: await readJson("model/tokenizer.json"),
  tokenizerConfig: await readJson("model/tokenizer_config.json"),
});

async function readJson<T>(name: string): Promise<T> {
  return JSON.parse(await Deno.readTextFile(`${FOLDER}/${name}`));
}

async function openDemo() {
  return openModel(await openHuggingFace(await folderSource(`${FOLDER}/model`)));
}

Deno.test("the demo model is the one that its facts are of, below 4 MiB", async () => {
  const path = `${FOLDER}/model/model.safetensors`;
  const { size } = await Deno.stat(path);
  assert(size <= 4 * 2 ** 20, `${size}`);
  assertEquals([size, await fileDigest(path)], [FACTS.weightsByteLength, FACTS.weightsSha256]);
  assertEquals(parameterCount((await openDemo()).config), FACTS.parameters);
  assertEquals(await readJson("model/config.json"), demoConfig(FACTS.recipe));
});

Deno.test("the pages about the demo model show its facts", async () => {
  assertEquals(await Deno.readTextFile(`${ROOT}docs/demo-model.md`), demoPage(FACTS));
  assertEquals(await Deno.readTextFile(`${FOLDER}/README.md`), modelCard(FACTS));
});

Deno.test("the texts and the tokenizer of the demo model are what the generator makes", async () => {
  const text = await prepareText(FACTS.recipe);
  assertEquals(await readJson("model/tokenizer.json"), text.tokenizerFiles.tokenizerJson);
  assertEquals(await readJson("model/tokenizer_config.json"), text.tokenizerFiles.tokenizerConfig);
  assertEquals(FACTS.shares, text.shares);
  const written = { ...text.texts, calibration: text.calibration };
  for (const [name, documents] of Object.entries(written)) {
    const file = `${FOLDER}/text/${name}.txt`;
    assertEquals(await Deno.readTextFile(file), joinTexts(documents));
    assertEquals(await readDocuments(file), documents);
  }
});

Deno.test("the demo model predicts stories that were held out as its facts say", async () => {
  const model = await openDemo();
  using device = await createWasmDevice();
  const documents = await readDocuments(`${FOLDER}/text/stories.txt`);
  const windows = packDocuments(documents, TOKENIZER, model.config.maxPositions);
  const { tokens, nll } = await evaluate(model, windows, { device });
  assertEquals(tokens, FACTS.test.stories.tokens);
  // Where kernels sum in another order than those that measured, logits of the order of 10 are off
  // by some hundred roundings of 2^-24 of that.
  assert(Math.abs(nll.mean - FACTS.test.stories.loss) < 1e-4, `${nll.mean}`);
});

Deno.test("the demo model solves most problems that it has never read", async () => {
  using device = await createWasmDevice();
  using model = await bindModel(await openDemo(), device);
  // One of ten is enough to see it, and takes a tenth of the time.
  const some = heldOutProblems().filter((_, i) => i % 10 === 0);
  const rows = await solveProblems(model, TOKENIZER, some);
  const right = rows.reduce((sum, row) => sum + row.right, 0);
  const all = FACTS.arithmetic.reduce((sum, row) => sum + row.right / row.problems, 0) / 8;
  assert(right > some.length / 2, `${right} of ${some.length}`);
  // Within three standard deviations of the share in the facts.
  const spread = 3 * Math.sqrt(all * (1 - all) / some.length);
  assert(
    Math.abs(right / some.length - all) <= spread + 0.02,
    `${right} of ${some.length}, ${all}`,
  );
});
