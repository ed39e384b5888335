import { createWasmDevice } from "@pare/linalg";
import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertNotEquals,
  assertRejects,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import {
  packIntegers,
  randomNormal,
  randomSigns,
  ShapeError,
  type Tensor,
  tensor,
  toF64,
} from "@pare/tensor";
import {
  bitsPerWeight,
  dense,
  hadamardRotation,
  orthogonalRotation,
  rotate,
  rotateGram,
} from "./mod.ts";
import { rotated, type RotatedSides, toDense } from "./mod.ts";
import { multiply, transpose } from "./host_matrix.ts";
import { randomDense, randomOrthogonal } from "./testing/operators.ts";

const SIDES: readonly (readonly [name: string, rows: number, cols: number, sides: RotatedSides])[] =
  [
    ["Hadamard, both", 64, 172, {
      left: hadamardRotation(64, { seed: 1 }),
      right: hadamardRotation(172, { seed: 2 }),
    }],
    ["Hadamard in small blocks", 12, 24, {
      left: hadamardRotation(12, { seed: 1, block: 2 }),
      right: hadamardRotation(24, { seed: 2, block: 4 }),
    }],
    ["Hadamard with dense factors", 24, 60, {
      left: hadamardRotation(24, { seed: 1, block: 12 }),
      right: hadamardRotation(60, { seed: 2, block: 60 }),
    }],
    ["matrices", 5, 7, {
      left: orthogonalRotation(randomOrthogonal(5, 1)),
      right: orthogonalRotation(randomOrthogonal(7, 2)),
    }],
    ["left alone", 16, 3, { left: hadamardRotation(16) }],
    ["right alone", 3, 5, { right: orthogonalRotation(randomOrthogonal(5, 3)) }],
    ["one element", 1, 1, { left: hadamardRotation(1, { seed: 1 }), right: hadamardRotation(1) }],
    ["neither", 2, 3, {}],
  ];

for (const [name, rows, cols, sides] of SIDES) {
  Deno.test(`rotated(rotate()) is the weight again: ${name}`, async () => {
    const weight = randomNormal([rows, cols], { seed: 5 });
    const before = weight.data.slice();
    const inner = await rotate(weight, sides);
    assertEquals(weight.data, before);
    const restored = toDense(rotated(dense(inner), sides));
    // One rounding to f32 of each rotated weight; rotations keep the norm of the error. A written
    // out matrix is orthogonal to the rounding of its elements, a few units.
    const norm = Math.hypot(...weight.data);
    const error = Math.hypot(...restored.data.map((value, i) => value - weight.data[i]));
    assert(error <= 8 * 2 ** -24 * norm, `${error} of ${norm}`);
    // f64 keeps all but the last digits of it.
    const exact = await rotate(toF64(weight), sides);
    inner.data.forEach((value, i) => assertAlmostEquals(value, exact.data[i], 2 ** -22 * norm));
    // Rotations keep the norm.
    assert(Math.abs(Math.hypot(...inner.data) - norm) <= 8 * 2 ** -24 * norm);
  });
}

Deno.test("rotate() computes left · weight · rightᵀ", async () => {
  // U = F · diag(−1, 1) = [[−1, 1], [−1, −1]] / √2 on the left, a quarter turn on the right.
  const signs = tensor(Uint8Array.of(0b01), [1], "u8");
  const left = { kind: "hadamard", block: 2, signs } as const;
  const right = orthogonalRotation(tensor(Float32Array.of(0, 1, -1, 0), [2, 2]));
  const weight = tensor(Float32Array.of(1, 2, 3, 4), [2, 2]);
  const half = Math.SQRT1_2;
  assertEquals(
    (await rotate(weight, { left })).data,
    Float32Array.of(2 * half, 2 * half, -4 * half, -6 * half),
  );
  assertEquals((await rotate(weight, { right })).data, Float32Array.of(2, -1, 4, -3));
});

Deno.test("rotated() computes leftᵀ · inner · right", () => {
  const signs = tensor(Uint8Array.of(0b01), [1], "u8");
  const left = { kind: "hadamard", block: 2, signs } as const;
  const right = orthogonalRotation(tensor(Float32Array.of(0, 1, -1, 0), [2, 2]));
  const inner = dense(tensor(Float32Array.of(1, 2, 3, 4), [2, 2]));
  const half = Math.SQRT1_2;
  assertEquals(
    toDense(rotated(inner, { left })).data,
    Float32Array.of(-4 * half, -6 * half, -2 * half, -2 * half),
  );
  assertEquals(toDense(rotated(inner, { right })).data, Float32Array.of(-2, 1, -4, 3));
});

