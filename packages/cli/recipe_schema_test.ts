import { recipeSchema } from "@pare/pipeline";
import { assertEquals } from "@std/assert";
import { REGISTRY } from "./registry.ts";

Deno.test("recipe.schema.json describes the methods of the registry", async () => {
  const text = await Deno.readTextFile(new URL("recipe.schema.json", import.meta.url));
  assertEquals(JSON.parse(text), JSON.parse(JSON.stringify(recipeSchema(REGISTRY))));
});
