// `parseArgs` of @std/cli with its types, over the npm mirror, which has none.
//
// Where JSR can be reached, map "@std/cli/parse-args" to jsr:@std/cli/parse-args in deno.json and
// drop this file.

// @ts-types="./parse_args_types.d.ts"
export { parseArgs } from "@std-mirror/cli/parse-args";
