import { cholesky, createReferenceDevice } from "@pare/linalg";
import { assert, assertEquals } from "@std/assert";
import { lowerTriangular, positiveDefinite, symmetric } from "./matrices.ts";

Deno.test("symmetric() mirrors what lies below the diagonal", () => {
  const { data } = symmetric(7);
  for (let i = 0; i < 7; i++) {
    for (let j = 0; j < 7; j++) assertEquals(data[i * 7 + j], data[j * 7 + i]);
  }
  assert(data[1] !== 0);
});

Deno.test("positiveDefinite() has a Cholesky factor at every size", async () => {
  using device = createReferenceDevice();
  // The smaller, the further its eigenvalues may stray from the semicircle.
  for (const n of [1, 2, 3, 5, 16, 64]) await cholesky(positiveDefinite(n), { device });
});

Deno.test("lowerTriangular() is zero above the diagonal alone", () => {
  const { data } = lowerTriangular(5);
  for (let i = 0; i < 5; i++) {
    for (let j = 0; j < 5; j++) assertEquals(data[i * 5 + j] === 0, j > i, `${i}, ${j}`);
  }
});
