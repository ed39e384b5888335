import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { tensor } from "@pare/tensor";
import { createReferenceDevice } from "../reference/reference_device.ts";
import { type Float, randomValues, UNIT, type Values } from "../testing/device_case.ts";
import {
  assertRefusesBadMatrices,
  assertRepeats,
  asTensor,
  type Sample,
  testEach,
  valuesOf,
} from "../testing/factorization_cases.ts";
import {
  graded,
  identity,
  positive,
  roundedTo,
  scaled,
  secondDifferences,
  times,
  withEigenvalues,
} from "../testing/matrices.ts";
import { transposed } from "../testing/oracle.ts";
import { type Ldl, ldl } from "./ldl.ts";

/** D whole. */
function whole({ d }: Ldl<Float>): Values {
  const [n, b] = d.shape;
  const data = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    const first = i - i % b;
    for (let j = 0; j < Math.min(b, n - first); j++) data[i * n + first + j] = d.data[i * b + j];
  }
  return { shape: [n, n], data };
}

/** The Cholesky factor of a matrix, by its definition. */
function triangle({ shape, data }: Values): Values {
  const [n] = shape;
  const t = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = data[i * n + j];
      for (let k = 0; k < j; k++) sum -= t[i * n + k] * t[j * n + k];
      t[i * n + j] = i === j ? Math.sqrt(sum) : sum / t[j * n + j];
    }
  }
  return { shape, data: t };
}

function absolute({ shape, data }: Values): Values {
  return { shape, data: data.map(Math.abs) };
}

/** Fails unless L has identities on its diagonal and zeros right of them, and D is symmetric. */
function assertForm({ l, d }: Ldl<Float>, n: number, b: number): void {
  assertEquals([l.shape, d.shape], [[n, n], [n, b]]);
  for (let i = 0; i < n; i++) {
    const first = i - i % b;
    for (let j = first; j < n; j++) {
      assertEquals(l.data[i * n + j], Number(i === j), `[${i}, ${j}]`);
    }
    for (let j = 0; j < b; j++) {
      const mirrored = first + j < n ? d.data[(first + j) * b + i - first] : 0;
      assertEquals(d.data[i * b + j], mirrored, `d[${i}, ${j}]`);
    }
    assert(d.data[i * b + i - first] > 0);
  }
}

const DEFINITE = [
  ["one element", () => scaled(identity(1), 7)],
  ["two", () => positive(2, 1)],
  ["a block of the device", () => positive(128, 2)],
  ["one more than a block of the device", () => positive(129, 3)],
  ["several blocks", () => positive(270, 4)],
  ["the identity", () => identity(70)],
  ["second differences", () => secondDifferences(80)],
  ["graded", () => withEigenvalues(graded(40, 1e-4), 5)],
] as const;

async function check({ device, dtype, matrix, values }: Sample): Promise<void> {
  const [n] = matrix.shape;
  for (const blockSize of [1, 2, 8, 12, 128]) {
    const factors = await ldl(matrix, { device, blockSize });
    assertForm(factors, n, blockSize);
    const l = valuesOf(factors.l);
    const d = whole(factors);
    const restored = times(times(l, d), transposed(l));
    const magnitudes = times(absolute(l), absolute(triangle(d)));
    const sizes = times(magnitudes, transposed(magnitudes));
    for (let i = 0; i < n; i++) {
      for (let j = 0; j <= i; j++) {
        const error = Math.abs(restored.data[i * n + j] - values.data[i * n + j]);
        // The bound of the header, D rounded to the dtype, and as much for what is computed here.
        const bound = 2 * (n + 2 + 4 * blockSize) * UNIT[dtype] * sizes.data[i * n + j];
        assert(error <= bound, `blocks of ${blockSize}, [${i}, ${j}]: ${error} > ${bound}`);
      }
    }
  }
}

testEach("ldl() reconstructs element by element, for blocks of all sizes", DEFINITE, check);

