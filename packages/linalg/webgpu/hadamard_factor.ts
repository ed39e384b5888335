import type { Gpu } from "./gpu.ts";
import { type GpuStorage, view } from "./storage.ts";
import { GROUP_SIZE, type Kernel, MAIN } from "./kernel.ts";
import { pieces } from "./pieces.ts";

/** Rows of the factor that one invocation multiplies a column by; they divide every order. */
const ROWS = 4;

const FACTOR: Kernel<"x" | "signs", "out", "length" | "order" | "power"> = {
  name: "hadamard factor",
  reads: { x: "f32", signs: "u32" },
  writes: { out: "f32" },
  params: { length: "u32", order: "u32", power: "u32" },
  code: () =>
    /* wgsl */ `${MAIN}
  let item = group * ${GROUP_SIZE}u + local;
  if (item >= p.length / ${ROWS}u) { return; }
  let col = item % p.power;
  let row = item / p.power % (p.order / ${ROWS}u) * ${ROWS}u;
  let start = item / p.power / (p.order / ${ROWS}u) * p.order * p.power + col;
  let words = (p.order + 31u) / 32u;
  var sums: array<f32, ${ROWS}>;
  for (var first = 0u; first < p.order; first += 32u) {
    let at = p.signs_at + row * words + first / 32u;
    var bits = array<u32, ${ROWS}>(${
      Array.from({ length: ROWS }, (_, r) => `signs[at + ${r}u * words]`).join(", ")
    });
    for (var k = first; k < min(first + 32u, p.order); k++) {
      let v = x[p.x_at + start + k * p.power];
      for (var r = 0u; r < ${ROWS}u; r++) {
        sums[r] += select(v, -v, (bits[r] & 1u) == 1u);
        bits[r] >>= 1u;
      }
    }
  }
  for (var r = 0u; r < ${ROWS}u; r++) {
    out[p.out_at + start + (row + r) * p.power] = sums[r];
  }
}`,
};

/** Multiplies each block, a matrix `[order, block / order]`, by the factor from the left. */
export function multiplyFactor(
  gpu: Gpu,
  p: {
    x: GpuStorage;
    out: GpuStorage;
    length: number;
    block: number;
    order: number;
    signs: GpuStorage;
  },
): void {
  const { x, out, length, block, order } = p;
  const signs = view(p.signs, 0, order * Math.ceil(order / 32));
  for (const [start, count] of pieces(length, gpu.maxWords, block)) {
    gpu.dispatch(
      FACTOR,
      { x: view(x, start, count), signs, out: view(out, start, count) },
      { length: count, order, power: block / order },
      Math.ceil(count / ROWS / GROUP_SIZE),
    );
  }
}
