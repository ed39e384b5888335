// The shared test material beside a checkout; most clones do not have it.

const DATA = new URL("../../shared/data/", import.meta.url);

/** Whether the shared test material is there. */
export const HAS_SHARED: boolean = (() => {
  try {
    return Deno.statSync(DATA).isDirectory;
  } catch {
    // Missing, or out of what this run may read: either way it cannot be used.
    return false;
  }
})();

/** The path of a file of the shared test material. */
export function sharedPath(path: string): string {
  return new URL(path, DATA).pathname;
}

/** Reads a file of the shared test material. */
export function readShared(path: string): Uint8Array<ArrayBuffer> {
  return Deno.readFileSync(new URL(path, DATA));
}

/** Reads a text of the shared test material. */
export function readSharedText(path: string): string {
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(readShared(path));
}
