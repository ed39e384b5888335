// Everything that training leaves: the model's folder with texts and facts, the page and the picture.

import { openHuggingFace } from "@pare/formats";
import type { Device } from "@pare/linalg";
import { type ModelConfig, openModel, parameterCount } from "@pare/model";
import type { Tensor } from "@pare/tensor";
import { fileDigest, folderSource } from "../../packages/cli/files.ts";
import { demoPage } from "./demo_page.ts";
import { demoPicture } from "./demo_picture.ts";
import type { DemoFacts } from "./facts.ts";
import { heldOutProblems } from "./held_out_problems.ts";
import { measureDemo } from "./measure_demo.ts";
import { modelCard } from "./model_card.ts";
import { jsonBytes, modelFiles } from "./model_files.ts";
import { type DemoText, joinTexts } from "./prepare_text.ts";
import type { TrainingRecipe } from "./recipe.ts";
import { DOMAINS } from "./text/domains.ts";
import { type LogEntry, replaceFile } from "./training_files.ts";

/** What is written, and where. */
export interface WriteDemoOptions {
  /** The folder of the model. */
  readonly output: string;
  /** The folder of the page and the picture. */
  readonly report: string;
  /** How the model was trained. */
  readonly recipe: TrainingRecipe;
  /** What its `config.json` says. */
  readonly config: Readonly<Record<string, unknown>>;
  /** What it was trained on. */
  readonly text: DemoText;
  /** What was measured meanwhile, up to the last step. */
  readonly log: readonly LogEntry[];
  /** Its weights. */
  readonly weights: ReadonlyMap<string, Tensor>;
  /** Where to measure it, and where it was trained. */
  readonly device: Device;
}

/** Steps whose losses are averaged at the end. */
const LAST_STEPS = 100;

/**
 * Writes a trained model, measures what was written, and writes what came out.
 *
 * @param options What is written, and where.
 * @returns What was measured.
 */
export async function writeDemo(options: WriteDemoOptions): Promise<DemoFacts> {
  const { output, report, config, text, log, weights } = options;
  for (const folder of [`${output}/model`, `${output}/text`, report]) {
    await Deno.mkdir(folder, { recursive: true });
  }
  const files = modelFiles({ config, weights, tokenizer: text.tokenizerFiles });
  for (const [name, bytes] of files) await replaceFile(`${output}/model/${name}`, bytes);
  for (const domain of DOMAINS) {
    await writeText(`${output}/text/${domain}.txt`, joinTexts(text.texts[domain]));
  }
  await writeText(`${output}/text/calibration.txt`, joinTexts(text.calibration));
  const facts = await factsOf(options);
  await replaceFile(`${output}/training.json`, jsonBytes(facts));
  await writeText(`${output}/README.md`, modelCard(facts));
  await writeText(`${report}/demo-loss.svg`, demoPicture(log));
  await writeText(`${report}/demo-model.md`, demoPage(facts));
  return facts;
}

/** Measures the model as it lies in its folder. */
async function factsOf(options: WriteDemoOptions): Promise<DemoFacts> {
  const { output, recipe, text, log, device } = options;
  const weightsFile = `${output}/model/model.safetensors`;
  const model = openModel(await openHuggingFace(await folderSource(`${output}/model`)));
  const { tokenizer, texts, prompts, shares } = text;
  const measured = await measureDemo({
    model,
    tokenizer,
    texts,
    prompts,
    problems: heldOutProblems(),
    device,
  });
  const last = log[log.length - 1];
  const losses = log.slice(-LAST_STEPS).map(({ loss }) => loss);
  return {
    recipe,
    device: device.description,
    parameters: parameterCount(model.config),
    shape: shapeOf(model.config),
    weightsByteLength: (await Deno.stat(weightsFile)).size,
    weightsSha256: await fileDigest(weightsFile),
    tokensSeen: last.tokens,
    shares,
    trainingLoss: losses.reduce((sum, loss) => sum + loss, 0) / losses.length,
    curve: log.flatMap(({ tokens, heldOut }) => heldOut ? [{ tokens, heldOut }] : []),
    ...measured,
  };
}

/** Widths and counts, as people name them. */
function shapeOf(config: ModelConfig): DemoFacts["shape"] {
  return {
    layers: config.layers,
    "width of the residual stream": config.hiddenSize,
    "width of the MLP": config.intermediateSize,
    "query heads": config.heads,
    "key and value heads": config.kvHeads,
    "width of a head": config.headSize,
    vocabulary: config.vocabularySize,
    context: config.maxPositions,
  };
}

async function writeText(path: string, text: string): Promise<void> {
  await replaceFile(path, new TextEncoder().encode(text));
}
