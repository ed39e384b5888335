import { assertEquals, assertRejects } from "@std/assert";
import { FormatError, tensor } from "@pare/tensor";
import { folderOf } from "../bytes_source.ts";
import { writeSafetensors } from "../safetensors/write_safetensors.ts";
import type { CheckpointSource } from "../source.ts";
import { openHuggingFace } from "./open_hugging_face.ts";

const norm = tensor(Float32Array.of(1, 2), [2]);
const weights = writeSafetensors(new Map([["model.norm.weight", norm]]));

const open = (
  config: string,
  files: Record<string, Uint8Array> = {},
): Promise<CheckpointSource> => {
  const bytes = new TextEncoder().encode(config);
  return openHuggingFace(
    folderOf({ "config.json": bytes, "model.safetensors": weights, ...files }, "m"),
  );
};

Deno.test("openHuggingFace() gives the configuration as it stands and the weights", async () => {
  const config = {
    model_type: "llama",
    rope_scaling: { factor: 8.5, rope_type: "llama3" },
    eos_token_id: [1, 2],
    sliding_window: null,
    torch_dtype: "bfloat16",
    label: "é\u{1f600}",
  };
  const checkpoint = await open(`\n${JSON.stringify(config, null, 2)}\n`);
  assertEquals(checkpoint.name, "m");
  assertEquals(checkpoint.config, config);
  assertEquals([...checkpoint.tensors.specs], [["model.norm.weight", {
    dtype: "f32",
    shape: [2],
  }]]);
  assertEquals(await checkpoint.tensors.read("model.norm.weight"), norm);
});

Deno.test("openHuggingFace() refuses configurations that are not one", async () => {
  const cases: readonly [config: string, field: string, problem: string][] = [
    ["", "configuration", "must be valid JSON"],
    ["{", "key of configuration", "must be a string"],
    ["[]", "configuration", "must be an object: current value is []"],
    ["null", "configuration", "must be an object: current value is null"],
    ["{} {}", "configuration", "must be at its end"],
    ["{}", "model_type", "must name the architecture: current value is undefined"],
    ['{"model_type":1}', "model_type", "must name the architecture: current value is 1"],
    ['{"model_type":""}', "model_type", 'must name the architecture: current value is ""'],
    ['{"__proto__":{"model_type":"llama"}}', "model_type", "must name the architecture"],
    ['{"model_type":"a","model_type":"b"}', "configuration", "must have each key once"],
    [`{"a":${"[".repeat(1e5)}`, "configuration", "must be nested at most 64 levels deep"],
    [`{"a":NaN}`, "configuration", "must be valid JSON"],
  ];
  for (const [config, field, problem] of cases) {
    const error = await assertRejects(() => open(config), FormatError);
    assertEquals(error.field, field);
    const message = `Cannot read "m/config.json" as ${field} ${problem}`;
    assertEquals(error.message.slice(0, message.length), message);
  }
});

Deno.test("openHuggingFace() refuses a configuration of 10 MB and more unread", async () => {
  await assertRejects(
    () => open(" ".repeat(10_000_001)),
    FormatError,
    "configuration must take at most 10000000 bytes: current length is 10000001",
  );
});

Deno.test("openHuggingFace() names the file that is missing", async () => {
  const bare = await assertRejects(
    () => openHuggingFace(folderOf({ "model.safetensors": weights }, "m")),
    FormatError,
    'Cannot read "m" as config.json must be in the folder: current files are "model.safetensors"',
  );
  assertEquals(bare.field, "config.json");
  const config = new TextEncoder().encode('{"model_type":"llama"}');
  for (const name of ["pytorch_model.bin", "model.gguf", "model.pth"]) {
    const error = await assertRejects(
      () => openHuggingFace(folderOf({ "config.json": config, [name]: weights }, "m")),
      FormatError,
      `must be in model.safetensors, or in shards with a model.safetensors.index.json: current weights are "${name}"`,
    );
    assertEquals(error.field, "weights");
  }
});
