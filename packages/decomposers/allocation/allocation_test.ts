// Every rule is held to the same suite; then what each of them promises beyond it.

import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertLessOrEqual,
  assertThrows,
} from "@std/assert";
import fc from "fast-check";
import { rankOf } from "../rank.ts";
import { allocateGreedy } from "./allocate_greedy.ts";
import { allocateInverseLog, inverseLogRemovals } from "./allocate_inverse_log.ts";
import { allocateSensitivity, type SensitivityEntry } from "./allocate_sensitivity.ts";
import { allocateUniform } from "./allocate_uniform.ts";
import type { Allocation, AllocationLayer } from "./allocation.ts";
import { ALLOCATION_RULES, type AllocationRuleName } from "./allocation_rules.ts";

const NAMES = Object.keys(ALLOCATION_RULES) as AllocationRuleName[];

/** Bytes of two factors of two bytes a number. */
function factorCosts(m: number, n: number, ranks: number): number[] {
  return Array.from({ length: ranks }, (_, i) => 2 * (i + 1) * (m + n));
}

/** Bytes with an identity block of the rank left out, and an integer per rank. */
function junctionCosts(m: number, n: number, ranks: number): number[] {
  return factorCosts(m, n, ranks).map((bytes, i) => bytes - 2 * (i + 1) ** 2 + 4 * (i + 1));
}

const LAYER = fc.record({
  m: fc.integer({ min: 1, max: 9 }),
  n: fc.integer({ min: 1, max: 9 }),
  energies: fc.array(fc.integer({ min: 0, max: 1000 }), { minLength: 9, maxLength: 9 }),
  form: fc.constantFrom("factors", "junction", "holes"),
  weight: fc.constantFrom(undefined, 1),
  role: fc.constantFrom("q", "down"),
  perplexities: fc.array(fc.integer({ min: 10, max: 30 }), { minLength: 4, maxLength: 4 }),
});

/** Up to four layers, a table of them, and two shares of the way from the least to the most bytes. */
const INSTANCE = fc.record({
  rows: fc.array(LAYER, { minLength: 1, maxLength: 4 }),
  low: fc.double({ min: 0, max: 1, noNaN: true }),
  high: fc.double({ min: 0, max: 1, noNaN: true }),
}).map(({ rows, low, high }) => {
  const layers = rows.map(({ m, n, energies, form, weight, role }, l): AllocationLayer => {
    const ranks = Math.min(m, n);
    const costs = form === "junction" ? junctionCosts(m, n, ranks) : factorCosts(m, n, ranks);
    return {
      name: `layer ${l}`,
      role,
      energies: energies.sort((a, b) => b - a).slice(0, ranks),
      costs: costs.map((bytes, i) => form === "holes" && i % 3 === 1 ? Infinity : bytes),
      denseBytes: 2 * m * n,
      weight,
    };
  });
  // A share that even the lowest rank exceeds makes every budget possible.
  const table = rows.flatMap(({ perplexities }, l): SensitivityEntry[] =>
    [1e-9, 0.4, 0.6, 0.8].map((keep, i) => ({
      name: `layer ${l}`,
      keep,
      perplexity: perplexities[i],
    }))
  );
  const [least, most] = [leastBytes(layers), denseBytes(layers)];
  const [a, b] = [low, high].map((t) => Math.floor(least + t * (most - least)));
  return { layers, table, budget: Math.min(a, b), larger: Math.max(a, b) };
});

function leastBytes(layers: readonly AllocationLayer[]): number {
  return layers.reduce(
    (sum, { costs, denseBytes }) => sum + Math.min(denseBytes, ...Array.from(costs)),
    0,
  );
}

function denseBytes(layers: readonly AllocationLayer[]): number {
  return layers.reduce((sum, { denseBytes }) => sum + denseBytes, 0);
}

function total(values: ArrayLike<number>, from = 0): number {
  return Array.from(values).slice(from).reduce((sum, value) => sum + value, 0);
}

function weightOf({ weight, energies }: AllocationLayer): number {
  return weight ?? (total(energies) > 0 ? 1 / total(energies) : 0);
}

function ranksOf({ layers }: Allocation): (number | null)[] {
  return layers.map(({ rank }) => rank);
}

