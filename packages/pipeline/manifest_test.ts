import type { Convergence, OperatorNode, SharedParts } from "@pare/operators";
import { FormatError } from "@pare/tensor";
import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { type Manifest, parseManifest, planManifest, serializeManifest } from "./manifest.ts";
import { parseRecipe } from "./recipe.ts";
import { longestConvergence, roundConvergence } from "./convergence.ts";
import { LONGEST_LOSS, roundLoss } from "./round_loss.ts";
import { METHODS } from "./testing/methods.ts";

const NODE: OperatorNode = { form: "dense", shape: [3, 4], dtype: "f16" };

const MANIFEST: Manifest = {
  format: "pare",
  version: 3,
  creator: "test",
  kernels: "reference",
  recipe: parseRecipe({ version: 1, steps: [{ method: "rtn" }] }, METHODS),
  source: { name: "männchen.bin", sha256: "0".repeat(64) },
  calibration: { name: "text", sha256: "1".repeat(64), tokens: 5, statistics: "3".repeat(64) },
  layers: {
    lm_head: {
      method: "rtn",
      node: NODE,
      byteLength: 24,
      nmse: 0,
      activationNmse: null,
    },
  },
  files: { "model.safetensors": { byteLength: 123456, sha256: "2".repeat(64) } },
  byteLength: 0,
};

/** The only layer, and the manifest, as they are written. */
const LAYER = { ...MANIFEST.layers.lm_head, node: 0 };
const WRITTEN = { ...MANIFEST, nodes: [NODE], layers: { lm_head: LAYER } };

function measured(nmse: number, activationNmse: number | null): Manifest {
  const { byteLength } = planManifest(MANIFEST);
  const layers = { lm_head: { ...MANIFEST.layers.lm_head, nmse, activationNmse } };
  return { ...MANIFEST, layers, byteLength };
}

Deno.test("planManifest() knows the length of the file whatever is measured", () => {
  const { manifestByteLength, byteLength } = planManifest(MANIFEST);
  assertEquals(byteLength, manifestByteLength + 123456);
  const anyLoss = fc.double({ min: 0, noNaN: true });
  const below1 = fc.double({ min: 0, max: 1, noNaN: true });
  fc.assert(
    fc.property(anyLoss, below1, (a, b) => {
      const text = serializeManifest(measured(roundLoss(a), roundLoss(b)), manifestByteLength);
      assertEquals(new TextEncoder().encode(text).length, manifestByteLength);
    }),
    { seed: 1, numRuns: 500 },
  );
});

Deno.test("planManifest() knows the length of the file however many iterations there are", () => {
  const withLosses = (convergence: Convergence | null): Manifest => ({
    ...MANIFEST,
    layers: { lm_head: { ...MANIFEST.layers.lm_head, ...(convergence && { convergence }) } },
  });
  const planned = planManifest(withLosses(longestConvergence(12)));
  const losses = fc.array(fc.double({ min: 0, noNaN: true }), { minLength: 1, maxLength: 12 });
  fc.assert(
    fc.property(losses, (losses) => {
      const found = roundConvergence({ losses, chosen: losses.length - 1 }, 12);
      const manifest = { ...withLosses(found), byteLength: planned.byteLength };
      const text = serializeManifest(manifest, planned.manifestByteLength);
      assertEquals(new TextEncoder().encode(text).length, planned.manifestByteLength);
      assertEquals(parseManifest(text), manifest);
    }),
    { seed: 3, numRuns: 500 },
  );
});

Deno.test("planManifest() counts the digits of the total, which stands in the file", () => {
  const { manifestByteLength } = planManifest(MANIFEST);
  // Losses of the longest kind leave no room that could hide a digit.
  const { layers } = measured(LONGEST_LOSS, LONGEST_LOSS);
  // Around the sizes where the total gets another digit, before or after the manifest is added.
  for (const power of [1e4, 1e5, 1e6]) {
    for (let rest = power - manifestByteLength - 5; rest < power - manifestByteLength + 5; rest++) {
      const files = { "model.safetensors": { byteLength: rest, sha256: "2".repeat(64) } };
      const planned = planManifest({ ...MANIFEST, layers, files });
      const text = serializeManifest(
        { ...MANIFEST, layers, files, byteLength: planned.byteLength },
        planned.manifestByteLength,
      );
      const found = new TextEncoder().encode(text).length;
      assertEquals([found, found + rest], [planned.manifestByteLength, planned.byteLength]);
    }
  }
});

