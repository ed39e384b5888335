// The byte-level alphabet of GPT-2 (github.com/openai/gpt-2, src/encoder.py): one printable
// character for each byte, so that tokens can be written in JSON.

/** The character of each byte: its own in Latin-1 where that prints, else one from U+0100 on. */
export const BYTE_CHARACTERS: readonly string[] = byteCharacters();

function byteCharacters(): string[] {
  let unprintable = 0;
  return Array.from({ length: 256 }, (_, byte) => {
    const prints = (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte !== 0xad);
    return String.fromCharCode(prints ? byte : 0x100 + unprintable++);
  });
}
