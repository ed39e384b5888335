// What holds for the configuration of the workspace.

import { assert, assertEquals, assertMatch } from "@std/assert";
import { LEVELS } from "./lint/package_layers.ts";

const ROOT = new URL("../", import.meta.url);

function readJson(path: string): Record<string, unknown> {
  return JSON.parse(Deno.readTextFileSync(new URL(path, ROOT)));
}

const PACKAGES = [...Deno.readDirSync(new URL("packages/", ROOT))]
  .filter(({ isDirectory }) => isDirectory)
  .map(({ name }) => name);

Deno.test("every task says what it does and asks for no more than it needs", () => {
  const tasks = readJson("deno.json").tasks as Record<string, Record<string, string>>;
  for (const [name, { description, command }] of Object.entries(tasks)) {
    assertMatch(description, /^[A-Z].*[^.]$/, name);
    assertMatch(command, /^deno (run|bench) --no-prompt /, name);
    assert(!/ (-A|--allow-all|--allow-net)\b/.test(command), name);
  }
});

Deno.test("every dependency comes from npm in one exact version", () => {
  const imports = readJson("deno.json").imports as Record<string, string>;
  for (const [name, target] of Object.entries(imports)) {
    assertMatch(target, /^(\.\/|npm:(@[\w-]+\/)?[\w-]+@\d+\.\d+\.\d+(\/|$))/, name);
  }
});

Deno.test("packages bring no dependencies of their own, and all are one version", () => {
  for (const name of PACKAGES) {
    const { imports, version, license } = readJson(`packages/${name}/deno.json`);
    assertEquals([imports, license], [undefined, "MIT"], name);
    assertEquals(version, readJson("packages/tensor/deno.json").version, name);
  }
});

Deno.test("every package has a level and a page", () => {
  for (const name of PACKAGES) {
    assert(Object.hasOwn(LEVELS, name), name);
    const readme = Deno.readTextFileSync(new URL(`packages/${name}/README.md`, ROOT));
    assert(readme.startsWith(`# @pare/${name}\n`), name);
  }
});
