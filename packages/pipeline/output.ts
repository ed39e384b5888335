/** A file of known length that is written piece by piece, in any order. */
export interface OutputFile extends AsyncDisposable {
  /** Writes all of `bytes` from `offset` on. */
  write(offset: number, bytes: Uint8Array): Promise<void>;
  /** Reads exactly `length` bytes from `offset` on. */
  read(offset: number, length: number): Promise<Uint8Array<ArrayBuffer>>;
  /** Returns when all that was written would survive a loss of power. */
  sync(): Promise<void>;
}

/**
 * A folder that is being written under a temporary name.
 *
 * What it holds is kept when work is interrupted, so that the work can go on later; nothing of it
 * stands under the final name until `commit`.
 */
export interface OutputFolder {
  /** Opens a file for writing, keeping what it holds; makes it `byteLength` long. */
  open(fileName: string, byteLength: number): Promise<OutputFile>;
  /** Reads a whole small file; `null` if there is none. */
  readText(fileName: string): Promise<string | null>;
  /** Replaces a whole small file at once: after a crash it is either the old or the new one. */
  writeText(fileName: string, text: string): Promise<void>;
  /** Adds a line to a file and returns when it would survive a loss of power. */
  appendLine(fileName: string, line: string): Promise<void>;
  /** SHA-256 of a file, in hexadecimal. */
  digest(fileName: string): Promise<string>;
  /**
   * Gives the folder its final name, then removes a file that only the work needed. Interrupted in
   * front of the first, the work can go on; behind it, the result is whole.
   */
  commit(needless: string): Promise<void>;
}
