/**
 * The command line of pare: `compress`, `calibrate`, `evaluate`, `inspect`, `generate`.
 *
 * ```sh
 * deno run --allow-read --allow-write jsr:@pare/cli compress model/ --method rtn --bits 4
 * ```
 *
 * @module
 */

if (import.meta.main) await import("./main.ts");

export { COMMANDS, runCli } from "./cli.ts";
export type { Command, CommandInput, Flag, Flags, FlagValues } from "./flags.ts";
export { REGISTRY } from "./registry.ts";
export { UsageError, UserError } from "./user_error.ts";
export { CREATOR, VERSION } from "./version.ts";
