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
  // The ends of all beginnings of the name that match so far: the work grows with the product of
  // both lengths, where a regular expression may take a time exponential in the number of stars.
  let ends = new Set([0]);
  for (const part of glob.split(/(\*\*|\*|\{[^{}]*\})/)) {
    ends = new Set([...ends].flatMap((end) => endsOf(part, name, end)));
  }
  return ends.has(name.length);
}

/** Where a part of a glob may end in a name, if it starts at `start`. */
function endsOf(part: string, name: string, start: number): number[] {
  if (part === "**" || part === "*") {
    const dot = part === "*" ? name.indexOf(".", start) : -1;
    const last = dot < 0 ? name.length : dot;
    return Array.from({ length: last - start + 1 }, (_, i) => start + i);
  }
  const choices = /^\{[^{}]*\}$/.test(part) ? part.slice(1, -1).split(",") : [part];
  return choices.filter((text) => name.startsWith(text, start)).map((text) => start + text.length);
}
