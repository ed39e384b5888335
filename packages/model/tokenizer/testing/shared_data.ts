const SHARED = new URL("../../../../../shared/data/", import.meta.url);

/** Whether the shared test material lies beside the repository. */
export const HAS_SHARED: boolean = (() => {
  try {
    return Deno.statSync(SHARED).isDirectory;
  } catch {
    return false;
  }
})();

/** Reads a file of the shared test material. */
export function readShared(path: string): Uint8Array<ArrayBuffer> {
  return Deno.readFileSync(new URL(path, SHARED));
}

/** Reads a text of the shared test material. */
export function readSharedText(path: string): string {
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(readShared(path));
}

/** Cuts a text into parts of a length, whatever stands there. */
export function chunks(text: string, length: number, count: number): string[] {
  return Array.from({ length: count }, (_, i) => text.slice(i * length, (i + 1) * length))
    .filter((chunk) => chunk !== "");
}
