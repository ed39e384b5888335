import { createWasmDevice } from "@pare/linalg";
import { toDense } from "@pare/operators";
import { castTo, toF64 } from "@pare/tensor";
import { assertEquals, assertLessOrEqual, assertRejects, assertThrows } from "@std/assert";
import { asvd } from "./asvd.ts";
import { splitRank } from "./nested_rank.ts";
import { nsvd, planNsvd } from "./nsvd.ts";
import { svd } from "./svd.ts";
import { departure, randomLayer, statisticsOf } from "./testing/matrices.ts";

const device = await createWasmDevice({ threads: 1 });

Deno.test("splitRank() rounds half up and keeps one for the first stage", () => {
  assertEquals(splitRank(1638, {}), [1556, 82]);
  // 0.95 k is 9.5 and 10.45: below rank 11 nothing is left for the second stage.
  assertEquals([splitRank(10, {}), splitRank(11, {})], [[10, 0], [10, 1]]);
  assertEquals([splitRank(1, {}), splitRank(9, { share: 0.01 })], [[1, 0], [1, 8]]);
  assertEquals([splitRank(7, { share: 0 }), splitRank(7, { share: 1 })], [[0, 7], [7, 0]]);
  assertEquals([splitRank(7, { nestedRank: 2 }), splitRank(7, { nestedRank: 7 })], [[5, 2], [
    0,
    7,
  ]]);
  for (let rank = 1; rank < 200; rank++) {
    const [first, then] = splitRank(rank, { share: 0.5 });
    assertEquals([first, then], [Math.ceil(rank / 2), Math.floor(rank / 2)]);
  }
});

Deno.test("nsvd() is ASVD where the first stage takes all, and SVD where the second does", async () => {
  const { a, x } = randomLayer(14, 18, 40, 1);
  const weight = castTo(a, "f32");
  const statistics = statisticsOf(x);
  const options = { rank: 6, factorDtype: "f32", device } as const;
  for (const variant of ["I", "II"] as const) {
    const one = { ...options, variant, ridge: 0.01 };
    const first = await asvd(weight, statistics, one);
    assertEquals(await nsvd(weight, statistics, { ...one, share: 1 }), first);
    assertEquals(await nsvd(weight, statistics, { ...one, nestedRank: 0 }), first);
    const then = await svd(weight, options);
    assertEquals(await nsvd(weight, statistics, { ...one, share: 0 }), then);
    assertEquals(await nsvd(weight, statistics, { ...one, nestedRank: 6 }), then);
  }
});

Deno.test("nsvd() stores orthonormal columns, those of ASVD first", async () => {
  const { a, x } = randomLayer(14, 18, 40, 2);
  const weight = castTo(a, "f32");
  const options = { factorDtype: "f32", device } as const;
  const nested = await nsvd(weight, statisticsOf(x), { ...options, rank: 7, nestedRank: 3 });
  const columns = toF64(toDense(nested.left));
  assertLessOrEqual(departure(columns), 14 * 2 ** -23);
  const first = await asvd(weight, statisticsOf(x), { ...options, rank: 4 });
  const leading = columns.data.filter((_, i) => i % 7 < 4);
  assertEquals(new Float32Array(leading), toDense(first.left).data);
});

Deno.test("nsvd() refuses a split that takes more than there is, and two splits at once", async () => {
  const { a, x } = randomLayer(8, 8, 20, 3);
  const options = { rank: 3, nestedRank: 4, device };
  const run = () => nsvd(castTo(a, "f32"), statisticsOf(x), options);
  await assertRejects(
    run,
    RangeError,
    "nestedRank must be at most 3, the whole: current value is 4",
  );
  assertThrows(
    () => planNsvd([8, 8], { rank: 3, nestedRank: 1, share: 0.5 }),
    RangeError,
    "only one of share and nestedRank must be given: current values are 0.5 and 1",
  );
  assertThrows(() => planNsvd([8, 8], { share: 1.5 }), RangeError, "share must be a number from 0");
});

Deno.test("nsvd() refuses statistics that are missing", async () => {
  const weight = castTo(randomLayer(4, 4, 9, 1).a, "f32");
  await assertRejects(() => nsvd(weight, null, { device }), TypeError, "current value is null");
});
