import { randomUniform } from "@pare/tensor";
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { sampleToken, type SamplingOptions } from "./sample_token.ts";

/** How often each token is drawn of 20,000 times. */
function frequencies(logits: Float32Array, options: SamplingOptions): number[] {
  const counts = new Array(logits.length).fill(0);
  for (const uniform of randomUniform([20_000], { seed: 1 }).data) {
    counts[sampleToken(logits, uniform, options)]++;
  }
  return counts.map((count) => count / 20_000);
}

const LOGITS = Float32Array.from([0.1, 0.4, 0.2, 0.3], Math.log);

Deno.test("sampleToken() takes the likeliest token at temperature 0, the first of equals", () => {
  assertEquals(sampleToken(LOGITS, 0.99), 1);
  assertEquals(sampleToken(Float32Array.of(-3, 2, 2), 0.99, { temperature: 0 }), 1);
  assertEquals(sampleToken(Float32Array.of(5), 0.5, { temperature: 1 }), 0);
});

const CASES: readonly [name: string, options: SamplingOptions, expected: number[]][] = [
  ["the softmax", { temperature: 1 }, [0.1, 0.4, 0.2, 0.3]],
  // Squares, so that they add up to 0.3.
  ["a lower temperature", { temperature: 0.5 }, [1 / 30, 16 / 30, 4 / 30, 9 / 30]],
  ["the two likeliest", { temperature: 1, topK: 2 }, [0, 4 / 7, 0, 3 / 7]],
  ["more tokens than there are", { temperature: 1, topK: 9 }, [0.1, 0.4, 0.2, 0.3]],
  // 0.4 + 0.3 does not reach 0.75.
  ["three that make up 0.75", { temperature: 1, topP: 0.75 }, [0, 4 / 9, 2 / 9, 3 / 9]],
  ["one that makes up 0.3", { temperature: 1, topP: 0.3 }, [0, 1, 0, 0]],
  // Of the three likeliest, 4/9 + 3/9 makes up 0.75.
  ["topP of topK", { temperature: 1, topK: 3, topP: 0.75 }, [0, 4 / 7, 0, 3 / 7]],
];

Deno.test("sampleToken() keeps the first of equals", () => {
  const equals = new Float32Array(50).fill(2);
  for (const uniform of [0, 0.3, 0.6, 0.999]) {
    const token = sampleToken(equals, uniform, { temperature: 1, topK: 3 });
    assertEquals(token, Math.floor(3 * uniform));
  }
});

for (const [name, options, expected] of CASES) {
  Deno.test(`sampleToken() draws by ${name}`, () => {
    for (const [token, frequency] of frequencies(LOGITS, options).entries()) {
      // Four standard deviations of 20,000 draws are below 0.0142.
      assert(Math.abs(frequency - expected[token]) < 0.0142, `${token}: ${frequency}`);
      assertEquals(frequency === 0, expected[token] === 0);
    }
  });
}

Deno.test("sampleToken() draws a token of the vocabulary, whatever the logits", () => {
  fc.assert(
    fc.property(
      fc.float32Array({ minLength: 1, maxLength: 20, noNaN: true, noDefaultInfinity: true }),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      fc.record({
        temperature: fc.double({ min: 0, max: 100, noNaN: true }),
        topK: fc.integer({ min: 1, max: 30 }),
        topP: fc.double({ min: 1e-9, max: 1, noNaN: true }),
      }),
      (logits, uniform, options) => {
        const token = sampleToken(logits, uniform, options);
        assert(Number.isInteger(token) && token >= 0 && token < logits.length);
        // No more than topK - 1 tokens are likelier.
        if (options.temperature > 0.01) {
          assert(logits.filter((logit) => logit > logits[token]).length < options.topK);
        }
      },
    ),
    { seed: 1, numRuns: 1000 },
  );
});
