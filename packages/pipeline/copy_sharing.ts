import type { Model } from "@pare/model";
import type { SharedParts } from "@pare/operators";

/**
 * Keeps parts shared that were shared in a model, among the layers that are only copied.
 *
 * @param model The model that they are copied from.
 * @returns What of a copied layer is stored with another one that was copied before. The first that is
 * copied holds the parts, where the layer that held them in the model is not copied.
 */
export function copySharing(model: Model): (name: string) => SharedParts | null {
  const copied = new Set<string>();
  const holders = new Map<string, string>();
  return (name) => {
    copied.add(name);
    const shared = model.sharedParts(name);
    if (shared === null || copied.has(shared.layer)) return shared;
    const key = JSON.stringify(shared);
    const layer = holders.get(key);
    if (layer !== undefined) return { ...shared, layer };
    holders.set(key, name);
    return null;
  };
}
