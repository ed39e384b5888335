// f32 matrix products, against the peers of the browser and the peak of the machine.
//
// Operands are on the device already, and the product stays there, as in a forward pass; jax-js and
// tfjs have arrays of their own and do the same. onnxruntime-web copies what goes through its runs.
// It is measured twice: with the right operand as a weight of the model, which is how it serves a
// layer and is compared with ours; and with both operands copied in, which is compared with ours
// where everything is uploaded and downloaded, too.
//
// Of few rows, "as a layer" is the same product with the weight `[n, k]`, transposed, as layers of
// models have it and as jax-js gets it.

import { downloadF32 } from "@pare/linalg";
import { randomNormal, type Tensor } from "@pare/tensor";
import { prepareJax } from "../peers/jax.ts";
import { prepareOnnxruntime, prepareOnnxruntimeWeight } from "../peers/onnxruntime.ts";
import type { PreparePeerMatmul } from "../peers/peer_matmul.ts";
import { prepareTfjs } from "../peers/tfjs.ts";
import { inNumpy, onDevice, OURS } from "./contenders.ts";
import { peak, READING, reading } from "./peak.ts";
import { type Comparison, type Contender, type Row, row } from "./row.ts";
import type { Setup } from "./setup.ts";

interface Factors {
  readonly [name: string]: Tensor;
  readonly a: Tensor;
  readonly b: Tensor;
}

const WEIGHT = "onnxruntime-web";
const COPIES = "copies included";
const WEIGHT_COPIES = `${WEIGHT}, ${COPIES}`;
const OURS_COPIES = `${OURS}, ${COPIES}`;
const OURS_LAYER = `${OURS}, as a layer`;
const PEERS = [WEIGHT, "jax-js", "tfjs"];

/** The products: rows of the left one, columns of the left one, columns of the right one. */
const SQUARES = [512, 1024, 2048].map((n) => [n, n, n]);
const LAYERS = [[2048, 2048], [2048, 5632], [5632, 2048]].flatMap(([k, n]) =>
  [1, 16, 256, 2048].map((rows) => [rows, k, n])
);

/** The f32 products, each with its peers and the peak. */
export function matmulRows(setup: Setup): Row[] {
  const shapes = [...SQUARES, ...LAYERS];
  // 2048³ is both a square and a layer.
  const once = shapes.filter((shape, i) => shapes.findIndex((s) => `${s}` === `${shape}`) === i);
  return once
    .filter(([m, k, n]) => !setup.quick || m * k * n <= 1024 ** 3)
    .map(([m, k, n]) => matmulRow(setup, m, k, n));
}

function peer(name: string, prepare: PreparePeerMatmul, threads: number): Contender<Factors> {
  return {
    name,
    prepare: async ({ a, b }, resources) => {
      const { run } = resources.use(await prepare(a, b, threads));
      return run;
    },
  };
}

function matmulRow({ threads, device, numpy }: Setup, m: number, k: number, n: number): Row {
  const square = m === k && k === n;
  const contenders: Contender<Factors>[] = [
    onDevice(device, ({ a, b }) => device.matmul(a, b)),
    peer(WEIGHT, prepareOnnxruntimeWeight, threads),
    peer("jax-js", prepareJax, threads),
    // It has one thread here, see there.
    ...(threads === 1 ? [peer("tfjs", prepareTfjs, 1)] : []),
    peak("f32", threads),
  ];
  const comparisons: Comparison[] = [
    // The goal of 16 rows and more is 1.3 at least; of a single row, not to be slower.
    { against: PEERS, goal: m >= 16 ? 1.3 : 1 },
    { against: ["f32 peak"], goal: m >= 16 ? 0.75 : undefined },
  ];
  if (m <= 16) {
    contenders.push({
      name: OURS_LAYER,
      prepare: ({ a, b }, resources) => {
        const x = resources.use(device.upload(a));
        using columns = device.upload(b);
        const weight = resources.use(device.transpose(columns));
        return () => device.matmul(x, weight, { transposeB: true })[Symbol.dispose]();
      },
    });
    contenders.push(reading(4 * k * n, threads));
    comparisons.push({ against: [READING] }, {
      of: OURS_LAYER,
      against: PEERS,
      goal: m >= 16 ? 1.3 : 1,
    });
  }
  if (square) {
    contenders.push(
      {
        name: OURS_COPIES,
        prepare: ({ a, b }) => async () => {
          using left = device.upload(a);
          using right = device.upload(b);
          using product = device.matmul(left, right);
          await downloadF32(device, product);
        },
      },
      peer(WEIGHT_COPIES, prepareOnnxruntime, threads),
      ...inNumpy(numpy, "a @ b"),
    );
    comparisons.push({ of: OURS_COPIES, against: [WEIGHT_COPIES] }, { against: ["numpy"] });
  }
  return row<Factors>({
    name: `f32 matmul ${m}×${k}×${n}`,
    flops: 2 * m * k * n,
    operands: () => ({
      a: randomNormal([m, k], { seed: 1 }),
      b: randomNormal([k, n], { seed: 2 }),
    }),
    contenders,
    comparisons,
  });
}
