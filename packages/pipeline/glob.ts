/**
 * Tells whether a layer's name matches a glob: `*` stands for any run of characters without a dot,
 * `**` for any run, `{a,b}` for either.
 *
 * @example All layers of the MLP
 * ```ts
 * import { matchesGlob } from "@pare/pipeline";
 * import { assert } from "@std/assert";
 *
 * assert(matchesGlob("model.layers.*.mlp.*", "model.layers.3.mlp.up_proj"));
 * assert(!matchesGlob("model.*", "model.layers.3.mlp.up_proj"));
 * assert(matchesGlob("**.{q,k}_proj", "model.layers.3.self_attn.k_proj"));
 * ```
 *
 * @param glob The pattern; it must match the whole name.
 * @param name The name.
 * @returns Whether it matches.
 */
export function matchesGlob(glob: string, name: string): boolean {
  const source = glob.split(/(\*\*|\*|\{[^{}]*\})/).map((part) => {
    if (part === "**") return ".*";
    if (part === "*") return "[^.]*";
    if (!/^\{[^{}]*\}$/.test(part)) return escape(part);
    return `(?:${part.slice(1, -1).split(",").map(escape).join("|")})`;
  }).join("");
  return new RegExp(`^${source}$`, "s").test(name);
}

function escape(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
