import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { normalQuantile } from "./normal_quantile.ts";

Deno.test("normalQuantile() has the quantiles that tables have", () => {
  // Known to more digits than a double holds.
  const known = [
    [0.75, 0.6744897501960817],
    [0.9, 1.2815515655446004],
    [0.975, 1.959963984540054],
    [0.99, 2.3263478740408408],
    [0.995, 2.575829303548901],
    [0.9999, 3.719016485455709],
  ];
  for (const [probability, quantile] of known) {
    // What lies below is computed to a few units of 2^-53, and so are the table's probabilities.
    const density = Math.exp(-(quantile ** 2) / 2) / Math.sqrt(2 * Math.PI);
    assertAlmostEquals(normalQuantile(probability), quantile, 4 * 2 ** -53 / density);
    assertAlmostEquals(normalQuantile(1 - probability), -quantile, 5 * 2 ** -53 / density);
  }
  assertEquals(normalQuantile(0.5), 0);
});

Deno.test("normalQuantile() rises, far out too", () => {
  let last = -Infinity;
  for (let exponent = -40; exponent < -1; exponent++) {
    const quantile = normalQuantile(2 ** exponent);
    assert(quantile > last && quantile < 0, `${exponent}: ${quantile}`);
    last = quantile;
  }
});
