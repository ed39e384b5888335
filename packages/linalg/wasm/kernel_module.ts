// The compiled kernels that an engine can run: with relaxed instructions where they are known.

/** One of the builds, compiled. */
export interface KernelModule {
  readonly module: WebAssembly.Module;
  /** Whether it has relaxed instructions. */
  readonly relaxed: boolean;
}

/**
 * Compiles a build of the kernels.
 *
 * @param shared Whether the memory is shared among threads.
 * @param relaxed Whether relaxed instructions are wanted where the engine knows them.
 * @returns The module.
 */
export async function loadKernelModule(shared: boolean, relaxed: boolean): Promise<KernelModule> {
  if (relaxed) {
    const bytes = await relaxedBytes(shared);
    if (WebAssembly.validate(bytes)) {
      return { module: await WebAssembly.compile(bytes), relaxed: true };
    }
  }
  return { module: await WebAssembly.compile(await plainBytes(shared)), relaxed: false };
}

async function relaxedBytes(shared: boolean): Promise<Uint8Array<ArrayBuffer>> {
  const { BASE64 } = shared
    ? await import("./kernels_threads_relaxed_generated.ts")
    : await import("./kernels_single_relaxed_generated.ts");
  return decodeBase64(BASE64);
}

async function plainBytes(shared: boolean): Promise<Uint8Array<ArrayBuffer>> {
  const { BASE64 } = shared
    ? await import("./kernels_threads_plain_generated.ts")
    : await import("./kernels_single_plain_generated.ts");
  return decodeBase64(BASE64);
}

function decodeBase64(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}
