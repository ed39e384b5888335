import type { CheckpointSource } from "@pare/formats";
import { type Model, parseConfig, tensorSpecs } from "@pare/model";
import { parse, shapeOfNode, storedName, tensorSpecsOf } from "@pare/operators";
import { type AnyTensor, FormatError, toF32 } from "@pare/tensor";
import type { Manifest } from "./manifest.ts";

/**
 * Opens a checkpoint that a compression wrote: the same kind of model as any other.
 *
 * @param manifest The parsed `pare.json`.
 * @param checkpoint The folder's configuration and weights.
 * @returns The model; a layer is read and checked when it is asked for.
 * @throws {FormatError} If a layer or tensor is missing or of the wrong shape.
 */
export function openCompressed(manifest: Manifest, checkpoint: CheckpointSource): Model {
  const action = `Cannot open ${checkpoint.name}`;
  const { tensors } = checkpoint;
  const config = parseConfig(checkpoint.config, checkpoint.name);
  for (const [full, shape] of tensorSpecs(config)) {
    const name = full.replace(/\.weight$/, "");
    const found = shape.length === 2
      ? manifest.layers[name] && shapeOfNode(manifest.layers[name].node)
      : tensors.specs.get(full)?.shape;
    if (found?.join() !== shape.join()) {
      throw new FormatError(
        action,
        name,
        `must have the shape [${shape.join(", ")}]: current shape is [${
          found?.join(", ") ?? "none"
        }]`,
      );
    }
  }
  const layerOf = (name: string) => {
    const layer = Object.hasOwn(manifest.layers, name) ? manifest.layers[name] : undefined;
    if (!layer) {
      throw new FormatError(action, name, "must be one of its layers: current value is none");
    }
    return layer;
  };
  return {
    name: checkpoint.name,
    config,
    node: (name) => layerOf(name).node,
    sharedParts: (name) => layerOf(name).shared ?? null,
    vectorSpec: (name) => {
      const spec = tensors.specs.get(name);
      if (!spec) {
        throw new FormatError(action, name, "must be one of its tensors: current value is none");
      }
      return spec;
    },
    linear: async (name) => {
      const { node, shared = null } = layerOf(name);
      const parts = new Map<string, AnyTensor>();
      for (const part of tensorSpecsOf(node).keys()) {
        parts.set(part, await tensors.read(storedName(name, part, shared)));
      }
      return parse(node, parts, name);
    },
    vector: async (name) => toF32(await tensors.read(name)),
  };
}
