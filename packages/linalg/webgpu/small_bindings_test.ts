// What every kernel does with arrays longer than one binding: they are cut, and the pieces add up
// to what the reference device computes at once. All numbers are small integers, so that every sum
// is exact in f32 in whatever order.

import { assertEquals, assertThrows } from "@std/assert";
import { type AnyTensor, tensor } from "@pare/tensor";
import type { DeviceArray } from "../device_array.ts";
import { deviceTest } from "./testing/gpu_test_device.ts";
import { type Compute, indices, integers, twinTest } from "./testing/twin_test.ts";

/** Bindings of 256 words, whatever their alignment. */
const SETTINGS = { maxBindingBytes: 256 * 4 + 256 };

/** Computes on both devices and compares. */
function cutTest(name: string, compute: Compute, bound = 0): void {
  twinTest(`arrays longer than a binding: ${name}`, compute, { ...SETTINGS, bound });
}

for (const [m, n, k] of [[1, 3, 700], [3, 2, 700], [700, 1, 1], [1, 700, 1], [70, 5, 90]]) {
  for (
    const [transposeA, transposeB] of [[false, false], [false, true], [true, false], [true, true]]
  ) {
    cutTest(
      `matmul ${m}×${k} by ${k}×${n}, transposed ${transposeA}, ${transposeB}`,
      (put, device) => {
        const a = put(integers(transposeA ? [k, m] : [m, k], 1));
        const b = put(integers(transposeB ? [n, k] : [k, n], 2));
        return device.matmul(a, b, { transposeA, transposeB, alpha: 0.5 });
      },
    );
  }
}

cutTest("matmul into a rectangle", (put, device) => {
  const into = put(integers([40, 30], 3));
  const options = { into, row: 2, col: 5, transposeB: true };
  return device.matmul(put(integers([33, 70], 1)), put(integers([20, 70], 2)), options);
});

cutTest("matmul into a lower triangle", (put, device) => {
  const into = put(integers([60, 70], 3));
  const options = { into, row: 1, col: 3, transposeB: true, triangle: "lower" } as const;
  return device.matmul(put(integers([57, 70], 1)), put(integers([61, 70], 2)), options);
});

cutTest(
  "matmul of a stack",
  (put, device) => device.matmul(put(integers([7, 12, 20], 1)), put(integers([7, 20, 9], 2))),
);

for (const reduction of ["sum", "absSum", "squareSum", "max", "absMax"] as const) {
  for (const shape of [[3, 700], [700, 3], [2, 130]]) {
    cutTest(
      `reduceRows ${reduction} of [${shape}]`,
      (put, device) => device.reduceRows(put(integers(shape, 1)), reduction),
    );
    cutTest(
      `reduceCols ${reduction} of [${shape}]`,
      (put, device) => device.reduceCols(put(integers(shape, 1)), reduction),
    );
  }
}

