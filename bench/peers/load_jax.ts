import { watchMemory } from "../memory/watch_memory.ts";

/** jax-js as a module. */
export type Jax = typeof import("@jax-js/jax");

/** jax-js, ready on its WebAssembly backend. */
export interface LoadedJax {
  readonly jax: Jax;
  /** How large its memory is, in bytes: as it only grows, the most there was of it. */
  memoryBytes(): number;
}

let loaded: Promise<LoadedJax> | undefined;

/**
 * Loads jax-js on its WebAssembly backend: SIMD, threads in workers.
 *
 * @param threads How many workers it starts; the first call in a process decides, as it asks for the
 * number of processors when it is loaded.
 */
export function loadJax(threads: number): Promise<LoadedJax> {
  return loaded ??= (async () => {
    const processors = navigator.hardwareConcurrency;
    const tell = (value: number) =>
      Object.defineProperty(navigator, "hardwareConcurrency", { value, configurable: true });
    tell(threads);
    const { made: jax, bytes } = await watchMemory(() => import("@jax-js/jax"));
    tell(processors);
    await jax.init("wasm");
    jax.defaultDevice("wasm");
    return { jax, memoryBytes: bytes };
  })();
}
