import { tensor } from "@pare/tensor";
import { assertEquals } from "@std/assert";
import { summarizeInput } from "./summarize_input.ts";

/** Statistics with these channels on the diagonal, and something else beside it. */
function withDiagonal(tokens: number, diagonal: readonly number[]) {
  const n = diagonal.length;
  const data = new Float64Array(n * n).fill(1e6);
  diagonal.forEach((value, i) => data[i * n + i] = value);
  return { tokens, gram: tensor(data, [n, n]) };
}

Deno.test("summarizeInput() tells what stands out, and what is missing", () => {
  assertEquals(summarizeInput(withDiagonal(9, [1, 8, 2, 2, 4])), {
    tokens: 9,
    channels: 5,
    peak: 4,
    deadChannels: 0,
    isUndetermined: false,
  });
  assertEquals(summarizeInput(withDiagonal(3, [0, 5, 1000, 10, 0, 20])), {
    tokens: 3,
    channels: 6,
    peak: 100,
    deadChannels: 2,
    isUndetermined: true,
  });
  assertEquals(summarizeInput(withDiagonal(5, [0, 0, 3])).peak, null);
  assertEquals(summarizeInput(withDiagonal(5, [1e308, 1e308])).peak, 1);
});
