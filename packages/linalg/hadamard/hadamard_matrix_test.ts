import { assert, assertEquals, assertThrows } from "@std/assert";
import { hadamardBlock, hadamardOrder } from "./hadamard_order.ts";
import { hadamardMatrix } from "./hadamard_matrix.ts";
import { paleyConstruction } from "./paley.ts";
import { primePower, quadraticCharacter } from "./quadratic_character.ts";

/** The widths of the models that the quantizers are made for, each with the factor it needs. */
const WIDTHS: readonly [factor: number, widths: readonly number[]][] = [
  [1, [64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384]],
  [12, [768, 1536, 3072, 6144, 12288, 24576]],
  [20, [640, 2560, 5120, 10240]],
  [28, [896, 3584, 7168, 14336, 28672]],
  [36, [576, 1152, 2304, 9216, 18432]],
  [44, [5632, 11264]],
  [52, [6656]],
  [60, [960, 1920]],
  [68, [17408]],
  [76, [4864, 9728]],
  [84, [21504]],
  [100, [1600, 3200, 6400, 25600]],
  [108, [6912, 13824, 27648]],
  [140, [8960, 17920]],
  [148, [18944]],
  [180, [2880]],
  [344, [11008, 22016]],
];

Deno.test("hadamardOrder() reaches every width of the models", () => {
  for (const [factor, widths] of WIDTHS) {
    for (const width of widths) {
      assertEquals(hadamardOrder(width), { factor, power: width / factor });
      assertEquals(hadamardBlock(width), width);
    }
  }
});

Deno.test("hadamardOrder() knows no matrix of an order that has none", () => {
  for (const length of [0, -4, 1.5, NaN, 3, 6, 10, 14, 22, 50, 4 * 23, 1001, 4 * 1009]) {
    assertEquals(hadamardOrder(length), undefined, `${length}`);
  }
});

Deno.test("hadamardMatrix() is orthogonal for every order up to 256 that is offered", () => {
  const missing = [];
  for (let order = 4; order <= 256; order += 4) {
    if (hadamardOrder(order)) assertOrthogonal(order);
    else missing.push(order);
  }
  // Where neither order - 1 nor order / 2 - 1 is a prime power that will do, nor half of the order
  // has a matrix.
  assertEquals(missing, [92, 116, 156, 172, 184, 188, 232, 236]);
});

Deno.test("hadamardMatrix() is orthogonal for the largest factor of a model", () => {
  assertOrthogonal(344);
});

/** Two rows of ±1 agree in half of their entries. Rows are compared as sets of bits. */
function assertOrthogonal(order: number): void {
  const { data } = hadamardMatrix(order);
  assert(data.every((entry) => Math.abs(entry) === 1), `order ${order}`);
  for (let i = 0; i < order; i++) {
    for (let k = i + 1; k < order; k++) {
      let sum = 0;
      for (let j = 0; j < order; j++) sum += data[i * order + j] * data[k * order + j];
      assertEquals(sum, 0, `rows ${i} and ${k} of order ${order}`);
    }
  }
}

Deno.test("paleyConstruction() takes primes before their powers, and the first before the second", () => {
  assertEquals(paleyConstruction(12), { q: 11, kind: "I" });
  assertEquals(paleyConstruction(28), { q: 13, kind: "II" });
  assertEquals(paleyConstruction(36), { q: 17, kind: "II" });
  assertEquals(paleyConstruction(52), { q: 25, kind: "II" });
  assertEquals(paleyConstruction(344), { q: 343, kind: "I" });
  assertEquals(paleyConstruction(92), undefined);
});

Deno.test("quadraticCharacter() sums to zero, is multiplicative in differences, and has χ(-1) = ±1", () => {
  for (const q of [3, 5, 7, 9, 25, 27, 49, 81, 121, 343]) {
    const chi = quadraticCharacter(q);
    const values = Array.from({ length: q }, (_, i) => chi(i, 0));
    assertEquals(values[0], 0);
    assertEquals(values.filter((value) => value === 1).length, (q - 1) / 2, `GF(${q})`);
    // -1 is a square in GF(q) just where q = 1 mod 4.
    for (let i = 1; i < q; i++) assertEquals(chi(0, i), (q % 4 === 1 ? 1 : -1) * chi(i, 0));
  }
});

Deno.test("primePower() tells primes, their powers, and other numbers", () => {
  assertEquals([2, 9, 343, 511, 12, 1].map(primePower), [
    [2, 1],
    [3, 2],
    [7, 3],
    undefined,
    undefined,
    undefined,
  ]);
});

Deno.test("hadamardBlock() finds the longest block that divides", () => {
  for (let size = 1; size <= 1000; size++) {
    let longest = 1;
    for (let block = 1; block <= size; block++) {
      if (size % block === 0 && hadamardOrder(block)) longest = block;
    }
    assertEquals(hadamardBlock(size), longest, `${size}`);
  }
  assertThrows(() => hadamardBlock(0), RangeError, "current value is 0");
});

Deno.test("hadamardMatrix() refuses orders that are not offered", () => {
  assertThrows(() => hadamardMatrix(92), RangeError, "current order is 92");
});
