// Over 300,000 damaged files: each is either refused by a FormatError that names a field, or every
// tensor it offers can be read and is what the header says. Nothing beyond the file is asked for,
// and nothing is made that the file does not pay for.

import { assert, assertEquals, assertGreater } from "@std/assert";
import { DTYPES, FormatError, sizeOf } from "@pare/tensor";
import { openHuggingFace } from "./hugging_face/open_hugging_face.ts";
import { openLlama2c } from "./llama2c/open_llama2c.ts";
import { openCheckpoint } from "./open_checkpoint.ts";
import { openSafetensors } from "./safetensors/open_safetensors.ts";
import { openShardedSafetensors } from "./safetensors/open_sharded_safetensors.ts";
import type { TensorSource } from "./source.ts";
import { llama2cBytes, SMALL } from "./testing/llama2c_bytes.ts";
import { mutateBytes, mutateJson, mutateWords } from "./testing/mutate.ts";
import { type RandomBelow, randomBelow } from "./testing/random_below.ts";
import { safetensorsBytes } from "./testing/safetensors_bytes.ts";
import { type Watch, watchedFolder, watchedSource } from "./testing/watched_source.ts";

type Files = ReadonlyMap<string, Uint8Array<ArrayBuffer>>;

/** Opens a damaged checkpoint and reads it to the end; tells whether it was accepted. */
async function survives(
  files: Files,
  open: (files: Files, watch: Watch) => Promise<TensorSource>,
  expansion: number,
): Promise<boolean> {
  const size = files.values().reduce((sum, { length }) => sum + length, 0);
  const watch = { bytesRead: 0 };
  try {
    const { specs, read } = await open(files, watch);
    assertWithin(watch, size);
    let made = 0;
    for (const [name, { dtype, shape }] of specs) {
      const tensor = await read(name);
      assertEquals(tensor.dtype, dtype);
      assertEquals(tensor.shape, shape);
      assertEquals(tensor.data.length, sizeOf(shape));
      made += tensor.data.length * DTYPES[dtype].byteLength;
    }
    assert(made <= expansion * size, `${made} bytes of tensors from ${size}`);
    return true;
  } catch (error) {
    assert(error instanceof FormatError, `${error}`);
    assert(error.field.length > 0 && error.field.length < 400, error.field);
    assert(error.message.length < 2000, error.message);
    return false;
  } finally {
    assertWithin(watch, size);
  }
}

/** Starts a new count; before it each byte was read once at most, and what tells the format. */
function assertWithin(watch: Watch, size: number): void {
  assert(watch.bytesRead <= size + 28, `${watch.bytesRead} bytes read of ${size}`);
  watch.bytesRead = 0;
}

/** Damages a checkpoint `runs` times; both fates have to occur, or nothing is tested. */
async function fuzz(
  seed: number,
  runs: number,
  damage: (random: RandomBelow) => Files,
  open: (files: Files, watch: Watch) => Promise<TensorSource>,
  expansion = 1,
): Promise<void> {
  const random = randomBelow(seed);
  let accepted = 0;
  for (let run = 0; run < runs; run++) {
    const files = damage(random);
    try {
      if (await survives(files, open, expansion)) accepted++;
    } catch (error) {
      const shown = [...files].map(([name, bytes]) => `${name}: ${bytes.toBase64().slice(0, 800)}`);
      throw new Error(`Run ${run} of seed ${seed}\n${shown.join("\n")}`, { cause: error });
    }
  }
  assertGreater(accepted, runs / 1000);
  assertGreater(runs - accepted, runs / 1000);
}

const HEADER = JSON.stringify({
  __metadata__: { format: "pt" },
  "a.weight": { dtype: "F32", shape: [2, 3], data_offsets: [0, 24] },
  "b.weight": { dtype: "BF16", shape: [4], data_offsets: [24, 32] },
  "c.mask": { dtype: "BOOL", shape: [2, 4], data_offsets: [32, 40] },
  "d.codes": { dtype: "I64", shape: [1, 1, 3], data_offsets: [40, 64] },
});
const DATA = Uint8Array.from({ length: 64 }, (_, i) => i & 1);

const openOne = (files: Files, watch: Watch): Promise<TensorSource> => {
  const [[name, bytes]] = files;
  return openSafetensors(watchedSource(bytes, name, watch));
};

const encode = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);

/** True seven times of eight. */
const often = (random: RandomBelow): boolean => random(8) > 0;

Deno.test("openSafetensors() survives headers with damaged JSON", async () => {
  await fuzz(1, 120_000, (random) => {
    const header = mutateJson(HEADER, random);
    const length = often(random) ? undefined : BigInt(random(2 * header.length));
    return new Map([["model.safetensors", safetensorsBytes(header, DATA, length)]]);
  }, openOne);
});

