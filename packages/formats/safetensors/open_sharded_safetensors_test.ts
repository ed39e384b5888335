import { assertEquals, assertRejects } from "@std/assert";
import { FormatError, tensor } from "@pare/tensor";
import { folderOf } from "../bytes_source.ts";
import { openShardedSafetensors } from "./open_sharded_safetensors.ts";
import { writeSafetensors } from "./write_safetensors.ts";

const INDEX = "model.safetensors.index.json";

const encode = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));
const shard = (...names: string[]): Uint8Array =>
  writeSafetensors(new Map(names.map((name) => [name, tensor(Float32Array.of(name.length), [1])])));

Deno.test("openShardedSafetensors() reads every tensor from its shard", async () => {
  const source = await openShardedSafetensors(folderOf({
    [INDEX]: encode({
      metadata: { total_size: 1, other: [{}] },
      weight_map: { ccc: "2", a: "1", bb: "2" },
    }),
    "2": shard("bb", "ccc"),
    "1": shard("a"),
  }, "folder"));
  assertEquals([...source.specs.keys()], ["a", "bb", "ccc"]);
  for (const name of source.specs.keys()) {
    assertEquals(source.specs.get(name), { dtype: "f32", shape: [1] });
    assertEquals(await source.read(name), tensor(Float32Array.of(name.length), [1]));
  }
  await assertRejects(() => source.read("d"), FormatError, 'tensor "d" must be in the file');
});

Deno.test("openShardedSafetensors() offers only what the index maps", async () => {
  const source = await openShardedSafetensors(folderOf({
    [INDEX]: encode({ weight_map: { a: "1" } }),
    "1": shard("a", "b"),
  }, "folder"));
  assertEquals([...source.specs.keys()], ["a"]);
  await assertRejects(() => source.read("b"), FormatError);
});

Deno.test("openShardedSafetensors() prefers a whole file, even beside an index", async () => {
  const source = await openShardedSafetensors(folderOf({
    [INDEX]: encode({ weight_map: { a: "1" } }),
    "1": shard("a"),
    "model.safetensors": shard("whole"),
  }, "folder"));
  assertEquals([...source.specs.keys()], ["whole"]);
});

Deno.test("openShardedSafetensors() takes __proto__ for a name like any other", async () => {
  const index = new TextEncoder().encode('{"weight_map":{"__proto__":"1"},"__proto__":{"x":1}}');
  const source = await openShardedSafetensors(
    folderOf({ [INDEX]: index, "1": shard("__proto__") }, "folder"),
  );
  assertEquals([...source.specs.keys()], ["__proto__"]);
  assertEquals((await source.read("__proto__")).shape, [1]);
});

Deno.test("openShardedSafetensors() never leaves the folder", async () => {
  const names = [
    ...["../1", "..", ".", "", "/1", "/etc/passwd", "sub/1", "./1", "..\\1", "\\1", "\\\\host\\1"],
    ...["C:\\1", "C:1", "1:stream", "1\0", "file:///1"],
  ];
  for (const name of names) {
    const opened: string[] = [];
    const index = encode({ weight_map: { a: name } });
    const inner = folderOf({ [INDEX]: index, [name]: shard("a") }, "folder");
    const folder = {
      ...inner,
      open: (fileName: string) => (opened.push(fileName), inner.open(fileName)),
    };
    const error = await assertRejects(
      () => openShardedSafetensors(folder),
      FormatError,
      "must name a file directly inside the folder: current value is",
    );
    assertEquals(error.field, '"a" of weight_map');
    assertEquals(opened, [INDEX]);
  }
});

Deno.test("openShardedSafetensors() names the shard or the tensor that is missing", async () => {
  const open = (index: unknown) =>
    openShardedSafetensors(folderOf({ [INDEX]: encode(index), "1": shard("a") }, "folder"));
  const cases: readonly [index: unknown, field: string, message: string][] = [
    [
      { weight_map: { a: "1", b: "2" } },
      '"b" of weight_map',
      'which has "1", "model.safetensors.index.json": current value is "2"',
    ],
    [
      { weight_map: { a: "1", b: "1" } },
      'tensor "b"',
      'must be in "1": current tensors there are "a"',
    ],
    [{ weight_map: { a: 1 } }, '"a" of weight_map', "must be a string"],
    [{ weight_map: ["a"] }, "weight_map", "must be an object"],
    [{ metadata: {} }, "weight_map", "must say which file each tensor is in"],
    [[], "index", "must be an object"],
  ];
  for (const [index, field, message] of cases) {
    const error = await assertRejects(() => open(index), FormatError, message);
    assertEquals(error.field, field);
    assertEquals(error.message.startsWith(`Cannot read "folder/${INDEX}" as ${field} must`), true);
  }
});

Deno.test("openShardedSafetensors() refuses an index that is not one JSON value with each key once", async () => {
  const cases: readonly [index: string, message: string][] = [
    [
      '{"weight_map":{"a":"1","a":"1"}}',
      'weight_map must have each key once: current value has "a"',
    ],
    ['{"weight_map":{"a":"1"},"weight_map":{}}', "index must have each key once"],
    ['{"weight_map":{"a":"1"}}{}', "index must be at its end after the JSON value"],
    ['{"weight_map":{"a":"1"}', 'index must be "," or "}" after each item'],
  ];
  for (const [index, message] of cases) {
    const files = { [INDEX]: new TextEncoder().encode(index), "1": shard("a") };
    await assertRejects(
      () => openShardedSafetensors(folderOf(files, "folder")),
      FormatError,
      message,
    );
  }
});

Deno.test("openShardedSafetensors() names the damaged shard", async () => {
  const folder = folderOf({
    [INDEX]: encode({ weight_map: { a: "1" } }),
    "1": shard("a").slice(0, -1),
  }, "folder");
  await assertRejects(
    () => openShardedSafetensors(folder),
    FormatError,
    'Cannot read "folder/1" as file length',
  );
});

Deno.test("openShardedSafetensors() says which other weights there are", async () => {
  const open = (...names: string[]) =>
    openShardedSafetensors(
      folderOf(Object.fromEntries(names.map((name) => [name, new Uint8Array()])), "folder"),
    );
  const wanted =
    `Cannot read "folder" as weights must be in model.safetensors, or in shards with a ${INDEX}: `;
  const cases: readonly [names: string[], found: string][] = [
    [[], "current files are nothing"],
    [["config.json"], 'current files are "config.json"'],
    [["config.json", "pytorch_model.bin"], 'current weights are "pytorch_model.bin"'],
    [["a.gguf", "b.gguf", "README.md"], 'current weights are "a.gguf", "b.gguf"'],
    [
      ["model-00001-of-00002.safetensors"],
      'current weights are "model-00001-of-00002.safetensors"',
    ],
  ];
  for (const [names, found] of cases) {
    const error = await assertRejects(() => open(...names), FormatError);
    assertEquals([error.field, error.message], ["weights", wanted + found]);
  }
});
