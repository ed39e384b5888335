// Each rule stands here with what it refuses and what it lets pass.

import { assertEquals } from "@std/assert";
import plugin from "./plugin.ts";

/** One file, and the text that each finding points at. */
type Row = readonly [behaviour: string, file: string, source: string, ...found: string[]];

const ROWS: Readonly<Record<string, readonly Row[]>> = {
  "package-layers": [
    [
      "lets imports point downward",
      "packages/quantizers/rtn.ts",
      `import { a } from "@pare/tensor"; export * from "@pare/operators"; import "./b.ts";`,
    ],
    [
      "refuses imports that point upward",
      "packages/tensor/tensor.ts",
      `import { a } from "@pare/linalg";`,
      `import { a } from "@pare/linalg";`,
    ],
    [
      "refuses imports from the same level",
      "packages/formats/onnx.ts",
      `import type { Operator } from "@pare/operators";`,
      `import type { Operator } from "@pare/operators";`,
    ],
    [
      "lets decomposers import quantizers",
      "packages/decomposers/caldera.ts",
      `import { rtn } from "@pare/quantizers";`,
    ],
    [
      "refuses quantizers that import decomposers",
      "packages/quantizers/rtn.ts",
      `import { svd } from "@pare/decomposers";`,
      `import { svd } from "@pare/decomposers";`,
    ],
    [
      "sees exports, dynamic imports and types",
      "packages/linalg/mod.ts",
      `export * from "@pare/model"; export { a } from "@pare/cli"; await import("@pare/pruners"); ` +
      `type A = import("@pare/autograd").A;`,
      `export * from "@pare/model";`,
      `export { a } from "@pare/cli";`,
      `import("@pare/pruners")`,
      `import("@pare/autograd").A`,
    ],
    [
      "counts a module inside a package as the package",
      "packages/linalg/mod.ts",
      `import { a } from "@pare/model/llama";`,
      `import { a } from "@pare/model/llama";`,
    ],
    [
      "lets tests and benches import from the same level",
      "packages/formats/onnx_test.ts",
      `import { a } from "@pare/operators";`,
    ],
    [
      "lets testing/ import from the same level",
      "packages/evaluators/testing/models.ts",
      `import { a } from "@pare/pruners";`,
    ],
    [
      "refuses tests that import upward",
      "packages/formats/onnx_test.ts",
      `import { a } from "@pare/model";`,
      `import { a } from "@pare/model";`,
    ],
    [
      "refuses relative paths that leave the package",
      "packages/linalg/wasm/matmul.ts",
      `import "../../tensor/mod.ts"; import "../device.ts"; import "../../linalg/device.ts";`,
      `import "../../tensor/mod.ts";`,
      `import "../../linalg/device.ts";`,
    ],
    [
      "refuses a package that imports itself by name",
      "packages/linalg/wasm/matmul.ts",
      `import { a } from "@pare/linalg";`,
      `import { a } from "@pare/linalg";`,
    ],
    [
      "refuses a package without a level, imported or importing",
      "packages/linalg/mod.ts",
      `import { a } from "@pare/nowhere";`,
      `import { a } from "@pare/nowhere";`,
    ],
    [
      "refuses files of a package without a level",
      "packages/nowhere/mod.ts",
      `export {};`,
      `export {};`,
    ],
    ["leaves other folders alone", "test/end_to_end_test.ts", `import "../packages/cli/main.ts";`],
  ],
  "error-message": [
    [
      "lets the house form pass",
      "packages/tensor/a.ts",
      "throw new RangeError(`Cannot pack as bits must be 1 to 8: current value is ${bits}`);",
    ],
    [
      "lets a message pass that begins with an unknown part",
      "packages/tensor/a.ts",
      "throw new RangeError(`${action} as the rank must be 2: current rank is ${rank}`);",
    ],
    ["lets errors without a literal pass", "packages/tensor/a.ts", "throw new Error(message);"],
    [
      "refuses a small first letter",
      "packages/tensor/a.ts",
      `throw new Error("cannot read");`,
      `"cannot read"`,
    ],
    [
      "refuses a full stop and an exclamation mark",
      "packages/tensor/a.ts",
      `throw new Error("Cannot read."); throw new ShapeError("Cannot read!", a, b);`,
      `"Cannot read."`,
      `"Cannot read!"`,
    ],
    [
      "refuses what must be without what is",
      "packages/tensor/a.ts",
      "throw new Error(`Cannot read as a must be ${b}`);",
      "`Cannot read as a must be ${b}`",
    ],
    [
      "lets what is be put in other words",
      "packages/tensor/a.ts",
      "throw new Error(`Cannot read ${a} as it must hold text: it is empty`);",
    ],
    [
      "reads a message in parts as one",
      "packages/tensor/a.ts",
      'throw new Error(`Cannot read as a must be ${b}` + ": current a is " + a);',
    ],
    [
      "reads every later part of a message too, which may begin small",
      "packages/tensor/a.ts",
      'throw new FormatError("Cannot read", "header", "must be JSON");',
      `"must be JSON"`,
    ],
    [
      "reads both sides of a choice",
      "packages/tensor/a.ts",
      `throw new Error(b ? "Cannot read" : "no");`,
      `b ? "Cannot read" : "no"`,
    ],
    [
      "reads what an error class hands on",
      "packages/tensor/a.ts",
      `class AError extends Error { constructor() { super("it broke"); } }`,
      `"it broke"`,
    ],
    [
      "leaves tests alone",
      "packages/tensor/a_test.ts",
      `throw new Error("boom");`,
    ],
    ["leaves other classes alone", "packages/tensor/a.ts", `new Notice("ready.");`],
  ],
  "no-platform-api": [
    [
      "refuses Deno, process, console and node: in a library",
      "packages/model/a.ts",
      `Deno.cwd(); process.exit(); console.log(1); import "node:fs"; globalThis.Deno; ` +
      `let file: Deno.FsFile;`,
      "Deno.cwd",
      "process.exit",
      "console.log",
      `import "node:fs";`,
      "globalThis.Deno",
      "Deno.FsFile",
    ],
    [
      "lets the command line use them",
      "packages/cli/main.ts",
      `console.log(Deno.args);`,
    ],
    ["lets tests use them", "packages/model/a_test.ts", `Deno.test("a", () => {});`],
    ["lets testing/ use them", "packages/model/testing/a.ts", `Deno.readFileSync("a");`],
    ["lets what browsers have pass", "packages/model/a.ts", `new Worker(url); navigator.gpu;`],
    ["leaves a property of that name alone", "packages/model/a.ts", `options.process.next();`],
  ],
  "no-jsr-import": [
    [
      "refuses jsr: and URLs",
      "bench/a.ts",
      `import "jsr:@std/assert"; import "https://deno.land/x/a.ts";`,
      `import "jsr:@std/assert";`,
      `import "https://deno.land/x/a.ts";`,
    ],
    ["lets npm: and names pass", "bench/a.ts", `import "npm:a@1.0.0"; import "@std/assert";`],
  ],
  "no-default-export": [
    [
      "refuses both ways of writing it",
      "packages/model/a.ts",
      `export default 1; const a = 1; export { a as default };`,
      `export default 1;`,
      `a as default`,
    ],
    ["lets named exports pass", "packages/model/a.ts", `export const a = 1; export { a as b };`],
  ],
  "no-non-null-assertion": [
    ["refuses it in a library", "packages/model/a.ts", `a!.b;`, `a!`],
    ["refuses it in tools", "tools/a.ts", `a!.b;`, `a!`],
    ["lets kernels use it", "packages/linalg/wasm/matmul.ts", `a!.b;`],
    ["lets shaders' hosts use it", "packages/linalg/webgpu/matmul.ts", `a!.b;`],
  ],
};

for (const [rule, rows] of Object.entries(ROWS)) {
  const only: Deno.lint.Plugin = { name: plugin.name, rules: { [rule]: plugin.rules[rule] } };
  for (const [behaviour, file, source, ...found] of rows) {
    Deno.test(`${rule} ${behaviour}`, () => {
      const diagnostics = Deno.lint.runPlugin(only, file, source);
      const texts = diagnostics.map(({ range }) => source.slice(...range));
      assertEquals(texts.toSorted(), found.toSorted());
    });
  }
}

Deno.test("every rule of the plugin is tested", () => {
  assertEquals(Object.keys(ROWS).toSorted(), Object.keys(plugin.rules).toSorted());
});
