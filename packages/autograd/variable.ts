import type { DeviceArray } from "@pare/linalg";
import type { Tape } from "./tape.ts";

/** A result on a tape: numbers, and how they came about. */
export interface Variable {
  /** What recorded it. */
  readonly tape: Tape;
  /** Its numbers; those of a result are freed by the backward pass that needs them last. */
  readonly value: DeviceArray;
  /** Whether it depends on a parameter. */
  readonly isTracked: boolean;
}
