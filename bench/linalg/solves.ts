// Triangular systems with many right-hand sides, LDL and QR, in f64 on the host.

import { cholesky, ldl, qr, qrPivoted, triangularSolve } from "@pare/linalg";
import type { Tensor } from "@pare/tensor";
import { type Matrix, QrDecomposition } from "ml-matrix";
import { inMlMatrix, inNumpy, onDevice, type OneMatrix, onHost, OURS } from "./contenders.ts";
import { lowerTriangular, normalF64, positiveDefinite } from "./matrices.ts";
import { type Row, row } from "./row.ts";
import type { Setup } from "./setup.ts";

const MATMUL = `${OURS}, f64 matmul`;

/** `n` right-hand sides, against the product of the same shape, which does twice the work. */
function triangularRow(n: number, { device, numpy }: Setup): Row {
  return row<{ readonly l: Tensor<"f64">; readonly b: Tensor<"f64"> }>({
    name: `triangularSolve ${n}×${n}, ${n} sides`,
    flops: n ** 3,
    operands: () => ({ l: lowerTriangular(n), b: normalF64([n, n], 1) }),
    contenders: [
      onHost(({ l, b }) => triangularSolve(l, b, { device })),
      onDevice(device, ({ l, b }) => device.matmul(l, b), { name: MATMUL, flops: 2 * n ** 3 }),
      // It has no triangular solve: it factorizes as if it did not know.
      ...inNumpy(numpy, "np.linalg.solve(l, b)"),
    ],
    comparisons: [{ against: [MATMUL] }, { against: ["numpy"] }],
  });
}

function qrOfMlMatrix(matrix: Matrix): unknown {
  const { orthogonalMatrix, upperTriangularMatrix } = new QrDecomposition(matrix);
  return [orthogonalMatrix, upperTriangularMatrix];
}

/** QR with both factors, against LAPACK and the peer of the browser. */
function qrRow(m: number, n: number, { device, numpy }: Setup): Row {
  const small = m * n <= 512 ** 2;
  return row<OneMatrix>({
    name: `qr ${m}×${n}`,
    operands: () => ({ a: normalF64([m, n], 1) }),
    contenders: [
      onHost(({ a }) => qr(a, { device })),
      ...inNumpy(numpy, "np.linalg.qr(a)"),
      ...(small ? [inMlMatrix(qrOfMlMatrix)] : []),
    ],
    comparisons: [{ against: ["numpy"] }, ...(small ? [{ against: ["ml-matrix"] }] : [])],
  });
}

/** LDL, against Cholesky, which finds the same factor but for its scale. */
function ldlRow(n: number, blockSize: number, { device }: Setup): Row {
  const other = `${OURS}, cholesky`;
  return row<OneMatrix>({
    name: `ldl ${n}×${n}, blocks of ${blockSize}`,
    flops: n ** 3 / 3,
    operands: () => ({ a: positiveDefinite(n) }),
    contenders: [
      onHost(({ a }) => ldl(a, { device, blockSize })),
      onHost(({ a }) => cholesky(a, { device }), { name: other }),
    ],
    comparisons: [{ against: [other] }],
  });
}

/** QR with column pivoting, against QR without. */
function pivotedRow(n: number, { device }: Setup): Row {
  const plain = `${OURS}, qr`;
  return row<OneMatrix>({
    name: `qrPivoted ${n}×${n}`,
    operands: () => ({ a: normalF64([n, n], 1) }),
    contenders: [
      onHost(({ a }) => qrPivoted(a, { device })),
      onHost(({ a }) => qr(a, { device }), { name: plain }),
    ],
    comparisons: [{ against: [plain] }],
  });
}

/** The solves, LDL and QR. */
export function solveRows(setup: Setup): Row[] {
  const sizes = setup.quick ? [512] : [512, 1024, 2048];
  return [
    ...sizes.map((n) => triangularRow(n, setup)),
    ...sizes.flatMap((n) => [1, 8].map((blockSize) => ldlRow(n, blockSize, setup))),
    ...sizes.map((n) => qrRow(n, n, setup)),
    ...(setup.quick ? [] : [qrRow(4096, 256, setup)]),
    ...sizes.filter((n) => n <= 1024).map((n) => pivotedRow(n, setup)),
  ];
}
