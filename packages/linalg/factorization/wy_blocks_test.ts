import { assert, assertEquals } from "@std/assert";
import type { DeviceArray } from "../device_array.ts";
import { createReferenceDevice } from "../reference/reference_device.ts";
import { put, randomValues, type Values } from "../testing/device_case.ts";
import { distance, identity, times } from "../testing/matrices.ts";
import { rectangle, transposed } from "../testing/oracle.ts";
import { applyBlock, applyBlocks, formColumns, joinBlocks, type WyBlock } from "./wy_blocks.ts";

const LENGTH = 23;

const device = createReferenceDevice();
Deno.test.afterAll(() => device[Symbol.dispose]());

async function valuesOf(array: DeviceArray): Promise<Values> {
  const { shape, data } = await device.download(array);
  return { shape, data: Float64Array.from(data as Float64Array) };
}

/** Blocks of reflectors of random columns, each as many elements down as there were before it. */
function randomBlocks(counts: readonly number[]): WyBlock[] {
  let first = 0;
  return counts.map((count) => {
    const v = put(device, randomValues([count, LENGTH - first], 1 + first, "f64"), "f64");
    const { t } = device.householderPanel(v);
    first += count;
    return { first: first - count, v, t };
  });
}

/** I - Vᵀ T V of all blocks, whole and multiplied, from the definition. */
async function product(blocks: readonly WyBlock[]): Promise<Values> {
  let whole = identity(LENGTH);
  for (const { first, v, t } of blocks) {
    const vectors = await valuesOf(v);
    const one = identity(LENGTH);
    const outer = times(times(transposed(vectors), await valuesOf(t)), vectors);
    const [length] = outer.shape;
    for (let at = 0; at < length * length; at++) {
      const [i, j] = [first + Math.floor(at / length), first + at % length];
      one.data[i * LENGTH + j] -= outer.data[at];
    }
    whole = times(whole, one);
  }
  return whole;
}

/** Two f64 products of this size differ by no more. */
const ROUNDING = 1e-13;

Deno.test("joinBlocks() multiplies neighbours up to a count and no further", async () => {
  const blocks = randomBlocks([4, 4, 3, 5]);
  const whole = await product(blocks);
  for (
    const [count, ...wanted] of [[8, 8, 8], [11, 11, 5], [7, 4, 7, 5], [100, 16]]
  ) {
    const joined = joinBlocks(device, "f64", blocks, count);
    assertEquals(joined.map(({ v }) => v.shape[0]), wanted);
    assert(distance(await product(joined), whole) <= ROUNDING);
  }
});

Deno.test("applyBlocks() multiplies rows by the transposed product", async () => {
  const blocks = randomBlocks([4, 4, 3]);
  const x = randomValues([6, LENGTH], 9, "f64");
  const target = put(device, x, "f64");
  applyBlocks(device, blocks, target);
  const wanted = times(x, transposed(await product(blocks)));
  assert(distance(await valuesOf(target), wanted) <= ROUNDING);
});

Deno.test("applyBlock() multiplies rows from one on, either way", async () => {
  const [, block] = randomBlocks([4, 5]);
  const whole = await product([block]);
  const x = randomValues([6, LENGTH], 9, "f64");
  for (const transpose of [false, true]) {
    for (const row of [0, 2, 6]) {
      const target = put(device, x, "f64");
      applyBlock(device, block, target, { row, transpose });
      const turned = times(x, transpose ? whole : transposed(whole));
      turned.data.set(x.data.subarray(0, row * LENGTH));
      assert(distance(await valuesOf(target), turned) <= ROUNDING);
    }
  }
});

Deno.test("formColumns() writes the first columns of the product as rows", async () => {
  const blocks = randomBlocks([4, 4, 3]);
  const whole = transposed(await product(blocks));
  for (const count of [1, 5, 11, LENGTH]) {
    const rows = await valuesOf(formColumns(device, "f64", blocks, count, LENGTH));
    assertEquals(rows.shape, [count, LENGTH]);
    const error = distance(rows, rectangle(whole, 0, 0, count, LENGTH));
    assert(error <= ROUNDING, `${count} columns: ${error}`);
  }
});
