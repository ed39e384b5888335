import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  type AnyTensor,
  bytesOf,
  DTYPES,
  fromBytes,
  ShapeError,
  sizeOf,
  tensor,
  type TensorSpec,
} from "@pare/tensor";
import fc from "fast-check";
import { bytesSource, folderOf } from "../bytes_source.ts";
import { GOLDEN } from "../testing/golden_safetensors.ts";
import { type RandomBelow, randomBelow } from "../testing/random_below.ts";
import { specsArbitrary } from "../testing/specs_arbitrary.ts";
import { openSafetensors } from "./open_safetensors.ts";
import { openShardedSafetensors } from "./open_sharded_safetensors.ts";
import { planSafetensors } from "./plan_safetensors.ts";
import { safetensorsStream, writeSafetensors } from "./write_safetensors.ts";

/** A tensor of random bits: every NaN, denormal and sign there is. */
function randomTensor({ dtype, shape }: TensorSpec, random: RandomBelow): AnyTensor {
  const limit = dtype === "bool" ? 2 : 256;
  const length = sizeOf(shape) * DTYPES[dtype].byteLength;
  const bytes = Uint8Array.from({ length }, () => random(limit));
  return fromBytes(bytes, dtype, shape) as AnyTensor;
}

const tensorsArbitrary = (): fc.Arbitrary<Map<string, AnyTensor>> =>
  fc.tuple(specsArbitrary(), fc.nat()).map(([specs, seed]) => {
    const random = randomBelow(seed);
    return new Map([...specs].map(([name, spec]) => [name, randomTensor(spec, random)]));
  });

function assertSameTensor(actual: AnyTensor, expected: AnyTensor): void {
  assertEquals([actual.dtype, actual.shape], [expected.dtype, expected.shape]);
  assertEquals(bytesOf(actual), bytesOf(expected));
}

Deno.test("writeSafetensors() is undone by openSafetensors(), bit by bit", async () => {
  const metadata = fc.dictionary(
    fc.string({ unit: "binary" }),
    fc.string({ unit: "binary" }),
    { noNullPrototype: true },
  ).filter((record) => Object.entries(record).flat().every((text) => text.isWellFormed()));
  await fc.assert(fc.asyncProperty(tensorsArbitrary(), metadata, async (tensors, metadata) => {
    const bytes = writeSafetensors(tensors, { metadata });
    const source = await openSafetensors(bytesSource(bytes, "m.safetensors"));
    assertEquals(source.metadata, metadata);
    // Empty tensors may share their offset with the next one, but stay in their order.
    assertEquals([...source.specs.keys()], [...tensors.keys()]);
    for (const [name, expected] of tensors) assertSameTensor(await source.read(name), expected);
  }));
});

Deno.test("safetensorsStream() writes the shards that openShardedSafetensors() reads", async () => {
  await fc.assert(fc.asyncProperty(tensorsArbitrary(), fc.nat(100), async (tensors, limit) => {
    const plan = planSafetensors(tensors, { maxShardBytes: 1 + limit });
    const files: Record<string, Uint8Array> = {};
    if (plan.index !== null) files[plan.indexFileName] = plan.index;
    for (const shard of plan.shards) {
      const bytes: number[] = [];
      const stream = safetensorsStream(shard, (name) => Promise.resolve(get(tensors, name)));
      for await (const piece of stream) bytes.push(...piece);
      assertEquals(bytes.length, shard.byteLength);
      files[shard.fileName] = Uint8Array.from(bytes);
    }
    const source = await openShardedSafetensors(folderOf(files, "folder"));
    assertEquals([...source.specs.keys()], [...tensors.keys()]);
    for (const [name, expected] of tensors) assertSameTensor(await source.read(name), expected);
  }));
});

function get(tensors: ReadonlyMap<string, AnyTensor>, name: string): AnyTensor {
  const found = tensors.get(name);
  assert(found !== undefined);
  return found;
}

Deno.test("writeSafetensors() writes what another program wrote, byte by byte", async () => {
  const { specs, metadata, read } = await openSafetensors(bytesSource(GOLDEN, "golden"));
  const tensors = new Map<string, AnyTensor>();
  for (const name of specs.keys()) tensors.set(name, await read(name));
  assertEquals(writeSafetensors(tensors, { metadata }), GOLDEN);
});

Deno.test("safetensorsStream() asks for a tensor only when its turn comes", async () => {
  const specs = new Map(["a", "b"].map((name) => [name, { dtype: "u8", shape: [1] } as const]));
  const { shards: [shard] } = planSafetensors(specs);
  const asked: string[] = [];
  const stream = safetensorsStream(shard, (name) => {
    asked.push(name);
    return tensor(new Uint8Array(1), [1], "u8");
  });
  const seen: string[] = [];
  for await (const piece of stream) seen.push(`${piece.length > 1 ? "header" : "tensor"} ${asked}`);
  assertEquals(seen, ["header ", "tensor a", "tensor a,b"]);
});

Deno.test("safetensorsStream() refuses tensors that are not as planned", async () => {
  const { shards: [shard] } = planSafetensors(
    new Map([["x", { dtype: "f32", shape: [2, 1] } as const]]),
  );
  const write = async (produced: AnyTensor) => {
    for await (const piece of safetensorsStream(shard, () => produced)) assert(piece.length > 0);
  };
  await write(tensor(new Float32Array(2), [2, 1]));
  await assertRejects(
    () => write(tensor(new Int32Array(2), [2, 1], "i32")),
    TypeError,
    'Cannot write tensor "x" as its dtype must be f32: current dtype is i32',
  );
  for (const shape of [[2], [1, 2], [2, 1, 1]]) {
    await assertRejects(
      () => write(tensor(new Float32Array(2), shape)),
      ShapeError,
      'Cannot write tensor "x"',
    );
  }
  await assertRejects(
    () => write({ dtype: "f32", shape: [2, 1], data: new Float32Array(3) }),
    ShapeError,
    'Cannot write tensor "x" from its data',
  );
});

Deno.test("writeSafetensors() refuses data that does not fill its shape, and unknown options", () => {
  const bad: AnyTensor = { dtype: "f32", shape: [2], data: new Float32Array(3) };
  assertThrows(() => writeSafetensors(new Map([["x", bad]])), ShapeError);
  assertThrows(
    () => writeSafetensors(new Map(), JSON.parse('{"metadatum":{}}')),
    TypeError,
    'option "metadatum" is unknown',
  );
});

Deno.test("writeSafetensors() leaves out the bytes around a view", () => {
  const data = Float32Array.of(0, 1, 2, 3).subarray(1, 3);
  const bytes = writeSafetensors(new Map([["x", tensor(data, [2])]]));
  assertEquals(new Float32Array(bytes.buffer, bytes.length - 8), Float32Array.of(1, 2));
});
