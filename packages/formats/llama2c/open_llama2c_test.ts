import { assert, assertEquals, assertRejects } from "@std/assert";
import { bytesOf, FormatError, sizeOf, toF32 } from "@pare/tensor";
import { bytesSource } from "../bytes_source.ts";
import type { CheckpointSource } from "../source.ts";
import { llama2cBytes, type Llama2cFile, SMALL } from "../testing/llama2c_bytes.ts";
import { openLlama2c } from "./open_llama2c.ts";

const open = (file: Partial<Llama2cFile>): Promise<CheckpointSource> =>
  openLlama2c(bytesSource(llama2cBytes({ ...SMALL, ...file }), "small.bin"));

const layer = (name: string): string => `model.layers.1.${name}.weight`;

/** Where a weight of the last of two layers begins in a file that counts up from 0, worked out by hand. */
const FIRST: Readonly<
  Record<string, readonly [version0: number, version1: number, shape: number[]]>
> = {
  "model.embed_tokens.weight": [0, 40, [5, 8]],
  [layer("input_layernorm")]: [48, 8, [8]],
  [layer("self_attn.q_proj")]: [120, 144, [8, 8]],
  [layer("self_attn.k_proj")]: [216, 240, [4, 8]],
  [layer("self_attn.v_proj")]: [280, 304, [4, 8]],
  [layer("self_attn.o_proj")]: [376, 400, [8, 8]],
  [layer("post_attention_layernorm")]: [448, 24, [8]],
  [layer("mlp.gate_proj")]: [504, 512, [6, 8]],
  [layer("mlp.down_proj")]: [600, 608, [8, 6]],
  [layer("mlp.up_proj")]: [696, 704, [6, 8]],
  "model.norm.weight": [744, 32, [8]],
  "lm_head.weight": [764, 752, [5, 8]],
};

/** Which row of the file each row of a head of four is, one head after the other. */
const ROWS = [0, 2, 1, 3, 4, 6, 5, 7];

/** The places of a weight's elements in the file, in the order in which they are offered. */
function placesOf(name: string, [rows, cols = 1]: readonly number[]): number[] {
  const rotates = name.includes("q_proj") || name.includes("k_proj");
  return Array.from({ length: rows * cols }, (_, i) => {
    const row = Math.floor(i / cols);
    return (rotates ? ROWS[row] : row) * cols + i % cols;
  });
}

for (const version of [0, 1] as const) {
  Deno.test(`openLlama2c() finds every weight of version ${version}`, async () => {
    const { tensors } = await open({ version });
    assertEquals(tensors.specs.size, 3 + 2 * 9);
    for (const [name, places] of Object.entries(FIRST)) {
      const shape = places[2];
      assertEquals(tensors.specs.get(name), { dtype: "f32", shape });
      const values = placesOf(name, shape).map((place) => places[version] + place);
      assertEquals(await tensors.read(name), {
        dtype: "f32",
        shape,
        data: Float32Array.from(values),
      }, name);
    }
  });
}

Deno.test("openLlama2c() multiplies the codes of version 2 with the scales of their groups", async () => {
  for (const groupSize of [1, 2, 4, 8]) {
    const { tensors } = await open({ version: 2, groupSize });
    for (const [name, [, first, shape]] of Object.entries(FIRST)) {
      const values = placesOf(name, shape).map((place) =>
        shape.length === 1 ? first + place : place % 127 * 2 ** -(Math.floor(place / groupSize) % 4)
      );
      assertEquals((await tensors.read(name)).data, Float32Array.from(values), name);
    }
  }
});

Deno.test("openLlama2c() offers a head only where it is not the embedding", async () => {
  for (const version of [0, 1, 2] as const) {
    for (const tied of [true, false]) {
      const { tensors, config } = await open({ version, tied });
      assertEquals(config.tie_word_embeddings, tied);
      assertEquals(tensors.specs.has("lm_head.weight"), !tied);
      if (tied) {
        await assertRejects(
          () => tensors.read("lm_head.weight"),
          FormatError,
          'Cannot read llama2.c file "small.bin" as tensor "lm_head.weight" must be in the file',
        );
      }
    }
  }
});

Deno.test("openLlama2c() says in its configuration what the header says", async () => {
  for (const version of [0, 1, 2] as const) {
    const { name, config } = await open({ version });
    assertEquals(name, "small.bin");
    assertEquals(config, {
      architectures: ["LlamaForCausalLM"],
      model_type: "llama",
      hidden_size: 8,
      intermediate_size: 6,
      num_hidden_layers: 2,
      num_attention_heads: 2,
      num_key_value_heads: 1,
      head_dim: 4,
      vocab_size: 5,
      max_position_embeddings: 3,
      hidden_act: "silu",
      rms_norm_eps: 1e-5,
      rope_theta: 10000,
      tie_word_embeddings: false,
      bos_token_id: 1,
      eos_token_id: 2,
      torch_dtype: "float32",
    });
  }
});

Deno.test("openLlama2c() asks for one weight at a time", async () => {
  const bytes = llama2cBytes(SMALL);
  const ranges: number[][] = [];
  const { tensors } = await openLlama2c({
    name: "small.bin",
    byteLength: bytes.length,
    read: (offset, length) => {
      ranges.push([offset, length]);
      return Promise.resolve(bytes.slice(offset, offset + length));
    },
  });
  assertEquals(ranges.splice(0), [[0, 256]]);
  await tensors.read(layer("self_attn.k_proj"));
  assertEquals(ranges, [[28 + 4 * 216, 4 * 32]]);
});

