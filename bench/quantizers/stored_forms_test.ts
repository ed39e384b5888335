import { bitsPerWeight, toDense } from "@pare/operators";
import { assert, assertEquals } from "@std/assert";
import { randomlyStored, STORED } from "./stored_forms.ts";

for (const [name, stored] of Object.entries(STORED)) {
  Deno.test(`randomlyStored() makes ${name} that are as large as they should be, and no zeros`, () => {
    const operator = randomlyStored(stored, [64, 256]);
    assertEquals(operator.shape, [64, 256]);
    const bits = Number(/\d/.exec(name)?.[0] ?? 4);
    const found = bitsPerWeight(operator);
    assert(found >= bits && found <= bits + 0.5, `${found}`);
    const { data } = toDense(operator);
    const values = new Set(data);
    assert(values.size > 2 ** bits && data.every(Number.isFinite));
  });
}
