import { assertEquals, assertThrows } from "@std/assert";
import { castTo, FormatError, type Tensor, tensor } from "@pare/tensor";
import { trellisLevel } from "@pare/linalg";
import { bitsPerWeight, parse, serialize, toDense, trellisCoded } from "./mod.ts";
import { randomTrellis } from "./testing/operators.ts";
import { nodeRefusalsOf, refusalsOf } from "./testing/refusals.ts";

const floats = (values: number[], shape: number[]): Tensor =>
  tensor(Float32Array.from(values), shape);

Deno.test("trellisCoded() reads states down the columns of a tile, around its end, by hand", () => {
  // One tile of 8 × 2 weights of one bit: states of 4 bits, lowest first.
  const operator = trellisCoded({
    shape: [8, 2],
    bits: 1,
    stateBits: 4,
    tileHeight: 8,
    tileWidth: 2,
    granularity: "tensor",
    codes: tensor(Uint8Array.of(0b1000_0001, 0b1100_0000), [1, 2], "u8"),
    scales: floats([209.0362], [1, 1]),
  });
  // The string from the lowest bit on is 1000 0001 0000 0011, and then from the start again.
  const bits = [1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 1];
  const states = bits.map((_, i) =>
    [0, 1, 2, 3].reduce((state, j) => state + bits[(i + j) % 16] * 2 ** j, 0)
  );
  assertEquals(states, [1, 0, 0, 0, 8, 4, 2, 1, 0, 0, 0, 8, 12, 14, 7, 3]);
  const { data } = toDense(operator);
  states.forEach((state, i) => {
    assertEquals(data[i % 8 * 2 + Math.floor(i / 8)], trellisLevel(state, 1, 4), `weight ${i}`);
  });
});

Deno.test("trellisCoded() takes its bits, what fills up tiles, and its scales", () => {
  const sizes = [
    [randomTrellis([256, 32], { tileHeight: 256, bits: 2 }), 2 + 32 / 8192],
    [randomTrellis([256, 32], { tileHeight: 128, tileWidth: 2, bits: 3 }), 3 + 32 / 8192],
    [
      randomTrellis([64, 32], { bits: 1, hasRowScales: true, scaleDtype: "f16" }),
      1 + 16 / 32,
    ],
    [randomTrellis([60, 33], { bits: 4, tileWidth: 2 }), (64 * 34 * 4 + 32) / (60 * 33)],
  ] as const;
  for (const [operator, bits] of sizes) assertEquals(bitsPerWeight(operator), bits);
});

Deno.test("trellisCoded() refuses parts that do not fit, by name", () => {
  const { form: _, ...fit } = randomTrellis([20, 6], { tileHeight: 24, tileWidth: 4 });
  const refused = refusalsOf(trellisCoded, fit);
  refused({ shape: [0, 6] }, RangeError, "shape must be of integers of 1 or more");
  refused({ bits: 5 }, RangeError, "bits must be an integer from 1 to 4: current value is 5");
  refused({ stateBits: 1 }, RangeError, "stateBits must be an integer from 2 to 16");
  refused({ tileHeight: 20 }, RangeError, "tileHeight must be a multiple of 8");
  refused({ tileHeight: 264 }, RangeError, "tileHeight must be an integer from 8 to 256");
  refused({ tileWidth: 11 }, RangeError, "tileWidth must be an integer from 1 to 10");
  refused({ tileWidth: 2 }, RangeError, "codes must have the shape [1, 36]");
  refused(
    { tileHeight: 8, tileWidth: 1, bits: 1 },
    RangeError,
    "stateBits must be an integer from 1 to 8",
  );
  refused({ codes: fit.scales }, TypeError, "codes must be u8");
  refused({ scales: castTo(floats([1], [1, 1]), "bf16") }, TypeError, "scales must be f16 or f32");
  refused({ scales: floats([1, 1], [2, 1]) }, RangeError, "scales must have the shape [1, 1]");
  refused({ granularity: "group" }, RangeError, "granularity must be tensor or row");
  refused({ granularity: "row" }, RangeError, "scales must have the shape [20, 1]");
  refused({ scales: floats([NaN], [1, 1]) }, RangeError, "scales must be finite");
});

Deno.test("parseNode() refuses trellises and tiles that do not exist", () => {
  const { node, tensors } = serialize(randomTrellis([20, 6], { tileHeight: 24, tileWidth: 4 }));
  const refused = nodeRefusalsOf(node, "up");
  refused({ bits: 5 }, "up.bits must be an integer from 1 to 4");
  refused({ stateBits: 1 }, "up.stateBits must be an integer from 2 to 16");
  refused({ tileHeight: 12 }, "up.tileHeight must be a multiple of 8");
  refused({ tileWidth: 16 }, "up.tileWidth must be an integer from 1 to 10");
  refused({ granularity: "group" }, "up.granularity must be one of");
  refused({ scaleDtype: "u8" }, "up.scaleDtype must be one of");
  assertThrows(() => parse({ ...node, granularity: "row" }, tensors, "up"), FormatError, "up");
  assertThrows(() => parse({ ...node, bits: 3 }, tensors, "up"), FormatError, "up");
});