/** Rounding of the sums of a handful of quotients, whose sum is at most `scale`. */
const near = (scale: number) => 1e-13 * Math.max(1, scale);

for (const name of NAMES) {
  const { allocate } = ALLOCATION_RULES[name];

  Deno.test(`${name} keeps to the budget and tells what it takes and loses`, () => {
    fc.assert(fc.property(INSTANCE, ({ layers, table, budget }) => {
      const found = allocate(layers, budget, table);
      assertEquals(found.layers.map(({ name }) => name), layers.map(({ name }) => name));
      let bytes = 0;
      let loss = 0;
      for (const [l, { rank, byteLength, predictedLoss }] of found.layers.entries()) {
        const { energies, costs, denseBytes } = layers[l];
        assertEquals(byteLength, rank === null ? denseBytes : costs[rank - 1]);
        assertLessOrEqual(byteLength, denseBytes);
        const lost = rank === null ? 0 : total(energies, rank);
        assertAlmostEquals(predictedLoss, lost && lost / total(energies), near(1));
        bytes += byteLength;
        loss += weightOf(layers[l]) * lost;
      }
      assertEquals(found.byteLength, bytes);
      assertLessOrEqual(bytes, budget);
      assertAlmostEquals(found.loss, loss, near(loss));
      assertEquals(allocate(layers, budget, table), found);
    }));
  });

  Deno.test(`${name} takes the lowest ranks or nothing at all at the ends of the budget`, () => {
    fc.assert(fc.property(INSTANCE, ({ layers, table }) => {
      const least = leastBytes(layers);
      assertEquals(allocate(layers, least, table).byteLength, least);
      const dense = denseBytes(layers);
      assertEquals(allocate(layers, dense, table).loss, 0);
      const asked = `of ${layers.length} layers must be from ${least} bytes`;
      assertThrows(() => allocate(layers, least - 1, table), RangeError, asked);
      assertThrows(() => allocate(layers, dense + 1, table), RangeError, `to ${dense}, all dense`);
    }));
  });

  Deno.test(`${name} refuses what is no layer`, () => {
    const layer = { name: "a", role: "q", energies: [4, 1], costs: [8, 16], denseBytes: 20 };
    const at = (bad: Partial<AllocationLayer>, message: string) =>
      assertThrows(() => allocate([{ ...layer, ...bad }], 20, []), RangeError, message);
    at({ energies: [1, 4] }, "the energies of a must be finite, descending and at least 0");
    at({ energies: [1, -4] }, "current values 1 and 2 are -4 and 0");
    at({ energies: [NaN, 1] }, "current values 0 and 1 are NaN and 1");
    at({ energies: [Infinity, 1] }, "are Infinity and 1");
    at({ denseBytes: 0 }, "the dense bytes of a must be a number above 0: current value is 0");
    assertThrows(() => allocate([], 0, []), RangeError, "the budget of 0 layers");
    assertThrows(() => allocate([layer], NaN, []), RangeError, "current budget is NaN");
  });
}

for (const name of ["uniform", "greedy", "sensitivity"] as const) {
  Deno.test(`${name} never loses more with a larger budget`, () => {
    fc.assert(
      fc.property(INSTANCE, ({ layers, table, budget, larger }) => {
        const [a, b] = [budget, larger].map((bytes) =>
          ALLOCATION_RULES[name].allocate(layers, bytes, table)
        );
        assertLessOrEqual(b.loss, a.loss + near(a.loss));
      }),
      { numRuns: 1000 },
    );
  });
}

Deno.test("allocateUniform() gives the ranks that a share gives each matrix", () => {
  const shapes = [[4096, 4096], [11008, 4096], [1024, 4096], [96, 64]] as const;
  const layers = shapes.map(([m, n]): AllocationLayer => ({
    name: `${m}×${n}`,
    role: "q",
    energies: new Float64Array(Math.min(m, n)).fill(1),
    costs: factorCosts(m, n, Math.min(m, n)),
    denseBytes: 2 * m * n,
  }));
  for (const keep of [0.5, 0.6, 0.7, 0.8, 0.9]) {
    const found = allocateUniform(layers, keep * denseBytes(layers));
    assertEquals(ranksOf(found), shapes.map((shape) => rankOf([...shape], { keep })));
  }
});

