import { createReferenceDevice, eigh } from "@pare/linalg";
import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { OUTLIERS_EVERY, syntheticLayer, type SyntheticLayerOptions } from "./synthetic_layers.ts";

const OPTIONS: SyntheticLayerOptions = {
  rows: 96,
  cols: 64,
  seed: 1,
  tokens: 256,
  heldOut: 128,
  power: 1,
  outliers: 20,
};

function diagonalOf(gram: { readonly shape: readonly number[]; readonly data: Float64Array }) {
  const [n] = gram.shape;
  return Array.from({ length: n }, (_, i) => gram.data[i * (n + 1)]);
}

Deno.test("syntheticLayer() repeats itself, and every seed makes another", async () => {
  using device = createReferenceDevice();
  const layer = await syntheticLayer(OPTIONS, device);
  assertEquals(await syntheticLayer(OPTIONS, device), layer);
  const other = await syntheticLayer({ ...OPTIONS, seed: 2 }, device);
  assertNotEquals(other.weight.data, layer.weight.data);
  assertNotEquals(other.seen.gram.data, layer.seen.gram.data);
});

Deno.test("syntheticLayer() has weights with heavy tails in rows and columns of unlike norms", async () => {
  using device = createReferenceDevice();
  const { weight } = await syntheticLayer({ ...OPTIONS, rows: 256, cols: 512 }, device);
  const { data } = weight;
  const meanOf = (power: number) =>
    data.reduce((sum, value) => sum + value ** power, 0) / data.length;
  // The mean square is what it is made to be; normal numbers would have a kurtosis of 3.
  assert(Math.abs(Math.sqrt(meanOf(2)) / 0.02 - 1) < 1e-6);
  assert(meanOf(4) / meanOf(2) ** 2 > 5);
  const norms = Array.from(
    { length: 256 },
    (_, row) => Math.hypot(...data.subarray(512 * row, 512 * (row + 1))),
  );
  assert(Math.max(...norms) > 3 * Math.min(...norms));
  const columns = Array.from({ length: 512 }, (_, col) => data.filter((_, i) => i % 512 === col));
  const sizes = columns.map((column) => Math.hypot(...column)).sort((a, b) => b - a);
  const outliers = 512 / OUTLIERS_EVERY;
  assert(sizes[outliers - 1] > 2 * sizes[outliers], `${sizes.slice(0, 4)}`);
});

Deno.test("syntheticLayer() has inputs of few directions and a loud channel, on held-out tokens too", async () => {
  using device = createReferenceDevice();
  const { seen, heldOut } = await syntheticLayer(OPTIONS, device);
  for (const gram of [seen.gram, heldOut]) {
    const sizes = diagonalOf(gram).sort((a, b) => b - a);
    assert(sizes[0] > 10 * sizes[1], `${sizes.slice(0, 2)}`);
  }
  // The same channel, but not the same tokens.
  const loudest = (gram: typeof heldOut) => diagonalOf(gram).indexOf(Math.max(...diagonalOf(gram)));
  assertEquals(loudest(heldOut), loudest(seen.gram));
  assertNotEquals(heldOut.data, seen.gram.data);
  const channel = loudest(heldOut);
  assert(seen.maxAbs.data[channel] > seen.meanAbs.data[channel]);
  assert(seen.meanAbs.data[channel] ** 2 * seen.tokens < seen.gram.data[channel * 65]);
});

Deno.test("syntheticLayer() makes a steeper spectrum of a larger power, and a singular one of few tokens", async () => {
  using device = createReferenceDevice();
  const valuesOf = async (options: Partial<SyntheticLayerOptions>) => {
    const { seen } = await syntheticLayer({ ...OPTIONS, outliers: 1, ...options }, device);
    const { values } = await eigh(seen.gram, { device });
    return values.data.toSorted((a, b) => b - a);
  };
  const shareOfFirst = (values: ArrayLike<number>) => {
    const sorted = Array.from(values);
    return sorted.slice(0, 6).reduce((a, b) => a + b) / sorted.reduce((a, b) => a + b);
  };
  // Of the spectra themselves 28 % and 63 %; channels of unlike sizes make either steeper.
  const [mild, steep] = [await valuesOf({ power: 0.6 }), await valuesOf({ power: 1.2 })];
  assert(shareOfFirst(mild) > 0.28 && shareOfFirst(mild) < 0.55, `${shareOfFirst(mild)}`);
  assert(shareOfFirst(steep) > 0.63 && shareOfFirst(steep) < 0.85, `${shareOfFirst(steep)}`);
  const few = await valuesOf({ tokens: 32 });
  // Of 64 eigenvalues 32 are zero, but for roundings of f32 in the tokens' products.
  assert(few[31] > 1e-4 * few[0], `${few[31]}`);
  assert(few[32] < 1e-6 * few[0], `${few[32]}`);
});

Deno.test("syntheticLayer() makes layers of odd sizes", async () => {
  using device = createReferenceDevice();
  const { weight, heldOut } = await syntheticLayer({ ...OPTIONS, rows: 3, cols: 7 }, device);
  assertEquals(weight.shape, [3, 7]);
  assert(weight.data.every((value) => Number.isFinite(value) && value !== 0));
  assertEquals(heldOut.shape, [7, 7]);
});
