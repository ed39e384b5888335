// Nearest codewords and k-means, for vector codes as quantizers use them.
//
// A search is worth 2 · vectors · codewords · length operations, those of the product of vectors and
// codewords that the scores are; it is compared with that product, which writes all of them down, and
// with the loop over vectors and codewords that one would write without a device.

import { kmeans, nearestCodewords } from "@pare/linalg";
import { randomNormal, type Tensor } from "@pare/tensor";
import { onDevice, onHost, OURS, watchedShare } from "./contenders.ts";
import { type Row, row } from "./row.ts";
import type { Setup } from "./setup.ts";

const PRODUCT = `${OURS}, f32 matmul`;
const HOST = `${OURS}, from the host`;
const LOOP = "loops";

/** `length` numbers a vector: 8 is what lattices and vector codes of 2 bits have. */
const SEARCHES = [
  { vectors: 131072, codewords: 256, length: 8 },
  { vectors: 16384, codewords: 4096, length: 8 },
  { vectors: 131072, codewords: 16, length: 1 },
];

function searchByLoops(x: Tensor, codebook: Tensor): Uint32Array {
  const [count, length] = x.shape;
  const [codewords] = codebook.shape;
  const nearest = new Uint32Array(count);
  for (let i = 0; i < count; i++) {
    let least = Infinity;
    for (let j = 0; j < codewords; j++) {
      let distance = 0;
      for (let k = 0; k < length; k++) {
        distance += (x.data[i * length + k] - codebook.data[j * length + k]) ** 2;
      }
      if (distance >= least) continue;
      least = distance;
      nearest[i] = j;
    }
  }
  return nearest;
}

function searchRow({ device }: Setup, search: typeof SEARCHES[number]): Row {
  const { vectors, codewords, length } = search;
  return row<{ readonly x: Tensor; readonly codebook: Tensor }>({
    name: `nearest of ${codewords} for ${vectors} vectors of ${length}`,
    flops: 2 * vectors * codewords * length,
    operands: () => ({
      x: randomNormal([vectors, length], { seed: 1 }),
      codebook: randomNormal([codewords, length], { seed: 2 }),
    }),
    contenders: [
      onDevice(device, ({ x, codebook }) => device.nearest(x, codebook)),
      onDevice(device, ({ x, codebook }) => device.matmul(x, codebook, { transposeB: true }), {
        name: PRODUCT,
      }),
      onHost(({ x, codebook }) => nearestCodewords(x, codebook, { device }), {
        name: HOST,
      }),
      onHost(({ x, codebook }) => searchByLoops(x, codebook), { name: LOOP }),
    ],
    comparisons: [{ against: [PRODUCT] }, { against: [LOOP] }, { of: HOST, against: [LOOP] }],
  });
}

/** k-means, and how much of its time goes to `device.nearest`. */
function kmeansRow({ device, quick }: Setup): Row {
  const points = quick ? 16384 : 131072;
  const options = { clusters: 256, iterations: 10, tolerance: 0, seed: 1 };
  const searches = "its searches";
  return row<{ readonly x: Tensor }>({
    name: `kmeans 256 of ${points} points of 8, 10 steps`,
    operands: () => ({ x: randomNormal([points, 8], { seed: 1 }) }),
    contenders: [
      onHost(({ x }) => kmeans(x, { ...options, device })),
      watchedShare(device, "nearest", searches, ({ x }, watched) => {
        return kmeans(x, { ...options, device: watched });
      }),
    ],
    comparisons: [{ against: [searches] }],
  });
}

/** Searches and k-means. */
export function codebookRows(setup: Setup): Row[] {
  return [...SEARCHES.map((search) => searchRow(setup, search)), kmeansRow(setup)];
}
