// The command line as a process of its own, with the permissions of the tasks and no more.

const MAIN = new URL("../packages/cli/main.ts", import.meta.url).pathname;

/** What became of a run. */
export interface Outcome {
  /** The exit code. */
  readonly code: number;
  /** What it printed. */
  readonly stdout: string;
  /** What it told besides. */
  readonly stderr: string;
}

/** Starts the program in a folder. */
export function start(args: readonly string[], cwd: string): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--allow-read", "--allow-write", MAIN, ...args],
    cwd,
    env: { NO_COLOR: "1" },
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

/** Waits for the end of a run. */
export async function finish(child: Deno.ChildProcess): Promise<Outcome> {
  const { code, stdout, stderr } = await child.output();
  const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, stdout: decode(stdout), stderr: decode(stderr) };
}

/** Runs the program in a folder. */
export function run(args: readonly string[], cwd: string): Promise<Outcome> {
  return finish(start(args, cwd));
}

/** The digests of the files of a folder, by name. */
export async function filesOf(folder: string): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  for await (const { name } of Deno.readDir(folder)) {
    const digest = await crypto.subtle.digest("SHA-256", await Deno.readFile(`${folder}/${name}`));
    files.set(name, new Uint8Array(digest).toHex());
  }
  return new Map([...files].sort());
}

/** The bytes of all files of a folder. */
export async function sizeOfFiles(folder: string): Promise<number> {
  let bytes = 0;
  for await (const { name } of Deno.readDir(folder)) {
    bytes += (await Deno.stat(`${folder}/${name}`)).size;
  }
  return bytes;
}
