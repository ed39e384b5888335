import { castTo, FormatError, type Tensor, tensor } from "@pare/tensor";
import { assertEquals, assertThrows } from "@std/assert";
import { parse, serialize, superblock, type SuperblockParts } from "./mod.ts";
import { toDense } from "./mod.ts";
import { packQ4k, unpackQ4k } from "./q4_k_block.ts";
import { randomSuperblock } from "./testing/operators.ts";
import { nodeRefusalsOf, refusalsOf } from "./testing/refusals.ts";

const bytes = (data: number[], shape: number[]): Tensor<"u8"> =>
  tensor(Uint8Array.from(data), shape, "u8");
const halves = (data: number[], shape: number[]): Tensor<"f16"> =>
  castTo(tensor(Float32Array.from(data), shape), "f16");

const PARTS: SuperblockParts = {
  codes: bytes(Array.from({ length: 256 }, (_, i) => i * 7 % 16), [1, 256]),
  scales: bytes([1, 2, 3, 63, 0b10_0001, 0b01_0010, 0b11_1111, 0b00_1000], [1, 8]),
  minima: bytes([63, 5, 6, 7, 0b01_1001, 0b11_0001, 0b00_0000, 0b10_1111], [1, 8]),
  scaleFactors: halves([0.5], [1, 1]),
  minimumFactors: halves([-2], [1, 1]),
};

Deno.test("superblock() has the bytes of Q4_K, as they are laid out by hand", () => {
  const { blocks } = superblock(PARTS);
  assertEquals(blocks.shape, [1, 144]);
  const expected = [
    // 0.5 and −2 in f16, the lower byte first.
    ...[0x00, 0x38, 0x00, 0xc0],
    // Scales 0 to 3 below the upper two bits of scales 4 to 7.
    ...[0b10_000001, 0b01_000010, 0b11_000011, 0b00_111111],
    // Minima 0 to 3 below the upper two bits of minima 4 to 7.
    ...[0b01_111111, 0b11_000101, 0b00_000110, 0b10_000111],
    // The lower four bits of minima and scales 4 to 7.
    ...[0b1001_0001, 0b0001_0010, 0b0000_1111, 0b1111_1000],
  ];
  assertEquals([...blocks.data.subarray(0, 16)], expected);
  const codes = PARTS.codes.data;
  for (const [byte, low, high] of [[16, 0, 32], [47, 31, 63], [48, 64, 96], [143, 223, 255]]) {
    assertEquals(blocks.data[byte], codes[low] + 16 * codes[high]);
  }
});

Deno.test("unpackQ4k() undoes packQ4k(), whatever the bytes", () => {
  const { data } = randomSuperblock([4, 256], 3).blocks;
  for (let at = 0; at < data.length; at += 144) {
    const block = data.slice(at, at + 144);
    assertEquals(packQ4k(unpackQ4k(block)), block);
  }
  const every = Uint8Array.from({ length: 144 }, (_, i) => i * 89 % 256);
  assertEquals(packQ4k(unpackQ4k(every)), every);
});

Deno.test("superblock() keeps the minimum of blocks whose scale is zero", () => {
  const operator = superblock({ ...PARTS, scales: bytes(Array(8).fill(0), [1, 8]) });
  const { data } = toDense(operator);
  for (const [i, value] of data.entries()) {
    assertEquals(value, 2 * PARTS.minima.data[Math.floor(i / 32)]);
  }
});

Deno.test("superblock() refuses parts that do not fit, by name", () => {
  const refused = refusalsOf(superblock, PARTS);
  const codes = (cols: number) => bytes(Array(cols).fill(0), [1, cols]);
  refused({ codes: codes(255) }, RangeError, "shape must have a multiple of 256 columns");
  refused({ codes: bytes([1], [1]) }, RangeError, "codes must be a matrix");
  refused({ codes: bytes(Array(256).fill(16), [1, 256]) }, RangeError, "codes must be below 16");
  refused({ scales: bytes(Array(8).fill(64), [1, 8]) }, RangeError, "scales must be below 64");
  refused({ minima: bytes([1], [1, 1]) }, RangeError, "minima must have the shape [1, 8]");
  refused(
    { scaleFactors: tensor(Float32Array.of(1), [1, 1]) },
    TypeError,
    "scaleFactors must be f16",
  );
  refused({ minimumFactors: halves([Infinity], [1, 1]) }, RangeError, "at byte 2 is Infinity");
});

Deno.test("parse() refuses super-blocks that are cut, or of another layout", () => {
  const { node, tensors } = serialize(randomSuperblock([2, 256]));
  const refused = nodeRefusalsOf(node, "up");
  refused(
    { shape: [2, 255] },
    "up.shape must have a multiple of 256 columns: current shape is [2, 255]",
  );
  refused({ layout: "q5_k" }, `"q4_k"`);
  assertThrows(() => parse({ ...node, shape: [1, 256] }, tensors, "up"), FormatError, "up.blocks");
});
