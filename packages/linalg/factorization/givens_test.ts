import { assert, assertEquals } from "@std/assert";
import { givens } from "./givens.ts";

Deno.test("givens() turns the second number into zero, whatever their scale", () => {
  for (const scale of [1, 1e-150, 1e150, 1e300, 1e-320]) {
    for (
      const [x, y] of [[3, 4], [-3, 4], [4, -3], [-4, 3], [1, 1e-9], [1e-9, 1], [2, 2], [-2, 2]]
    ) {
      const [f, g] = [x * scale, y * scale];
      const { c, s, r } = givens(f, g);
      const size = Math.max(Math.abs(x), Math.abs(y));
      assert(Math.abs(c * c + s * s - 1) <= 4e-16, `${f}, ${g}: ${c}, ${s}`);
      // The smallest numbers are 5e-324 apart.
      const bound = 1e-15 * size + 1e-323 / scale;
      assert(Math.abs(c * (f / scale) + s * (g / scale) - r / scale) <= bound);
      assert(Math.abs(c * (g / scale) - s * (f / scale)) <= bound);
      if (Math.abs(f) > Math.abs(g)) assert(c > 0);
    }
  }
});

Deno.test("givens() of zeros is exact", () => {
  assertEquals(givens(5, 0), { c: 1, s: 0, r: 5 });
  assertEquals(givens(-5, 0), { c: 1, s: 0, r: -5 });
  assertEquals(givens(0, -5), { c: 0, s: 1, r: -5 });
  assertEquals(givens(0, 0), { c: 1, s: 0, r: 0 });
});