Deno.test("openLlama2c() reads from bytes that are not aligned", async () => {
  const bytes = llama2cBytes({ ...SMALL, version: 2 });
  const shifted = new Uint8Array(bytes.length + 1);
  shifted.set(bytes, 1);
  const { tensors } = await openLlama2c({
    name: "shifted",
    byteLength: bytes.length,
    read: (offset, length) => Promise.resolve(shifted.subarray(1 + offset, 1 + offset + length)),
  });
  const aligned = await open({ version: 2 });
  for (const name of tensors.specs.keys()) {
    assertEquals(await tensors.read(name), await aligned.tensors.read(name));
  }
});

/** A change of one 32-bit integer, the field that is refused and how the message goes on. */
const REFUSED: readonly [
  version: 0 | 1 | 2,
  offset: number,
  value: number,
  field: string,
  problem: string,
][] = [
  [0, 0, 0, "dim", "must be 1 or more: current value is 0"],
  [0, 0, -8, "dim", "must be 1 or more: current value is -8"],
  [0, 0, 6, "dim", "must be a multiple of twice its 2 heads: current value is 6"],
  [0, 4, 0, "hidden_dim", "must be 1 or more"],
  [0, 8, -1, "n_layers", "must be 1 or more"],
  [0, 12, 0, "n_heads", "must be 1 or more"],
  [0, 12, 3, "dim", "must be a multiple of twice its 3 heads: current value is 8"],
  [0, 16, 0, "n_kv_heads", "must be 1 or more"],
  [0, 16, 3, "n_kv_heads", "must be a divisor of n_heads, 2: current value is 3"],
  [0, 20, 0, "vocab_size", "must be 1 or more"],
  [0, 24, 0, "seq_len", "must be 1 or more"],
  [
    0,
    8,
    2 ** 31 - 1,
    "file length",
    "must be the 3023656975404 bytes that the header speaks of: current length is 3244",
  ],
  [
    0,
    20,
    5,
    "file length",
    "must be the 3084 bytes that the header speaks of: current length is 3244",
  ],
  [1, 4, 0, "version", "must be 1 or 2: current value is 0"],
  [1, 4, 3, "version", "must be 1 or 2: current value is 3"],
  [1, 28, -5, "vocab_size", "must be 1 or more: current value is -5"],
  [1, 36, 2, "shared_classifier", "must be 0 or 1: current value is 2"],
  [
    1,
    36,
    1,
    "file length",
    "must be the 3264 bytes that the header speaks of: current length is 3424",
  ],
  [2, 37, 0, "group_size", "must be 1 or more: current value is 0"],
  [2, 37, -1, "group_size", "must be 1 or more: current value is -1"],
  [
    2,
    37,
    7,
    "group_size",
    "must divide the 40 weights of model.embed_tokens.weight: current value is 7",
  ],
  [2, 37, 2 ** 30, "group_size", "must divide the 40 weights"],
  [2, 37, 8, "file length", "bytes that the header speaks of"],
];

Deno.test("openLlama2c() refuses headers that do not fit themselves or the file", async () => {
  for (const [version, offset, value, field, problem] of REFUSED) {
    const bytes = llama2cBytes({ ...SMALL, version });
    new DataView(bytes.buffer).setInt32(offset, value, true);
    const error = await assertRejects(
      () => openLlama2c(bytesSource(bytes, "small.bin")),
      FormatError,
      problem,
    );
    assertEquals(error.field, field);
    assert(error.message.startsWith(`Cannot read llama2.c file "small.bin" as ${field} must`));
  }
});

Deno.test("openLlama2c() refuses files that are cut short or too long, naming both lengths", async () => {
  for (const version of [0, 1, 2] as const) {
    const bytes = llama2cBytes({ ...SMALL, version });
    const header = version === 0 ? 28 : 256;
    for (const length of [0, 3, 4, header - 1, header, bytes.length - 1, bytes.length + 1]) {
      const other = new Uint8Array(length);
      other.set(bytes.subarray(0, length));
      const error = await assertRejects(
        () => openLlama2c(bytesSource(other, "small.bin")),
        FormatError,
      );
      const wanted = length < header ? `${length < 4 ? 28 : header}` : `${bytes.length}`;
      assertEquals(error.field, "file length");
      assert(error.message.includes(`must be the ${wanted} bytes`), error.message);
      assert(error.message.endsWith(` is ${length}`), error.message);
    }
  }
});

Deno.test("openLlama2c() leaves the bytes of its source be", async () => {
  const bytes = llama2cBytes(SMALL);
  const before = bytes.slice();
  const { tensors } = await openLlama2c({
    name: "shared",
    byteLength: bytes.length,
    read: (offset, length) => Promise.resolve(bytes.subarray(offset, offset + length)),
  });
  for (const [name, { shape }] of tensors.specs) {
    const tensor = toF32(await tensors.read(name));
    assertEquals([tensor.data.length, bytesOf(tensor).length], [sizeOf(shape), 4 * sizeOf(shape)]);
  }
  assertEquals(bytes, before);
});
