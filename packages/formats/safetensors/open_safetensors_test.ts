import { assert, assertEquals, assertRejects } from "@std/assert";
import { type AnyTensor, FormatError, toF64 } from "@pare/tensor";
import { bytesSource } from "../bytes_source.ts";
import { withPrototypeAccessor } from "../testing/prototype_accessor.ts";
import { safetensorsBytes } from "../testing/safetensors_bytes.ts";
import { openSafetensors, type SafetensorsSource } from "./open_safetensors.ts";
import { GOLDEN } from "../testing/golden_safetensors.ts";

const open = (bytes: Uint8Array): Promise<SafetensorsSource> =>
  openSafetensors(bytesSource(bytes, "m.safetensors"));

/** What the independent program wrote, by name, as numbers. */
const EXPECTED: Readonly<Record<string, [dtype: string, shape: number[], values: number[]]>> = {
  "a.f64": ["f64", [2], [1.5, -2.25]],
  "b.f32": ["f32", [2, 2], [1, 2, 3, Math.fround(-0.1)]],
  // Beyond 2^53, rounded by Number(); the test below looks at the integer itself.
  "c.i64": ["i64", [1], [-9007199254740992]],
  "d.u64": ["u64", [1], [2 ** 64]],
  "e.i32": ["i32", [2], [-(2 ** 31), 7]],
  "f.u32": ["u32", [1], [2 ** 32 - 1]],
  "g.f16": ["f16", [3], [1, -2, 65504]],
  "h.bf16": ["bf16", [2], [1, -3.140625]],
  "i.i16": ["i16", [1], [-32768]],
  "j.u16": ["u16", [1], [65535]],
  "k.i8": ["i8", [3], [-128, 0, 127]],
  "l.u8": ["u8", [2], [0, 255]],
  "m.bool": ["bool", [2], [1, 0]],
  "n.f8e4m3": ["f8e4m3", [2], [1, 448]],
  "o.f8e5m2": ["f8e5m2", [1], [1]],
  "p.empty": ["f32", [0, 4], []],
  "q.scalar": ["u8", [], [9]],
};

Deno.test("openSafetensors() reads a file of every dtype that another program wrote", async () => {
  const { specs, metadata, read } = await open(GOLDEN);
  assertEquals(metadata, { format: "pt", note: 'é "quoted" \\ \u2028' });
  assertEquals([...specs.keys()], Object.keys(EXPECTED));
  for (const [name, [dtype, shape, values]] of Object.entries(EXPECTED)) {
    assertEquals(JSON.stringify(specs.get(name)), JSON.stringify({ dtype, shape }));
    const tensor: AnyTensor = await read(name);
    assertEquals([tensor.dtype, tensor.shape], [dtype, shape]);
    assertEquals([...toF64(tensor).data], values, name);
  }
  assertEquals((await read("c.i64")).data, BigInt64Array.of(-9007199254740993n));
  assertEquals((await read("d.u64")).data, BigUint64Array.of(2n ** 64n - 1n));
});

Deno.test("openSafetensors() asks for the header, then for one tensor at a time", async () => {
  const ranges: number[][] = [];
  const { read } = await openSafetensors({
    name: "m.safetensors",
    byteLength: GOLDEN.length,
    read: (offset, length) => {
      ranges.push([offset, length]);
      return Promise.resolve(GOLDEN.slice(offset, offset + length));
    },
  });
  const header = Number(new DataView(GOLDEN.buffer).getBigUint64(0, true));
  assertEquals(ranges.splice(0), [[0, 8], [8, header]]);
  await read("b.f32");
  assertEquals(ranges, [[8 + header + 16, 16]]);
});

Deno.test("openSafetensors() lists tensors in the order of the data", async () => {
  const header = '{"b":{"dtype":"U8","shape":[1],"data_offsets":[1,2]},' +
    '"empty":{"dtype":"U8","shape":[0],"data_offsets":[1,1]},' +
    '"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}  ';
  const { specs } = await open(safetensorsBytes(header, Uint8Array.of(1, 2)));
  assertEquals([...specs.keys()], ["a", "empty", "b"]);
});

Deno.test("openSafetensors() takes a file without tensors", async () => {
  assertEquals((await open(safetensorsBytes("{}", new Uint8Array()))).specs.size, 0);
});