cutTest(
  "add of a short vector",
  (put, device) => device.add(put(integers([100, 7], 1)), put(integers([7], 2))),
);
cutTest(
  "subtract of a long vector",
  (put, device) => device.subtract(put(integers([2, 700], 1)), put(integers([700], 2))),
);
cutTest(
  "multiply of equal shapes",
  (put, device) => device.multiply(put(integers([9, 100], 1)), put(integers([9, 100], 2))),
);
cutTest("scale", (put, device) => device.scale(put(integers([1000], 1)), -3));
cutTest("activate", (put, device) => device.activate(put(integers([1000], 1)), "relu"));
cutTest("roundColumns", (put, device) => {
  const perGrid = (value: number) => put(tensor(new Float32Array(120).fill(value), [60, 2]));
  const grids = {
    steps: perGrid(2),
    gridOf: put(indices(9, 2)),
    levels: { count: 16, zeroPoints: perGrid(8) },
  };
  const feedback = { weight: put(integers([60, 9], 2)), triangle: put(integers([9, 9], 3)) };
  return device.roundColumns(put(integers([60, 9], 1)), grids, feedback);
});
cutTest("fitGrids", (put, device) => {
  const options = { count: 2, symmetric: true, stepDtype: "f32" } as const;
  return device.fitGrids(put(integers([60, 9], 1)), options).steps;
});
cutTest("transpose", (put, device) => device.transpose(put(integers([50, 100], 1))));
cutTest("hadamard", (put, device) => device.hadamard(put(integers([10, 256], 1)), 256));
cutTest(
  "hadamard by a factor",
  (put, device) => device.hadamard(put(integers([10, 144], 1)), 144),
  1e-5,
);
cutTest(
  "nearest",
  (put, device) => device.nearest(put(integers([200, 3], 1)), put(integers([50, 3], 2))),
);
cutTest("softmax", (put, device) => device.softmax(put(integers([30, 70], 1))), 1e-6);
cutTest(
  "rmsNorm",
  (put, device) => device.rmsNorm(put(integers([30, 70], 1)), put(integers([35], 2)), 1e-5),
  1e-5,
);
cutTest(
  "layerNorm",
  (put, device) =>
    device.layerNorm(put(integers([30, 70], 1)), put(integers([35], 2)), put(integers([35], 3)), 1),
  1e-5,
);
for (const part of ["x", "gain", "bias"] as const) {
  const rows = (put: (x: AnyTensor) => DeviceArray) =>
    [put(integers([60, 70], 1)), put(integers([35], 2)), put(integers([60, 70], 3))] as const;
  if (part !== "bias") {
    cutTest(
      `rmsNormGradient by ${part}`,
      (put, device) => device.rmsNormGradient(...rows(put), 1)[part],
      // 120 summands of up to 16 for a gain, each off by some ten units in the last place.
      120 * 16 * 10 * 2 ** -24,
    );
  }
  cutTest(
    `layerNormGradient by ${part}`,
    (put, device) => device.layerNormGradient(...rows(put), 1)[part],
    120 * 16 * 10 * 2 ** -24,
  );
}
cutTest(
  "activateGradient",
  (put, device) =>
    device.activateGradient(put(integers([999], 1)), put(integers([999], 2)), "relu"),
);
cutTest(
  "gatedActivation",
  (put, device) => device.gatedActivation(put(integers([999], 1)), put(integers([999], 2)), "relu"),
);
for (const part of ["gate", "up"] as const) {
  cutTest(`gatedActivationGradient by ${part}`, (put, device) => {
    const [gate, up, gradient] = [1, 2, 3].map((seed) => put(integers([999], seed)));
    return device.gatedActivationGradient(gate, up, gradient, "relu")[part];
  });
}
cutTest(
  "crossEntropy",
  (put, device) => device.crossEntropy(put(integers([50, 30], 1)), put(indices(50, 30))),
  1e-5,
);
cutTest(
  "crossEntropyGradient",
  (put, device) =>
    device.crossEntropyGradient(
      put(integers([50, 30], 1)),
      put(indices(50, 30)),
      put(integers([50], 2)),
    ),
  1e-5,
);
cutTest(
  "klDivergence",
  (put, device) => device.klDivergence(put(integers([50, 30], 1)), put(integers([50, 30], 2)), 2),
  1e-5,
);
cutTest(
  "klDivergenceGradient",
  (put, device) =>
    device.klDivergenceGradient(
      put(integers([50, 30], 1)),
      put(integers([50, 30], 2)),
      put(integers([50], 3)),
      2,
    ),
  1e-5,
);
cutTest("scatterRows", (put, device) => {
  const target = put(integers([60, 17], 1));
  device.scatterRows(target, put(indices(91, 60)), put(integers([91, 17], 2)));
  return target;
});
for (const part of ["parameter", "first", "second"] as const) {
  cutTest(`adamW of ${part}`, (put, device) => {
    const arrays = {
      parameter: put(integers([999], 1)),
      first: put(integers([999], 2)),
      // Squares are not negative.
      second: device.multiply(put(integers([999], 3)), put(integers([999], 3))),
    };
    device.adamW(arrays.parameter, put(integers([999], 4)), arrays, {
      step: 3,
      learningRate: 0.1,
      beta1: 0.9,
      beta2: 0.99,
      epsilon: 1,
      weightDecay: 0.1,
      gradientScale: 0.5,
    });
    return arrays[part];
  }, 1e-5);
}
cutTest("rotary", (put, device) =>
  device.rotary(
    put(integers([2, 50, 12], 1)),
    put(integers([20, 3], 2)),
    put(integers([20, 3], 3)),
    put(indices(50, 20)),
  ));

