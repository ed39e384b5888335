import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { philox, randomNormal, randomPermutation, randomSigns, randomUniform } from "./random.ts";

const ALL = 0xffffffff;

Deno.test("philox() gives the known answers of Random123", () => {
  assertEquals(philox([0, 0, 0, 0], [0, 0]), [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8]);
  assertEquals(
    philox([ALL, ALL, ALL, ALL], [ALL, ALL]),
    [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
  );
  assertEquals(
    philox([0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344], [0xa4093822, 0x299f31d0]),
    [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
  );
});

Deno.test("randomUniform() takes its numbers from blocks 0, 1, 2, … of its seed and stream", () => {
  const seed = 2 ** 40 + 3;
  const stream = 2 ** 33 + 5;
  const { data } = randomUniform([10], { seed, stream });
  const words = [0, 1, 2].flatMap((block) => philox([block, 0, 5, 2], [3, 256]));
  assertEquals(data, Float32Array.from(words.slice(0, 10), (word) => (word >>> 8) / 2 ** 24));
});

const DRAWS = {
  randomUniform: (count: number, options: object) => randomUniform([count], options).data,
  randomNormal: (count: number, options: object) => randomNormal([count], options).data,
  randomSigns: (count: number, options: object) => randomSigns([count], options).data,
  randomPermutation: (count: number, options: object) => randomPermutation(count, options).data,
};

for (const [name, draw] of Object.entries(DRAWS)) {
  Deno.test(`${name}() repeats itself, and differs for another seed or stream`, () => {
    const numbers = draw(101, { seed: 1, stream: 2 });
    assertEquals(draw(101, { seed: 1, stream: 2 }), numbers);
    assertEquals(draw(101, {}), draw(101, { seed: 0, stream: 0 }));
    for (const options of [{ seed: 2, stream: 1 }, { seed: 1 }, { seed: 1 + 2 ** 32, stream: 2 }]) {
      assertNotEquals(draw(101, options), numbers);
    }
    assertNotEquals(draw(101, { seed: 1, stream: 2 + 2 ** 32 }), numbers);
  });

  Deno.test(`${name}() refuses seeds and streams that a double does not hold exactly`, () => {
    for (const value of [-1, 0.5, 2 ** 53, NaN, Infinity]) {
      const message = `must be an integer from 0 to 2^53 - 1: current value is ${value}`;
      assertThrows(() => draw(3, { seed: value }), RangeError, `seed ${message}`);
      assertThrows(() => draw(3, { stream: value }), RangeError, `stream ${message}`);
    }
    assertEquals(draw(3, { seed: 2 ** 53 - 1, stream: 2 ** 53 - 1 }).length, 3);
  });
}

Deno.test("random tensors begin alike whatever their length, and take any shape", () => {
  for (const draw of [randomUniform, randomNormal, randomSigns]) {
    const long = draw([100], { seed: 3 });
    for (const shape of [[], [1], [7], [3, 5]]) {
      const short = draw(shape, { seed: 3 });
      assertEquals(short.shape, shape);
      assertEquals(short.data, long.data.slice(0, short.data.length));
    }
    assertEquals(draw([0], { seed: 3 }).data.length, 0);
  }
});

// Statistics of fixed seeds: they pass or fail for ever. The bounds are five standard deviations of
// what independent numbers would give, which one test in two million would miss by chance.

const COUNT = 2 ** 16;

function mean(
  numbers: ArrayLike<number>,
  map: (value: number) => number = (value) => value,
): number {
  let sum = 0;
  for (let i = 0; i < numbers.length; i++) sum += map(numbers[i]);
  return sum / numbers.length;
}

Deno.test("randomUniform() fills [0, 1) evenly", () => {
  const { data } = randomUniform([COUNT], { seed: 4 });
  assert(data.every((value) => value >= 0 && value < 1));
  assert(data.every((value) => Number.isInteger(value * 2 ** 24)));
  assert(Math.abs(mean(data) - 1 / 2) < 5 / Math.sqrt(12 * COUNT));
  // The variance of (x - 1/2)² is 1/180.
  assert(Math.abs(mean(data, (x) => (x - 0.5) ** 2) - 1 / 12) < 5 / Math.sqrt(180 * COUNT));
  const counts = new Uint32Array(64);
  for (const value of data) counts[Math.floor(value * 64)]++;
  const expected = COUNT / 64;
  const chiSquare = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
  // Of 63 degrees of freedom: mean 63, variance 126.
  assert(Math.abs(chiSquare - 63) < 5 * Math.sqrt(126), `chi-square ${chiSquare}`);
});

Deno.test("randomNormal() has the moments and the tails of a normal distribution", () => {
  const { data } = randomNormal([COUNT], { seed: 5 });
  // Variances of x, x², x³, x⁴ are 1, 2, 15 and 96.
  for (const [power, wanted, variance] of [[1, 0, 1], [2, 1, 2], [3, 0, 15], [4, 3, 96]]) {
    const moment = mean(data, (x) => x ** power);
    assert(Math.abs(moment - wanted) < 5 * Math.sqrt(variance / COUNT), `${power}: ${moment}`);
  }
  for (const [limit, share] of [[1, 0.317310508], [2, 0.045500264], [3, 0.002699796]]) {
    const outside = mean(data, (x) => Math.abs(x) > limit ? 1 : 0);
    assert(Math.abs(outside - share) < 5 * Math.sqrt(share / COUNT), `${limit}: ${outside}`);
  }
  // Neighbours come from one pair of uniform numbers, and must not show it.
  const even = data.filter((_, i) => i % 2 === 0);
  const products = mean(even.map((value, i) => value * data[2 * i + 1]));
  assert(Math.abs(products) < 5 / Math.sqrt(COUNT / 2), `correlation ${products}`);
});

Deno.test("randomSigns() are +1 and -1 with equal chance", () => {
  const { data } = randomSigns([COUNT], { seed: 6 });
  assert(data.every((value) => value === 1 || value === -1));
  assert(Math.abs(mean(data)) < 5 / Math.sqrt(COUNT));
});

Deno.test("streams and seeds are independent of each other", () => {
  const draw = (options: object) => randomNormal([COUNT], options).data;
  const first = draw({ seed: 7 });
  for (const options of [{ seed: 7, stream: 1 }, { seed: 8 }, { seed: 7, stream: 2 ** 32 }]) {
    const second = draw(options);
    const correlation = mean(first.map((value, i) => value * second[i]));
    assert(Math.abs(correlation) < 5 / Math.sqrt(COUNT), `${correlation}`);
  }
});

Deno.test("randomPermutation() holds every number once, in every place alike", () => {
  for (const length of [0, 1, 2, 17, 1000]) {
    const { dtype, shape, data } = randomPermutation(length, { seed: 9 });
    assertEquals([dtype, shape], ["u32", [length]]);
    assertEquals(data.toSorted(), Uint32Array.from({ length }, (_, i) => i));
  }
  // All 24 orders of four, a chi-square with 23 degrees of freedom.
  const draws = 24 * 500;
  const counts = new Map<string, number>();
  for (let stream = 0; stream < draws; stream++) {
    const order = randomPermutation(4, { seed: 10, stream }).data.join();
    counts.set(order, (counts.get(order) ?? 0) + 1);
  }
  assertEquals(counts.size, 24);
  const chiSquare = [...counts.values()].reduce((sum, count) => sum + (count - 500) ** 2 / 500, 0);
  assert(Math.abs(chiSquare - 23) < 5 * Math.sqrt(46), `chi-square ${chiSquare}`);
});