Deno.test("hadamardRotation() takes the largest block, and its signs from the seed", () => {
  for (const [size, block] of [[1, 1], [7, 1], [12, 12], [172, 4], [256, 256], [11008, 11008]]) {
    assertEquals(hadamardRotation(size).block, block);
  }
  const { signs } = hadamardRotation(19, { seed: 7, stream: 2 });
  const drawn = randomSigns([19], { seed: 7, stream: 2 }).data;
  assertEquals(signs.shape, [3]);
  assertEquals(signs.data, packIntegers(Uint8Array.from(drawn, (sign) => sign < 0 ? 1 : 0), 1));
  assertEquals(hadamardRotation(64, { seed: 1 }), hadamardRotation(64, { seed: 1 }));
  assert(
    hadamardRotation(64, { seed: 1 }).signs.data.join() !==
      hadamardRotation(64, { seed: 2 }).signs.data.join(),
  );
});

Deno.test("hadamardRotation() takes one bit for each row or column", () => {
  const sides = { left: hadamardRotation(64), right: hadamardRotation(32) };
  assertEquals(bitsPerWeight(rotated(randomDense([64, 32]), sides)), 32 + (64 + 32) / (64 * 32));
});

Deno.test("hadamardRotation() refuses sizes and options that do not fit", () => {
  for (const size of [0, -1, 1.5, NaN]) {
    assertThrows(() => hadamardRotation(size), RangeError, "size must be an integer");
  }
  assertThrows(
    () => hadamardRotation(12, { block: 8 }),
    RangeError,
    "Paley matrix, that divides 12",
  );
  assertThrows(
    () => hadamardRotation(12, { block: 3 }),
    RangeError,
    "Paley matrix, that divides 12",
  );
  assertThrows(() => hadamardRotation(12, { seed: -1 }), RangeError, "seed");
  const misspelt = { sede: 1 } as object;
  assertThrows(() => hadamardRotation(12, misspelt), TypeError, '"sede" is unknown');
});

Deno.test("orthogonalRotation() takes what a factorization in f32 gives, at any size", () => {
  for (const size of [1, 2, 3, 33, 300]) orthogonalRotation(randomOrthogonal(size, size));
});

Deno.test("orthogonalRotation() refuses what is not orthogonal", () => {
  const refused = (values: number[], size: number, message: string) => {
    const matrix = tensor(Float32Array.from(values), [size, size]);
    assertThrows(() => orthogonalRotation(matrix), RangeError, message);
  };
  refused([2], 1, "matrix must be orthogonal");
  refused([0], 1, "matrix must be orthogonal");
  refused([1, 0, 0, 0], 2, "matrix must be orthogonal");
  refused([1, 1, 1, 1], 2, "matrix must be orthogonal");
  refused([1, 0, 1e-3, 1], 2, "matrix must be orthogonal");
  refused([1, 0, 0, NaN], 2, "matrix must be finite");
  const large = randomOrthogonal(64).data;
  large[5 * 64 + 9] += 0.01;
  refused([...large], 64, "matrix must be orthogonal");
  const flat = tensor(Float32Array.of(1, 0), [1, 2]);
  assertThrows(() => orthogonalRotation(flat), RangeError, "shape [1, 1]: current shape is [1, 2]");
  const bytes = tensor(Uint8Array.of(1), [1, 1], "u8") as unknown as Tensor;
  assertThrows(() => orthogonalRotation(bytes), TypeError, "f32");
});

Deno.test("rotated() and rotate() refuse rotations of another size, by side", async () => {
  const inner = randomDense([4, 6]);
  const right = hadamardRotation(4);
  const matrix = orthogonalRotation(randomOrthogonal(6));
  assertThrows(() => rotated(inner, { right }), RangeError, "right.block");
  assertThrows(() => rotated(inner, { left: matrix }), RangeError, "left.matrix");
  const weight = randomNormal([4, 6]);
  await assertRejects(
    () => rotate(weight, { right }),
    RangeError,
    "Cannot rotate a matrix as right.block",
  );
  await assertRejects(
    () => rotate(tensor(Float32Array.of(0, NaN), [1, 2]), {}),
    RangeError,
    "Cannot rotate a matrix as it must be finite: current value is NaN",
  );
  await assertRejects(() => rotate(randomNormal([4]), {}), ShapeError);
});

