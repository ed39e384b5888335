// What must be refused: parts and nodes in which one thing does not fit.

import { FormatError } from "@pare/tensor";
import { assertThrows } from "@std/assert";
import { type OperatorNode, parseNode } from "../mod.ts";

/** Asserts that parts are refused with some fields changed, and the kind and words of the error. */
export type AssertRefused<Parts> = (
  change: Partial<Record<keyof Parts, unknown>>,
  Kind: typeof RangeError | typeof TypeError,
  message: string,
) => void;

/** Makes an assertion of parts that fit; tries them first. */
export function refusalsOf<Parts extends object>(
  make: (parts: Parts) => unknown,
  fit: Parts,
): AssertRefused<Parts> {
  make(fit);
  return (change, Kind, message) => {
    assertThrows(() => make({ ...fit, ...change }), Kind, message);
  };
}

/** The same for a node, read at a path. */
export function nodeRefusalsOf(
  node: OperatorNode,
  path: string,
): (change: object, message: string) => void {
  parseNode(node, path);
  return (change, message) => {
    assertThrows(() => parseNode({ ...node, ...change }, path), FormatError, message);
  };
}
