import { assertEquals } from "@std/assert";
import { DTYPES } from "./dtype.ts";

Deno.test("DTYPES hold as many bytes an element as they say", () => {
  for (const [name, { byteLength, array }] of Object.entries(DTYPES)) {
    assertEquals(array.BYTES_PER_ELEMENT, byteLength, name);
    assertEquals(new array(3).byteLength, 3 * byteLength, name);
  }
});

Deno.test("DTYPES say what their names say", () => {
  for (const [name, { byteLength, isFloat }] of Object.entries(DTYPES)) {
    const bits = /^(?:bf|f|i|u)(\d+)/.exec(name);
    // e4m3 and e5m2 are of 8 bits; truth values take a byte each.
    assertEquals(byteLength, bits ? Number(bits[1]) / 8 : 1, name);
    assertEquals(isFloat, /^b?f\d/.test(name), name);
  }
});
