import { assert, assertEquals, assertRejects } from "@std/assert";
import { randomNormal, type Tensor, tensor } from "@pare/tensor";
import { createReferenceDevice } from "../reference/reference_device.ts";
import { createWasmDevice } from "../wasm/wasm_device.ts";
import { deviceTest } from "../webgpu/testing/gpu_test_device.ts";
import type { Device } from "../device.ts";
import { kmeans } from "./kmeans.ts";

/** `each` normal points of deviation 0.01 around each of some centers `[count, 2]`. */
function clouds(centers: readonly (readonly [number, number])[], each: number): Tensor {
  const { data } = randomNormal([centers.length * each, 2], { seed: 3 });
  return tensor(
    data.map((value, at) => {
      const point = Math.floor(at / 2);
      return centers[point % centers.length][at % 2] + 0.01 * value;
    }),
    [centers.length * each, 2],
  );
}

/** Twelve places that are ten apart, far from zero. */
const CENTERS = Array.from(
  { length: 12 },
  (_, i) => [1000 + 10 * (i % 4), 10 * Math.floor(i / 4) - 500] as const,
);

async function assertRecovered(device: Device): Promise<void> {
  const points = clouds(CENTERS, 50);
  const { codebook, indices, inertia } = await kmeans(points, { clusters: 12, device });
  const found = new Set<number>();
  for (let j = 0; j < 12; j++) {
    const [x, y] = codebook.data.subarray(2 * j, 2 * j + 2);
    const center = CENTERS.findIndex(([a, b]) => Math.hypot(a - x, b - y) < 0.01);
    assert(center >= 0, `codeword ${j} at ${x}, ${y} is at no center`);
    found.add(center);
  }
  assertEquals(found.size, 12);
  for (let i = 0; i < 600; i++) assertEquals(indices.data[i], indices.data[i % 12]);
  // 600 points of deviation 0.01 in two dimensions, 12 means taken off: 1176 squares of 1e-4.
  assert(Math.abs(inertia[inertia.length - 1] - 0.1176) < 0.02, `${inertia}`);
}

Deno.test("kmeans() recovers clusters that lie apart, on reference", async () => {
  using device = createReferenceDevice();
  await assertRecovered(device);
});

Deno.test("kmeans() recovers clusters that lie apart, on wasm", async () => {
  using device = await createWasmDevice({ threads: 2 });
  await assertRecovered(device);
});

deviceTest("kmeans() recovers clusters that lie apart, on webgpu", assertRecovered);

Deno.test("kmeans() lowers the inertia with every step, to where no step lowers it", async () => {
  const points = randomNormal([3000, 4], { seed: 1 });
  const options = { clusters: 64, seed: 2, iterations: 500, tolerance: 0 };
  const { codebook, indices, inertia } = await kmeans(points, options);
  assert(inertia.length > 5, "some steps are needed");
  for (let step = 1; step < inertia.length; step++) assert(inertia[step] < inertia[step - 1]);
  // At a fixed point every codeword is the mean of its points, up to its rounding to f32 and that of
  // scores that decide for one of two codewords at the same distance.
  const sums = new Float64Array(64 * 4);
  const counts = new Float64Array(64);
  let total = 0;
  for (let i = 0; i < 3000; i++) {
    const j = indices.data[i];
    counts[j]++;
    for (let k = 0; k < 4; k++) {
      sums[4 * j + k] += points.data[4 * i + k];
      total += (points.data[4 * i + k] - codebook.data[4 * j + k]) ** 2;
    }
  }
  sums.forEach((sum, at) => {
    assert(Math.abs(sum / counts[at >> 2] - codebook.data[at]) < 1e-3, `coordinate ${at}`);
  });
  // The same squares, in another order.
  assert(Math.abs(total - inertia[inertia.length - 1]) <= 12000 * 2 ** -52 * total);
});

Deno.test("kmeans() comes near what is known of the best codebooks for normal numbers", async () => {
  const points = randomNormal([40000, 1], { seed: 5 });
  const { inertia } = await kmeans(points, { clusters: 8, iterations: 200, tolerance: 1e-6 });
  // J. Max, "Quantizing for Minimum Distortion", 1960, table I: 0.03454 for 8 levels. The mean of 40000
  // squares has a deviation of about a percent.
  const distortion = inertia[inertia.length - 1] / 40000;
  assert(distortion > 0.033 && distortion < 0.036, `${distortion}`);
});

Deno.test("kmeans() gives the same in every bit for one seed and any number of threads", async () => {
  const points = randomNormal([5000, 8], { seed: 1 });
  using one = await createWasmDevice({ threads: 1 });
  using three = await createWasmDevice({ threads: 3 });
  const options = { clusters: 100, seed: 7, iterations: 5 };
  const before = points.data.slice();
  const first = await kmeans(points, { ...options, device: one });
  assertEquals(await kmeans(points, { ...options, device: three }), first);
  assertEquals(await kmeans(points, { ...options, device: one }), first);
  assertEquals(points.data, before);
  const other = await kmeans(points, { ...options, seed: 8, device: one });
  assert(other.codebook.data.some((value, i) => value !== first.codebook.data[i]));
});