cutTest(
  "attention of a batch, query by query",
  (put, device) =>
    device.attention(
      put(integers([2, 20, 64], 1)),
      put(integers([2, 20, 8], 2)),
      put(integers([2, 20, 8], 3)),
      { heads: 8, kvHeads: 1 },
    ),
  1e-5,
);
cutTest(
  "attention to the keys of a window",
  (put, device) =>
    device.attention(
      put(integers([3, 16], 1)),
      put(integers([200, 16], 2)),
      put(integers([200, 16], 3)),
      { heads: 2, window: 5, keyCount: 190 },
    ),
  1e-5,
);

for (const part of ["q", "k", "v"] as const) {
  for (const [batch, queries, keys, window] of [[2, 20, 20, 20], [3, 4, 7, 5], [1, 40, 90, 33]]) {
    cutTest(
      `attentionGradient by ${part}, ${batch} times ${queries} queries and ${keys} keys`,
      (put, device) => {
        const options = { heads: 2, kvHeads: 1, window };
        const [q, gradient] = [1, 4].map((seed) => put(integers([batch, queries, 8], seed)));
        const [k, v] = [2, 3].map((seed) => put(integers([batch, keys, 4], seed)));
        const logSumExp = device.zeros([batch, queries, 2]);
        const out = device.attention(q, k, v, { ...options, logSumExp });
        return device.attentionGradient({ q, k, v, out, logSumExp }, gradient, options)[part];
      },
      // Sums of up to 80 terms, each some units in the last place of numbers up to 64.
      1e-3,
    );
  }
}

for (const bits of [3, 8]) {
  cutTest(
    `affineMatmul of ${bits} bits`,
    (put, device) =>
      device.affineMatmul(put(integers([30, 40], 1)), {
        codes: put(integers([90, 4 * Math.ceil(40 * bits / 32)], 2, "u8")),
        scales: put(integers([90, 5], 3)),
        zeroPoints: put(integers([90, 5], 4)),
        bits,
        groupSize: 9,
        rows: 90,
        cols: 40,
      }),
  );
}

// Tiles of three bytes, so that words are shared between them.
const TRELLIS = { bits: 3, stateBits: 5, tileHeight: 8, tileWidth: 1, rows: 90 };

cutTest("trellisMatmul", (put, device) => {
  const codes = put(integers([12, 120], 2, "u8"));
  const scales = put(integers([90, 1], 3));
  return device.trellisMatmul(put(integers([30, 40], 1)), { ...TRELLIS, codes, scales, cols: 40 });
});

cutTest("encodeTrellis", (put, device) => {
  const codes = put(integers([12, 21], 2, "u8"));
  const scales = put(integers([90, 1], 3));
  const x = device.scale(put(integers([90, 5], 1)), 20);
  const weight = { ...TRELLIS, codes, scales, cols: 7 };
  device.encodeTrellis(x, weight, { inverses: scales, col: 2 });
  return codes;
});

// The tables of lattice codes are one binding, which has to be a little larger.
for (const bits of [2, 3, 4] as const) {
  const settings = { maxBindingBytes: 600 * 4 + 256, bound: 0 };
  // A power of two, so that all is exact.
  const format = { bits, residualScale: bits === 2 ? null : 4 };

  twinTest(`arrays longer than a binding: latticeMatmul of ${bits} bits`, (put, device) => {
    const codes = put(integers([300, 20], 2, "u8"));
    const scales = put(integers([300, 1], 3));
    const weight = { ...format, codes, scales, rows: 300, cols: 37 };
    return device.latticeMatmul(put(integers([70, 37], 1)), weight);
  }, settings);

  twinTest(`arrays longer than a binding: nearestLattice of ${bits} bits`, (put, device) => {
    const codes = device.zeros([300, 4], "u32");
    const scales = device.scale(put(integers([300, 1], 3)), 0);
    const ones = device.add(scales, put(tensor(Float32Array.of(1), [1])));
    const target = { ...format, codes, scales: ones, inverses: ones, first: 1 };
    device.nearestLattice(device.scale(put(integers([300, 21], 1)), 0.375), target);
    return codes;
  }, settings);
}

