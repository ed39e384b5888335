import { QUANTIZERS } from "@pare/quantizers";
import { assert, assertEquals } from "@std/assert";
import { REGISTRY } from "./registry.ts";

Deno.test("REGISTRY has every quantizer, with its options", () => {
  for (const [name, { checks }] of Object.entries(QUANTIZERS)) {
    assert(Object.hasOwn(REGISTRY, name), name);
    assertEquals(Object.keys(REGISTRY[name].checks), Object.keys(checks), name);
  }
});
