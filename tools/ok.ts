// Runs every check but the tests; shows the output of those that fail.

const ROOT = new URL("../", import.meta.url);

/** The entry points of all packages, as paths from the root. */
function entryPoints(): string[] {
  const folders = [...Deno.readDirSync(new URL("packages/", ROOT))].map(({ name }) => name);
  return folders.toSorted().flatMap((folder) => {
    const config = Deno.readTextFileSync(new URL(`packages/${folder}/deno.json`, ROOT));
    const exports: string | Record<string, string> = JSON.parse(config).exports;
    const files = typeof exports === "string" ? [exports] : Object.values(exports);
    return files.map((file) => `packages/${folder}/${file.replace(/^\.\//, "")}`);
  });
}

const STEPS: readonly [name: string, ...args: string[]][] = [
  ["format", "fmt", "--check"],
  ["lint", "lint"],
  ["types", "check", "--frozen", "."],
  ["documentation", "doc", "--lint", ...entryPoints()],
  ["publishing", "publish", "--dry-run", "--allow-dirty"],
];

let failures = 0;
for (const [name, ...args] of STEPS) {
  const start = performance.now();
  const command = new Deno.Command(Deno.execPath(), { args, cwd: ROOT });
  const { success, stdout, stderr } = await command.output();
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  console.log(`${success ? "ok    " : "FAILED"} ${name} (${seconds} s)`);
  if (success) continue;
  failures++;
  const decoder = new TextDecoder();
  console.log(decoder.decode(stdout) + decoder.decode(stderr));
}
if (failures > 0) Deno.exit(1);
