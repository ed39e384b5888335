/** What was made, and how large the memories of WebAssembly are that were made for it. */
export interface WatchedMemory<T> {
  readonly made: T;
  /** The size of all memories together, in bytes. */
  bytes(): number;
}

/**
 * Watches the memories of WebAssembly that something makes, as it has no way of telling.
 *
 * @param make Makes something; nobody else may make a memory meanwhile.
 */
export async function watchMemory<T>(make: () => Promise<T>): Promise<WatchedMemory<T>> {
  const { Memory } = WebAssembly;
  const memories: WebAssembly.Memory[] = [];
  const replace = (value: typeof Memory) =>
    Object.defineProperty(WebAssembly, "Memory", { value, configurable: true, writable: true });
  replace(
    class extends Memory {
      constructor(descriptor: WebAssembly.MemoryDescriptor) {
        super(descriptor);
        memories.push(this);
      }
    },
  );
  try {
    const made = await make();
    const bytes = () => memories.reduce((sum, { buffer }) => sum + buffer.byteLength, 0);
    return { made, bytes };
  } finally {
    replace(Memory);
  }
}
