import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { randomNormal, randomUniform } from "@pare/tensor";
import { clusteredMean } from "./mean.ts";
import { summarize } from "./summary.ts";

Deno.test("clusteredMean() weighs windows by their tokens", () => {
  assertEquals(clusteredMean([1, 9], [1, 3]).mean, 2.5);
});

Deno.test("clusteredMean() has the textbook error for windows of one token", () => {
  const values = Array.from(randomNormal([50], { seed: 1 }).data);
  const mean = values.reduce((sum, value) => sum + value, 0) / 50;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 49;
  const { standardError } = clusteredMean(values, values.map(() => 1));
  assertAlmostEquals(standardError, Math.sqrt(variance / 50), 1e-12);
});

Deno.test("clusteredMean() covers the true mean about as often as it claims", () => {
  // Windows of 4 to 20 tokens that share an offset; the true mean is 0. With 60 windows two
  // standard errors cover 95 %; 400 trials leave a spread of 1.1 points.
  let covered = 0;
  for (let trial = 0; trial < 400; trial++) {
    const lengths = Array.from(
      randomUniform([60], { seed: trial }).data,
      (u) => 4 + Math.floor(17 * u),
    );
    const offsets = randomNormal([60], { seed: trial, stream: 1 }).data;
    const noise = randomNormal([60, 20], { seed: trial, stream: 2 }).data;
    const sums = lengths.map((length, w) => {
      let sum = length * offsets[w];
      for (let i = 0; i < length; i++) sum += noise[20 * w + i];
      return sum;
    });
    const { mean, standardError } = clusteredMean(sums, lengths);
    covered += Number(Math.abs(mean) < 2 * standardError);
  }
  assert(covered > 400 * 0.91 && covered < 400 * 0.98, `${covered} of 400`);
});

Deno.test("clusteredMean() knows nothing of the error of one window", () => {
  assertEquals(clusteredMean([3], [2]), { mean: 1.5, standardError: NaN });
});

Deno.test("summarize() gives perplexity, its error and bits per character", () => {
  const scores = [2, 3, 4].map((nll) => ({ tokens: 2, nll, against: null }));
  const { perplexity, nll, bitsPerCharacter, tokens, windows } = summarize(scores, [4, 4, 4]);
  assertEquals([tokens, windows], [6, 3]);
  assertAlmostEquals(nll.mean, 1.5, 1e-15);
  assertAlmostEquals(perplexity.mean, Math.exp(1.5), 1e-12);
  assertAlmostEquals(perplexity.standardError, Math.exp(1.5) * nll.standardError, 1e-12);
  assertAlmostEquals(bitsPerCharacter?.mean ?? NaN, 9 / 12 / Math.LN2, 1e-12);
});

Deno.test("summarize() pairs the two models' losses", () => {
  // The losses swing together: the ratio of the perplexities is certain though neither is.
  const scores = [1, 5, 9].map((nll) => ({
    tokens: 4,
    nll: nll + 0.4,
    against: { kl: 0.2, agreements: 3, nll },
  }));
  const { against, perplexity } = summarize(scores);
  assertAlmostEquals(against?.perplexityRatio.mean ?? NaN, Math.exp(0.1), 1e-12);
  assert((against?.perplexityRatio.standardError ?? 1) < 1e-9);
  assert(perplexity.standardError > 1);
  assertAlmostEquals(against?.kl.mean ?? NaN, 0.05, 1e-15);
  assertEquals(against?.top1Agreement.mean, 0.75);
});

Deno.test("summarize() refuses no windows, and windows half compared", () => {
  assertThrows(() => summarize([]), RangeError, "current numbers are 0 and 0");
  const plain = { tokens: 1, nll: 1, against: null };
  const compared = { tokens: 1, nll: 1, against: { kl: 0, agreements: 1, nll: 1 } };
  assertThrows(() => summarize([plain], [3, 4]), RangeError, "of 1 windows: current number is 2");
  assertThrows(() => summarize([plain, compared]), RangeError, "current numbers are 2 and 1");
});