Deno.test("allocateUniform() lowers the share where matrices too small for it break the budget", () => {
  const large = { role: "q", energies: [9, 4, 1, 1], costs: [10, 20, 30, 40], denseBytes: 50 };
  const small = { name: "small", role: "k", energies: [1, 0], costs: [9, 18], denseBytes: 10 };
  const layers = [{ ...large, name: "large" }, small];
  // Half of 60 would be 25 and 5 bytes; rank 1 of the small one takes 9.
  assertEquals(ranksOf(allocateUniform(layers, 30)), [2, 1]);
  assertEquals(ranksOf(allocateUniform(layers, 28)), [1, 1]);
});

const A = { name: "a", role: "q", energies: [9, 4, 1], costs: [8, 16, 24], denseBytes: 40 };
const B = { name: "b", role: "k", energies: [4, 1, 0.25], costs: [4, 8, 12], denseBytes: 20 };

Deno.test("allocateGreedy() meets the worked example, and weighs relative losses", () => {
  const plain = [{ ...A, weight: 1 }, { ...B, weight: 1 }];
  assertEquals(ranksOf(allocateGreedy(plain, 16)), [1, 2]);
  assertEquals(ranksOf(allocateGreedy(plain, 20)), [2, 1]);
  // Relative to 14 and 5.25 in all, a rank of b counts for more.
  assertEquals(ranksOf(allocateGreedy([A, B], 20)), [1, 3]);
});

Deno.test("allocateGreedy() goes to the far corner where a rank costs less than the one before", () => {
  // A flat spectrum: no rank gains more than another, but each costs less.
  const costs = junctionCosts(8, 8, 7).map((bytes, i) => bytes - 4 * (i + 1));
  const flat = { role: "q", energies: new Float64Array(8).fill(1), costs, denseBytes: 128 };
  const layers = [{ ...flat, name: "a" }, { ...flat, name: "b" }];
  assertEquals(costs, [30, 56, 78, 96, 110, 120, 126]);
  // Step by step both would end at rank 3 and lose 10; so 8 are lost.
  assertEquals(ranksOf(allocateGreedy(layers, 158)), [null, 1]);
  assertAlmostEquals(allocateGreedy(layers, 158).loss, 7 / 8, 1e-15);
  // What is left behind a corner that does not fit is filled.
  assertEquals(ranksOf(allocateGreedy(layers, 154)), [6, 1]);
});

Deno.test("allocateGreedy() looks past a rank that gains little to one that costs little", () => {
  const shared = { role: "q", denseBytes: 100, weight: 1 };
  const layers = [
    { ...shared, name: "a", energies: [5, 1, 1], costs: [10, 20, 21] },
    { ...shared, name: "b", energies: [5, 0.6], costs: [10, 15] },
  ];
  // Per byte the next rank of a gains 0.1, the two ranks behind it together 0.18, that of b 0.12.
  assertEquals(ranksOf(allocateGreedy(layers, 31)), [3, 1]);
});

Deno.test("allocateGreedy() takes the uniform allocation where a small step is in the way", () => {
  const shared = { role: "q", weight: 1 };
  const layers = [
    { ...shared, name: "a", energies: [600, 600], costs: [10, 70], denseBytes: 200 },
    { ...shared, name: "b", energies: [900, 900], costs: [10, 110], denseBytes: 2000 },
  ];
  // The second rank of a gains 10 a byte, that of b 9, and there is room for one of them.
  assertEquals(ranksOf(allocateGreedy(layers, 122)), [1, 2]);
});

/** The smallest loss of all allocations. */
function bruteForce(layers: readonly AllocationLayer[], budget: number): number {
  const [first, ...rest] = layers;
  if (!first) return budget >= 0 ? 0 : Infinity;
  const { energies, costs, denseBytes } = first;
  let best = bruteForce(rest, budget - denseBytes);
  for (let rank = 1; rank <= energies.length; rank++) {
    if (costs[rank - 1] > budget) continue;
    const lost = weightOf(first) * total(energies, rank);
    best = Math.min(best, lost + bruteForce(rest, budget - costs[rank - 1]));
  }
  return best;
}

