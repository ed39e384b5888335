import { assert, assertEquals } from "@std/assert";
import { e8pCodebook, e8pResidualCodebook } from "./e8p.ts";
import { e8pPatterns, halfTriples } from "./e8p_patterns.ts";

const CODEBOOK = e8pCodebook();
const CODES = Array.from({ length: 2 ** 16 }, (_, code) => code);

/** A codeword, times four. */
const codeword = (code: number) => CODEBOOK.subarray(8 * code, 8 * code + 8);

/** Σ of the squares, of numbers that are `factor` times too large. */
function squares(x: ArrayLike<number>, factor: number): number {
  return Array.from(x).reduce((sum, value) => sum + (value / factor) ** 2, 0);
}

async function sha256(bytes: Int8Array<ArrayBuffer>): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", bytes);
  return Array.from(new Uint8Array(digest), (b) => b.toString(16).padStart(2, "0")).join("");
}

/** The number of points of a set of rows of eight. */
function distinct(table: Int8Array | Uint8Array): number {
  const rows = Array.from(
    { length: table.length / 8 },
    (_, i) => table.subarray(8 * i, 8 * i + 8).join(),
  );
  return new Set(rows).size;
}

Deno.test("e8pPatterns() are 227 short patterns and 29 of the next norm", () => {
  const patterns = e8pPatterns();
  const count = new Map<number, number>();
  let odd = 0;
  for (let a = 0; a < 256; a++) {
    const pattern = patterns.subarray(8 * a, 8 * a + 8);
    const norm = squares(pattern, 2);
    count.set(norm, (count.get(norm) ?? 0) + 1);
    odd += pattern.reduce((sum, entry) => sum + entry, 0) / 2 % 2;
    assert(pattern.includes(1), `pattern ${a} has an entry 1/2`);
  }
  assertEquals([...count].sort(([a], [b]) => a - b), [[2, 1], [4, 8], [6, 28], [8, 64], [10, 126], [
    12,
    29,
  ]]);
  assertEquals(odd, 149);
  assertEquals(distinct(patterns), 256);
  assertEquals(halfTriples().length, 29);
  const wanted = [
    [0, [1, 1, 1, 1, 1, 1, 1, 1]],
    [1, [1, 1, 1, 1, 1, 1, 1, 3]],
    [226, [5, 3, 1, 1, 1, 1, 1, 1]],
    [227, [3, 1, 1, 1, 3, 3, 3, 3]],
    [255, [3, 3, 1, 1, 3, 3, 3, 1]],
  ] as const;
  for (const [a, pattern] of wanted) {
    assertEquals([...patterns.subarray(8 * a, 8 * a + 8)], [...pattern]);
  }
});

Deno.test("e8pCodebook() has the codewords of the specification", async () => {
  const wanted = [
    [0x0000, Array(8).fill(3)],
    [0x0080, Array(8).fill(1)],
    [0x007f, Array(8).fill(-1)],
    [0x0100, [3, 3, 3, 3, 3, 3, 3, -5]],
    [0x0101, [-1, 3, 3, 3, 3, 3, 3, 7]],
    [0xe2ff, [-11, -7, -3, -3, -3, -3, -3, 1]],
    [0xe300, [7, 3, 3, 3, 7, 7, 7, -5]],
  ] as const;
  for (const [code, values] of wanted) assertEquals([...codeword(code)], values);
  const digest = "75e970f6e8438d913c4b32623a0823bdd86a8ce08c3aab6d747cbd2d56844880";
  assertEquals(await sha256(CODEBOOK), digest);
});

Deno.test("e8pCodebook() is 65,536 points around zero, none closer to another than √2", () => {
  assertEquals(distinct(CODEBOOK), 2 ** 16);
  assertEquals(squares(CODEBOOK, 4), 627_200);
  for (let i = 0; i < 8; i++) {
    assertEquals(CODES.reduce((sum, code) => sum + CODEBOOK[8 * code + i], 0), 0);
  }
  const norms = CODES.map((code) => squares(codeword(code), 4));
  assertEquals([norms.reduce((a, b) => Math.min(a, b)), Math.max(...new Set(norms))], [0.5, 16.5]);
  assertEquals(CODEBOOK.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0), 11);
  // Differences of two are in E8: all entries whole, or all halves, with an even sum. No vector of it but
  // zero has a squared norm below 2.
  const [first, pairs] = [codeword(0), new Set<number>()];
  for (const code of CODES) {
    const difference = Array.from(codeword(code), (value, i) => (value - first[i]) / 4);
    const doubled = difference.map((value) => Math.abs(2 * value) % 2);
    assert(doubled.every((value) => value === doubled[0]));
    assertEquals(Math.abs(difference.reduce((sum, value) => sum + value, 0)) % 2, 0);
    pairs.add(squares(difference, 1));
  }
  assertEquals([...pairs].sort((a, b) => a - b).slice(0, 2), [0, 2]);
});

Deno.test("e8pCodebook() is closed under negation", () => {
  const points = new Set(CODES.map((code) => codeword(code).join()));
  for (const code of CODES) assert(points.has(codeword(code).map((value) => -value).join()));
});

Deno.test("e8pCodebook() is that of other software, in another order", async () => {
  // There the low byte of a code is eight signs, of entries 0, 2, 4, 6, 1, 3, 5, 7; their parity is
  // the shift, which toggles the first of them; the last one is of entry 7 where Σ a_i is even.
  const order = [0, 2, 4, 6, 1, 3, 5, 7];
  const patterns = e8pPatterns();
  const other = new Int8Array(CODEBOOK.length);
  for (const code of CODES) {
    const pattern = code >> 8;
    const entries = patterns.subarray(8 * pattern, 8 * pattern + 8);
    const isOdd = entries.reduce((sum, entry) => sum + entry, 0) / 2 % 2;
    const shift = code >> 7 & 1;
    // 4 v = 4 c ∓ 1, whose sign is that of v.
    const signs = Array.from(codeword(code), (c) => Number(c < (shift ? -1 : 1)));
    let low = 0;
    for (const [j, i] of order.entries()) low |= (signs[i] ^ (j === 7 ? isOdd : 0)) << j;
    other.set(codeword(code), 8 * (256 * pattern + (low ^ shift)));
  }
  const digest = "ea3883a85a627590ca74626320a2a691943386a8c89ac72cdb6388bfe7da5cc0";
  assertEquals(await sha256(other), digest);
});

Deno.test("e8pResidualCodebook() is E8 up to the squared norm 2, and 15 vectors of 4", () => {
  const codebook = e8pResidualCodebook();
  assertEquals(distinct(codebook), 256);
  const count = new Map<number, number>();
  for (let code = 0; code < 256; code++) {
    const point = Array.from(codebook.subarray(8 * code, 8 * code + 8), (value) => value / 4);
    const norm = squares(point, 1);
    count.set(norm, (count.get(norm) ?? 0) + 1);
    const isHalf = point.map((value) => Math.abs(value) % 1);
    assert(isHalf.every((value) => value === isHalf[0]));
    assertEquals(Math.abs(point.reduce((sum, value) => sum + value, 0)) % 2, 0);
  }
  assertEquals([...count].sort(([a], [b]) => a - b), [[0, 1], [2, 240], [4, 15]]);
  assertEquals(codebook.includes(-8, 8 * 241 + 7 + 8 * 8), true);
  assertEquals(codebook.filter((value, i) => i % 8 === 7 && value === -8).length, 0);
});