Deno.test("openSafetensors() survives headers that are whole but say wrong things", async () => {
  const dtypes: readonly [string, number][] = [["F32", 4], ["BF16", 2], ["I64", 8], ["U8", 1]];
  await fuzz(10, 50_000, (random) => {
    let position = 0;
    const entries = Array.from({ length: random(5) }, (_, i) => {
      const [dtype, width] = dtypes[random(dtypes.length)];
      const shape = Array.from({ length: random(3) }, () => random(4));
      const begin = position;
      position += shape.reduce((size, length) => size * length, width);
      return { name: `t${i}`, dtype, shape, data_offsets: [begin, position] };
    });
    const wrong = () => [0, 1, 2, 3, 4, 8, 16, position, 2 ** 32, 2 ** 53 - 1][random(10)];
    for (let left = random(3); left > 0 && entries.length > 0; left--) {
      const entry = entries[random(entries.length)];
      const other = entries[random(entries.length)];
      const changes = [
        () => entry.data_offsets[random(2)] = wrong(),
        () => entry.data_offsets = entry.data_offsets.map((offset) => offset + 1 + random(4)),
        () => entry.data_offsets = other.data_offsets,
        () => entry.shape = other.shape,
        () => entry.shape[random(3)] = wrong(),
        () => entry.shape = entry.shape.toReversed(),
        () => entry.dtype = dtypes[random(dtypes.length)][0],
        () => entries.reverse(),
        () => entries.splice(random(entries.length), 1),
        () => position = Math.max(0, position + random(5) - 2),
      ];
      changes[random(changes.length)]();
    }
    const header = Object.fromEntries(entries.map(({ name, ...entry }) => [name, entry]));
    const bytes = safetensorsBytes(JSON.stringify(header), new Uint8Array(position));
    return new Map([["model.safetensors", bytes]]);
  }, openOne);
});

Deno.test("openSafetensors() survives damaged bytes", async () => {
  const bytes = safetensorsBytes(HEADER, DATA);
  await fuzz(2, 20_000, (random) => {
    return new Map([["model.safetensors", mutateBytes(bytes, random)]]);
  }, openOne);
});

const SHARDS = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"];
const INDEX = JSON.stringify({
  metadata: { total_size: 12 },
  weight_map: { a: SHARDS[0], b: SHARDS[0], c: SHARDS[1] },
});
const SHARD_BYTES = [
  safetensorsBytes(
    '{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"F16","shape":[1],"data_offsets":[2,4]}}',
    new Uint8Array(4),
  ),
  safetensorsBytes('{"c":{"dtype":"F64","shape":[],"data_offsets":[0,8]}}', new Uint8Array(8)),
];

Deno.test("openShardedSafetensors() survives damaged indexes and shards", async () => {
  await fuzz(
    3,
    40_000,
    (random) => {
      const index = often(random)
        ? encode(mutateJson(INDEX, random))
        : mutateBytes(encode(INDEX), random);
      const second = often(random) ? SHARD_BYTES[1] : mutateBytes(SHARD_BYTES[1], random);
      return new Map([
        ["model.safetensors.index.json", index],
        [SHARDS[0], SHARD_BYTES[0]],
        [SHARDS[1], second],
      ]);
    },
    (files, watch) => openShardedSafetensors(watchedFolder(files, "folder", watch)),
  );
});

const CONFIG = JSON.stringify({
  architectures: ["LlamaForCausalLM"],
  model_type: "llama",
  hidden_size: 64,
  rms_norm_eps: 1e-5,
  rope_scaling: { rope_type: "llama3", factor: 8.0 },
  tie_word_embeddings: true,
  eos_token_id: [1, 2],
});

Deno.test("openHuggingFace() survives damaged configurations", async () => {
  await fuzz(
    4,
    40_000,
    (random) =>
      new Map([
        [
          "config.json",
          often(random) ? encode(mutateJson(CONFIG, random)) : mutateBytes(encode(CONFIG), random),
        ],
        ["model.safetensors", SHARD_BYTES[0]],
      ]),
    async (files, watch) => {
      const { config, tensors } = await openHuggingFace(watchedFolder(files, "folder", watch));
      assertEquals(typeof config.model_type, "string");
      assertEquals(Object.getPrototypeOf(config), Object.prototype);
      return tensors;
    },
  );
  assertEquals(Object.keys(Object.prototype), []);
});

for (const version of [0, 1, 2] as const) {
  Deno.test(`openLlama2c() survives damaged files of version ${version}`, async () => {
    const first = version === 0 ? 0 : 8;
    const offsets = Array.from({ length: 7 }, (_, i) => first + 4 * i);
    if (version > 0) offsets.push(0, 4, 36, 37);
    const whole = [true, false].map((tied) => llama2cBytes({ ...SMALL, version, tied }));
    await fuzz(
      5 + version,
      15_000,
      (random) => {
        const bytes = whole[random(2)];
        const damaged = often(random)
          ? mutateWords(bytes, offsets, random)
          : mutateBytes(bytes, random);
        return new Map([["model.bin", damaged]]);
      },
      async (files, watch) => {
        const [[name, bytes]] = files;
        return (await openLlama2c(watchedSource(bytes, name, watch))).tensors;
      },
      4,
    );
  });
}

Deno.test("openCheckpoint() survives damaged files of all formats", async () => {
  const whole = [
    ...([0, 1, 2] as const).map((version) => llama2cBytes({ ...SMALL, version })),
    encode("GGUF\x03\0\0\0 and so on"),
    safetensorsBytes(HEADER, DATA),
  ];
  await fuzz(
    9,
    15_000,
    (random) => new Map([["model", mutateBytes(whole[random(whole.length)], random)]]),
    async (files, watch) => {
      const [[name, bytes]] = files;
      return (await openCheckpoint(watchedSource(bytes, name, watch))).tensors;
    },
    4,
  );
});
