import { FormatError } from "@pare/tensor";
import { ACTION, type Field, readKey, readWord } from "./field.ts";
import type { FormName } from "./form.ts";
import { FORMS } from "./forms.ts";
import type { OperatorNode } from "./node.ts";
import { MAX_DEPTH } from "./node_of.ts";
import { shapeOfNode } from "./shape_of_node.ts";

const FORM_NAMES = Object.keys(FORMS) as readonly FormName[];

/**
 * Checks what a manifest says of an operator.
 *
 * @example A form that nobody knows
 * ```ts
 * import { parseNode } from "@pare/operators";
 * import { FormatError } from "@pare/tensor";
 * import { assertThrows } from "@std/assert";
 *
 * assertThrows(
 *   () => parseNode({ form: "holographic" }, "up_proj"),
 *   FormatError,
 *   'Cannot read an operator as up_proj.form must be one of "dense"',
 * );
 * ```
 *
 * @param value A value from JSON.
 * @param field Where it stands, to begin the path in error messages.
 * @returns The node, its own copy.
 * @throws {FormatError} If it is not a node; names the field that is wrong.
 */
export function parseNode(value: unknown, field: string): OperatorNode {
  return readNode({ path: field, value }, 1);
}

function readNode(field: Field, depth: number): OperatorNode {
  if (depth > MAX_DEPTH) {
    const problem = `must be nested at most ${MAX_DEPTH} deep: current depth is ${depth} or more`;
    throw new FormatError(ACTION, field.path, problem);
  }
  const form = readWord(readKey(field, "form"), FORM_NAMES);
  return FORMS[form].readNode(field, (inner) => readNode(inner, depth + 1), shapeOfNode);
}
