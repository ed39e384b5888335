import { assert, assertEquals } from "@std/assert";
import { deflate } from "./deflation.ts";

/** D + ρ z zᵀ after the rotations, as rows. */
function rotated(
  d: readonly number[],
  z: readonly number[],
  rho: number,
  rotations: ReturnType<typeof deflate>["rotations"],
): number[][] {
  const a = d.map((value, i) => z.map((other, j) => (i === j ? value : 0) + rho * z[i] * other));
  for (const { x, y, c, s } of rotations) {
    for (const row of a) [row[x], row[y]] = [c * row[x] + s * row[y], c * row[y] - s * row[x]];
    for (let j = 0; j < a.length; j++) {
      [a[x][j], a[y][j]] = [c * a[x][j] + s * a[y][j], c * a[y][j] - s * a[x][j]];
    }
  }
  return a;
}

const ascending = (d: readonly number[]) =>
  Uint32Array.from(d.keys()).sort((i, j) => d[i] - d[j] || i - j);

Deno.test("deflate() leaves what differs and has weight, in order and in groups", () => {
  const d = [3, 1, 4, 2];
  const found = deflate(
    Float64Array.from(d),
    Float64Array.of(1, 1, -1, 1),
    0.5,
    ascending(d),
    2,
  );
  assertEquals(found.rotations, []);
  assertEquals([...found.left], [1, 3, 0, 2]);
  assertEquals(found.grouped, { indices: Uint32Array.of(1, 0, 3, 2), upper: 2, lower: 2 });
  assertEquals(found.solved.indices.length, 0);
});

Deno.test("deflate() sets aside what has no weight", () => {
  const d = [3, 1, 4, 2];
  const z = Float64Array.of(1, 1e-17, 0, 1);
  const found = deflate(Float64Array.from(d), z, 0.5, ascending(d), 2);
  assertEquals([...found.left], [3, 0]);
  assertEquals([...found.solved.indices], [1, 2]);
  const all = deflate(Float64Array.from(d), new Float64Array(4).fill(1), 0, ascending(d), 2);
  assertEquals([all.left.length, all.solved.indices.length], [0, 4]);
});

Deno.test("deflate() rotates what agrees, and leaves nothing beside the diagonal", () => {
  for (const gap of [0, 1e-17, 1e-16]) {
    const given = [1, 2, 1 + gap, 1 + 2 * gap, -1];
    const weights = [0.3, 0.4, -0.5, 0.6, 0.1];
    const d = Float64Array.from(given);
    const z = Float64Array.from(weights);
    const found = deflate(d, z, 0.7, ascending(given), 2);
    const a = rotated(given, weights, 0.7, found.rotations);
    assertEquals(found.rotations.length, 2);
    assertEquals(found.left.length, 3);
    for (const j of found.solved.indices) {
      for (let i = 0; i < 5; i++) {
        // Eight units of the norm, and those of computing `a`.
        const wanted = i === j ? d[j] : 0;
        assert(Math.abs(a[i][j] - wanted) <= 16 * 2 ** -53 * 2.5, `element [${i}, ${j}]`);
      }
    }
    // Vectors from both halves are in the middle, and count for both.
    assertEquals(found.grouped.upper + found.grouped.lower, 4);
    assertEquals(found.solved.upper + found.solved.lower, 4);
  }
});

Deno.test("deflate() keeps the norm of the weights", () => {
  const d = Float64Array.from({ length: 40 }, (_, i) => Math.floor(i / 4));
  const z = Float64Array.from({ length: 40 }, (_, i) => 1 / (i + 1));
  const before = z.reduce((sum, value) => sum + value * value, 0);
  const { left } = deflate(d, z, 1, Uint32Array.from(d.keys()), 20);
  assertEquals(left.length, 10);
  const after = left.reduce((sum, j) => sum + z[j] * z[j], 0);
  // Three roundings for each of 30 rotations.
  assert(Math.abs(after / before - 1) <= 90 * 2 ** -53);
});
