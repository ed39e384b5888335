import { cholesky, createWasmDevice, eigh, svd } from "@pare/linalg";
import { assert, assertAlmostEquals, assertEquals, assertLessOrEqual } from "@std/assert";
import fc from "fast-check";
import {
  columns,
  diagonal,
  generate,
  matrix,
  norm,
  plus,
  random,
  randomLayer,
  solved,
  statisticsOf,
  times,
  transposed,
  weighed,
} from "../testing/matrices.ts";
import { downdate } from "./downdate.ts";

const device = await createWasmDevice({ threads: 1 });

/** A Hessian and the right factor of some rank. */
const CASES = fc.record({
  cols: fc.integer({ min: 2, max: 20 }),
  share: fc.constantFrom(0.1, 0.5, 0.9),
  seed: fc.nat(1e6),
}).map(({ cols, share, seed }) => {
  const rank = Math.max(1, Math.floor(share * cols));
  const { gram } = statisticsOf(randomLayer(1, cols, 60, seed).x);
  const mean = gram.data.reduce((sum, value, i) => sum + (i % (cols + 1) ? 0 : value), 0) / cols;
  const h = generate(cols, cols, (i, j) => gram.data[i * cols + j] / mean + (i === j ? 0.01 : 0));
  return { h, r: random(rank, cols, seed, 7), e: random(5, cols, seed, 8), rank, cols };
});

async function check(
  body: (one: typeof CASES extends fc.Arbitrary<infer T> ? T : never) => Promise<void>,
) {
  await fc.assert(fc.asyncProperty(CASES, body), { seed: 2, numRuns: 40 });
}

Deno.test("downdate() is the paper's, which takes an SVD of L R M", async () => {
  await check(async ({ h, r, rank, cols }) => {
    const m = await cholesky(h, { device });
    const { vt } = await svd(times(times(random(9 + rank, rank, 1), r), m), { device });
    const v = columns(transposed(vt), 0, rank);
    const taken = times(m, v);
    const wanted = plus(h, times(taken, transposed(taken)), -1);
    const found = await downdate(h, r, 1, device);
    // The share on the diagonal takes 2^-40 of what goes, conditions of 1e3 and n ε are far below.
    assertLessOrEqual(norm(plus(found, wanted, -1)), 1e-9 * norm(h) * cols);
  });
});

Deno.test("downdate() leaves what is left once L is fitted again", async () => {
  await check(async ({ h, r, e }) => {
    const found = await downdate(h, r, 1, device);
    // D = E H Rᵀ (R H Rᵀ)⁻¹ is the best of all D R.
    const seen = times(r, h);
    const d = transposed(solved(times(seen, transposed(r)), times(seen, transposed(e))));
    const least = weighed(plus(e, times(d, r), -1), h);
    assertAlmostEquals(weighed(e, found), least, 1e-9 * weighed(e, h));
  });
});

Deno.test("downdate() makes R H_1 = 0, and nothing negative", async () => {
  await check(async ({ h, r }) => {
    const found = await downdate(h, r, 1, device);
    assertEquals(transposed(found), found);
    assertLessOrEqual(norm(times(r, found)), 1e-9 * norm(r) * norm(h));
    const { values } = await eigh(found, { device });
    assert(Math.min(...values.data) >= -1e-10 * norm(h), `${values.data}`);
  });
});

Deno.test("downdate() by a share lies between the two", async () => {
  await check(async ({ h, r }) => {
    const [whole, half] = [await downdate(h, r, 1, device), await downdate(h, r, 0.5, device)];
    assertLessOrEqual(norm(plus(plus(h, whole), half, -2)), 1e-12 * norm(h) * h.shape[0]);
    assertEquals(await downdate(h, r, 0, device), h);
  });
});

Deno.test("downdate() takes nothing twice, and nothing for rows of zeros", async () => {
  const h = diagonal(Float64Array.of(4, 2, 1));
  const found = await downdate(h, matrix([[1, 0, 0], [1, 0, 0], [0, 0, 0]]), 1, device);
  assertLessOrEqual(norm(plus(found, diagonal(Float64Array.of(0, 2, 1)), -1)), 1e-10);
});