Deno.test("serializeManifest() fills up what was measured, and the longest losses with nothing", () => {
  const { manifestByteLength } = planManifest(MANIFEST);
  for (const [loss, isLongest] of [[0.5, false], [LONGEST_LOSS, true]] as const) {
    const manifest = measured(loss, loss);
    const text = serializeManifest(manifest, manifestByteLength);
    const layer = { ...LAYER, nmse: loss, activationNmse: loss };
    const { byteLength } = manifest;
    assertEquals(JSON.parse(text), { ...WRITTEN, layers: { lm_head: layer }, byteLength });
    const compact = JSON.stringify(JSON.parse(text));
    assert(text.startsWith(compact) && text.slice(compact.length).trim() === "");
    assertEquals(text === compact + "\n", isLongest);
  }
});

Deno.test("serializeManifest() says once how layers are stored that are stored alike", () => {
  const other: OperatorNode = { ...NODE, shape: [4, 3] };
  const { lm_head: layer } = MANIFEST.layers;
  // Equal nodes, though not the same object.
  const layers = { a: layer, b: { ...layer, node: other }, c: { ...layer, node: { ...NODE } } };
  const { manifestByteLength, byteLength } = planManifest({ ...MANIFEST, layers });
  const manifest = { ...MANIFEST, layers, byteLength };
  const text = serializeManifest(manifest, manifestByteLength);
  const written = JSON.parse(text);
  assertEquals(written.nodes, [NODE, other]);
  assertEquals(["a", "b", "c"].map((name) => written.layers[name].node), [0, 1, 0]);
  assertEquals(parseManifest(text), manifest);
});

Deno.test("parseManifest() reads back what serializeManifest() wrote", () => {
  const manifest = measured(0.1, 1e-7);
  const { manifestByteLength } = planManifest(MANIFEST);
  assertEquals(parseManifest(serializeManifest(manifest, manifestByteLength)), manifest);
});

Deno.test("parseManifest() gives a FormatError or a manifest for any damage", () => {
  const whole = { ...WRITTEN, ...sharing({}) };
  parseManifest(JSON.stringify(whole));
  const text = JSON.stringify(whole);
  let refused = 0;
  fc.assert(
    fc.property(
      fc.nat(text.length - 1),
      fc.nat(6),
      fc.constantFrom("", "null", "-1", "{}", "[]", `"../x"`, "1e400", "}", `"__proto__":`),
      (start, length, piece) => {
        try {
          parseManifest(text.slice(0, start) + piece + text.slice(start + length));
        } catch (error) {
          assert(error instanceof FormatError && error.field !== "", String(error));
          refused++;
        }
      },
    ),
    { seed: 2, numRuns: 3000 },
  );
  assert(refused > 1000, `${refused} refused`);
});

function layerWith(changes: Record<string, unknown>) {
  return { a: { ...LAYER, convergence: { losses: [1], chosen: 0, ...changes } } };
}

const LOSSES = "layers.a.convergence.losses must be a list of numbers of 0 or more";

/** Two layers of which the second shares its weight with the first. */
function sharing(
  changes: Record<string, unknown>,
  ofFirst?: SharedParts,
  nodeOfFirst: OperatorNode = NODE,
): Record<string, unknown> {
  const shared = { layer: "a", parts: ["weight"], ...changes };
  const layers = { a: { ...LAYER, node: 1, shared: ofFirst }, b: { ...LAYER, shared } };
  return { nodes: [NODE, nodeOfFirst], layers };
}

const HOLDER = "layers.b.shared.layer must be a layer that is stored by itself: current value is";

const PLACE = "layers.a.node must be the place of one of 1 nodes";

