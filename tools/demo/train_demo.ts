// Trains the demo model and writes all there is of it: `deno task train:demo`.

import { runCommand } from "../../packages/cli/cli.ts";
import { TRAIN_DEMO } from "./train_demo_command.ts";

Deno.exit(await runCommand(TRAIN_DEMO, Deno.args));
