// Factorizations in f64 of matrices on the host, against ml-matrix, which has one thread, and LAPACK
// in numpy, which has as many as we.

import { cholesky, type Device, eigh, randomizedSvd, svd } from "@pare/linalg";
import { castTo, randomNormal, type Tensor } from "@pare/tensor";
import {
  CholeskyDecomposition,
  EigenvalueDecomposition,
  type Matrix,
  SingularValueDecomposition,
} from "ml-matrix";
import {
  inMlMatrix,
  inNumpy,
  onDevice,
  type OneMatrix,
  onHost,
  OURS,
  watchedShare,
} from "./contenders.ts";
import { normalF64, positiveDefinite, symmetric } from "./matrices.ts";
import { type Comparison, type Contender, type Row, row } from "./row.ts";
import type { Setup } from "./setup.ts";

/** A factorization, by ours and by others. */
interface Factorization {
  readonly name: string;
  readonly matrix: (n: number) => Tensor<"f64">;
  readonly flops?: (n: number) => number;
  readonly ours: (matrix: Tensor<"f64">, device: Device) => Promise<unknown>;
  readonly mlMatrix: (matrix: Matrix) => unknown;
  readonly numpy: string;
  /** How many times as fast as ml-matrix it should be. */
  readonly goal: number;
}

const FACTORIZATIONS: readonly Factorization[] = [
  {
    name: "eigh",
    matrix: symmetric,
    ours: (matrix, device) => eigh(matrix, { device }),
    mlMatrix: (matrix) => new EigenvalueDecomposition(matrix, { assumeSymmetric: true }),
    numpy: "np.linalg.eigh(a)",
    goal: 5,
  },
  {
    name: "svd",
    matrix: (n) => normalF64([n, n], 1),
    ours: (matrix, device) => svd(matrix, { device }),
    mlMatrix: (matrix) => new SingularValueDecomposition(matrix),
    numpy: "np.linalg.svd(a, full_matrices=False)",
    goal: 6,
  },
  {
    name: "cholesky",
    matrix: positiveDefinite,
    flops: (n) => n ** 3 / 3,
    ours: (matrix, device) => cholesky(matrix, { device }),
    mlMatrix: (matrix) => new CholeskyDecomposition(matrix),
    numpy: "np.linalg.cholesky(a)",
    goal: 4,
  },
];

function factorizationRow(factorization: Factorization, n: number, setup: Setup): Row {
  const { device, numpy } = setup;
  const contenders: Contender<OneMatrix>[] = [
    onHost(({ a }) => factorization.ours(a, device)),
    ...inNumpy(numpy, factorization.numpy),
  ];
  // "Within 4 times of LAPACK".
  const comparisons: Comparison[] = [{ against: ["numpy"], goal: 0.25 }];
  if (n === 512) {
    contenders.push(inMlMatrix(factorization.mlMatrix));
    comparisons.push({ against: ["ml-matrix"], goal: factorization.goal });
  }
  if (factorization.name === "cholesky" && n >= 1024) {
    const name = `${OURS}, f64 matmul`;
    contenders.push(onDevice(device, ({ a }) => device.matmul(a, a), { name, flops: 2 * n ** 3 }));
    comparisons.push({ against: [name], goal: n === 2048 ? 0.6 : undefined });
  }
  return row<OneMatrix>({
    name: `${factorization.name} ${n}×${n}`,
    flops: factorization.flops?.(n),
    operands: () => ({ a: factorization.matrix(n) }),
    contenders,
    comparisons,
  });
}

/** Randomized SVD, and how much of its time goes to `device.matmul`, which returns when it is done. */
function randomizedRow(dtype: "f32" | "f64", { device, quick }: Setup): Row {
  const n = quick ? 1024 : 4096;
  const rank = 64;
  const products = "its matmuls";
  return row<{ readonly a: Tensor<"f32"> | Tensor<"f64"> }>({
    name: `randomizedSvd ${dtype}, rank ${rank} of ${n}×${n}`,
    operands: () => ({ a: castTo(randomNormal([n, n], { seed: 1 }), dtype) }),
    contenders: [
      onHost(({ a }) => randomizedSvd(a, { device, rank, seed: 1 })),
      watchedShare(device, "matmul", products, ({ a }, watched) => {
        return randomizedSvd(a, { device: watched, rank, seed: 1 });
      }),
    ],
    comparisons: [{ against: [products], goal: 0.8 }],
  });
}

/** The factorizations. */
export function factorizationRows(setup: Setup): Row[] {
  const sizes = [256, 512, 1024, 2048].filter((n) => !setup.quick || n <= 512);
  return [
    ...FACTORIZATIONS.flatMap((factorization) =>
      sizes.map((n) => factorizationRow(factorization, n, setup))
    ),
    randomizedRow("f32", setup),
    randomizedRow("f64", setup),
  ];
}
