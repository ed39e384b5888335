import { assert, assertEquals, assertThrows } from "@std/assert";
import { DTYPES, sizeOf, type TensorSpec } from "@pare/tensor";
import fc from "fast-check";
import { specsArbitrary } from "../testing/specs_arbitrary.ts";
import { planSafetensors } from "./plan_safetensors.ts";

const byteLengthOf = ({ dtype, shape }: TensorSpec) => sizeOf(shape) * DTYPES[dtype].byteLength;

Deno.test("planSafetensors() fills every file without hole or overlap, in the order given", () => {
  fc.assert(
    fc.property(specsArbitrary(), fc.integer({ min: 1, max: 200 }), (specs, maxShardBytes) => {
      const { shards } = planSafetensors(specs, { maxShardBytes });
      assertEquals(shards.flatMap(({ offsets }) => [...offsets.keys()]), [...specs.keys()]);
      for (const { header, offsets, byteLength } of shards) {
        assertEquals(header.length % 8, 0);
        let position = header.length;
        for (const [name, placement] of offsets) {
          const spec = specs.get(name);
          assert(spec !== undefined);
          assertEquals(placement, { ...spec, offset: position, byteLength: byteLengthOf(spec) });
          position += placement.byteLength;
        }
        assertEquals(byteLength, position);
        assert(offsets.size <= 1 || position - header.length <= maxShardBytes);
      }
    }),
  );
});

Deno.test("planSafetensors() gives the same bytes for the same specs", () => {
  fc.assert(fc.property(specsArbitrary(), (specs) => {
    assertEquals(
      planSafetensors(new Map(specs), { maxShardBytes: 50 }),
      planSafetensors(specs, { maxShardBytes: 50 }),
    );
  }));
});

Deno.test("planSafetensors() starts a new file only when the next tensor does not fit", () => {
  const specs = new Map(
    [4, 4, 1, 9, 1].map((length, i) => [`t${i}`, { dtype: "u8", shape: [length] } as const]),
  );
  const { shards, index, indexFileName } = planSafetensors(specs, {
    maxShardBytes: 8,
    baseName: "weights",
  });
  assertEquals(shards.map(({ fileName, offsets }) => [fileName, [...offsets.keys()]]), [
    ["weights-00001-of-00004.safetensors", ["t0", "t1"]],
    ["weights-00002-of-00004.safetensors", ["t2"]],
    ["weights-00003-of-00004.safetensors", ["t3"]],
    ["weights-00004-of-00004.safetensors", ["t4"]],
  ]);
  assertEquals(indexFileName, "weights.safetensors.index.json");
  assert(index !== null);
  assertEquals(JSON.parse(new TextDecoder().decode(index)), {
    metadata: { total_size: 19 },
    weight_map: {
      t0: "weights-00001-of-00004.safetensors",
      t1: "weights-00001-of-00004.safetensors",
      t2: "weights-00002-of-00004.safetensors",
      t3: "weights-00003-of-00004.safetensors",
      t4: "weights-00004-of-00004.safetensors",
    },
  });
});

Deno.test("planSafetensors() makes one file and no index of what fits", () => {
  const { shards, index } = planSafetensors(new Map());
  assertEquals(index, null);
  assertEquals(shards.map(({ fileName }) => fileName), ["model.safetensors"]);
  assertEquals(new TextDecoder().decode(shards[0].header), "\x08\0\0\0\0\0\0\0{}      ");
});

Deno.test("planSafetensors() plans more than memory holds", () => {
  const shape = [128_256, 16_384];
  const specs = new Map(["a", "b"].map((name) => [name, { dtype: "f32", shape } as const]));
  const { shards } = planSafetensors(specs);
  assertEquals(shards.length, 2);
  assertEquals(shards[1].byteLength, shards[1].header.length + 128_256 * 16_384 * 4);
});

Deno.test("planSafetensors() refuses what cannot be written", () => {
  const spec = { dtype: "f32", shape: [1] } as const;
  const cases: readonly [name: string, spec: TensorSpec, message: string][] = [
    ["__metadata__", spec, "as its name must be whole characters"],
    ["\ud800", spec, "as its name must be whole characters"],
    ["x", { ...spec, shape: [-1] }, "as its shape must be of integers"],
    ["x", { ...spec, shape: [0.5, 2] }, "as its shape must be of integers"],
    ["x", { ...spec, shape: [2 ** 52] }, "as its shape must be of integers"],
    ["x", { ...spec, shape: [NaN] }, "as its shape must be of integers"],
    ["x", JSON.parse('{"dtype":"F32","shape":[1]}'), "as its dtype must be one of f64"],
    ["x", JSON.parse('{"dtype":"toString","shape":[1]}'), "as its dtype must be one of f64"],
  ];
  for (const [name, bad, message] of cases) {
    assertThrows(() => planSafetensors(new Map([[name, bad]])), RangeError, message);
  }
});

Deno.test("planSafetensors() checks its options", () => {
  const plan = (options: object) => () => planSafetensors(new Map(), options);
  assertThrows(plan({ maxShardByte: 1 }), TypeError, 'option "maxShardByte" is unknown');
  assertThrows(plan({ maxShardBytes: 0 }), RangeError, "maxShardBytes must be");
  for (const baseName of ["", "..", "../model", "a/b", "C:model", "a\0"]) {
    assertThrows(plan({ baseName }), RangeError, "baseName must be the beginning of a file name");
  }
  for (const metadata of [null, 1, { a: 1 }, { a: null }, { "\ud800": "a" }]) {
    assertThrows(plan({ metadata }), RangeError, "metadata must be an object of strings");
  }
});

Deno.test("planSafetensors() refuses headers that no reader takes", () => {
  const name = "x".repeat(25_000_000);
  const specs = new Map([1, 2, 3, 4].map((i) => [name + i, { dtype: "u8", shape: [0] } as const]));
  assertThrows(
    () => planSafetensors(specs),
    RangeError,
    "header must take at most 100000000 bytes",
  );
});
