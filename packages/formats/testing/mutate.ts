// Mutations that know the structure of what they change, so that most results get past the first
// check and reach the later ones.

import type { RandomBelow } from "./random_below.ts";

const NUMBERS = [
  ..."0 1 2 3 4 7 8 16 24 32 64 255 -1 -0 1.5 1e3 1e999 00 0x10".split(" "),
  ..."2147483647 2147483648 4294967295 4294967296 4503599627370496".split(" "),
  ..."9007199254740991 9007199254740992 9223372036854775807 18446744073709551616".split(" "),
  "9".repeat(400),
];

const STRINGS = [
  ...["", "F32", "F4", "F64", "BF16", "BOOL", "I64", "f32", "dtype", "shape", "data_offsets"],
  ...["__metadata__", "__proto__", "constructor", "toString", "weight_map", "model_type"],
  ...["../x", "a/b", "a\\b", "C:x", "..", "x\0", "model-00001-of-00002.safetensors", "é\u{1f600}"],
  "x".repeat(300),
].map((text) => JSON.stringify(text)).concat(['"\\ud800"', '"\\q"', '"', '"\\"', "'a'"]);

const VALUES = [
  "null",
  "true",
  "{}",
  "[]",
  "[[]]",
  '{"a":1}',
  "nul",
  "[1,2,3]",
  "\ufeff",
  "\0",
  "",
];

/** Changes JSON text in one to four places. */
export function mutateJson(text: string, random: RandomBelow): string {
  const tokens: string[] = text.match(/"(?:[^"\\]|\\.)*"|-?[0-9.]+|[{}[\],:]|\s+|\w+/g) ?? [];
  const pick = <T>(items: readonly T[]): T => items[random(items.length)];
  for (let left = 1 + random(4); left > 0; left--) {
    const at = random(tokens.length);
    const other = random(tokens.length);
    const few = 1 + random(8);
    switch (random(11)) {
      case 0:
      case 1:
        replaceSome(tokens, /^-?[0-9]/, pick(NUMBERS), random);
        break;
      case 2:
        replaceSome(tokens, /^"/, pick(STRINGS), random);
        break;
      case 3:
        tokens[at] = pick(VALUES);
        break;
      case 4: // Repeats a stretch, often a key and its value.
        tokens.splice(at, 0, ...tokens.slice(at, at + few));
        break;
      case 5:
        tokens.splice(at, few);
        break;
      case 6:
        [tokens[at], tokens[other]] = [tokens[other], tokens[at]];
        break;
      case 7: { // Nests a token deeply.
        const depth = pick([1, 3, 70, 2000]);
        tokens[at] = "[".repeat(depth) + tokens[at] + "]".repeat(depth);
        break;
      }
      case 8: // Says what another place says.
        tokens[at] = tokens[other];
        break;
      case 9:
        tokens.splice(at, 0, pick([" ", "\n", ",", ":", "{", "}", "[", "]", "\t \r"]));
        break;
      default:
        tokens.length = Math.max(1, at);
    }
    if (tokens.length === 0) tokens.push(pick(VALUES));
  }
  return tokens.join("");
}

function replaceSome(tokens: string[], kind: RegExp, value: string, random: RandomBelow): void {
  const places = tokens.keys().filter((i) => kind.test(tokens[i])).toArray();
  if (places.length > 0) tokens[places[random(places.length)]] = value;
}

/** Changes bytes in one to four places: flips a bit, cuts, repeats, removes or inserts a stretch. */
export function mutateBytes(
  bytes: Uint8Array<ArrayBuffer>,
  random: RandomBelow,
): Uint8Array<ArrayBuffer> {
  let mutated = bytes.slice();
  for (let left = 1 + random(4); left > 0; left--) {
    if (mutated.length === 0) return mutated;
    // Half of the time near the beginning, where the headers are.
    const at = random(random(2) === 0 ? mutated.length : Math.min(mutated.length, 48));
    switch (random(6)) {
      case 0:
      case 1:
      case 2:
        mutated[at] ^= 1 << random(8);
        break;
      case 3:
        mutated = mutated.slice(0, at);
        break;
      case 4: {
        const stretch = mutated.subarray(at, at + 1 + random(16));
        mutated = Uint8Array.of(...mutated.subarray(0, at), ...stretch, ...mutated.subarray(at));
        break;
      }
      default: {
        const rest = mutated.subarray(at + 1 + random(16));
        mutated = Uint8Array.of(...mutated.subarray(0, at), ...rest);
      }
    }
  }
  return mutated;
}

const WORDS = [
  0,
  1,
  2,
  3,
  4,
  5,
  6,
  7,
  8,
  12,
  16,
  64,
  255,
  256,
  65535,
  2 ** 24,
  2 ** 30,
  2 ** 31 - 1,
]
  .flatMap((value) => [value, -value]).concat([-(2 ** 31), 0x616b3432]);

/** Replaces one to three of the 32-bit integers that stand at `offsets`. */
export function mutateWords(
  bytes: Uint8Array<ArrayBuffer>,
  offsets: readonly number[],
  random: RandomBelow,
): Uint8Array<ArrayBuffer> {
  const mutated = bytes.slice();
  const view = new DataView(mutated.buffer);
  for (let left = 1 + random(3); left > 0; left--) {
    view.setInt32(offsets[random(offsets.length)], WORDS[random(WORDS.length)], true);
  }
  return mutated;
}
