import type { Device, DeviceArray } from "@pare/linalg";
import { bind } from "@pare/operators";
import { topLevel } from "./layout.ts";
import type { Model } from "./model.ts";

/** The end of a model on a device: the last norm and the linear layer that makes logits. */
export interface BoundHead extends Disposable {
  /** Where it is. */
  readonly device: Device;
  /**
   * Makes logits.
   *
   * @param hidden The residual stream behind the last block, `[…, tokens, hidden]`.
   * @param device Whose the result is; the head's own device by default.
   * @returns Logits `[…, tokens, vocabulary]`.
   */
  logits(hidden: DeviceArray, device?: Device): DeviceArray;
}

/**
 * Loads the last norm and the head of a model and uploads them.
 *
 * @param model The model; a tied head is read from its embedding.
 * @param device Where to.
 * @returns The head; the caller frees it.
 */
export async function bindHead(model: Model, device: Device): Promise<BoundHead> {
  const { finalNorm, head } = topLevel(model.config);
  const scope = device.scope();
  try {
    const gain = scope.upload(await model.vector(finalNorm.name));
    const weight = bind(await model.linear(head.name), scope);
    return {
      device,
      logits: (hidden, target = device) => {
        using normalized = target.rmsNorm(hidden, gain, model.config.normEpsilon);
        return weight.apply(normalized, target);
      },
      [Symbol.dispose]: () => scope[Symbol.dispose](),
    };
  } catch (error) {
    scope[Symbol.dispose]();
    throw error;
  }
}
