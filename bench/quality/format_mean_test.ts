import { assertEquals } from "@std/assert";
import { formatMean } from "./format_mean.ts";

Deno.test("formatMean() gives the error two digits, and the mean as many decimals", () => {
  assertEquals(formatMean({ mean: 1.25349, standardError: 0.01234 }), "1.253 ± 0.012");
  assertEquals(formatMean({ mean: 7.9, standardError: 0.5 }), "7.90 ± 0.50");
  assertEquals(formatMean({ mean: 1234.5, standardError: 23.4 }), "1235 ± 23");
  assertEquals(formatMean({ mean: 12_345, standardError: 2345 }), "1.2e+4 ± 2.3e+3");
  assertEquals(formatMean({ mean: 2e-5, standardError: 1.234e-6 }), "0.0000200 ± 0.0000012");
});

Deno.test("formatMean() shows a mean without an error alone", () => {
  assertEquals(formatMean({ mean: 0.12345, standardError: 0 }), "0.1235");
  assertEquals(formatMean({ mean: 1.5, standardError: NaN }), "1.500");
  assertEquals(formatMean({ mean: Infinity, standardError: Infinity }), "Infinity");
});
