import { assert, assertEquals, assertThrows } from "@std/assert";
import { tensor } from "@pare/tensor";
import { folderOf } from "../bytes_source.ts";
import { safetensorsStream } from "../safetensors/write_safetensors.ts";
import { huggingFaceFiles } from "./hugging_face_files.ts";
import { openHuggingFace } from "./open_hugging_face.ts";

const decode = (bytes: Uint8Array | undefined): unknown =>
  JSON.parse(new TextDecoder().decode(bytes));

Deno.test("huggingFaceFiles() plans a folder that openHuggingFace() reads", async () => {
  const config = { model_type: "llama", hidden_size: 2, rope_scaling: null };
  const tensors = new Map(
    ["a", "b", "c"].map((name, i) => [name, tensor(Float32Array.of(i, -i), [1, 2])]),
  );
  for (const maxShardBytes of [8, 16, 100]) {
    const plan = huggingFaceFiles(config, tensors, { maxShardBytes });
    const files: Record<string, Uint8Array> = Object.fromEntries(plan.files);
    for (const shard of plan.weights.shards) {
      const pieces: Uint8Array<ArrayBuffer>[] = [];
      const produce = (name: string) => {
        const found = tensors.get(name);
        assert(found !== undefined);
        return found;
      };
      for await (const piece of safetensorsStream(shard, produce)) pieces.push(piece);
      files[shard.fileName] = new Uint8Array(await new Blob(pieces).arrayBuffer());
    }
    assertEquals(plan.files.has("model.safetensors.index.json"), maxShardBytes < 24);
    const checkpoint = await openHuggingFace(folderOf(files, "m"));
    assertEquals(checkpoint.config, config);
    for (const [name, expected] of tensors) {
      assertEquals(await checkpoint.tensors.read(name), expected);
    }
  }
});

Deno.test("huggingFaceFiles() marks the weights as Transformers asks, unless told otherwise", () => {
  const metadataOf = (options: object) => {
    const { weights } = huggingFaceFiles({ model_type: "llama" }, new Map(), options);
    return decode(weights.shards[0].header.subarray(8));
  };
  assertEquals(metadataOf({}), { __metadata__: { format: "pt" } });
  assertEquals(metadataOf({ metadata: { format: "pt", by: "x" } }), {
    __metadata__: { format: "pt", by: "x" },
  });
  assertEquals(metadataOf({ metadata: {} }), {});
});

Deno.test("huggingFaceFiles() ends its files with a line break", () => {
  const { files } = huggingFaceFiles({ model_type: "llama" }, new Map());
  assertEquals(
    new TextDecoder().decode(files.get("config.json")),
    '{\n  "model_type": "llama"\n}\n',
  );
});

Deno.test("huggingFaceFiles() refuses a configuration without model_type, and unknown options", () => {
  for (const config of [{}, { model_type: "" }, { model_type: 1 }]) {
    assertThrows(
      () => huggingFaceFiles(config, new Map()),
      RangeError,
      "model_type must name the architecture",
    );
  }
  assertThrows(
    () => huggingFaceFiles({ model_type: "llama" }, new Map(), JSON.parse('{"shard":1}')),
    TypeError,
    'option "shard" is unknown',
  );
});
