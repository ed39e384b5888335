import { UserError } from "../../packages/cli/user_error.ts";

/** What to measure in a process of its own. */
export interface ApartRequest {
  /** The module that measures: it gets `request` as JSON and writes a line of JSON per result. */
  readonly module: URL;
  readonly request: unknown;
  /** What it is called where it fails. */
  readonly name: string;
}

/**
 * Measures in a process of its own: threads are fixed when peers load, and nothing that is left in
 * memory disturbs what comes next. It may read, and start `/usr/bin/python3` for numpy.
 *
 * @param request What to measure.
 * @param onResult Gets each result as it comes.
 * @throws {UserError} If the process fails.
 */
export async function measureApart<R>(
  { module, request, name }: ApartRequest,
  onResult: (result: R) => void,
): Promise<void> {
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-prompt",
      "--ignore-env",
      // To tell what memory is left when garbage is gone.
      "--v8-flags=--expose-gc",
      "--allow-read",
      "--allow-run=/usr/bin/python3",
      module.pathname,
      JSON.stringify(request),
    ],
    stdout: "piped",
  }).spawn();
  let text = "";
  for await (const piece of child.stdout.pipeThrough(new TextDecoderStream())) {
    const lines = (text + piece).split("\n");
    text = lines.pop() ?? "";
    for (const line of lines) onResult(JSON.parse(line));
  }
  const { code } = await child.status;
  if (code !== 0) {
    throw new UserError(
      `Cannot measure ${name} as its process must succeed: current exit code is ${code}`,
    );
  }
}
