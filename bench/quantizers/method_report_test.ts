import { assertEquals, assertMatch } from "@std/assert";
import type { MethodResult } from "./measure_method.ts";
import { formatMethods } from "./method_report.ts";

function result(name: string, size: number, seconds: number): MethodResult {
  return {
    name,
    size,
    seconds,
    device: "wasm",
    threads: 2,
    calls: { matmul: 3, download: 1 },
    shares: { matmul: 0.5 },
    productShare: 0.5,
    peakBytes: 2e6,
  };
}

Deno.test("formatMethods() tells the exponent of time from each size to the next of the same method", () => {
  const results = [
    result("a", 512, 1),
    result("a", 1024, 4),
    result("b", 2048, 1),
    result("a", 4096, 256),
  ];
  const lines = formatMethods(results).split("\n").slice(2);
  assertMatch(lines[0], /^a +512 +wasm +2 +1\.00 +50 % +2\.00 MB +1$/);
  assertMatch(lines[1], /^a +1024 .* n\^2\.00 /);
  assertMatch(lines[3], /^a +4096 .* n\^3\.00 /);
  assertEquals(lines[2].includes("n^"), false);
});

Deno.test("formatMethods() leaves empty what a device does not tell", () => {
  const [line] = formatMethods([{
    ...result("a", 128, 1),
    device: "webgpu",
    productShare: null,
    calls: {},
  }])
    .split("\n").slice(2);
  assertMatch(line, /^a +128 +webgpu +2 +1\.00 +2\.00 MB +0$/);
});
