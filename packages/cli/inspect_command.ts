import {
  byteLengthOf,
  type Convergence,
  type OperatorNode,
  shapeOfNode,
  type SharedParts,
} from "@pare/operators";
import { linearNames, type Model, topLevel } from "@pare/model";
import { statOf } from "./files.ts";
import type { Command, CommandInput } from "./flags.ts";
import { type OpenedSource, openSource } from "./open_source.ts";
import { formatBytes, formatShare, formatTable } from "./table.ts";
import { print } from "./terminal.ts";
import { UsageError } from "./user_error.ts";

/** `inspect`: shows how a model is stored. */
export const INSPECT: Command = {
  name: "inspect",
  summary: "Shows how each layer of a model is stored, how large it is and what it lost.",
  operands: "<model>",
  flags: {
    tokenizer: {
      kind: "text",
      value: "<file>",
      help: "Not needed; taken so that commands can be edited",
    },
    json: { kind: "switch", help: "Print the result as JSON" },
    help: { kind: "switch", help: "Show this help" },
  },
  examples: [["smaller/", "Forms, sizes and errors, layer by layer"]],
  run: runInspect,
};

interface LayerView {
  readonly name: string;
  readonly form: string;
  readonly shape: readonly [number, number];
  /** Without what is stored with another layer. */
  readonly byteLength: number;
  readonly shared: SharedParts | null;
  readonly bitsPerWeight: number;
  readonly nmse: number | null;
  readonly activationNmse: number | null;
  readonly predictedLoss: number | null;
  readonly convergence: Convergence | null;
}

async function runInspect({ operands, values }: CommandInput): Promise<number> {
  if (operands.length !== 1) {
    throw new UsageError(
      `Cannot inspect as there must be one model: current number is ${operands.length}`,
    );
  }
  const source = await openSource(operands[0]);
  const layers = layerNames(source.model).map((name) => viewOf(name, source));
  print(
    values.on("json")
      ? JSON.stringify({ model: source.name, layers }, null, 2)
      : await report(source, layers),
  );
  return 0;
}

function layerNames({ config }: Model): string[] {
  const { embedding, head } = topLevel(config);
  return [...new Set([embedding.name, ...linearNames(config), head.name])];
}

function viewOf(name: string, { model, manifest }: OpenedSource): LayerView {
  const node = model.node(name);
  const [rows, cols] = shapeOfNode(node);
  const shared = model.sharedParts(name);
  const byteLength = byteLengthOf(node, shared);
  const record = manifest?.layers[name];
  return {
    name,
    form: describe(node),
    shape: [rows, cols],
    byteLength,
    shared,
    bitsPerWeight: 8 * byteLength / (rows * cols),
    nmse: record?.nmse ?? null,
    activationNmse: record?.activationNmse ?? null,
    predictedLoss: record?.predictedLoss ?? null,
    convergence: record?.convergence ?? null,
  };
}

/** A form in a few words, as `affine 4-bit g64` or `dense f16 · (identity | dense f16), rank 8`. */
function describe(node: OperatorNode): string {
  switch (node.form) {
    case "dense":
      return `dense ${node.dtype}`;
    case "affine":
      return `affine ${node.bits}-bit ${
        node.groupSize === null ? "per tensor" : `g${node.groupSize}`
      }`;
    case "levels":
      return `levels ${node.kind} ${node.bits}-bit g${node.groupSize} ${node.scaleDtype}`;
    case "superblock":
      return node.layout;
    case "lattice":
      return `lattice ${node.bits}-bit per ${node.granularity}`;
    case "trellis":
      return `trellis ${node.bits}-bit, ${node.stateBits} state bits`;
    case "product":
      return `${describe(node.left)} · ${describe(node.right)}, rank ${shapeOfNode(node.left)[1]}`;
    case "sum":
      return node.terms.map(describe).join(" + ");
    case "interpolative":
      return node.rest ? `(identity | ${describe(node.rest)})` : "identity";
    default:
      return `${node.form}(${describe(node.inner)})`;
  }
}

async function report(
  { name, model, manifest, files }: OpenedSource,
  layers: readonly LayerView[],
): Promise<string> {
  const { config } = model;
  const weights = layers.reduce((sum, { shape: [rows, cols] }) => sum + rows * cols, 0);
  const bytes = layers.reduce((sum, { byteLength }) => sum + byteLength, 0);
  let onDisk = 0;
  for (const file of files) onDisk += (await statOf(file)).size;
  const about = [
    `${name}: ${config.family}, ${config.layers} blocks, width ${config.hiddenSize}, ` +
    `${config.heads} heads (${config.kvHeads} for keys and values), vocabulary ${config.vocabularySize}, ` +
    `context ${config.maxPositions}`,
    `${weights} weights in ${layers.length} linear layers, ${formatBytes(bytes)}, ` +
    `${(8 * bytes / weights).toFixed(3)} bits per weight, as they are read` +
    ` (${formatBytes(onDisk)} on disk with all else but the tokenizer)`,
    ...(manifest
      ? [
        `made from ${manifest.source.name} by ${manifest.creator} on ${manifest.kernels}` +
        (manifest.calibration ? `, calibrated on ${manifest.calibration.name}` : "") +
        `; ${manifest.byteLength} bytes in all`,
      ]
      : []),
  ];
  return [...about, "", layerTable(layers)].join("\n");
}

function layerTable(layers: readonly LayerView[]): string {
  const number = (value: number | null) => value === null ? "" : formatShare(value);
  const columns: [header: string, cell: (layer: LayerView) => string][] = [
    ["layer", ({ name }) => name],
    ["form", ({ form }) => form],
    ["shape", ({ shape }) => shape.join("×")],
    ["bytes", ({ byteLength }) => String(byteLength)],
    ["bits/weight", ({ bitsPerWeight }) => bitsPerWeight.toFixed(3)],
    ["error", ({ nmse }) => number(nmse)],
    ["of outputs", ({ activationNmse }) => number(activationNmse)],
  ];
  if (layers.some(({ predictedLoss }) => predictedLoss !== null)) {
    columns.push(["predicted", ({ predictedLoss }) => number(predictedLoss)]);
  }
  if (layers.some(({ shared }) => shared)) {
    columns.push(["partly stored with", ({ shared }) => shared?.layer ?? ""]);
  }
  if (layers.some(({ convergence }) => convergence)) {
    columns.push(
      ["result kept", ({ convergence }) => convergence ? resultOf(convergence) : ""],
      ["loss, first and kept", ({ convergence }) => convergence ? lossesOf(convergence) : ""],
    );
  }
  return formatTable(
    columns.map(([header]) => header),
    layers.map((layer) => columns.map(([, cell]) => cell(layer))),
    columns.map((_, i) => i < 2 ? "left" : "right"),
  );
}

/** Which result was kept of those that the method came to, as `4 of 15`. */
function resultOf({ losses, chosen }: Convergence): string {
  return `${chosen + 1} of ${losses.length}`;
}

/** What the first result lost and the kept one, as `0.0412 → 0.0231`. */
function lossesOf({ losses, chosen }: Convergence): string {
  return `${formatShare(losses[0])} → ${formatShare(losses[chosen])}`;
}
