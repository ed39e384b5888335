/** A piece to write: its text, its score and its type of the message. */
export type WrittenPiece = readonly [text: string, score: number, type: number];

/** Fields of a message to write by number: integers, texts or bytes. */
export type WrittenFields = Readonly<Record<number, number | string | Uint8Array>>;

/** Writes a SentencePiece model: the pieces, `trainer_spec` and `normalizer_spec`. */
export function sentencePieceBytes(
  pieces: readonly WrittenPiece[],
  trainer: WrittenFields,
  normalizer: WrittenFields = {},
): Uint8Array<ArrayBuffer> {
  const score = (value: number) => new Uint8Array(Float32Array.of(value).buffer);
  return Uint8Array.from([
    ...pieces.flatMap(([text, value, type]) => [
      ...delimited(1, [
        ...delimited(1, new TextEncoder().encode(text)),
        (2 << 3) | 5,
        ...score(value),
        ...message({ 3: type }),
      ]),
    ]),
    ...delimited(2, message(trainer)),
    ...delimited(3, message(normalizer)),
  ]);
}

/** The 256 pieces of the byte fallback. */
export function bytePieces(): WrittenPiece[] {
  return Array.from({ length: 256 }, (_, byte) => {
    return [`<0x${byte.toString(16).toUpperCase().padStart(2, "0")}>`, 0, 6];
  });
}

function message(fields: WrittenFields): number[] {
  return Object.entries(fields).flatMap(([key, value]) => {
    const number = Number(key);
    if (typeof value === "number") return [...varint(number * 8), ...varint(value)];
    return delimited(number, typeof value === "string" ? new TextEncoder().encode(value) : value);
  });
}

function delimited(number: number, bytes: ArrayLike<number>): number[] {
  return [...varint(number * 8 + 2), ...varint(bytes.length), ...Array.from(bytes)];
}

/** Negative integers take ten bytes. */
function varint(value: number): number[] {
  const out: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  for (; rest >= 128n; rest >>= 7n) out.push(Number(rest & 127n) | 128);
  return [...out, Number(rest)];
}
