// Writes the JSON Schema of recipes, made from the registry's rules, beside the command line.

import { recipeSchema } from "@pare/pipeline";
import { REGISTRY } from "../packages/cli/registry.ts";

const target = new URL("../packages/cli/recipe.schema.json", import.meta.url);
await Deno.writeTextFile(target, JSON.stringify(recipeSchema(REGISTRY), null, 2) + "\n");
