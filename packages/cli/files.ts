// File access: the only place that opens, writes and renames files.

import type { ByteSource, FolderSource } from "@pare/formats";
import type { OutputFile, OutputFolder } from "@pare/pipeline";
import { createHash } from "node:crypto";
import { UserError } from "./user_error.ts";

/** Opens a file to read from it by ranges; each read opens and closes it. */
export async function fileSource(path: string): Promise<ByteSource> {
  const { size, isFile } = await statOf(path);
  if (!isFile) {
    throw new UserError(`Cannot read ${path} as it must be a file: current one is a folder`);
  }
  return {
    name: path,
    byteLength: size,
    read: async (offset, length) => {
      using file = await Deno.open(path);
      return await readExactly(file, path, offset, length);
    },
  };
}

/** Opens a folder to read the files directly inside. */
export async function folderSource(path: string): Promise<FolderSource> {
  const fileNames: string[] = [];
  for await (const entry of Deno.readDir(path)) {
    // A link may point outside; what it points to is taken as a file of the folder all the same,
    // as model caches are made of links.
    if (!entry.isDirectory) fileNames.push(entry.name);
  }
  fileNames.sort();
  return {
    name: path,
    fileNames,
    open: async (fileName) => {
      if (!fileNames.includes(fileName)) {
        throw new UserError(
          `Cannot open ${path}/${fileName} as it must exist: current folder lacks it`,
        );
      }
      return await fileSource(`${path}/${fileName}`);
    },
  };
}

/** What is known of a path, or an error that names it. */
export async function statOf(path: string): Promise<Deno.FileInfo> {
  try {
    return await Deno.stat(path);
  } catch (error) {
    throw explain(`Cannot read ${path}`, error);
  }
}

/** Whether there is anything under a path. */
export async function exists(path: string): Promise<boolean> {
  try {
    await Deno.lstat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw explain(`Cannot look at ${path}`, error);
  }
}

/** Reads a whole text file in UTF-8; a byte order mark at its start is left out. */
export async function readText(path: string): Promise<string> {
  const bytes = await (async () => {
    try {
      return await Deno.readFile(path);
    } catch (error) {
      throw explain(`Cannot read ${path}`, error);
    }
  })();
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    throw new UserError(
      `Cannot read ${path} as it must be text in UTF-8: current file has other bytes`,
      error as Error,
    );
  }
}

/** SHA-256 of a file, read piece by piece. */
export async function fileDigest(path: string): Promise<string> {
  const hash = createHash("sha256");
  try {
    using file = await Deno.open(path);
    const buffer = new Uint8Array(1 << 20);
    for (let count = await file.read(buffer); count !== null; count = await file.read(buffer)) {
      hash.update(buffer.subarray(0, count));
    }
  } catch (error) {
    throw explain(`Cannot read ${path}`, error);
  }
  return hash.digest("hex");
}

/**
 * Opens an output folder under its temporary name, `<path>.partial`.
 *
 * @param path The final name.
 * @param makeRoom Called before the folder gets that name: clears it, or throws where it is taken.
 */
export async function openOutputFolder(
  path: string,
  makeRoom: () => Promise<void>,
): Promise<OutputFolder> {
  const partial = partialPath(path);
  const guarded = guard(`Cannot write to ${partial}`);
  await guarded(() => Deno.mkdir(partial, { recursive: true }));
  return {
    open: (fileName, byteLength) =>
      guarded(async () => {
        const name = `${partial}/${fileName}`;
        const file = await Deno.open(name, { read: true, write: true, create: true });
        await file.truncate(byteLength);
        return outputFile(file, name, guarded);
      }),
    readText: (fileName) =>
      guarded(async () => {
        const name = `${partial}/${fileName}`;
        return await exists(name) ? await Deno.readTextFile(name) : null;
      }),
    writeText: (fileName, text) =>
      guarded(async () => {
        const name = `${partial}/${fileName}`;
        await writeWhole(`${name}.new`, text, { write: true, create: true, truncate: true });
        await Deno.rename(`${name}.new`, name);
      }),
    appendLine: (fileName, line) =>
      guarded(() =>
        writeWhole(`${partial}/${fileName}`, line + "\n", { append: true, create: true })
      ),
    digest: (fileName) => fileDigest(`${partial}/${fileName}`),
    commit: (needless) =>
      guarded(async () => {
        await makeRoom();
        await Deno.rename(partial, path);
        await Deno.remove(`${path}/${needless}`);
      }),
  };
}

