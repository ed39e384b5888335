import { sha256 } from "../sha256.ts";
import type { OutputFolder } from "../output.ts";

/** An output folder in memory, which can be told to fail. */
export interface MemoryOutput extends OutputFolder {
  /** The files under the temporary name, or the final one once committed. */
  readonly files: Map<string, Uint8Array<ArrayBuffer>>;
  /** Whether the folder has its final name. */
  readonly isCommitted: boolean;
  /** Changes still allowed before every further one is refused; `Infinity` at first. */
  changesLeft: number;
}

/** Makes an empty output folder in memory. */
export function memoryOutput(): MemoryOutput {
  const files = new Map<string, Uint8Array<ArrayBuffer>>();
  let isCommitted = false;
  const change = () => {
    if (output.changesLeft-- <= 0) throw new Error("Cannot write as the disk is full");
  };
  const get = (name: string) => {
    const bytes = files.get(name);
    if (!bytes) throw new Error(`Cannot find ${name}`);
    return bytes;
  };
  const text = (name: string) => new TextDecoder().decode(files.get(name) ?? new Uint8Array());
  const output: MemoryOutput = {
    files,
    changesLeft: Infinity,
    get isCommitted() {
      return isCommitted;
    },
    open: (name, byteLength) => {
      const bytes = new Uint8Array(byteLength);
      bytes.set((files.get(name) ?? bytes).subarray(0, byteLength));
      files.set(name, bytes);
      return Promise.resolve({
        write: (offset, data) => {
          change();
          if (offset + data.length > byteLength) throw new Error(`Cannot write past ${name}`);
          bytes.set(data, offset);
          return Promise.resolve();
        },
        read: (offset, length) => Promise.resolve(bytes.slice(offset, offset + length)),
        sync: () => Promise.resolve(),
        [Symbol.asyncDispose]: () => Promise.resolve(),
      });
    },
    readText: (name) => Promise.resolve(files.has(name) ? text(name) : null),
    writeText: (name, value) => {
      change();
      files.set(name, new TextEncoder().encode(value));
      return Promise.resolve();
    },
    appendLine: (name, line) => {
      change();
      files.set(name, new TextEncoder().encode(text(name) + line + "\n"));
      return Promise.resolve();
    },
    digest: (name) => sha256(get(name)),
    commit: (needless) => {
      change();
      isCommitted = true;
      files.delete(needless);
      return Promise.resolve();
    },
  };
  return output;
}
