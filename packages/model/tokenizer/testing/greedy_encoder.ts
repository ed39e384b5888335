// SentencePiece's BPE as its definition says it, for tests to compare with: the two neighbours
// whose joined text has the highest score are merged, the leftmost of equals, until none is left.
// Shares no code with the package.

/** A vocabulary entry: its text (`▁` for a space), its score, and whether text can become it. */
export interface GreedyEntry {
  readonly text: string;
  readonly score: number;
  readonly normal: boolean;
}

/** Makes an encoder; 0 is the unknown token, and bytes are used where `<0x00>` is there. */
export function greedyEncoder(
  entries: readonly GreedyEntry[],
  removeExtraSpaces: boolean = false,
): (text: string) => number[] {
  const ids = new Map<string, number>();
  entries.forEach(({ text, normal }, id) => {
    if (normal) ids.set(text, id);
  });
  const firstByte = entries.findIndex(({ text, normal }) => !normal && text === "<0x00>");
  const scoreOf = (left: string | undefined, right: string | undefined) => {
    const id = left === undefined || right === undefined ? undefined : ids.get(left + right);
    return id === undefined ? -Infinity : entries[id].score;
  };

  return (text) => {
    const words = text.split(" ");
    const kept = (removeExtraSpaces ? words.filter((word) => word !== "") : words).join("▁");
    if (kept === "" && (removeExtraSpaces || text === "")) return [];
    const symbols = [..."▁" + kept];
    const scores = symbols.map((symbol, i) => scoreOf(symbol, symbols[i + 1]));
    for (;;) {
      let best = 0;
      for (let i = 1; i < scores.length; i++) if (scores[i] > scores[best]) best = i;
      if (scores[best] === -Infinity) break;
      symbols.splice(best, 2, symbols[best] + symbols[best + 1]);
      scores.splice(best, 1);
      scores[best] = scoreOf(symbols[best], symbols[best + 1]);
      if (best > 0) scores[best - 1] = scoreOf(symbols[best - 1], symbols[best]);
    }
    const out: number[] = [];
    for (const symbol of symbols) {
      const id = ids.get(symbol);
      if (id !== undefined) out.push(id);
      else if (firstByte >= 0) {
        for (const byte of new TextEncoder().encode(symbol)) out.push(firstByte + byte);
      } else if (out.at(-1) !== 0) out.push(0);
    }
    return out;
  };
}

/** Reads a llama2.c `tokenizer.bin` of known size. */
export function readLlama2cEntries(bytes: Uint8Array, size: number): GreedyEntry[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  const entries: GreedyEntry[] = [];
  for (let at = 4; entries.length < size;) {
    const length = view.getInt32(at + 4, true);
    const text = decoder.decode(bytes.subarray(at + 8, at + 8 + length)).replaceAll(" ", "▁");
    entries.push({ text, score: view.getFloat32(at, true), normal: entries.length >= 259 });
    at += 8 + length;
  }
  return entries;
}