type Refused = readonly [name: string, change: Record<string, unknown>, message: string];

const BAD: readonly Refused[] = [
  ["another format", { format: "other" }, `format must be "pare"`],
  ["an earlier version", { version: 2 }, "version must be 3: current value is 2"],
  ["a later version", { version: 4 }, "version must be 3: current value is 4"],
  ["nodes that are no list", { nodes: { 0: NODE } }, "nodes must be a list"],
  ["an unknown form", { nodes: [NODE, { form: "magic" }] }, "nodes.1.form must be one of"],
  ["layers that are a list", { layers: [] }, "layers must be an object"],
  ["a layer with a node of its own", { layers: { a: { ...LAYER, node: NODE } } }, PLACE],
  ...[1, -1, 0.5, "0", null].map((node): Refused => [
    `a layer with the node ${JSON.stringify(node)} of one`,
    { layers: { a: { ...LAYER, node } } },
    `${PLACE}: current value is ${JSON.stringify(node)}`,
  ]),
  ["losses that are none", { layers: layerWith({ losses: [] }) }, LOSSES],
  ["a loss below 0", { layers: layerWith({ losses: [1, -0.5] }) }, LOSSES],
  ["a loss that is no number", { layers: layerWith({ losses: ["1"] }) }, LOSSES],
  ["a loss without end", { layers: layerWith({ losses: [1e999] }) }, LOSSES],
  [
    "a chosen iteration that was none",
    { layers: layerWith({ chosen: 1 }) },
    "layers.a.convergence.chosen must be an integer from 0 to 0: current value is 1",
  ],
  ["parts of a layer that is not there", sharing({ layer: "c" }), HOLDER],
  ["parts of an inherited layer", sharing({ layer: "toString" }), HOLDER],
  ["a layer that shares with itself", sharing({ layer: "b" }), HOLDER],
  [
    "layers that share with one another",
    sharing({}, { layer: "b", parts: ["weight"] }),
    "must be a layer that is stored by itself",
  ],
  ["shared parts that are no list", sharing({ parts: "weight" }), "parts must be a list of names"],
  ["shared parts that are none", sharing({ parts: [] }), "parts must be a list of names"],
  [
    "shared parts that the layer has not",
    sharing({ parts: ["weight", "weights"] }),
    `layers.b.shared.parts must name parts of the layer: current value is "weights"`,
  ],
  ["shared parts without a name", sharing({ parts: [1] }), "must name parts of the layer"],
  [
    "shared parts of another shape",
    sharing({}, undefined, { form: "dense", shape: [4, 3], dtype: "f16" }),
    `must hold weight as f16 [3, 4] in a too: current value is {"dtype":"f16","shape":[4,3]}`,
  ],
  [
    "shared parts of another dtype",
    sharing({}, undefined, { form: "dense", shape: [3, 4], dtype: "bf16" }),
    "must hold weight as f16 [3, 4] in a too",
  ],
  [
    "shared parts that the other layer has not",
    sharing({}, undefined, {
      form: "scaled",
      inner: { form: "dense", shape: [3, 4], dtype: "f16" },
      rowScaleDtype: "f32",
      colScaleDtype: null,
    }),
    "must hold weight as f16 [3, 4] in a too: current value is null",
  ],
  [
    "a file outside the folder",
    { files: { "../x": {} } },
    `must name files directly inside the folder: current value is "../x"`,
  ],
  ["a hidden file", { files: { ".x": {} } }, `must name files directly inside the folder`],
  [
    "a length that is no number",
    { files: { x: { byteLength: "1", sha256: "0".repeat(64) } } },
    "files.x.byteLength must be a whole number",
  ],
  [
    "a digest of the wrong length",
    { files: { x: { byteLength: 1, sha256: "00" } } },
    "files.x.sha256",
  ],
  ["no source", { source: undefined }, "source must be an object"],
];
for (const [name, change, message] of BAD) {
  Deno.test(`parseManifest() refuses ${name}`, () => {
    assertThrows(
      () => parseManifest(JSON.stringify({ ...WRITTEN, ...change })),
      FormatError,
      message,
    );
  });
}
