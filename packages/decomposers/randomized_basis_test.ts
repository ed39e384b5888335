import {
  createDevice,
  createReferenceKernels,
  createWasmDevice,
  createWebgpuDevice,
  type Device,
} from "@pare/linalg";
import { castTo, toF64 } from "@pare/tensor";
import { toDense } from "@pare/operators";
import { assert, assertEquals, assertLessOrEqual } from "@std/assert";
import { IS_SKIPPED } from "#adapter";
import { asvd } from "./asvd.ts";
import type { ConditionerOptions } from "./conditioner.ts";
import { eigenRoot } from "./eigen_root.ts";
import { nsvd } from "./nsvd.ts";
import {
  columns,
  departure,
  generate,
  type Layer,
  losses,
  type Matrix,
  norm,
  plus,
  random,
  randomLayer,
  remainder,
  statisticsOf,
  times,
  transposed,
} from "./testing/matrices.ts";
import { truncate, type TruncationStage } from "./truncate.ts";

const exact = await createWasmDevice({ threads: 1 });

const UNIT = 2 ** -24;

/** Devices that compute nothing in f64. */
const DEVICES: readonly [name: string, ignore: boolean, create: () => Promise<Device>][] = [
  ["reference in f32", false, () => {
    return Promise.resolve(createDevice({ ...createReferenceKernels(), doubles: new Set() }));
  }],
  ["webgpu", IS_SKIPPED, () => createWebgpuDevice()],
];

/** Stages of a method that has `first` vectors for the inputs and `then` for the weight. */
function stagesOf(first: number, then: number, conditioner: ConditionerOptions = {}) {
  const stages: TruncationStage[] = [];
  if (first > 0) stages.push({ rank: first, conditioner });
  if (then > 0) stages.push({ rank: then, conditioner: null });
  return stages;
}

/** What the singular values of A X, or of A, are like: flat is the worst case. */
const LAYERS: readonly [name: string, layer: () => Layer, first: number, then: number][] = [
  ["wide, correlated", () => randomLayer(40, 56, 200, 1), 8, 2],
  ["tall, correlated", () => randomLayer(64, 32, 100, 2), 7, 1],
  ["flat", () => ({ a: random(60, 60, 3), x: random(60, 400, 4) }), 15, 0],
  ["flat, unweighted", () => ({ a: random(60, 48, 5), x: random(48, 60, 6) }), 0, 12],
  ["nested halves", () => randomLayer(48, 48, 100, 7), 6, 6],
  ["most of the rank", () => randomLayer(30, 40, 100, 8), 20, 5],
];

