/**
 * Compiles the WebAssembly kernels of `@pare/linalg` and writes them inlined in `*_generated.ts`.
 *
 * ```sh
 * deno task build:wasm
 * ```
 *
 * @module
 */

import asc from "assemblyscript";

const ROOT = new URL("../packages/linalg/wasm/", import.meta.url);

/** One compilation of the same sources. */
export interface Build {
  /** What the generated file is called after. */
  readonly name: string;
  /** Whether threads share the memory. */
  readonly threads: boolean;
  /** Whether multiplications and additions are fused where the processor can. */
  readonly relaxed: boolean;
}

/** All compilations. */
export const BUILDS: readonly Build[] = [
  { name: "threads_relaxed", threads: true, relaxed: true },
  { name: "threads_plain", threads: true, relaxed: false },
  { name: "single_relaxed", threads: false, relaxed: true },
  { name: "single_plain", threads: false, relaxed: false },
];

/** The file that a build is written to. */
export function generatedUrl(build: Build): URL {
  return new URL(`kernels_${build.name}_generated.ts`, ROOT);
}

/**
 * Compiles the kernels.
 *
 * @param build The compilation.
 * @returns The WebAssembly module.
 * @throws {Error} If the compiler finds a mistake.
 */
export async function compile(build: Build): Promise<Uint8Array> {
  let bytes: Uint8Array | string | null = null;
  const features = ["simd", ...build.relaxed ? ["relaxed-simd"] : []];
  if (build.threads) features.push("threads");
  const { error, stderr } = await asc.main([
    "assembly/index.ts",
    ...["--outFile", "kernels.wasm"],
    ...["--runtime", "stub"],
    ...["--optimizeLevel", "2", "--noAssert"],
    ...["--importMemory", "--initialMemory", "1", "--maximumMemory", "65536"],
    ...["--enable", features.join(",")],
    ...build.threads ? ["--sharedMemory"] : [],
  ], {
    readFile: (path: string) => {
      try {
        return Deno.readTextFileSync(new URL(path, ROOT));
      } catch {
        return null;
      }
    },
    writeFile: (path: string, contents: Uint8Array | string) => {
      if (path === "kernels.wasm") bytes = contents;
    },
    listFiles: () => [],
  });
  if (error || !bytes) throw new Error(`Cannot compile the kernels:\n${stderr}`);
  return bytes;
}

/**
 * The source of the generated file of a build.
 *
 * @param bytes The compiled module.
 * @returns TypeScript that exports the bytes in base 64.
 */
export function generate(bytes: Uint8Array): string {
  const characters = Array.from(bytes, (byte) => String.fromCharCode(byte));
  return [
    "// Made of packages/linalg/wasm/assembly by `deno task build:wasm`: do not change it by hand.",
    "",
    "/** The compiled kernels. */",
    `export const BASE64: string = "${btoa(characters.join(""))}";`,
    "",
  ].join("\n");
}

if (import.meta.main) {
  for (const build of BUILDS) {
    const bytes = await compile(build);
    Deno.writeTextFileSync(generatedUrl(build), generate(bytes));
    console.log(`${build.name}: ${bytes.length} bytes`);
  }
}
