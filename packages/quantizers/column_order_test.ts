import { assertEquals } from "@std/assert";
import { activationOrder, ascendingOrder, groupAwareOrder, isDescending } from "./column_order.ts";

Deno.test("ascendingOrder() puts the first block last, columns of a block as they are", () => {
  assertEquals([...ascendingOrder(5, 1)], [4, 3, 2, 1, 0]);
  assertEquals([...ascendingOrder(6, 2)], [4, 5, 2, 3, 0, 1]);
});

Deno.test("activationOrder() puts the strongest last, and of equals the first", () => {
  const energies = [1, 5, 5, 0, 2, 2];
  assertEquals([...activationOrder(6, 1, (i) => energies[i])], [3, 0, 5, 4, 2, 1]);
  assertEquals([...activationOrder(6, 2, (i) => energies[i])], [4, 5, 2, 3, 0, 1]);
});

Deno.test("groupAwareOrder() sorts columns within groups, and groups by their strongest", () => {
  const energies = [1, 2, 3, 9, 0, 4, 5];
  // Rounded first to last: 3 2, then 6, 5 4 and 1 0.
  assertEquals([...groupAwareOrder(7, 2, (i) => energies[i])], [0, 1, 4, 5, 6, 2, 3]);
});

Deno.test("isDescending() knows the order of the matrix", () => {
  assertEquals(isDescending(Uint32Array.of(0, 1, 2)), true);
  assertEquals(isDescending(Uint32Array.of(0, 2, 1)), false);
});
