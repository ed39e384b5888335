import type { AnyTensor, TensorSpec } from "@pare/tensor";

/** Bytes that can be read piece by piece: a file, a blob, a buffer, a range of a remote file. */
export interface ByteSource {
  /** How error messages name it, for example the path of the file. */
  readonly name: string;
  /** How many bytes there are. */
  readonly byteLength: number;
  /**
   * Reads exactly `length` bytes from `offset` on; rejects if there are fewer. A read may begin
   * while another is under way.
   */
  read(offset: number, length: number): Promise<Uint8Array<ArrayBuffer>>;
}

/** A flat set of named files. */
export interface FolderSource {
  /** How error messages name it, for example its path. */
  readonly name: string;
  /** The names of the files directly inside. */
  readonly fileNames: readonly string[];
  /** Opens a file directly inside; rejects if there is none of that name. */
  open(fileName: string): Promise<ByteSource>;
}

/** Named tensors that are read one at a time. */
export interface TensorSource {
  /** Every tensor's dtype and shape, in the order of the file. */
  readonly specs: ReadonlyMap<string, TensorSpec>;
  /** Reads one tensor; rejects if there is none of that name. */
  read(name: string): Promise<AnyTensor>;
}

/** A model's weights under their Hugging Face names, and its `config.json`. */
export interface CheckpointSource {
  /** How error messages name it. */
  readonly name: string;
  /** The parsed `config.json`, or the equivalent of another format's header. */
  readonly config: Readonly<Record<string, unknown>>;
  /** The weights. */
  readonly tensors: TensorSource;
}
