import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { randomUniform } from "@pare/tensor";
import { type Direction, rotationSweeps } from "./rotation_sweeps.ts";

interface Recorded {
  readonly direction: Direction;
  readonly first: number;
  readonly angles: readonly number[];
}

/** Rotates columns one after the other, as the sweeps say. */
function rotateOneByOne(columns: number[][], sweeps: readonly Recorded[]): void {
  for (const { direction, first, angles } of sweeps) {
    const step = direction === "down" ? 1 : -1;
    for (const [i, angle] of angles.entries()) {
      const x = columns[first + step * i];
      const y = columns[first + step * (i + 1)];
      const [c, s] = [Math.cos(angle), Math.sin(angle)];
      for (const row of x.keys()) {
        [x[row], y[row]] = [c * x[row] + s * y[row], c * y[row] - s * x[row]];
      }
    }
  }
}

/** Multiplies columns from `col` on by a square matrix from the right. */
function multiply(columns: number[][], col: number, size: number, matrix: Float64Array): void {
  const old = columns.slice(col, col + size).map((column) => [...column]);
  for (let j = 0; j < size; j++) {
    for (const row of old[0].keys()) {
      columns[col + j][row] = old.reduce((sum, one, i) => sum + one[row] * matrix[i * size + j], 0);
    }
  }
}

function identityColumns(n: number): number[][] {
  return Array.from({ length: n }, (_, j) => Array.from({ length: n }, (_, i) => i === j ? 1 : 0));
}

function assertSame(n: number, recorded: readonly Recorded[]): void {
  const expected = identityColumns(n);
  rotateOneByOne(expected, recorded);
  const actual = identityColumns(n);
  const sweeps = rotationSweeps(n, (col, size, matrix) => {
    assert(col >= 0 && col + size <= n, `columns ${col} to ${col + size} of ${n}`);
    multiply(actual, col, size, matrix);
  });
  for (const { direction, first, angles } of recorded) {
    sweeps.add(
      direction,
      first,
      Float64Array.from(angles, Math.cos),
      Float64Array.from(angles, Math.sin),
    );
  }
  sweeps.flush();
  for (const [j, column] of actual.entries()) {
    for (const [i, value] of column.entries()) {
      // A few units in the last place for each of up to a hundred sweeps.
      assert(Math.abs(value - expected[j][i]) <= 1e-13, `element ${i} of column ${j}`);
    }
  }
}

Deno.test("rotationSweeps() rotates as the rotations one by one, whatever their order", () => {
  const sweep = (n: number) =>
    fc.tuple(fc.boolean(), fc.nat(n - 2), fc.nat(n), fc.integer({ min: 0, max: 1000 })).map(
      ([isDown, first, length, seed]): Recorded => {
        const most = n - 1 - first;
        const angles = randomUniform([Math.max(1, Math.min(length, most))], { seed }).data;
        return {
          direction: isDown ? "down" : "up",
          first: isDown ? first : n - 1 - first,
          angles: Array.from(angles, (angle) => 7 * angle),
        };
      },
    );
  const sweeps = fc.integer({ min: 2, max: 90 }).chain((n) =>
    fc.tuple(fc.constant(n), fc.array(sweep(n), { maxLength: 40 }))
  );
  fc.assert(fc.property(sweeps, ([n, recorded]) => assertSame(n, recorded)), { numRuns: 40 });
});

Deno.test("rotationSweeps() holds what it gathers to one batch, and applies nothing for nothing", () => {
  const n = 70;
  const angles = Array.from({ length: n - 1 }, (_, i) => i / 10);
  assertSame(n, Array(100).fill({ direction: "down", first: 0, angles }));
  assertSame(n, Array(33).fill({ direction: "up", first: n - 1, angles }));
  let calls = 0;
  const sweeps = rotationSweeps(n, () => calls++);
  sweeps.flush();
  assertEquals(calls, 0);
});
