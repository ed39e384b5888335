import { assertEquals, assertRejects } from "@std/assert";
import fc from "fast-check";
import { bytesSource, folderOf } from "./bytes_source.ts";

Deno.test("bytesSource() reads every range, as a copy", async () => {
  const range = fc.uint8Array().chain((bytes) =>
    fc.tuple(fc.constant(bytes), fc.nat(bytes.length), fc.nat(bytes.length))
  );
  await fc.assert(fc.asyncProperty(range, async ([bytes, a, b]) => {
    const [begin, end] = [Math.min(a, b), Math.max(a, b)];
    const read = await bytesSource(bytes, "bytes").read(begin, end - begin);
    assertEquals(read, Uint8Array.from(bytes).slice(begin, end));
    const before = bytes.slice();
    read.fill(7);
    assertEquals(bytes, before);
  }));
});

Deno.test("bytesSource() rejects ranges beyond its end", async () => {
  const { read } = bytesSource(new Uint8Array(4), "four");
  assertEquals(await read(4, 0), new Uint8Array());
  const ranges = [[0, 5], [4, 1], [-1, 1], [0, -1], [0.5, 1], [NaN, 1], [0, Infinity]];
  for (const [offset, length] of ranges) {
    await assertRejects(() => read(offset, length), RangeError, 'Cannot read "four" as the range');
  }
});

Deno.test("bytesSource() copies out of a view in the middle of a buffer", async () => {
  const view = Uint8Array.of(0, 1, 2, 3, 4, 5).subarray(2, 5);
  const read = await bytesSource(view, "view").read(1, 2);
  assertEquals(read, Uint8Array.of(3, 4));
  assertEquals(read.buffer.byteLength, 2);
});

Deno.test("folderOf() opens its files and no others", async () => {
  const folder = folderOf({ a: Uint8Array.of(1), b: Uint8Array.of(2, 3) }, "folder");
  assertEquals(folder.fileNames, ["a", "b"]);
  const source = await folder.open("b");
  assertEquals([source.name, source.byteLength], ["folder/b", 2]);
  for (const name of ["c", "toString", "__proto__", "./a"]) {
    await assertRejects(() => folder.open(name), RangeError, 'Cannot open a file in "folder"');
  }
});
