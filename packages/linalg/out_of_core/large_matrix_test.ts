// Matrices longer than 2^31 bytes, where an index or address that is taken for a signed number of 32
// bits would be negative. Almost all of their elements are zeros that nobody writes, so that a machine
// has to find memory only for the copies on the device.

import { assertEquals } from "@std/assert";
import { type Tensor, tensor } from "@pare/tensor";
import { downloadF32 } from "../device.ts";
import { createWasmDevice } from "../wasm/wasm_device.ts";
import { outOfCoreGram } from "./out_of_core_gram.ts";
import { outOfCoreMatmul } from "./out_of_core_matmul.ts";

const COLS = 4096;
/** 2^31 bytes, and a few rows more. */
const ROWS: number = 2 ** 31 / 4 / COLS + 3;

/** Zeros but for the rows around 2^31 bytes and the first one, where row i is i mod 7 − 2 in column i. */
function large(): Tensor | null {
  try {
    const matrix = tensor(new Float32Array(ROWS * COLS), [ROWS, COLS]);
    for (const row of marked()) matrix.data[row * COLS + row % COLS] = row % 7 - 2;
    return matrix;
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

function marked(): readonly number[] {
  return [0, ROWS - 5, ROWS - 4, ROWS - 3, ROWS - 2, ROWS - 1];
}

/** Holds one number for each row against that of marked rows; all others must be zero. */
function assertRows(actual: ArrayLike<number>, valueOf: (row: number) => number): void {
  const expected = new Float32Array(ROWS);
  for (const row of marked()) expected[row] = valueOf(row);
  const wrong = expected.findIndex((value, row) => value !== actual[row]);
  assertEquals(wrong, -1, `row ${wrong}`);
}

const matrix = large();

Deno.test({
  name: "a matrix longer than 2^31 bytes is uploaded, computed with and downloaded whole",
  ignore: matrix === null,
  async fn() {
    if (!matrix) return;
    using device = await createWasmDevice({ threads: 2 });
    using x = device.upload(matrix);
    using sums = device.reduceRows(x, "sum");
    const totals = await downloadF32(device, sums);
    assertRows(totals.data, (row) => row % 7 - 2);
    using last = device.slice(x, { row: ROWS - 2 });
    const expected = matrix.data.slice((ROWS - 2) * COLS);
    assertEquals((await device.download(last)).data, expected);
    using picked = device.upload(tensor(Uint32Array.of(ROWS - 1, 0), [2], "u32"));
    using rows = device.gatherRows(x, picked);
    const found = (await device.download(rows)).data;
    assertEquals(found[(ROWS - 1) % COLS], (ROWS - 1) % 7 - 2);
    assertEquals(found[COLS], -2);
  },
});

Deno.test({
  name: "outOfCoreMatmul() and outOfCoreGram() take a matrix longer than 2^31 bytes",
  ignore: matrix === null,
  async fn() {
    if (!matrix) return;
    using device = await createWasmDevice({ threads: 2 });
    const options = { device, maxBytes: 2 ** 28 };
    const b = tensor(Float32Array.from({ length: COLS }, (_, i) => i % 5), [COLS, 1]);
    const { data } = await outOfCoreMatmul(matrix, b, options);
    assertRows(data, (row) => (row % 7 - 2) * (row % COLS % 5));
    // Rows make up the inner dimension here: a long sum of many parts.
    const across = await outOfCoreMatmul(
      matrix,
      tensor(new Float32Array(ROWS).fill(1), [ROWS, 1]),
      {
        ...options,
        transposeA: true,
      },
    );
    for (const row of marked()) {
      const sum = marked().filter((other) => other % COLS === row % COLS)
        .reduce((total, other) => total + other % 7 - 2, 0);
      assertEquals(across.data[row % COLS], sum);
    }
    const narrow = tensor(matrix.data, [matrix.data.length / 16, 16]);
    const gram = await outOfCoreGram(narrow, options);
    const expected = new Float64Array(16 * 16);
    for (const row of marked()) expected[17 * (row % COLS % 16)] += (row % 7 - 2) ** 2;
    assertEquals(gram.data, expected);
  },
});