cutTest("gram", (put, device) => {
  const into = put(integers([15, 15], 1, "f64"));
  device.gram(put(integers([200, 15], 2)), into);
  return into;
});

cutTest("pivotedPanel", (put, device) => {
  // Columns far apart in length, in no order, so that roundings choose none.
  const data = Float32Array.from({ length: 40 * 12 }, (_, at) => {
    const j = Math.floor(at / 12);
    return (1 + at * at % 7) * 2 ** -(j * 11 % 40);
  });
  const x = put({ dtype: "f32", shape: [40, 12], data });
  const places = Uint32Array.from({ length: 40 }, (_, j) => j);
  device.pivotedPanel(x, put({ dtype: "u32", shape: [40], data: places }), 1, 3);
  return x;
  // Three reflectors of eleven elements, 8 · 3 · 11 units of rounding of norms up to 7 √12, twice.
}, 1e-3);

for (const side of ["left", "right"] as const) {
  cutTest(`solveBlock, ${side}`, (put, device) => {
    const target = put(integers(side === "left" ? [4, 60] : [300, 4], 1));
    device.solveBlock(put(integers([3, 3], 2)), target, { side, unitDiagonal: true, col: 1 });
    return target;
  });
}

for (const dtype of ["f32", "f64", "f16", "u32", "u8"] as const) {
  cutTest(
    `gatherRows of ${dtype}`,
    (put, device) => device.gatherRows(put(integers([300, 17], 1, dtype)), put(indices(91, 300))),
  );
  cutTest(
    `gatherCols of ${dtype}`,
    (put, device) => device.gatherCols(put(integers([90, 50], 1, dtype)), put(indices(31, 50))),
  );
  cutTest(`slice and write of ${dtype}`, (put, device) => {
    const source = put(integers([70, 31], 1, dtype));
    const target = put(integers([90, 37], 2, dtype));
    device.write(target, device.slice(source, { row: 3, col: 5, rows: 61 }), 17, 6);
    return target;
  });
}

cutTest("matmul of halves", (put, device) => {
  const a = put(integers([33, 71], 1, "f16"));
  return device.matmul(a, put(integers([29, 71], 2, "f16")), { transposeB: true });
});

cutTest("cast to f16", (put, device) => device.cast(put(integers([999], 1)), "f16"));
cutTest("cast of f16", (put, device) => device.cast(put(integers([999], 1, "f16")), "f32"));
cutTest("rotateRows", (put, device) => {
  // By a quarter turn and by a reflection of it: no rounding.
  const factors = {
    dtype: "f32",
    shape: [3, 2],
    data: Float32Array.of(0, 1, 0, -1, 0, 1),
  } as const;
  const pairs = { dtype: "u32", shape: [3, 2], data: Uint32Array.of(3, 40, 40, 7, 3, 99) } as const;
  const matrix = put(integers([50, 17], 1));
  device.rotateRows(matrix, put(pairs), put(factors));
  return matrix;
});

cutTest(
  "tridiagonalPanel",
  (put, device) => {
    const matrix = put(integers([40, 40], 1));
    const w = device.zeros([3, 40]);
    device.tridiagonalPanel(matrix, w, device.zeros([3, 40]));
    return w;
  },
  // 40 roundings of numbers below 40.
  40 * 40 * 2 ** -24 * 8,
);

cutTest(
  "bidiagonalPanel",
  // An exact result is 0 or ±1 here: each column has a single element, and so has each row.
  (put, device) => {
    const data = new Float32Array(20 * 20);
    for (let i = 0; i < 20; i++) data[i * 20 + 7 * i % 20] = 1;
    return device.bidiagonalPanel(put({ dtype: "f32", shape: [20, 20], data }), 2, 4).cols;
  },
);

cutTest("cast", (put, device) => device.cast(put(integers([999], 1, "f64")), "f32"));

deviceTest("a row longer than a binding is refused by name", async (device) => {
  using x = device.zeros([2, 300]);
  const message = "on webgpu as one run of it must take at most 1280 bytes of an array: current";
  assertThrows(() => device.softmax(x), RangeError, `Cannot compute softmax 64 8 ${message}`);
  using block = device.zeros([512]);
  assertThrows(() => device.hadamard(block, 512), RangeError, message);
  assertEquals((await device.download(x)).data, new Float32Array(600));
}, SETTINGS);
