// The library packages are type-checked as a browser project would do it: the plain TypeScript
// compiler, the DOM, no types of Deno.

import { assertEquals } from "@std/assert";
import type {} from "@huggingface/tokenizers";
import type {} from "@webgpu/types";
import ts from "typescript";
import { LEVELS } from "./lint/package_layers.ts";

const ROOT = decodeURIComponent(new URL("../", import.meta.url).pathname);

/** Where the types of an npm package are. */
function typesOf(name: string): string {
  const entry = decodeURIComponent(new URL(import.meta.resolve(name)).pathname);
  const folder = entry.slice(0, entry.indexOf("/", entry.indexOf(name) + name.length + 1));
  return `${folder}/${JSON.parse(Deno.readTextFileSync(`${folder}/package.json`)).types}`;
}

Deno.test("library packages type-check as plain TypeScript in a browser", () => {
  const packages = Object.keys(LEVELS).filter((name) => name !== "cli");
  const entryPoints = packages.map((name) => `${ROOT}packages/${name}/mod.ts`);
  const program = ts.createProgram({
    rootNames: [...entryPoints.filter(ts.sys.fileExists), typesOf("@webgpu/types")],
    options: {
      strict: true,
      noEmit: true,
      skipLibCheck: true,
      allowImportingTsExtensions: true,
      module: ts.ModuleKind.ESNext,
      moduleResolution: ts.ModuleResolutionKind.Bundler,
      target: ts.ScriptTarget.ESNext,
      lib: ["lib.esnext.d.ts", "lib.dom.d.ts", "lib.dom.iterable.d.ts"],
      types: [],
      paths: {
        "@pare/*": [`${ROOT}packages/*/mod.ts`],
        "@huggingface/tokenizers": [typesOf("@huggingface/tokenizers")],
      },
    },
  });
  const diagnostics = ts.getPreEmitDiagnostics(program);
  const host: ts.FormatDiagnosticsHost = {
    getCanonicalFileName: (name) => name,
    getCurrentDirectory: () => ROOT,
    getNewLine: () => "\n",
  };
  assertEquals(ts.formatDiagnostics(diagnostics, host), "");
});