/** What the first step along the envelopes gains that no longer fits; the largest of equal ones. */
function firstMiss(layers: readonly AllocationLayer[], budget: number): number {
  let left = budget - leastBytes(layers);
  const steps = layers.flatMap((layer) => {
    const points = [...Array.from(layer.energies).keys()]
      .map((i) => ({ bytes: layer.costs[i], lost: weightOf(layer) * total(layer.energies, i + 1) }))
      .concat({ bytes: layer.denseBytes, lost: 0 })
      .filter(({ bytes }) => bytes <= layer.denseBytes);
    let at = points.reduce((a, b) => b.bytes <= a.bytes ? b : a);
    const found: { bytes: number; gain: number; slope: number }[] = [];
    for (;;) {
      const [next] = points
        .map((to) => ({ to, bytes: to.bytes - at.bytes, gain: at.lost - to.lost }))
        .filter(({ bytes, gain }) => bytes > 0 && gain > 0)
        .map((step) => ({ ...step, slope: step.gain / step.bytes }))
        .sort((a, b) => b.slope - a.slope || a.bytes - b.bytes);
      if (!next) return found;
      found.push(next);
      at = next.to;
    }
  }).sort((a, b) => b.slope - a.slope);
  for (const { bytes, slope } of steps) {
    if (bytes > left) {
      const equal = steps.filter((step) => Math.abs(step.slope - slope) <= 1e-12 * slope);
      return Math.max(...equal.map(({ gain }) => gain));
    }
    left -= bytes;
  }
  return 0;
}

Deno.test("allocateGreedy() is behind the optimum by less than the step that did not fit, and never behind uniform", () => {
  fc.assert(
    fc.property(INSTANCE, ({ layers, budget }) => {
      const { loss } = allocateGreedy(layers, budget);
      const best = bruteForce(layers, budget);
      assert(loss >= best - near(best));
      assertLessOrEqual(loss, best + firstMiss(layers, budget) + near(best));
      assertLessOrEqual(loss, allocateUniform(layers, budget).loss + near(loss));
    }),
    { numRuns: 500 },
  );
});

Deno.test("allocateGreedy() leaves no bytes that would lower the loss", () => {
  fc.assert(
    fc.property(INSTANCE, ({ layers, budget }) => {
      const found = allocateGreedy(layers, budget);
      if (found.loss === allocateUniform(layers, budget).loss) return;
      const left = budget - found.byteLength;
      for (const [l, { rank, byteLength }] of found.layers.entries()) {
        const { energies, costs, denseBytes } = layers[l];
        if (rank === null || total(energies, rank) === 0) continue;
        assert(denseBytes - byteLength > left);
        for (let next = rank + 1; next <= energies.length; next++) {
          if (costs[next - 1] - byteLength > left) continue;
          // A rank that gains nothing, or one dearer than the dense matrix, is no use.
          assert(total(energies, next) === total(energies, rank) || costs[next - 1] >= denseBytes);
        }
      }
    }),
    { numRuns: 500 },
  );
});

Deno.test("inverseLogRemovals() meets the worked example", () => {
  const losses = [Math.E ** 2, Math.E ** 4, Math.E ** 8];
  const found = inverseLogRemovals(losses, 0.4, [0.99, 0.99, 0.99]);
  for (const [i, wanted] of [0.685714, 0.342857, 0.171429].entries()) {
    // Given to six decimals.
    assertAlmostEquals(found[i], wanted, 5e-7);
  }
  assertAlmostEquals(total(found), 1.2, 1e-15);
});

Deno.test("inverseLogRemovals() has no pole, no sign and no share above what can be given up", () => {
  const [low, high] = inverseLogRemovals([1.0001, 100], 0.8, [0.95, 0.9]);
  assertEquals(low, 0.95);
  assertAlmostEquals(high, 0.65, 1e-15);
  // Around the pole, below it, and where nothing is lost: whoever loses more gives up less.
  for (const losses of [[1e-9, 0.5, 3], [0, 1, 1e6], [0, 0, 0], [1 - 1e-12, 1, 1 + 1e-12]]) {
    const found = inverseLogRemovals(losses, 0.3, [0.99, 0.99, 0.99]);
    assertAlmostEquals(total(found), 0.9, 1e-15);
    assert(found[0] >= found[1] && found[1] >= found[2] && found[2] > 0, `${found}`);
  }
  // A group below e is the same in any unit.
  const [a, b] = inverseLogRemovals([0.1, 0.4], 0.3, [0.99, 0.99]);
  const [c, d] = inverseLogRemovals([0.01, 0.04], 0.3, [0.99, 0.99]);
  assertAlmostEquals(a, c, 1e-15);
  assertAlmostEquals(b, d, 1e-15);
  assertEquals(inverseLogRemovals([5, 50], 0.99, [0.9, 0.8]), [0.9, 0.8]);
});