Deno.test("rotate() gives rows and columns of large matrices what it gives them alone", async () => {
  // More numbers than go to the device at a time, in strips whose last one is not full.
  const weight = randomNormal([2 ** 12 + 8, 2 ** 10 + 24], { seed: 6 });
  const [rows, cols] = weight.shape;
  const right = hadamardRotation(cols, { seed: 1, block: 8 });
  const turned = await rotate(weight, { right });
  for (const row of [0, 4000, 4001, rows - 1]) {
    const alone = tensor(weight.data.slice(row * cols, (row + 1) * cols), [1, cols]);
    const found = turned.data.slice(row * cols, (row + 1) * cols);
    assertEquals(found, (await rotate(alone, { right })).data);
  }
  const left = hadamardRotation(rows, { seed: 2, block: 8 });
  const { data } = await rotate(weight, { left });
  for (const col of [0, 1021, 1022, cols - 1]) {
    const column = (of: Float32Array) =>
      Float32Array.from({ length: rows }, (_, i) => of[i * cols + col]);
    const alone = await rotate(tensor(column(weight.data), [rows, 1]), { left });
    assertEquals(column(data), alone.data);
  }
});

for (const size of [1, 5, 12, 64]) {
  Deno.test(`rotateGram() keeps what errors weigh: ${size}`, async () => {
    const right = hadamardRotation(size, { seed: 3 });
    const x = toF64(randomNormal([7, size], { seed: 1 }));
    const gram = tensor(
      Float64Array.from(multiply(transpose(x.data, 7, size), x.data, size, 7, size)),
      [size, size],
    );
    const turned = await rotateGram(gram, right);
    assertEquals(turned.data, Float64Array.from(transpose(turned.data, size, size)));
    // Of the rotated inputs: x Vᵀ.
    const y = (await rotate(x, { right })).data;
    const wanted = multiply(transpose(y, 7, size), y, size, 7, size);
    // Each number rounds a few times for each of log2(64) levels on two sides.
    const norm = Math.hypot(...gram.data);
    wanted.forEach((value, i) => assertAlmostEquals(turned.data[i], value, 2 ** -48 * norm));
  });
}

Deno.test("rotateGram() turns a matrix once for all that read the same inputs", async () => {
  const gram = tensor(Float64Array.from({ length: 144 }, (_, i) => (i % 13) + Math.floor(i / 12)), [
    12,
    12,
  ]);
  const once = await rotateGram(gram, hadamardRotation(12, { seed: 1 }));
  assertStrictEquals(await rotateGram(gram, hadamardRotation(12, { seed: 1 })), once);
  for (
    const other of [hadamardRotation(12, { seed: 2 }), hadamardRotation(12, { seed: 1, block: 4 })]
  ) {
    const turned = await rotateGram(gram, other);
    const copy = await rotateGram({ ...gram }, other);
    assert(turned !== copy);
    assertEquals(turned, copy);
    assertNotEquals(turned, once);
  }
  assertEquals(await rotateGram(gram, hadamardRotation(12, { seed: 1 })), once);
  // What fails is not kept.
  const wrong = hadamardRotation(8);
  for (const _ of [1, 2]) {
    await assertRejects(() => rotateGram(gram, wrong), RangeError, "left.block");
  }
});

/** The widths of models, all of which have a Hadamard matrix. */
const WIDTHS = [
  [576, 640, 768, 896, 960, 1152, 1536, 1600, 2304, 2560, 2880, 3072, 3200, 3584, 4096, 4864, 5120],
  [5632, 6144, 6400, 6656, 6912, 7168, 8960, 9216, 9728, 10240, 11008, 11264, 12288, 13824, 14336],
  [17408, 17920, 18432, 18944, 21504, 22016, 24576, 25600, 27648, 28672],
].flat();

Deno.test("rotate() keeps inner products over the whole of every width of the models", async () => {
  using device = await createWasmDevice({ threads: 1 });
  for (const width of WIDTHS) {
    const right = hadamardRotation(width, { seed: width });
    assertEquals(right.block, width);
    // A vector that stands out, a random one, and their inner products.
    const x = toF64(randomNormal([2, width], { seed: 1 }));
    x.data.fill(0, 0, width)[5] = 1;
    const y = await rotate(x, { right }, { device });
    const products = ({ data }: Tensor<"f64">) =>
      multiply(data, transpose(data, 2, width), 2, width, 2);
    const norm = products(x)[3];
    // Sums of as many numbers as the width and the dense factor have, in f64.
    products(y).forEach((value, i) => assertAlmostEquals(value, products(x)[i], 1e-12 * norm));
    for (let j = 0; j < width; j++) {
      assertAlmostEquals(Math.abs(y.data[j]), 1 / Math.sqrt(width), 1e-14, `${width}`);
    }
  }
});
