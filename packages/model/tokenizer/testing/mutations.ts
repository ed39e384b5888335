/** Yields damaged copies of `whole`: bytes changed, cut off, removed or repeated. */
export function* mutations(
  whole: Uint8Array,
  count: number,
  seed: number,
): Generator<Uint8Array<ArrayBuffer>, void, undefined> {
  const below = randomBelow(seed);
  for (let i = 0; i < count; i++) {
    let bytes = new Uint8Array(whole);
    const kind = below(8);
    const at = below(bytes.length);
    if (kind === 0) bytes = bytes.slice(0, at);
    if (kind === 1) {
      bytes = Uint8Array.of(...bytes.subarray(0, at), ...bytes.subarray(at + 1 + below(9)));
    }
    if (kind === 2) {
      bytes = Uint8Array.of(...bytes.subarray(0, at), ...bytes.subarray(at - below(9)));
    }
    for (let changes = kind < 3 ? 0 : 1 + below(3); changes > 0; changes--) {
      const place = below(bytes.length);
      bytes[place] = [0, 0xff, 0x7f, 0x80, bytes[place] ^ (1 << below(8)), below(256)][below(6)];
    }
    yield bytes;
  }
}

/** Draws integers below a bound (xorshift32). */
export function randomBelow(seed: number): (bound: number) => number {
  let state = seed | 1;
  return (bound) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % bound;
  };
}
