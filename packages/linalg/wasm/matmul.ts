// The host of matrix products: which way round they are computed, and in how many parts.

import type { MatmulParams } from "../kernels.ts";
import type { Engine } from "./engine.ts";
import { HALF, MATMUL } from "./operations.ts";
import type { WasmStorage } from "./wasm_kernels.ts";

/** Multiplications of a product that are done sooner than another thread is awake. */
const SMALL_PRODUCT: number = 2 ** 16;

/** Bytes of a matrix that is multiplied by one row in parts, and the fewest of a part. */
const LARGE: number = 2 ** 23;
const PART: number = 2 ** 22;
/** The most parts, and the fewest rows that one has. */
const MOST_PARTS: number = 16;
const LEAST_ROWS: number = 64;

/** A product in f32 or f64, whose operands are addresses. */
interface Product {
  readonly dtype: "f32" | "f64";
  readonly a: number;
  readonly b: number;
  readonly c: number;
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly batch: number;
  readonly strideA: number;
  readonly strideB: number;
  readonly strideC: number;
  readonly transposeA: boolean;
  readonly transposeB: boolean;
  readonly accumulate: boolean;
  readonly leadC: number;
  /** Elements from one column of `c` to the next. */
  readonly stepC: number;
  readonly lower: boolean;
  readonly alpha: number;
}

/** Multiplies matrices. */
export function matmul(engine: Engine, p: MatmulParams<WasmStorage>): void {
  const { allocator } = engine;
  const a = decoded(engine, p.a, p.dtypeA, p.strideA * (p.batch - 1) + p.m * p.k);
  const b = decoded(engine, p.b, p.dtypeB, p.strideB * (p.batch - 1) + p.k * p.n);
  const c = p.c.address + p.offsetC * bytesOf(p.dtype);
  multiply(engine, turned({ ...p, a, b, c, stepC: 1 }));
  if (a !== p.a.address) allocator.free(a);
  if (b !== p.b.address) allocator.free(b);
}

function bytesOf(dtype: "f32" | "f64"): number {
  return dtype === "f32" ? 4 : 8;
}

/** The address of an operand in f32 where it is in f16, which must be freed; else its own. */
function decoded(
  { allocator, run }: Engine,
  { address }: WasmStorage,
  dtype: MatmulParams<WasmStorage>["dtypeA"],
  length: number,
): number {
  if (dtype !== "f16") return address;
  const copy = allocator.allocate(length * 4);
  run(HALF, [address, copy, length]);
  return copy;
}

/** A single column is a single row of the transposed product, which is the faster one. */
function turned(p: Product): Product {
  if (p.n > 1 || p.m === 1) return p;
  return {
    ...p,
    a: p.b,
    b: p.a,
    m: 1,
    n: p.m,
    strideA: p.strideB,
    strideB: p.strideA,
    transposeA: false,
    transposeB: !p.transposeA,
    leadC: 1,
    stepC: p.leadC,
    lower: false,
  };
}

function multiply(engine: Engine, p: Product): void {
  const bytes = p.k * p.n * bytesOf(p.dtype);
  const parts = Math.min(MOST_PARTS, Math.floor(bytes / PART), Math.floor(p.k / LEAST_ROWS));
  const isRow = p.m === 1 && p.batch === 1 && !p.transposeB && !p.lower;
  if (isRow && bytes >= LARGE && parts > 1) multiplyInParts(engine, p, parts);
  else run(engine, p);
}

/**
 * One row by a matrix too large for the caches: each thread reads whole rows of it, not half of each
 * row, and what comes of the parts is added up. Their number depends on the shape alone.
 */
function multiplyInParts(engine: Engine, p: Product, parts: number): void {
  const { memory, allocator } = engine;
  const size = bytesOf(p.dtype);
  const k = Math.floor(p.k / parts);
  const sums = allocator.allocate(parts * p.n * size);
  run(engine, {
    ...p,
    c: sums,
    k,
    batch: parts,
    strideA: k,
    strideB: k * p.n,
    strideC: p.n,
    accumulate: false,
    leadC: p.n,
    stepC: 1,
    alpha: 1,
  });
  const ones = allocator.allocate(parts * size);
  if (p.dtype === "f32") new Float32Array(memory.buffer, ones, parts).fill(1);
  else new Float64Array(memory.buffer, ones, parts).fill(1);
  run(engine, { ...p, a: ones, b: sums, k: parts });
  const rest = p.k - parts * k;
  if (rest > 0) {
    const done = parts * k * size;
    run(engine, { ...p, a: p.a + done, b: p.b + done * p.n, k: rest, accumulate: true });
  }
  allocator.free(ones);
  allocator.free(sums);
}

function run(engine: Engine, p: Product): void {
  const work = p.m * p.n * p.k * p.batch;
  engine.run(
    MATMUL + (p.dtype === "f64" ? 1 : 0),
    [
      ...[p.a, p.b, p.c, p.m, p.n, p.k, p.batch, p.strideA, p.strideB, p.strideC],
      ...[Number(p.transposeA), Number(p.transposeB), Number(p.accumulate), p.leadC, p.stepC],
      ...[Number(p.lower), engine.threads],
    ],
    [p.alpha],
    work < SMALL_PRODUCT,
  );
}
