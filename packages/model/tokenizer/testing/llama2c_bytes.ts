/** Writes a llama2.c `tokenizer.bin`, each token with a lower score than the one before. */
export function llama2cBytes(tokens: readonly string[]): Uint8Array<ArrayBuffer> {
  const texts = tokens.map((token) => new TextEncoder().encode(token));
  const size = texts.reduce((sum, text) => sum + 8 + text.length, 4);
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  view.setInt32(0, Math.max(...texts.map(({ length }) => length)), true);
  let at = 4;
  texts.forEach((text, i) => {
    view.setFloat32(at, -i, true);
    view.setInt32(at + 4, text.length, true);
    bytes.set(text, at + 8);
    at += 8 + text.length;
  });
  return bytes;
}
