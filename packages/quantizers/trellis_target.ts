// Where the codes of a matrix are written while it is encoded.

import type { Device, DeviceArray, TrellisArrays } from "@pare/linalg";
import {
  type MatrixShape,
  trellisCodesShape,
  trellisSteps,
  type TrellisTiles,
} from "@pare/operators";
import { type Tensor, tensor } from "@pare/tensor";

/** Codes on a device, and what weights are multiplied by to become levels. */
export interface TrellisTarget {
  readonly weight: TrellisArrays;
  readonly inverses: DeviceArray;
}

/** The least step that a device divides by; those below restore next to nothing. */
const LEAST_STEP = 2 ** -126;

/** Makes room for the codes of a matrix of the given shape and scales. */
export function trellisTarget(
  device: Device,
  [rows, cols]: MatrixShape,
  { bits, stateBits, tileHeight, tileWidth }: TrellisTiles,
  scales: Tensor<"f16"> | Tensor<"f32">,
): TrellisTarget {
  const steps = trellisSteps(scales, { bits, stateBits });
  const inverses = steps.data.map((step) => step < LEAST_STEP ? 0 : 1 / step);
  const layout = { bits, stateBits, tileHeight, tileWidth };
  const codes = device.zeros(trellisCodesShape([rows, cols], layout), "u8");
  return {
    weight: { ...layout, rows, cols, codes, scales: device.upload(steps) },
    inverses: device.upload(tensor(inverses, scales.shape)),
  };
}
