import { assertEquals } from "@std/assert";
import { castTo, tensor } from "@pare/tensor";
import { bitsPerWeight, byteLengthOf, gatherRows, lattice, type LatticeParts } from "./mod.ts";
import { parseNode, serialize, toDense } from "./mod.ts";
import { randomLattice } from "./testing/operators.ts";
import { nodeRefusalsOf, refusalsOf } from "./testing/refusals.ts";

const PARTS: LatticeParts = {
  shape: [2, 12],
  bits: 3,
  residualScale: 2,
  codes: tensor(Uint32Array.of(0xf0_0000, 0xf1_0080, 0x00_0101, 0x7f_e300), [2, 2], "u32"),
  granularity: "row",
  scales: tensor(Float32Array.of(1, 2), [2, 1]),
};

Deno.test("lattice() packs the codes of E8P of a row, then those of its residuals", () => {
  const operator = lattice(PARTS);
  assertEquals(operator.codes.shape, [2, 6]);
  assertEquals(
    operator.codes.data,
    Uint8Array.of(0x00, 0x00, 0x80, 0x00, 0xf0, 0xf1, 0x01, 0x01, 0x00, 0xe3, 0x00, 0x7f),
  );
  // 0xf0 is 0, 0xf1 is 2 e_0; 0x00 is all 1/2, 0x7f all −1/2 with the last one: seven signs are odd.
  assertEquals(
    toDense(operator).data,
    Float32Array.of(
      ...[0.75, 0.75, 0.75, 0.75, 0.75, 0.75, 0.75, 0.75, 1.25, 0.25, 0.25, 0.25],
      ...[0, 2, 2, 2, 2, 2, 2, 4, 3, 1, 1, 1],
    ),
  );
});

Deno.test("lattice() takes whole blocks of two, three or four bits, and its scales", () => {
  for (const bits of [2, 3, 4] as const) {
    assertEquals(byteLengthOf(randomLattice([16, 64], bits, "tensor")), 16 * 8 * bits + 4);
    assertEquals(byteLengthOf(randomLattice([16, 57], bits, "row")), 16 * (8 * bits + 4));
    assertEquals(bitsPerWeight(randomLattice([16, 64], bits, "row", "f16")), bits + 16 / 64);
  }
  const { tensors } = serialize(randomLattice([5, 9], 4));
  assertEquals([...tensors.keys()], ["codes", "scales"]);
});

Deno.test("gatherRows() reads single rows of lattice codes with their own scales", () => {
  const operator = randomLattice([300, 40], 4);
  const row = gatherRows(operator, Uint32Array.of(299));
  assertEquals(row.data, toDense(operator).data.subarray(299 * 40));
});

Deno.test("lattice() refuses parts that do not fit, by name", () => {
  const refused = refusalsOf(lattice, PARTS);
  refused({ shape: [0, 12] }, RangeError, "shape must be that of a matrix");
  refused({ shape: [2, 17] }, RangeError, "codes must have the shape [2, 3]");
  refused({ bits: 5 }, RangeError, "bits must be 2, 3 or 4: current value is 5");
  refused({ bits: 2 }, RangeError, "residualScale must be null for 2 bits: current value is 2");
  refused({ bits: 2, residualScale: null }, RangeError, "below 65536: current value of element 0");
  refused({ residualScale: null }, RangeError, "from 2^-16 to 2^16 for 3 bits");
  refused({ residualScale: 0 }, RangeError, "from 2^-16 to 2^16");
  refused({ residualScale: NaN }, RangeError, "from 2^-16 to 2^16");
  refused({ granularity: "group" }, RangeError, "granularity must be tensor or row");
  refused({ granularity: "tensor" }, RangeError, "scales must have the shape [1, 1]");
  refused({ scales: tensor(Float32Array.of(1, NaN), [2, 1]) }, RangeError, "element 1 is NaN");
  refused(
    { scales: castTo(tensor(Float32Array.of(1, 2), [2, 1]), "bf16") },
    TypeError,
    "f16 or f32",
  );
  refused({ codes: tensor(new Uint8Array(4), [2, 2], "u8") }, TypeError, "codes must be u32");
});

Deno.test("parseNode() refuses lattices that cannot be", () => {
  const node = { ...serialize(lattice(PARTS)).node };
  assertEquals(parseNode(node, "w"), node);
  const refused = nodeRefusalsOf(node, "w");
  refused({ bits: 1 }, "w.bits must be an integer from 2 to 4");
  refused({ residualScale: null }, "w.residualScale must be from 2^-16 to 2^16 for 3 bits");
  refused({ bits: 2 }, "w.residualScale must be null for 2 bits");
  refused({ residualScale: 1e-9 }, "w.residualScale must be a number from");
  refused({ residualScale: "2" }, "w.residualScale must be a number from");
  refused({ granularity: "column" }, `w.granularity must be one of "tensor", "row"`);
  refused({ scaleDtype: "bf16" }, "w.scaleDtype");
  refused({ groupSize: 8 }, "groupSize is unknown");
});
