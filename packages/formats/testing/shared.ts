/** The folder of test material that stands beside the repository on some machines. */
const SHARED = new URL("../../../../shared/", import.meta.url);

/** Whether this machine has the test material. */
export const HAS_SHARED: boolean = exists(new URL("data/models/", SHARED));

function exists(url: URL): boolean {
  try {
    return Deno.statSync(url).isDirectory;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** Reads a file of the test material. */
export function readShared(path: string): Promise<Uint8Array<ArrayBuffer>> {
  return Deno.readFile(new URL(path, SHARED));
}
