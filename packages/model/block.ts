import type { Device, DeviceArray } from "@pare/linalg";
import { bind, type BoundOperator } from "@pare/operators";
import type { VectorRole } from "./architecture.ts";
import type { LinearRole, ModelConfig } from "./config.ts";
import { blockName, linearsOfBlock, vectorsOfBlock } from "./layout.ts";
import type { Model } from "./model.ts";

/** One block of a model on a device. */
export interface BoundBlock extends Disposable {
  /** The number of the block, from 0. */
  readonly index: number;
  /** Its name, as `model.layers.3`. */
  readonly name: string;
  /** The model's configuration. */
  readonly config: ModelConfig;
  /** Where it is. */
  readonly device: Device;
  /** Its linear layers. */
  readonly linears: Readonly<Record<LinearRole, BoundOperator>>;
  /** Gains and biases; those that the family does not have are absent. */
  readonly vectors: Readonly<Partial<Record<VectorRole, DeviceArray>>>;
}

/**
 * Loads one block of a model and uploads it.
 *
 * @param model The model.
 * @param index The number of the block, from 0.
 * @param device Where to.
 * @returns The block; the caller frees it.
 * @throws {RangeError} If there is no such block.
 */
export async function bindBlock(model: Model, index: number, device: Device): Promise<BoundBlock> {
  const { config } = model;
  const name = blockName(config, index);
  const scope = device.scope();
  try {
    const linears: Partial<Record<LinearRole, BoundOperator>> = {};
    for (const linear of linearsOfBlock(config, index)) {
      linears[linear.role] = bind(await model.linear(linear.name), scope);
    }
    const vectors: Partial<Record<VectorRole, DeviceArray>> = {};
    for (const vector of vectorsOfBlock(config, index)) {
      vectors[vector.role] = scope.upload(await model.vector(vector.name));
    }
    return {
      index,
      name,
      config,
      device,
      linears: linears as Record<LinearRole, BoundOperator>,
      vectors,
      [Symbol.dispose]: () => scope[Symbol.dispose](),
    };
  } catch (error) {
    scope[Symbol.dispose]();
    throw error;
  }
}
