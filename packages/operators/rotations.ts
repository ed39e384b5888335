import { HADAMARD } from "./hadamard_rotation.ts";
import type { Rotation } from "./operator.ts";
import { ORTHOGONAL } from "./orthogonal_rotation.ts";
import type { RotationKind } from "./rotation_kind.ts";

/**
 * Every kind of rotation: the only place where they are told apart by name.
 *
 * The methods of a row take rotations and nodes of their own kind alone.
 */
export const ROTATIONS: Readonly<Record<Rotation["kind"], RotationKind>> = {
  hadamard: HADAMARD,
  orthogonal: ORTHOGONAL,
};
