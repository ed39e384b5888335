import { assert, assertEquals, assertThrows } from "@std/assert";
import { folderOf, openHuggingFace } from "@pare/formats";
import { openModel, openTokenizer, parseConfig } from "@pare/model";
import { castTo, tensor } from "@pare/tensor";
import { initialWeights } from "./initial_weights.ts";
import { modelFiles } from "./model_files.ts";
import { DEMO_RECIPE, demoConfig } from "./recipe.ts";
import { bpeTokenizerFiles } from "./tokenizer/tokenizer_files.ts";
import { trainBpe } from "./tokenizer/train_bpe.ts";

const CONFIG = demoConfig(DEMO_RECIPE);
const WEIGHTS = initialWeights(parseConfig(CONFIG, "demo"), { seed: 1, deviation: 0.06 });
const TOKENIZER = bpeTokenizerFiles(trainBpe(["low lower lowest"], { vocabularySize: 259 }), {
  maxPositions: 256,
});

Deno.test("modelFiles() makes a folder that opens as the model, in bf16 and below 4 MiB", async () => {
  const files = modelFiles({ config: CONFIG, weights: WEIGHTS, tokenizer: TOKENIZER });
  const byteLength = files.get("model.safetensors")?.length ?? 0;
  const parameters = [...WEIGHTS.values()].reduce((sum, { data }) => sum + data.length, 0);
  assert(byteLength >= 2 * parameters && byteLength <= 4 * 2 ** 20, `${byteLength}`);
  const checkpoint = await openHuggingFace(folderOf(Object.fromEntries(files), "demo"));
  assertEquals(checkpoint.config, CONFIG);
  const model = openModel(checkpoint);
  const { weight } = await model.linear("model.layers.7.mlp.down_proj");
  const source = WEIGHTS.get("model.layers.7.mlp.down_proj.weight");
  assertEquals(weight, source && castTo(source, "bf16"));
  const json = (name: string) => JSON.parse(new TextDecoder().decode(files.get(name)));
  const tokenizer = openTokenizer({
    tokenizerJson: json("tokenizer.json"),
    tokenizerConfig: json("tokenizer_config.json"),
  });
  assertEquals(tokenizer.bosTokenId, model.config.bosTokenId);
  assertEquals(tokenizer.eosTokenIds, model.config.eosTokenIds);
  assertEquals(json("generation_config.json"), { bos_token_id: 0, eos_token_id: 0 });
});

Deno.test("modelFiles() refuses weights that are not finite", () => {
  const weights = new Map(WEIGHTS).set("model.norm.weight", tensor(Float32Array.of(NaN), [1]));
  assertThrows(
    () => modelFiles({ config: CONFIG, weights, tokenizer: TOKENIZER }),
    RangeError,
    "Cannot write model.norm.weight",
  );
});
