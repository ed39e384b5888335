import { runCli } from "./cli.ts";

Deno.exit(await runCli(Deno.args));
