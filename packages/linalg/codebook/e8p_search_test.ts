// The search for codewords over as many vectors as it takes to meet every case of it.

import { assert, assertEquals } from "@std/assert";
import { randomNormal, tensor } from "@pare/tensor";
import type { Device } from "../device.ts";
import type { LatticeFormat } from "../lattice_steps.ts";
import { createWasmDevice } from "../wasm/wasm_device.ts";
import { e8pCodebook } from "./e8p.ts";

const device = await createWasmDevice({ threads: 2 });
Deno.test.afterAll(() => device[Symbol.dispose]());

const CODEBOOK = e8pCodebook();

/** The codes of rows of eight, times a scale, and what they mean. */
async function encode(
  outer: Device,
  data: Float32Array<ArrayBuffer>,
  format: LatticeFormat,
  factor = 1,
): Promise<{ codes: Uint32Array; values: Float32Array }> {
  using scope = outer.scope();
  const rows = data.length / 8;
  const codes = scope.zeros([rows, 1], "u32");
  const scales = scope.upload(tensor(Float32Array.of(1 / factor), [1, 1]));
  const inverses = scope.upload(tensor(Float32Array.of(factor), [1, 1]));
  const x = scope.upload(tensor(data, [rows, 8]));
  const found = scope.nearestLattice(x, { ...format, codes, scales, inverses });
  return {
    codes: (await scope.download(codes)).data as Uint32Array,
    values: (await scope.download(found)).data as Float32Array,
  };
}

const E8P = { bits: 2, residualScale: null } as const;

Deno.test("nearestLattice() finds every codeword at its own place", async () => {
  const { codes, values } = await encode(device, Float32Array.from(CODEBOOK, (v) => v / 4), E8P);
  assertEquals(codes, Uint32Array.from({ length: 2 ** 16 }, (_, code) => code));
  assert(values.every((value, i) => 4 * value === CODEBOOK[i]));
});

Deno.test("nearestLattice() is as near as a search of all codewords, for 100,000 vectors", async () => {
  const count = 100_000;
  // Multiples of 2^-14 below 16, of which scores of all codewords are exact in f32: products with
  // multiples of 1/4, whose sums are below 2^8. Half of the vectors are beyond the codebook.
  const { data } = randomNormal([count, 8], { seed: 11 });
  const x = data.map((value, i) => {
    const size = i % 16 < 8 ? 1.03 : 2.5;
    return Math.max(-16, Math.min(16, Math.round(size * value * 2 ** 14) / 2 ** 14));
  });
  using scope = device.scope();
  const codebook = scope.upload(tensor(Float32Array.from(CODEBOOK, (v) => v / 4), [2 ** 16, 8]));
  const all = await scope.download(scope.nearest(scope.upload(tensor(x, [count, 8])), codebook));
  const { codes } = await encode(device, x, E8P);
  let others = 0;
  for (const [row, code] of codes.entries()) {
    const wanted = Number(all.data[row]);
    if (code === wanted) continue;
    others++;
    const [found, nearest] = [code, wanted].map((c) => {
      let squares = 0;
      for (let i = 0; i < 8; i++) squares += (x[8 * row + i] - CODEBOOK[8 * c + i] / 4) ** 2;
      return squares;
    });
    assertEquals(found, nearest, `row ${row}: ${code}, not ${wanted}`);
  }
  // Distances differ by multiples of 2^-15 and by one or so: few are equal.
  assert(others < count / 1000, `${others} of them at the same distance`);
});

Deno.test("nearestLattice() leaves the error that its bits allow on normal numbers", async () => {
  // Measured elsewhere on 16 million samples; of 2^20 here, whose spread is a quarter of a per cent. At 4
  // bits two codewords are tried, where with one 0.00962 and 0.00837 are left.
  const wanted: readonly [LatticeFormat, factor: number, mse: number][] = [
    [E8P, 1.03, 0.0913],
    [{ bits: 3, residualScale: 2.04 }, 0.98, 0.0294],
    [{ bits: 4, residualScale: 3.45 }, 1.03, 0.00925],
    [{ bits: 4, residualScale: 3.7 }, 0.9, 0.0079],
  ];
  const { data } = randomNormal([2 ** 17, 8], { seed: 12 });
  for (const [format, factor, mse] of wanted) {
    const { values } = await encode(device, data, format, factor);
    const sum = data.reduce((total, value, i) => total + (value - values[i]) ** 2, 0);
    const found = sum / data.length;
    assert(Math.abs(found / mse - 1) < 0.01, `${format.bits} bits: ${found}, not ${mse}`);
  }
});
