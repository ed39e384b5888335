import { listed, quoted } from "./names.ts";
import type { ByteSource, FolderSource } from "./source.ts";

/**
 * Makes bytes in memory readable piece by piece.
 *
 * @example Two bytes in the middle
 * ```ts
 * import { bytesSource } from "@pare/formats";
 * import { assertEquals } from "@std/assert";
 *
 * const source = bytesSource(Uint8Array.of(1, 2, 3, 4), "four bytes");
 * assertEquals(await source.read(1, 2), Uint8Array.of(2, 3));
 * ```
 *
 * @param bytes The bytes; each read copies what it returns.
 * @param name How error messages name them.
 * @returns The source; its reads reject with a `RangeError` beyond the end.
 */
export function bytesSource(bytes: Uint8Array, name: string): ByteSource {
  const { byteLength } = bytes;
  return {
    name,
    byteLength,
    read: (offset, length) => {
      const whole = Number.isSafeInteger(offset) && Number.isSafeInteger(length);
      if (!whole || offset < 0 || length < 0 || offset + length > byteLength) {
        const error = new RangeError(
          `Cannot read "${name}" as the range must lie within its ${byteLength} bytes: ` +
            `current range is ${length} bytes from ${offset} on`,
        );
        return Promise.reject(error);
      }
      // Not slice(), which shares memory where the bytes are a Buffer of Node.
      const copy = new Uint8Array(length);
      copy.set(bytes.subarray(offset, offset + length));
      return Promise.resolve(copy);
    },
  };
}

/**
 * Makes a folder of files in memory.
 *
 * @example One file
 * ```ts
 * import { folderOf } from "@pare/formats";
 * import { assertEquals } from "@std/assert";
 *
 * const folder = folderOf({ "config.json": new TextEncoder().encode("{}") }, "tiny");
 * assertEquals(folder.fileNames, ["config.json"]);
 * assertEquals((await folder.open("config.json")).byteLength, 2);
 * ```
 *
 * @param files The bytes of each file, by its name.
 * @param name How error messages name the folder.
 * @returns The folder; opening a file that is not there rejects with a `RangeError`.
 */
export function folderOf(files: Readonly<Record<string, Uint8Array>>, name: string): FolderSource {
  const byName = new Map(Object.entries(files));
  const fileNames = [...byName.keys()];
  return {
    name,
    fileNames,
    open: (fileName) => {
      const bytes = byName.get(fileName);
      if (bytes === undefined) {
        const error = new RangeError(
          `Cannot open a file in "${name}" as its name must be one of ${listed(fileNames)}: ` +
            `current name is ${quoted(fileName)}`,
        );
        return Promise.reject(error);
      }
      return Promise.resolve(bytesSource(bytes, `${name}/${fileName}`));
    },
  };
}