for (const [kind, ignore, create] of DEVICES) {
  for (const [name, make, first, then] of LAYERS) {
    Deno.test({
      name: `truncate() in f32 loses little more than in f64 on ${kind}: ${name}`,
      ignore,
      fn: async () => {
        using device = await create();
        const { a, x } = make();
        const statistics = statisticsOf(x);
        const stages = stagesOf(first, then);
        const { left, right } = await truncate(a, statistics, stages, exact, device);
        const best = await truncate(a, statistics, stages, exact);
        const n = Math.max(...a.shape);
        // The columns of products and QR in f32, as linalg bounds them.
        assertLessOrEqual(departure(left), 16 * (n + 4) * UNIT);
        assertLessOrEqual(norm(plus(right, times(transposed(left), a), -1)), n * UNIT * norm(a));
        const found = losses(a, left, x);
        const wanted = losses(a, best.left, x);
        // 0.4 % is what ten more vectors and four iterations cost where all values are alike; twice
        // that, as one draw may be worse than another.
        if (then === 0) {
          assertLessOrEqual(found.activation, 1.008 * wanted.activation);
          assert(found.activation >= wanted.activation * (1 - 1e-5));
        }
        assertLessOrEqual(found.weight, 1.008 * wanted.weight);
        if (first > 0) {
          const one = losses(a, columns(left, 0, first), x).activation;
          assertLessOrEqual(one, 1.008 * losses(a, columns(best.left, 0, first), x).activation);
        }
      },
    });
  }

  Deno.test({
    name: `truncate() in f32 fills what inputs do not reach, and ends in zeros on ${kind}`,
    ignore,
    fn: async () => {
      using device = await create();
      const { a, x } = randomLayer(20, 24, 3, 40);
      const statistics = statisticsOf(x);
      for (const variant of ["I", "II"] as const) {
        const stages = stagesOf(6, 0, { variant });
        const { left } = await truncate(a, statistics, stages, exact, device);
        const best = (await truncate(a, statistics, stages, exact)).left;
        assertLessOrEqual(losses(a, left, x).activation, 100 * UNIT * norm(times(a, x)));
        assertLessOrEqual(losses(a, left, x).weight, 1.008 * losses(a, best, x).weight);
      }
      const low: Matrix = times(random(20, 2, 50), random(2, 24, 51));
      const { left } = await truncate(low, statistics, stagesOf(3, 2), exact, device);
      assertLessOrEqual(norm(remainder(low, left)), 100 * UNIT * norm(low));
      assertEquals(norm(columns(left, 2, 3)), 0);
      const zeros = generate(6, 8, () => 0);
      const none = await truncate(zeros, null, stagesOf(0, 2), exact, device);
      assertEquals([norm(none.left), norm(none.right)], [0, 0]);
    },
  });

  Deno.test({
    name: `nsvd() and asvd() with a diagonal compute where they are told, on ${kind}`,
    ignore,
    fn: async () => {
      using device = await create();
      const { a, x } = randomLayer(24, 20, 60, 9);
      const weight = castTo(a, "f32");
      const statistics = statisticsOf(x);
      const options = { rank: 5, factorDtype: "f32", ridge: 0.1 } as const;
      const runs = [
        (on: Device) => asvd(weight, statistics, { ...options, variant: "0", device: on }),
        (on: Device) => nsvd(weight, statistics, { ...options, nestedRank: 2, device: on }),
      ];
      for (const run of runs) {
        const operator = await run(device);
        assertEquals(await run(device), operator);
        const lost = (of: typeof operator) => norm(plus(a, toF64(toDense(of)), -1));
        const best = lost(await run(exact));
        assertLessOrEqual(Math.abs(lost(operator) - best), 0.008 * best);
      }
    },
  });
}

Deno.test("eigenRoot() squares to the Gram matrix and solves it once", async () => {
  const { gram } = statisticsOf(randomLayer(4, 12, 30, 60).x);
  const device = await createWasmDevice({ threads: 1 });
  const root = await eigenRoot(gram, 0, device);
  const error = norm(plus(times(root, transposed(root)), gram, -1));
  assertLessOrEqual(error, 8 * 16 * Number.EPSILON * norm(gram));
  // What is known needs no device.
  device[Symbol.dispose]();
  assertEquals(await eigenRoot(gram, 0, device), root);
  const more = await eigenRoot(gram, 1, device);
  const mean = gram.data.reduce((sum, value, i) => i % 13 === 0 ? sum + value / 12 : sum, 0);
  const ridged = plus(gram, generate(12, 12, (i, j) => i === j ? mean : 0));
  assertLessOrEqual(norm(plus(times(more, transposed(more)), ridged, -1)), 1e-13 * norm(ridged));
});

Deno.test("eigenRoot() takes negative eigenvalues for zero", async () => {
  const gram = generate(3, 3, (i, j) => i === j ? [4, -1, 9][i] : 0);
  const root = await eigenRoot(gram, 0, exact);
  const wanted = generate(3, 3, (i, j) => i === j ? [4, 0, 9][i] : 0);
  assertLessOrEqual(norm(plus(times(root, transposed(root)), wanted, -1)), 1e-14);
});