Deno.test("kmeans() counts a point of weight w as w points", async () => {
  const count = 200;
  const points = randomNormal([count, 3], { seed: 4 });
  const counts = Array.from({ length: count }, (_, i) => i % 4);
  const weights = tensor(Float32Array.from(counts), [count]);
  const repeated = counts.flatMap((times, i) =>
    Array.from({ length: times }, () => [...points.data.subarray(3 * i, 3 * i + 3)]).flat()
  );
  const copies = tensor(Float32Array.from(repeated), [repeated.length / 3, 3]);
  // Seven seeds are drawn one by one, at the same places of the same sums.
  const options = { clusters: 7, seed: 1, iterations: 100, tolerance: 0 };
  const weighted = await kmeans(points, { ...options, weights });
  const plain = await kmeans(copies, options);
  weighted.codebook.data.forEach((value, at) => {
    // Two means of the same numbers, each summed in f64 and rounded to f32.
    assert(Math.abs(value - plain.codebook.data[at]) <= 2 ** -22, `coordinate ${at}`);
  });
});

Deno.test("kmeans() takes f64, and tells apart what f32 cannot", async () => {
  const data = Float64Array.of(1, 1 + 1e-10, 1 + 3e-10, 1 + 4e-10);
  const { indices } = await kmeans(tensor(data, [4, 1], "f64"), { clusters: 2 });
  const [a, b, c, d] = indices.data;
  assertEquals([a === b, c === d, a === c], [true, true, false]);
});

Deno.test("kmeans() fills the codebook from a cluster that is spread, where one is empty", async () => {
  // Five equal points and two others: one seed at each of three places, then nothing is left to draw.
  const points = tensor(Float32Array.of(0, 0, 0, 0, 0, 8, 9), [7, 1]);
  const three = await kmeans(points, { clusters: 3 });
  assertEquals(three.codebook.data.toSorted(), Float32Array.of(0, 8, 9));
  assertEquals(three.inertia.at(-1), 0);
  const five = await kmeans(points, { clusters: 5 });
  assertEquals([...new Set(five.codebook.data)].toSorted(), [0, 8, 9]);
  assertEquals(five.inertia.at(-1), 0);
});

Deno.test("kmeans() takes as many clusters as points, one cluster, and one point", async () => {
  const points = randomNormal([40, 3], { seed: 1 });
  const all = await kmeans(points, { clusters: 40 });
  assertEquals(all.inertia.at(-1), 0);
  assertEquals(new Set(all.indices.data).size, 40);
  const one = await kmeans(points, { clusters: 1 });
  for (let k = 0; k < 3; k++) {
    let sum = 0;
    for (let i = 0; i < 40; i++) sum += points.data[3 * i + k];
    // Rounded once to f32.
    assert(Math.abs(one.codebook.data[k] - sum / 40) <= 2 ** -23 * Math.abs(sum / 40) + 2 ** -50);
  }
  const single = await kmeans(tensor(Float32Array.of(3, 4), [1, 2]), { clusters: 1 });
  assertEquals(single.codebook.data, Float32Array.of(3, 4));
  assertEquals(single.inertia, [0]);
});

Deno.test("kmeans() never draws a point of weight zero", async () => {
  const points = tensor(Float32Array.of(1, 2, 1e6, 3), [4, 1]);
  const weights = tensor(Float32Array.of(1, 1, 0, 1), [4]);
  for (let seed = 0; seed < 8; seed++) {
    const { codebook } = await kmeans(points, { clusters: 3, seed, weights });
    assertEquals(codebook.data.toSorted(), Float32Array.of(1, 2, 3));
  }
});

Deno.test("kmeans() refuses what it cannot cluster", async () => {
  const points = randomNormal([5, 2], { seed: 1 });
  const weights = tensor(Float32Array.of(1, 1, 0, 0, 1), [5]);
  await assertRejects(() => kmeans(points, { clusters: 6 }), RangeError, "integer from 1 to 5");
  await assertRejects(() => kmeans(points, { clusters: 4, weights }), RangeError, "from 1 to 3");
  await assertRejects(() => kmeans(points, { clusters: 0 }), RangeError, "clusters");
  const negative = tensor(Float32Array.of(1, 1, -1, 0, 1), [5]);
  await assertRejects(
    () => kmeans(points, { clusters: 1, weights: negative }),
    RangeError,
    "current weight 2 is -1",
  );
  const short = tensor(Float32Array.of(1), [1]);
  await assertRejects(() => kmeans(points, { clusters: 1, weights: short }), RangeError, "[5]");
  const broken = tensor(Float32Array.of(1, NaN), [2, 1]);
  await assertRejects(() => kmeans(broken, { clusters: 1 }), RangeError, "[1, 0] is NaN");
  const misspelt = { clusters: 1, sede: 1 };
  await assertRejects(() => kmeans(points, misspelt), TypeError, '"sede" is unknown');
});
