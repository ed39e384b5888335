// Runs all tests and code examples, says what could not be run, and ends with one line of counts.
//
// Sanitizers are on and permissions narrow: a test reads this repository, the test material beside
// it and the package cache, writes below one temporary folder, and starts nothing but Deno.

import { formatCounts, parseTestOutput, type TestSummary } from "./test_summary.ts";

const ROOT = new URL("../", import.meta.url);
const SHARED = new URL("../shared/", ROOT);
const TEMPORARY = new URL(".tmp/", ROOT);
const PATHS = ["packages", "tools", "bench", "test", "README.md"];

/** Says for each thing that the machine lacks what is not run without it. */
async function findMissing(): Promise<string[]> {
  const missing = [];
  if (!await navigator.gpu?.requestAdapter()) {
    missing.push(
      "Tests on a GPU are not run, as no WebGPU adapter answers. Debian and Ubuntu have one in software:\n" +
        "  apt-get install -y mesa-vulkan-drivers libvulkan1",
    );
  }
  if (!exists(SHARED)) {
    missing.push(
      "Tests on models of others are not run, as there is no folder ../shared: it holds models and\n" +
        "texts that are not published with this repository, so there is nothing to install",
    );
  }
  return missing;
}

function exists(url: URL): boolean {
  try {
    return Deno.statSync(url).isDirectory;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** Where Deno keeps npm packages: some of them read files of their own. */
async function findNpmCache(): Promise<string> {
  const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["info", "--json"] }).output();
  return JSON.parse(new TextDecoder().decode(stdout)).npmCache;
}

/** Runs `deno test`, passing its output on as it comes. */
async function runTests(paths: readonly string[], temporary: string): Promise<TestSummary> {
  const readable = [Deno.realPathSync(ROOT), temporary, await findNpmCache(), "../shared"];
  // It may be a link to somewhere else.
  if (exists(SHARED)) readable.push(Deno.realPathSync(SHARED));
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "test",
      "--doc",
      "--sanitize-ops",
      "--sanitize-resources",
      "--no-prompt",
      `--allow-read=${readable.join(",")}`,
      `--allow-write=${temporary}`,
      `--allow-run=${Deno.execPath()}`,
      "--ignore-env",
      ...paths,
    ],
    cwd: ROOT,
    env: { TMPDIR: temporary },
    stdout: "piped",
  }).spawn();
  const [shown, kept] = child.stdout.tee();
  const [output, status] = await Promise.all([
    new Response(kept).text(),
    child.status,
    shown.pipeTo(Deno.stdout.writable, { preventClose: true }),
  ]);
  const summary = parseTestOutput(output) ?? { passed: 0, failed: 0, skipped: 0, skippedNames: [] };
  // A run can break off without a single failed test, for example on a type error.
  const broken = !status.success || summary.passed + summary.skipped === 0;
  return { ...summary, failed: broken ? Math.max(summary.failed, 1) : summary.failed };
}

/** Names the skipped tests; of many, the first. */
function formatSkipped(names: readonly string[]): string {
  const more = names.length > 10 ? [`and ${names.length - 10} more`] : [];
  return ["Skipped:", ...names.slice(0, 10), ...more].join("\n  ");
}

Deno.mkdirSync(TEMPORARY, { recursive: true });
const temporaryFolder = Deno.realPathSync(TEMPORARY);
// Without a folder for its sockets the software adapter complains on every start.
if (!Deno.env.has("XDG_RUNTIME_DIR")) Deno.env.set("XDG_RUNTIME_DIR", temporaryFolder);
// Deno 2.9.6 also asks libEGL for adapters, whose cleanup at exit races with the threads of tests:
// about one run in 500 aborts, after its last test. Set here, it is what this process asks as well.
if (Deno.build.os === "linux") Deno.env.set("DENO_WEBGPU_BACKEND", "vulkan");
const missing = await findMissing();
for (const line of missing) console.log(line);
let summary: TestSummary = { passed: 0, failed: 1, skipped: 0, skippedNames: [] };
if (missing.length > 0 && Deno.env.get("CI") === "true") {
  console.log("No test is run, as CI is set and all of them must be able to run there");
} else {
  const temporary = Deno.makeTempDirSync({ dir: temporaryFolder });
  try {
    summary = await runTests(Deno.args.length > 0 ? Deno.args : PATHS, temporary);
  } finally {
    Deno.removeSync(temporary, { recursive: true });
  }
  if (summary.skippedNames.length > 0) console.log(formatSkipped(summary.skippedNames));
  for (const line of missing) console.log(line);
}
console.log(formatCounts(summary));
Deno.exit(summary.failed > 0 ? 1 : 0);