Deno.test("allocateInverseLog() shares out within a role, not between roles", () => {
  const costs = factorCosts(40, 40, 19);
  const decaying = (power: number) => Float64Array.from(costs, (_, i) => 1e4 * (i + 1) ** -power);
  const layer = { costs, denseBytes: 3200 };
  const layers: AllocationLayer[] = [
    { ...layer, name: "a", role: "q", energies: decaying(3) },
    { ...layer, name: "b", role: "q", energies: decaying(0.5) },
    { ...layer, name: "c", role: "k", energies: decaying(3) },
  ];
  const found = ranksOf(allocateInverseLog(layers, 4800));
  const [a, b, c] = found.map((rank) => rank ?? 20);
  assert(a < 10 && b > 10, `${found}`);
  // Half of 3200 bytes is rank 10; the bytes left over by rounding buy one rank at most.
  assert(c === 10 || c === 11, `${found}`);
  assert(a + b === 20 || a + b === 19, `${found}`);
});

Deno.test("allocateInverseLog() takes from other roles what a role cannot give up", () => {
  const costs = Array.from({ length: 9 }, (_, i) => 10 * (i + 1));
  const energies = costs.map((bytes) => 1e4 / bytes);
  const layers = [
    { name: "a", role: "q", energies: [1e4], costs: [90], denseBytes: 100 },
    { name: "b", role: "k", energies, costs, denseBytes: 100 },
  ];
  // Of 55 bytes each, a takes 90 at its only rank.
  assertEquals(ranksOf(allocateInverseLog(layers, 110)), [1, 2]);
});

const TABLE: readonly SensitivityEntry[] = [
  { name: "a", keep: 0.5, perplexity: 12 },
  { name: "a", keep: 0.8, perplexity: 10.5 },
  { name: "b", keep: 0.5, perplexity: 20 },
  { name: "b", keep: 0.8, perplexity: 11 },
];

Deno.test("allocateSensitivity() takes the largest cut within the budget, not the last one probed", () => {
  const layer = { role: "q", energies: [9, 4, 1, 0], costs: [25, 50, 80, 95], denseBytes: 100 };
  const layers = [{ ...layer, name: "a" }, { ...layer, name: "b" }];
  const bytesAt = (budget: number) => allocateSensitivity(layers, budget, TABLE).byteLength / 200;
  // The cuts 0, 1, 2, 3, 4 keep 0.5, 0.65, 0.8, 0.9 and 1.
  assertEquals(bytesAt(140), 0.65);
  const budgets = [100, 129, 130, 159, 160, 179, 180, 199, 200];
  assertEquals(budgets.map(bytesAt), [0.5, 0.5, 0.65, 0.65, 0.8, 0.8, 0.9, 0.9, 1]);
  assertEquals(ranksOf(allocateSensitivity(layers, 180, TABLE)), [3, null]);
  assertThrows(
    () => allocateSensitivity(layers, 99, TABLE),
    RangeError,
    "must be at least 100 bytes, what the smallest shares that were measured take: current budget is 99",
  );
});

Deno.test("allocateSensitivity() refuses entries of other layers and numbers that are none", () => {
  const layers = [A, B];
  const at = (entry: Partial<SensitivityEntry>, message: string) =>
    assertThrows(
      () => allocateSensitivity(layers, 40, [{ ...TABLE[0], ...entry }]),
      RangeError,
      message,
    );
  at({ name: "c" }, "every entry must be of one of the layers: current name is c");
  at({ keep: 1 }, "an entry of a must have a share between 0 and 1");
  at({ perplexity: NaN }, "current values are 0.5 and NaN");
});
