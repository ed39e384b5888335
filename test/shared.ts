// The shared test material beside a checkout; most clones do not have it.

const root = new URL("../../shared/", import.meta.url);

/** Whether the shared test material is there. */
export const HAS_SHARED: boolean = (() => {
  try {
    return Deno.statSync(new URL("data/SHA256SUMS", root)).isFile;
  } catch {
    return false;
  }
})();

/** The path of a file of the shared test material, below `data/`. */
export function sharedPath(name: string): string {
  return new URL(`data/${name}`, root).pathname;
}
