import { assert, assertEquals } from "@std/assert";
import { shareSchemas } from "./share_schemas.ts";

/** A schema that is long enough to be shared. */
function long(name: string, inner: object = {}): object {
  return { type: "object", description: name.repeat(100), properties: { inner } };
}

/** The schema with its references written out. */
function expand(value: unknown, definitions: Record<string, unknown>): unknown {
  if (typeof value !== "object" || value === null) return value;
  if ("$ref" in value) {
    return expand(definitions[String(value.$ref).slice("#/$defs/".length)], definitions);
  }
  if (Array.isArray(value)) return value.map((part) => expand(part, definitions));
  return Object.fromEntries(
    Object.entries(value).map(([key, part]) => [key, expand(part, definitions)]),
  );
}

Deno.test("shareSchemas() says the same once", () => {
  const twice = long("twice");
  const outer = long("outer", twice);
  const schema = { oneOf: [outer, long("once"), { a: outer, b: [twice, { type: "string" }] }] };
  const { $defs, ...rest } = shareSchemas(schema);
  const definitions = $defs as Record<string, unknown>;
  assertEquals(expand(rest, definitions), schema);
  const text = JSON.stringify({ rest, definitions });
  for (const name of ["twice", "outer", "once"]) {
    assertEquals(text.split(name.repeat(100)).length - 1, 1, name);
  }
  assertEquals(Object.keys(definitions).length, 2);
});

Deno.test("shareSchemas() leaves alone what is short or stands once", () => {
  const schema = { a: { type: "string" }, b: { type: "string" }, c: long("c") };
  assertEquals(shareSchemas(schema), schema);
  assert(!("$defs" in shareSchemas({})));
});
