import type { Check } from "@pare/tensor";

/** Accepts abort signals. */
export function abortSignal(): Check {
  return {
    wanted: "an AbortSignal",
    schema: {},
    test: (value) => value instanceof AbortSignal,
  };
}

/** Accepts functions. */
export function callback(): Check {
  return { wanted: "a function", schema: {}, test: (value) => typeof value === "function" };
}

/** Accepts objects that have the named methods. */
export function objectWith(wanted: string, ...methods: readonly string[]): Check {
  return {
    wanted,
    schema: {},
    test: (value) =>
      typeof value === "object" && value !== null &&
      methods.every((method) => typeof Reflect.get(value, method) === "function"),
  };
}

/** Accepts lists of integers from `minimum` on. */
export function integers(minimum: number): Check {
  return {
    wanted: `a list of integers of ${minimum} or more`,
    schema: { type: "array", items: { type: "integer", minimum } },
    test: (value) =>
      Array.isArray(value) && value.every((n) => Number.isSafeInteger(n) && n >= minimum),
  };
}

/** Refuses infinities and NaNs, which a broken layer leaves behind. */
export function checkFinite(action: string, what: string, values: Float32Array): void {
  const at = values.findIndex((value) => !Number.isFinite(value));
  if (at < 0) return;
  throw new RangeError(
    `${action} as ${what} must be finite: current value of element ${at} is ${values[at]}`,
  );
}
