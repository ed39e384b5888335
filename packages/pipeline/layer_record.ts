import {
  type Convergence,
  isInParts,
  type OperatorNode,
  parseNode,
  type SharedParts,
  tensorSpecsOf,
} from "@pare/operators";
import { checkConvergence } from "./convergence.ts";
import { failAt, readRecord } from "./manifest_fields.ts";

/** What was done to one linear layer, and what it cost: losses to six digits, and at most 10⁹. */
export interface LayerRecord {
  /** The method's name, or `null` where the layer was only copied. */
  readonly method: string | null;
  /** How it is stored. */
  readonly node: OperatorNode;
  /** What of it is stored with another layer; not there where nothing is. */
  readonly shared?: SharedParts;
  /** Bytes on disk, all side information included, without what is stored with another layer. */
  readonly byteLength: number;
  /** ‖W - Ŵ‖² / ‖W‖². */
  readonly nmse: number;
  /** ‖(W - Ŵ) X‖² / ‖W X‖² on the calibration text, or `null` without one. */
  readonly activationNmse: number | null;
  /**
   * What the allocation of its rank predicted: of the loss on its outputs, or of ‖W - Ŵ‖² / ‖W‖² for
   * a method that looks at no inputs. Not there where the recipe itself has the rank.
   */
  readonly predictedLoss?: number;
  /**
   * How the method went; not there for one that does not iterate. Of layers that were compressed as
   * one the first has it for all.
   */
  readonly convergence?: Convergence;
}

/** Layers as the manifest has them: many are stored alike, so that each has the place of its node. */
export interface WrittenLayers {
  /** All nodes, each once, in the order of the first layer that has it. */
  readonly nodes: readonly OperatorNode[];
  /** Every layer by its name. */
  readonly layers: Readonly<Record<string, Omit<LayerRecord, "node"> & { readonly node: number }>>;
}

/** Puts the nodes of layers into a list; the same layers give the same. */
export function writeLayerRecords(layers: Readonly<Record<string, LayerRecord>>): WrittenLayers {
  const nodes: OperatorNode[] = [];
  const places = new Map<string, number>();
  const placeOf = (node: OperatorNode) => {
    const text = JSON.stringify(node);
    const place = places.get(text) ?? nodes.push(node) - 1;
    places.set(text, place);
    return place;
  };
  const entries = Object.entries(layers);
  const written = entries.map(([name, layer]) => [name, { ...layer, node: placeOf(layer.node) }]);
  return { nodes, layers: Object.fromEntries(written) };
}

/**
 * Reads what an untrusted manifest says of the layers: what is needed to read the weights, and what is
 * more than a number, is checked.
 */
export function readLayerRecords(
  written: Readonly<Record<keyof WrittenLayers, unknown>>,
): Record<string, LayerRecord> {
  if (!Array.isArray(written.nodes)) failAt("nodes", "must be a list", written.nodes);
  const nodes = written.nodes.map((node, place) => parseNode(node, `nodes.${place}`));
  const entries = Object.entries(readRecord(written.layers, "layers"));
  const layers = Object.fromEntries(
    entries.map(([name, value]) => [name, readLayerRecord(value, nodes, `layers.${name}`)]),
  );
  for (const [name, layer] of Object.entries(layers)) checkShared(name, layer, layers);
  return layers;
}

function readLayerRecord(
  value: unknown,
  nodes: readonly OperatorNode[],
  field: string,
): LayerRecord {
  const record = readRecord(value, field);
  if (record.convergence !== undefined) {
    checkConvergence(record.convergence, `${field}.convergence`);
  }
  const { node: place } = record;
  const node: OperatorNode | undefined = typeof place === "number" ? nodes[place] : undefined;
  if (!node) failAt(`${field}.node`, `must be the place of one of ${nodes.length} nodes`, place);
  return { ...record, node } as LayerRecord;
}

/** Refuses parts that are not where they are said to be, or that are other ones there. */
function checkShared(
  name: string,
  { node, shared }: LayerRecord,
  layers: Readonly<Record<string, LayerRecord>>,
): void {
  if (shared === undefined) return;
  const field = `layers.${name}.shared`;
  const { layer, parts } = readRecord(shared, field);
  const holder = typeof layer === "string" && Object.hasOwn(layers, layer) ? layers[layer] : null;
  // What holds parts of others shares none itself: no chain can end nowhere, or in itself.
  if (!holder || holder.shared !== undefined) {
    failAt(`${field}.layer`, "must be a layer that is stored by itself", layer);
  }
  if (!Array.isArray(parts) || parts.length === 0) {
    failAt(`${field}.parts`, "must be a list of names", parts);
  }
  const held = tensorSpecsOf(holder.node);
  const own = [...tensorSpecsOf(node)];
  for (const part of parts) {
    const specs = typeof part === "string" ? own.filter(([name]) => isInParts(name, [part])) : [];
    if (specs.length === 0) failAt(`${field}.parts`, "must name parts of the layer", part);
    for (const [tensor, { dtype, shape }] of specs) {
      const found = held.get(tensor);
      if (found?.dtype !== dtype || found.shape.join() !== shape.join()) {
        const wanted = `${dtype} [${shape.join(", ")}]`;
        failAt(`${field}.parts`, `must hold ${tensor} as ${wanted} in ${layer} too`, found ?? null);
      }
    }
  }
}