/** A file that is being written under its temporary name. */
export interface PendingFile extends OutputFile {
  /** Gives the file its final name, once all of it is safe. */
  commit(): Promise<void>;
}

/**
 * Opens a file under its temporary name, `<path>.partial`, and makes the folder that it is in.
 *
 * @param path The final name.
 * @param byteLength The length of the file; what it holds already is kept.
 */
export async function openPendingFile(path: string, byteLength: number): Promise<PendingFile> {
  const partial = partialPath(path);
  const guarded = guard(`Cannot write to ${partial}`);
  return await guarded(async () => {
    await Deno.mkdir(path.replace(/[^/]*$/, "") || ".", { recursive: true });
    const file = await Deno.open(partial, { read: true, write: true, create: true });
    await file.truncate(byteLength);
    return {
      ...outputFile(file, partial, guarded),
      commit: () => guarded(() => Deno.rename(partial, path)),
    };
  });
}

/** The name a file or folder has while it is being written. */
export function partialPath(path: string): string {
  return `${path.replace(/\/+$/, "")}.partial`;
}

/** Refuses to write where something stands. */
export async function checkFree(path: string): Promise<void> {
  if (!await exists(path)) return;
  throw new UserError(
    `Cannot write to ${path} as it must not exist yet: remove it, or name another folder with --output`,
  );
}

/** Runs work on files, and says what a user can do about its errors. */
type Guard = <T>(body: () => Promise<T>) => Promise<T>;

function guard(action: string): Guard {
  return async (body) => {
    try {
      return await body();
    } catch (error) {
      throw explain(action, error);
    }
  };
}

function outputFile(file: Deno.FsFile, name: string, guarded: Guard): OutputFile {
  return {
    write: (offset, bytes) =>
      guarded(async () => {
        await file.seek(offset, Deno.SeekMode.Start);
        for (let done = 0; done < bytes.length;) done += await file.write(bytes.subarray(done));
      }),
    read: (offset, length) => guarded(() => readExactly(file, name, offset, length)),
    sync: () => guarded(() => file.syncData()),
    [Symbol.asyncDispose]: () => Promise.resolve(file.close()),
  };
}

async function writeWhole(path: string, text: string, options: Deno.OpenOptions): Promise<void> {
  using file = await Deno.open(path, options);
  const bytes = new TextEncoder().encode(text);
  for (let done = 0; done < bytes.length;) done += await file.write(bytes.subarray(done));
  await file.syncData();
}

async function readExactly(
  file: Deno.FsFile,
  name: string,
  offset: number,
  length: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(length);
  await file.seek(offset, Deno.SeekMode.Start);
  for (let done = 0; done < length;) {
    const count = await file.read(bytes.subarray(done));
    if (count === null) {
      throw new UserError(
        `Cannot read ${name} as it must have ${offset + length} bytes: current length is ${
          offset + done
        }`,
      );
    }
    done += count;
  }
  return bytes;
}

/** Says what a user can do about an error of the file system. */
function explain(action: string, error: unknown): unknown {
  if (error instanceof UserError || !(error instanceof Error)) return error;
  if (error instanceof Deno.errors.NotFound) {
    return new UserError(`${action} as it must exist: there is no such file or folder`, error);
  }
  if (error.message.includes("os error 28")) {
    return new UserError(
      `${action} as the disk is full: free some space and run the same command again to go on`,
      error,
    );
  }
  if (error instanceof Deno.errors.PermissionDenied || error instanceof Deno.errors.NotCapable) {
    return new UserError(`${action} as access is denied: ${error.message}`, error);
  }
  return error instanceof SyntaxError || error instanceof RangeError || error instanceof TypeError
    ? error
    : new UserError(`${action}: ${error.message}`, error);
}