Deno.test("openSafetensors() takes names of Object.prototype for names like any other", async () => {
  const entry = '{"dtype":"U8","shape":[1],"data_offsets":';
  const header = `{"__metadata__":{"__proto__":"p"},` +
    `"__proto__":${entry}[0,1]},"constructor":${entry}[1,2]}}`;
  const bytes = safetensorsBytes(header, Uint8Array.of(5, 6));
  const { specs, metadata, read } = await withPrototypeAccessor(() => open(bytes));
  assertEquals([...specs.keys()], ["__proto__", "constructor"]);
  assertEquals((await read("__proto__")).data, Uint8Array.of(5));
  assertEquals(Object.entries(metadata), [["__proto__", "p"]]);
  assertEquals(Object.getPrototypeOf(metadata), Object.prototype);
  await assertRejects(() => read("toString"), FormatError, 'tensor "toString" must be in the file');
});

const entry = (changes: object): string =>
  JSON.stringify({ x: { dtype: "F32", shape: [2], data_offsets: [0, 8], ...changes } });
const two = (first: readonly number[], second: readonly number[]): string =>
  JSON.stringify({
    x: { dtype: "U8", shape: [first[1] - first[0]], data_offsets: first },
    y: { dtype: "U8", shape: [second[1] - second[0]], data_offsets: second },
  });
const large = "9007199254740992";

/** Headers over eight bytes of data, the field that is refused and how the message goes on. */
const REFUSED: readonly [header: string, field: string, problem: string][] = [
  ["", "header", 'must begin with "{"'],
  [" {}", "header", 'must begin with "{"'],
  ["[]", "header", 'must begin with "{"'],
  ["{", "key of header", "must be a string"],
  ["{}x", "header", "must be at its end"],
  ["{}", "file length", "must be the 10 bytes that the header speaks of: current length is 18"],
  ['{"x":1}', 'tensor "x"', "must be an object"],
  [
    '{"x":{}}',
    'tensor "x"',
    "must have dtype, shape and data_offsets: current value lacks dtype and",
  ],
  ['{"__metadata__":[]}', "__metadata__", "must be an object"],
  ['{"__metadata__":{"a":1}}', '"a" of __metadata__', "must be a string"],
  ['{"__metadata__":{"a":"b","a":"b"}}', "__metadata__", "must have each key once"],
  [entry({ dtype: "F4" }), 'dtype of tensor "x"', "must be one of F64, F32, F16, BF16, F8_E4M3"],
  [entry({ dtype: "f32" }), 'dtype of tensor "x"', "must be one of F64"],
  [entry({ dtype: "toString" }), 'dtype of tensor "x"', "must be one of F64"],
  [entry({ dtype: 1 }), 'dtype of tensor "x"', "must be a string"],
  [entry({ dtype: undefined }), 'tensor "x"', "must have dtype, shape and data_offsets"],
  [entry({ shape: undefined }), 'tensor "x"', "must have dtype, shape and data_offsets"],
  [entry({ data_offsets: undefined }), 'tensor "x"', "must have dtype, shape and data_offsets"],
  [entry({ strides: [1] }), 'tensor "x"', "must have no key but dtype, shape and data_offsets"],
  [entry({ shape: 2 }), 'shape of tensor "x"', "must be an array"],
  [entry({ shape: [-2] }), 'shape of tensor "x"', "must be an integer from 0"],
  [entry({ shape: [2.5] }), 'shape of tensor "x"', "must be an integer from 0"],
  [entry({ shape: ["2"] }), 'shape of tensor "x"', "must be an integer from 0"],
  [entry({}).replace("[2]", `[${large}]`), 'shape of tensor "x"', "must be an integer from 0"],
  [
    entry({ shape: [3] }),
    'data_offsets of tensor "x"',
    "must span the 12 bytes of f32 [3]: current span is 8",
  ],
  [
    entry({ shape: [] }),
    'data_offsets of tensor "x"',
    "must span the 4 bytes of f32 []: current span is 8",
  ],
  [entry({ shape: [2 ** 52, 2 ** 52] }), 'data_offsets of tensor "x"', "must span the"],
  [entry({ shape: [2 ** 52, 2 ** 52, 0] }), 'data_offsets of tensor "x"', "must span the"],
  [entry({ data_offsets: [8, 0] }), 'data_offsets of tensor "x"', "must be a beginning and an end"],
  [entry({ data_offsets: [0] }), 'data_offsets of tensor "x"', "must be a beginning and an end"],
  [
    entry({ data_offsets: [0, 8, 8] }),
    'data_offsets of tensor "x"',
    "must be a beginning and an end",
  ],
  [entry({ data_offsets: [-8, 0] }), 'data_offsets of tensor "x"', "must be an integer from 0"],
  [
    entry({ data_offsets: [8, 16] }),
    'data_offsets of tensor "x"',
    "must begin at 0, without hole or overlap: current value is [8, 16]",
  ],
  [
    two([0, 4], [5, 8]),
    'data_offsets of tensor "y"',
    "must begin at 4, without hole or overlap: current value is [5, 8]",
  ],
  [
    two([0, 4], [3, 8]),
    'data_offsets of tensor "y"',
    "must begin at 4, without hole or overlap: current value is [3, 8]",
  ],
  [two([0, 4], [0, 4]), 'data_offsets of tensor "y"', "must begin at 4, without hole or overlap"],
  [two([0, 4], [4, 7]), "file length", "must be the "],
  [two([0, 4], [4, 9]), "file length", "must be the "],
  [
    `{"x":${entry({}).slice(5, -1)},"x":${entry({}).slice(5, -1)}}`,
    "header",
    "must have each key once",
  ],
  [entry({}).replace('"shape"', '"dtype":"F32","shape"'), 'tensor "x"', "must have each key once"],
  [`{"x":${"[".repeat(1e5)}`, 'tensor "x"', "must be an object"],
];

