import type { Device } from "@pare/linalg";
import { castTo } from "@pare/tensor";
import type { Matrix } from "../../testing/matrices.ts";
import type { Layer } from "../layer.ts";

/** A layer on a device that has f64, with the Hessian as it is given; its arrays live as long as that. */
export function layerOf(device: Device, weight: Matrix, hessian: Matrix): Layer {
  return {
    weight: device.upload(castTo(weight, "f32")),
    blocks: [{ rows: weight.shape[0], scale: 1 }],
    hessian: device.upload(castTo(hessian, "f32")),
    damped: hessian,
    gram: hessian,
    device,
    exact: device,
  };
}