Deno.test("ldl() solves small integers exactly", async () => {
  using device = createReferenceDevice();
  // L = [1; 2 1; 3 4 1; -1 0 2 1] and D = diag(4, 1, 16, 9).
  const matrix = [4, 8, 12, -4, 8, 17, 28, -8, 12, 28, 68, 20, -4, -8, 20, 77];
  const { l, d } = await ldl(tensor(Float64Array.from(matrix), [4, 4]), { device });
  assertEquals(l.data, Float64Array.of(1, 0, 0, 0, 2, 1, 0, 0, 3, 4, 1, 0, -1, 0, 2, 1));
  assertEquals(d.data, Float64Array.of(4, 1, 16, 9));
  const blocks = await ldl(tensor(Float64Array.from(matrix), [4, 4]), { device, blockSize: 3 });
  assertEquals(blocks.d.data, Float64Array.of(4, 8, 12, 8, 17, 28, 12, 28, 68, 9, 0, 0));
  // The last row times the inverse of the first block: [-1 0 2] times the inverse of L.
  for (const [j, wanted] of [9, -8, 2, 1].entries()) {
    assertAlmostEquals(blocks.l.data[12 + j], wanted, 1e-12);
  }
});

Deno.test("ldl() rounds factors to another dtype in the end", async () => {
  using device = createReferenceDevice();
  const matrix = asTensor(positive(70, 5), "f64");
  const exact = await ldl(matrix, { device, blockSize: 8 });
  const rounded = await ldl(matrix, { device, blockSize: 8, dtype: "f32" });
  assertEquals(rounded.l, tensor(new Float32Array(exact.l.data), [70, 70]));
  assertEquals(rounded.d, tensor(new Float32Array(exact.d.data), [70, 8]));
});

Deno.test("ldl() makes the feedback of rounding lose nothing but what D weighs", async () => {
  // LDLQ: with U = W + (W - Ŵ) (L - I) for all later columns, and η = U - Ŵ, the identity is
  // tr (W - Ŵ) H (W - Ŵ)ᵀ = tr η D ηᵀ, whatever the rounding is.
  using device = createReferenceDevice();
  const n = 40;
  const h = positive(n, 6);
  for (const blockSize of [1, 8, 16]) {
    const factors = await ldl(asTensor(h, "f64"), { device, blockSize });
    const l = valuesOf(factors.l).data;
    const w = randomValues([1, n], 7, "f64").data;
    const rounded = new Float64Array(n);
    const eta = new Float64Array(n);
    for (let j = n - 1; j >= 0; j--) {
      let u = w[j];
      const next = j - j % blockSize + blockSize;
      for (let i = next; i < n; i++) u += (w[i] - rounded[i]) * l[i * n + j];
      rounded[j] = Math.round(u);
      eta[j] = u - rounded[j];
    }
    const energy = (x: Float64Array<ArrayBuffer>, weight: Values) => {
      const row = { shape: [1, n], data: x };
      return times(times(row, weight), transposed(row)).data[0];
    };
    const lost = energy(w.map((value, i) => value - rounded[i]), h);
    assertAlmostEquals(lost / energy(eta, whole(factors)), 1, 1e-12);
  }
});

Deno.test("ldl() names the first pivot that is not positive", async () => {
  using device = createReferenceDevice();
  for (const at of [0, 5, 127, 128, 140]) {
    const values = positive(141, 8);
    values.data[at * 142] = -0.5;
    await assertRejects(
      () => ldl(asTensor(values, "f64"), { device, blockSize: 8 }),
      RangeError,
      `Cannot take the LDL factors as the matrix must be positive definite: current pivot ${at} is -`,
    );
  }
  const singular = tensor(Float64Array.of(1, 2, 2, 4), [2, 2]);
  await assertRejects(() => ldl(singular, { device }), RangeError, "current pivot 1 is 0");
});

Deno.test("ldl() repeats itself and leaves its input be", async () => {
  using device = createReferenceDevice();
  await assertRepeats(positive(70, 11), (matrix) => ldl(matrix, { device, blockSize: 8 }));
});

Deno.test("ldl() refuses what it cannot factorize", async () => {
  await assertRefusesBadMatrices(ldl);
  const matrix = asTensor(roundedTo(randomValues([2, 3], 1, "f64"), "f32"), "f32");
  await assertRejects(() => ldl(matrix), RangeError, "must be [2, 2]: current shape is [2, 3]");
  const square = asTensor(identity(2), "f64");
  for (const blockSize of [0, 1.5, 129]) {
    await assertRejects(() => ldl(square, { blockSize }), RangeError, "blockSize");
  }
});
