import type { ByteSource, FolderSource } from "../source.ts";

/** Counts what is asked of sources. */
export interface Watch {
  /** The bytes asked for so far. */
  bytesRead: number;
}

/** Fails on a read beyond the end, and counts the bytes of the others. */
export function watchedSource(
  bytes: Uint8Array<ArrayBuffer>,
  name: string,
  watch: Watch,
): ByteSource {
  return {
    name,
    byteLength: bytes.length,
    read: (offset, length) => {
      const whole = Number.isSafeInteger(offset) && Number.isSafeInteger(length);
      if (!whole || offset < 0 || length < 0 || offset + length > bytes.length) {
        throw new Error(`Asked for ${length} bytes from ${offset} on of ${bytes.length}`);
      }
      watch.bytesRead += length;
      return Promise.resolve(bytes.slice(offset, offset + length));
    },
  };
}

/** Fails on a file that is not there, and watches the others. */
export function watchedFolder(
  files: ReadonlyMap<string, Uint8Array<ArrayBuffer>>,
  name: string,
  watch: Watch,
): FolderSource {
  return {
    name,
    fileNames: [...files.keys()],
    open: (fileName) => {
      const bytes = files.get(fileName);
      if (bytes === undefined) throw new Error(`Asked for the file ${JSON.stringify(fileName)}`);
      return Promise.resolve(watchedSource(bytes, fileName, watch));
    },
  };
}