Deno.test("openSafetensors() refuses inconsistent headers, naming file, field and what is wrong", async () => {
  for (const [header, field, problem] of REFUSED) {
    const bytes = safetensorsBytes(header, new Uint8Array(8));
    const error = await assertRejects(() => open(bytes), FormatError, undefined, header);
    assertEquals(error.field, field);
    const message = `Cannot read "m.safetensors" as ${field} ${problem}`;
    assertEquals(error.message.slice(0, message.length), message);
  }
});

Deno.test("openSafetensors() refuses headers that are longer than the file or the limit", async () => {
  for (const length of [0, 7]) {
    const error = await assertRejects(() => open(new Uint8Array(length)), FormatError);
    assertEquals([error.field, error.message.endsWith(`current length is ${length}`)], [
      "file length",
      true,
    ]);
  }
  for (const length of [9n, 2n ** 53n, 2n ** 64n - 1n]) {
    const error = await assertRejects(
      () => open(safetensorsBytes("{}", new Uint8Array(6), length)),
      FormatError,
      `must be at most 8, what is left of the file: current value is ${length}`,
    );
    assertEquals(error.field, "header length");
  }
  let asked = 0;
  const huge = {
    name: "huge",
    byteLength: 2 ** 40,
    read: (_: number, length: number) => {
      asked += length;
      const bytes = new Uint8Array(8);
      new DataView(bytes.buffer).setBigUint64(0, 100_000_001n, true);
      return Promise.resolve(bytes);
    },
  };
  await assertRejects(
    () => openSafetensors(huge),
    FormatError,
    "header length must be at most 100000000: current value is 100000001",
  );
  assertEquals(asked, 8);
});

Deno.test("openSafetensors() refuses a header that is not UTF-8", async () => {
  const bytes = safetensorsBytes(entry({}), new Uint8Array(8));
  bytes[10] = 0xff;
  await assertRejects(() => open(bytes), FormatError, "header must be UTF-8");
});

Deno.test("openSafetensors() refuses truth values that are neither 0 nor 1 when read", async () => {
  const header = '{"x":{"dtype":"BOOL","shape":[3],"data_offsets":[0,3]}}';
  const { read } = await open(safetensorsBytes(header, Uint8Array.of(0, 1, 2)));
  const error = await assertRejects(
    () => read("x"),
    FormatError,
    "must hold truth values of 0 and 1: current value at 2 is 2",
  );
  assertEquals(error.field, 'tensor "x"');
});

Deno.test("openSafetensors() names the tensors there are when asked for another", async () => {
  const { read } = await open(safetensorsBytes(entry({}), new Uint8Array(8)));
  const error = await assertRejects(() => read("y"), FormatError);
  assertEquals(
    error.message,
    'Cannot read "m.safetensors" as tensor "y" must be in the file: current tensors are "x"',
  );
  assert(error.field === 'tensor "y"');
});
