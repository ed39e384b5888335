import { assertThrows } from "@std/assert";
import { checkTokenizerFits } from "./check_tokenizer_fits.ts";

Deno.test("checkTokenizerFits() takes models with as many rows as tokens, or more", () => {
  checkTokenizerFits({ vocabularySize: 512 }, 512);
  checkTokenizerFits({ vocabularySize: 151669 }, 151936);
});

Deno.test("checkTokenizerFits() names both numbers where a token has no row", () => {
  assertThrows(
    () => checkTokenizerFits({ vocabularySize: 4096 }, 512),
    RangeError,
    "below the model's vocabulary of 512: current largest id is 4095",
  );
});
