import { randomNormal } from "@pare/tensor";
import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { addScores, scoreWindow } from "./window_score.ts";

const VOCABULARY = 7;
const TOKENS = Uint32Array.of(3, 0, 6, 2, 2);

function someLogits(seed: number, factor = 1): Float32Array {
  return randomNormal([TOKENS.length, VOCABULARY], { seed }).data.map((value) => factor * value);
}

/** Log-probabilities by the definition, without the shift that keeps exp in range. */
function logSoftmax(row: Float32Array): number[] {
  const total = row.reduce((sum, value) => sum + Math.exp(value), 0);
  return Array.from(row, (value) => value - Math.log(total));
}

Deno.test("scoreWindow() equals the definitions", () => {
  const [q, p] = [someLogits(1), someLogits(2)];
  let nll = 0;
  let kl = 0;
  let agreements = 0;
  for (let i = 0; i + 1 < TOKENS.length; i++) {
    const logQ = logSoftmax(q.subarray(i * VOCABULARY, (i + 1) * VOCABULARY));
    const logP = logSoftmax(p.subarray(i * VOCABULARY, (i + 1) * VOCABULARY));
    nll -= logQ[TOKENS[i + 1]];
    kl += logP.reduce((sum, value, k) => sum + Math.exp(value) * (value - logQ[k]), 0);
    agreements += Number(logQ.indexOf(Math.max(...logQ)) === logP.indexOf(Math.max(...logP)));
  }
  const score = scoreWindow(TOKENS, q, p, { vocabularySize: VOCABULARY });
  assertEquals(score.tokens, 4);
  assertAlmostEquals(score.nll, nll, 1e-12);
  assertAlmostEquals(score.against?.kl ?? NaN, kl, 1e-12);
  assertEquals(score.against?.agreements, agreements);
});

Deno.test("scoreWindow() finds no difference between a model and itself", () => {
  const logits = someLogits(3);
  const { against, nll } = scoreWindow(TOKENS, logits, logits, { vocabularySize: VOCABULARY });
  assertEquals(against, { kl: 0, agreements: 4, nll });
});

Deno.test("scoreWindow() is blind to a shift of all logits, however far", () => {
  const logits = someLogits(4).map((value) => Math.round(value * 256) / 256);
  const shifted = logits.map((value) => value + 1024);
  const plain = scoreWindow(TOKENS, logits, null, { vocabularySize: VOCABULARY });
  // Multiples of 1/256 below 2^11 are exact in f32, so only the sums' rounding is left.
  assertAlmostEquals(
    scoreWindow(TOKENS, shifted, null, { vocabularySize: VOCABULARY }).nll,
    plain.nll,
    1e-9,
  );
});

Deno.test("scoreWindow() has a divergence that is never negative, and ln V - H against uniform", () => {
  const p = someLogits(5, 3);
  const { against } = scoreWindow(TOKENS, new Float32Array(p.length), p, {
    vocabularySize: VOCABULARY,
  });
  let expected = 0;
  for (let i = 0; i + 1 < TOKENS.length; i++) {
    const logP = logSoftmax(p.subarray(i * VOCABULARY, (i + 1) * VOCABULARY));
    expected += Math.log(VOCABULARY) +
      logP.reduce((sum, value) => sum + Math.exp(value) * value, 0);
  }
  assertAlmostEquals(against?.kl ?? NaN, expected, 1e-9);
  for (let seed = 10; seed < 40; seed++) {
    const score = scoreWindow(TOKENS, someLogits(seed, 5), someLogits(seed + 100, 5), {
      vocabularySize: VOCABULARY,
    });
    assert((score.against?.kl ?? -1) >= 0);
  }
});

Deno.test("scoreWindow() of parts adds up to the whole", () => {
  const [q, p] = [someLogits(6), someLogits(7)];
  const cut = 2 * VOCABULARY;
  const whole = scoreWindow(TOKENS, q, p, { vocabularySize: VOCABULARY });
  const parts = addScores(
    scoreWindow(TOKENS, q.subarray(0, cut), p.subarray(0, cut), { vocabularySize: VOCABULARY }),
    scoreWindow(TOKENS, q.subarray(cut), p.subarray(cut), { vocabularySize: VOCABULARY, start: 2 }),
  );
  assertEquals(parts.tokens, whole.tokens);
  assertAlmostEquals(parts.nll, whole.nll, 1e-12);
  assertAlmostEquals(parts.against?.kl ?? NaN, whole.against?.kl ?? NaN, 1e-12);
});

Deno.test("scoreWindow() takes the lowest index of equal logits as the first choice", () => {
  const tie = Float32Array.of(1, 1, 0, 0, 0, 0);
  const low = Float32Array.of(1, 0, 0, 0, 0, 0);
  const { against } = scoreWindow(Uint32Array.of(0, 1), tie, low, { vocabularySize: 3 });
  assertEquals(against?.agreements, 1);
});

Deno.test("scoreWindow() predicts nothing in a window of one token or none", () => {
  for (const tokens of [Uint32Array.of(3), new Uint32Array(0)]) {
    const score = scoreWindow(tokens, new Float32Array(VOCABULARY), null, {
      vocabularySize: VOCABULARY,
    });
    assertEquals(score, { tokens: 0, nll: 0, against: null });
  }
});

Deno.test("scoreWindow() refuses logits that are not finite or do not fit", () => {
  for (const bad of [NaN, Infinity, -Infinity]) {
    const logits = someLogits(8);
    logits[VOCABULARY + 4] = bad;
    assertThrows(
      () => scoreWindow(TOKENS, logits, null, { vocabularySize: VOCABULARY }),
      RangeError,
      `current value is ${bad} for token 4 at position 1`,
    );
  }
  assertThrows(
    () => scoreWindow(Uint32Array.of(0, 1, 7), someLogits(9), null, { vocabularySize: VOCABULARY }),
    RangeError,
    "tokens must be below 7: current token 2 is 7",
  );
  assertThrows(
    () => scoreWindow(TOKENS, new Float32Array(13), null, { vocabularySize: 7 }),
    RangeError,
    "rows of 7",
  );
});
