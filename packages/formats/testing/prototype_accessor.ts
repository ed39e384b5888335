/**
 * Runs `action` with the `__proto__` that browsers and Node have and Deno has not: an accessor that
 * makes an assignment change the prototype.
 */
export async function withPrototypeAccessor<T>(action: () => T | Promise<T>): Promise<T> {
  const before = Object.getOwnPropertyDescriptor(Object.prototype, "__proto__");
  Object.defineProperty(Object.prototype, "__proto__", {
    configurable: true,
    get(): unknown {
      return Object.getPrototypeOf(this);
    },
    set(prototype: object | null) {
      Object.setPrototypeOf(this, prototype);
    },
  });
  try {
    return await action();
  } finally {
    Reflect.deleteProperty(Object.prototype, "__proto__");
    if (before !== undefined) Object.defineProperty(Object.prototype, "__proto__", before);
  }
}
