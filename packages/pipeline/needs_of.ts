import type { Step } from "./recipe.ts";
import type { Needs, Registry } from "./registry.ts";

/**
 * Tells what the method of a step needs to know of the inputs, with the options that the step has.
 *
 * @param step The step.
 * @param registry The methods.
 * @returns What it needs.
 */
export function needsOf(
  { method, options }: Pick<Step, "method" | "options">,
  registry: Registry,
): Needs {
  const { needs } = registry[method];
  return typeof needs === "function" ? needs(options) : needs;
}
