import { joinPath } from "./field.ts";
import type { Parts } from "./form.ts";

/** Collects the tensors of all levels by their full names. */
export function flatten<T, I>(outermost: I, partsOf: (value: I) => Parts<T, I>): Map<string, T> {
  const collected = new Map<string, T>();
  const visit = (value: I, path: string): void => {
    const { tensors, inner } = partsOf(value);
    for (const [name, tensor] of tensors) collected.set(joinPath(path, name), tensor);
    for (const [name, part] of inner) visit(part, joinPath(path, name));
  };
  visit(outermost, "");
  return collected;
}
