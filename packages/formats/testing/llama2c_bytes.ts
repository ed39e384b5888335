/** What a small llama2.c file is to hold. */
export interface Llama2cFile {
  version: 0 | 1 | 2;
  /** dim, hidden_dim, n_layers, n_heads, n_kv_heads, vocab_size, seq_len. */
  sizes: readonly number[];
  tied: boolean;
  groupSize: number;
}

/** A file of 4 to 5 kB of any version: two heads of 4 that share one key head. */
export const SMALL: Llama2cFile = {
  version: 0,
  sizes: [8, 6, 2, 2, 1, 5, 3],
  tied: false,
  groupSize: 4,
};

/**
 * Writes a llama2.c file whose weights count up from 0 in the order of the file. In version 2 the
 * norms count up so, the codes count up modulo 127, and group g has the scale 2^-(g mod 4).
 */
export function llama2cBytes(
  { version, sizes, tied, groupSize }: Llama2cFile,
): Uint8Array<ArrayBuffer> {
  const [dim, hiddenDim, layers, heads, kvHeads, vocabulary, maxPositions] = sizes;
  const kvDim = dim / heads * kvHeads;
  const matrices = layers * dim * (2 * dim + 2 * kvDim + 3 * hiddenDim);
  const norms = dim * (2 * layers + 1);
  const tables = maxPositions * dim / heads;
  const head = tied ? 0 : vocabulary * dim;
  const weights = vocabulary * dim + matrices + norms;
  if (version === 0) {
    const floats = Float32Array.from({ length: weights + tables + head }, (_, i) => i);
    const signed = [...sizes.slice(0, 5), tied ? vocabulary : -vocabulary, maxPositions];
    return join(Int32Array.from(signed), floats);
  }
  const header = new DataView(new ArrayBuffer(256));
  [0x616b3432, version, ...sizes].forEach((value, i) => header.setInt32(4 * i, value, true));
  header.setUint8(36, tied ? 1 : 0);
  if (version === 1) {
    return join(
      header,
      Float32Array.from({ length: weights + head }, (_, i) => i),
    );
  }
  header.setInt32(37, groupSize, true);
  const layerMatrices = [dim, kvDim, kvDim, dim, hiddenDim, hiddenDim, hiddenDim]
    .flatMap((rows) => Array.from({ length: layers }, () => rows));
  const quantized = [vocabulary, ...layerMatrices, ...(tied ? [] : [vocabulary])].flatMap((
    rows,
  ) => [
    Int8Array.from({ length: rows * dim }, (_, i) => i % 127),
    Float32Array.from({ length: rows * dim / groupSize }, (_, i) => 2 ** -(i % 4)),
  ]);
  return join(header, Float32Array.from({ length: norms }, (_, i) => i), ...quantized);
}

function join(...parts: readonly ArrayBufferView<ArrayBuffer>[]): Uint8Array<ArrayBuffer> {
  const total = parts.reduce((sum, { byteLength }) => sum + byteLength, 0);
  const bytes = new Uint8Array(total);
  let position = 0;
  for (const { buffer, byteOffset, byteLength } of parts) {
    bytes.set(new Uint8Array(buffer, byteOffset, byteLength), position);
    position += byteLength;
  }
  return bytes;
}
