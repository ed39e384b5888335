// The one front that every backend gets: checks, shapes, ownership. A backend only computes.

import { type AnyTensor, ShapeError, sizeOf, toF32 } from "@pare/tensor";
import type {
  Activation,
  AffineArrays,
  AttentionOptions,
  Block,
  Device,
  DeviceArray,
  DeviceDtype,
  DeviceScope,
  MatmulOptions,
  Reduction,
} from "./device.ts";
import type { HostArray, KernelName, Kernels } from "./kernels.ts";

/** A storage and the number of arrays that look at it. */
interface Shared<S> {
  readonly storage: S;
  users: number;
}

/** The arrays of one scope. */
type Owner<S> = Set<OwnedArray<S>>;

class OwnedArray<S> implements DeviceArray {
  readonly #kernels: Kernels<S>;
  readonly #shared: Shared<S>;
  #freed = false;
  owner: Owner<S>;

  constructor(
    kernels: Kernels<S>,
    readonly dtype: DeviceDtype,
    readonly shape: readonly number[],
    shared: Shared<S>,
    owner: Owner<S>,
  ) {
    this.#kernels = kernels;
    this.#shared = shared;
    this.owner = owner;
    shared.users++;
    owner.add(this);
  }

  /** The storage, for the device of these kernels alone. */
  open(action: string, kernels: Kernels<S>): S {
    return this.share(action, kernels).storage;
  }

  share(action: string, kernels: Kernels<S>): Shared<S> {
    if (this.#freed) {
      throw new TypeError(`${action} as every array must still be held: current array is freed`);
    }
    if (this.#kernels !== kernels) {
      throw new TypeError(
        `${action} as every array must be on ${kernels.name}: current array is on another device`,
      );
    }
    return this.#shared;
  }

  [Symbol.dispose](): void {
    if (this.#freed) return;
    this.#freed = true;
    this.owner.delete(this);
    if (--this.#shared.users === 0) this.#kernels.free(this.#shared.storage);
  }
}

/**
 * Makes a device of a backend's kernels.
 *
 * @param kernels What computes. The device owns them and disposes them.
 * @returns A device that checks every operand before the kernels see it.
 */
export function createDevice<S>(kernels: Kernels<S>): Device {
  return new KernelDevice(kernels, null);
}

class KernelDevice<S> implements DeviceScope {
  readonly #kernels: Kernels<S>;
  readonly #parent: KernelDevice<S> | null;
  readonly #owner: Owner<S> = new Set();
  readonly #scopes: Set<KernelDevice<S>> = new Set();
  #disposed = false;
  readonly name: string;
  readonly description: string;

  constructor(kernels: Kernels<S>, parent: KernelDevice<S> | null) {
    this.#kernels = kernels;
    this.#parent = parent;
    this.name = kernels.name;
    this.description = kernels.description;
  }

  supports(dtype: DeviceDtype): boolean {
    // f64 may be there for the sums of `gram` alone.
    return this.#kernels.dtypes.includes(dtype) &&
      (dtype !== "f64" || this.#kernels.doubles.has("matmul"));
  }

  scope(): DeviceScope {
    const scope = new KernelDevice(this.#kernels, this);
    this.#scopes.add(scope);
    return scope;
  }

  keep<A extends DeviceArray>(array: A): A {
    const owned = this.#owned("Cannot keep", array);
    owned.open("Cannot keep", this.#kernels);
    if (this.#parent && this.#owner.delete(owned)) {
      owned.owner = this.#parent.#owner;
      owned.owner.add(owned);
    }
    return array;
  }

  [Symbol.dispose](): void {
    if (this.#disposed) return;
    this.#disposed = true;
    if (this.#parent) this.#parent.#scopes.delete(this);
    for (const scope of [...this.#scopes]) scope[Symbol.dispose]();
    for (const array of [...this.#owner]) array[Symbol.dispose]();
    if (!this.#parent) this.#kernels.dispose();
  }

  upload(source: AnyTensor): DeviceArray {
    const action = "Cannot upload";
    const held = source.dtype === "f64" || source.dtype === "u32" || source.dtype === "u8"
      ? source
      : toF32Only(source);
    if (sizeOf(held.shape) !== held.data.length) {
      throw new ShapeError(action, held.shape, [held.data.length]);
    }
    const array = this.#new(action, held.dtype, held.shape);
    this.#kernels.upload(array.open(action, this.#kernels), held.dtype, held.data);
    return array;
  }

  async download(array: DeviceArray): Promise<AnyTensor> {
    const { dtype, shape } = array;
    const storage = this.#open("Cannot download", array);
    const data = await this.#kernels.download(storage, dtype, sizeOf(shape));
    return { dtype, shape, data } as AnyTensor;
  }

  zeros(shape: readonly number[], dtype: DeviceDtype = "f32"): DeviceArray {
    const action = "Cannot make zeros";
    const array = this.#new(action, dtype, shape);
    this.#kernels.clear(array.open(action, this.#kernels), dtype, sizeOf(shape));
    return array;
  }

  reshape(array: DeviceArray, shape: readonly number[]): DeviceArray {
    const action = "Cannot reshape";
    const shared = this.#owned(action, array).share(action, this.#kernels);
    checkDimensions(action, shape);
    if (sizeOf(shape) !== sizeOf(array.shape)) throw new ShapeError(action, shape, array.shape);
    return new OwnedArray(this.#kernels, array.dtype, shape, shared, this.#owner);
  }

  cast(x: DeviceArray, dtype: DeviceDtype): DeviceArray {
    const action = "Cannot cast";
    floatOf(action, x);
    if (dtype !== "f32" && dtype !== "f64") {
      throw new TypeError(`${action} as the target must be f32 or f64: current target is ${dtype}`);
    }
    const out = this.#new(action, dtype, x.shape);
    const storage = this.#open(action, x);
    const target = out.open(action, this.#kernels);
    const length = sizeOf(x.shape);
    if (x.dtype === dtype) {
      this.#kernels.copyBlock({
        source: storage,
        sourceOffset: 0,
        sourceLead: length,
        target,
        targetOffset: 0,
        targetLead: length,
        rows: 1,
        cols: length,
        dtype,
      });
    } else this.#kernels.cast({ x: storage, from: x.dtype, out: target, to: dtype, length });
    return out;
  }

  slice(matrix: DeviceArray, block: Block): DeviceArray {
    const action = "Cannot slice";
    const [height, width] = matrixShape(action, matrix);
    const { row = 0, col = 0 } = block;
    const { rows = height - row, cols = width - col } = block;
    checkRectangle(action, row, col, rows, cols, height, width);
    const out = this.#new(action, matrix.dtype, [rows, cols]);
    this.#kernels.copyBlock({
      source: this.#open(action, matrix),
      sourceOffset: row * width + col,
      sourceLead: width,
      target: out.open(action, this.#kernels),
      targetOffset: 0,
      targetLead: cols,
      rows,
      cols,
      dtype: matrix.dtype,
    });
    return out;
  }

  write(target: DeviceArray, matrix: DeviceArray, row: number, col: number): void {
    const action = "Cannot write a block";
    const [height, width] = matrixShape(action, target);
    const [rows, cols] = matrixShape(action, matrix);
    checkRectangle(action, row, col, rows, cols, height, width);
    sameDtype(action, target, matrix);
    this.#kernels.copyBlock({
      source: this.#open(action, matrix),
      sourceOffset: 0,
      sourceLead: cols,
      target: this.#open(action, target),
      targetOffset: row * width + col,
      targetLead: width,
      rows,
      cols,
      dtype: target.dtype,
    });
  }

  transpose(matrix: DeviceArray): DeviceArray {
    const action = "Cannot transpose";
    const dtype = this.#float(action, matrix, "transpose");
    const [rows, cols] = matrixShape(action, matrix);
    const out = this.#new(action, dtype, [cols, rows]);
    const x = this.#open(action, matrix);
    this.#kernels.transpose({ x, out: out.open(action, this.#kernels), dtype, rows, cols });
    return out;
  }

  matmul(a: DeviceArray, b: DeviceArray, options: MatmulOptions = {}): DeviceArray {
    const action = "Cannot multiply matrices";
    const { transposeA = false, transposeB = false, alpha = 1, into, row = 0, col = 0 } = options;
    const dtype = this.#float(action, a, "matmul");
    sameDtype(action, a, b);
    const [batchA, rowsA, colsA] = batchedShape(action, a);
    const [batchB, rowsB, colsB] = batchedShape(action, b);
    const [m, k] = transposeA ? [colsA, rowsA] : [rowsA, colsA];
    const [inner, n] = transposeB ? [colsB, rowsB] : [rowsB, colsB];
    if (inner !== k) throw new ShapeError(action, transposeB ? [n, k] : [k, n], [rowsB, colsB]);
    const batch = Math.max(batchA, batchB);
    const [leadA, leadB] = [a.shape.slice(0, -2), b.shape.slice(0, -2)];
    if (batchA > 1 && batchB > 1 && !sameShape(leadA, leadB)) {
      throw new ShapeError(action, [...leadA, ...b.shape.slice(-2)], b.shape);
    }
    let target = into;
    let [height, width] = [m, n];
    if (target) {
      sameDtype(action, a, target);
      [height, width] = matrixShape(action, target);
      if (batch !== 1) throw new ShapeError(action, [m, k], a.shape);
      checkRectangle(action, row, col, m, n, height, width);
    } else {
      // A single matrix gives way to a stack; of two, the one with more leading ones decides.
      const isStackA = batchA === batchB ? leadA.length >= leadB.length : batchA > batchB;
      target = this.#new(action, dtype, [...(isStackA ? leadA : leadB), m, n]);
    }
    // One matrix for a whole batch of rows is a single, taller product.
    const flat = batchB === 1 && !transposeA && !into;
    this.#kernels.matmul({
      a: this.#open(action, a),
      b: this.#open(action, b),
      c: this.#open(action, target),
      dtype,
      m: flat ? batch * m : m,
      n,
      k,
      batch: flat ? 1 : batch,
      strideA: batchA === 1 ? 0 : rowsA * colsA,
      strideB: batchB === 1 ? 0 : rowsB * colsB,
      strideC: m * n,
      transposeA,
      transposeB,
      alpha,
      accumulate: into !== undefined,
      offsetC: into ? row * width + col : 0,
      leadC: width,
    });
    return target;
  }

  gram(x: DeviceArray, into: DeviceArray): void {
    const action = "Cannot add a Gram matrix";
    const [rows, cols] = matrixShape(action, x);
    if (x.dtype !== "f32" || into.dtype !== "f64") {
      throw new TypeError(
        `${action} as it must add f32 to f64: current dtypes are ${x.dtype} and ${into.dtype}`,
      );
    }
    checkShape(action, into, [cols, cols]);
    this.#kernels.gram({ x: this.#open(action, x), into: this.#open(action, into), rows, cols });
  }

  reduceRows(x: DeviceArray, reduction: Reduction): DeviceArray {
    const action = "Cannot reduce rows";
    const [rows, cols] = rowsOf(action, x);
    return this.#reduce(action, x, x.shape.slice(0, -1), rows, cols, "rows", reduction);
  }

  reduceCols(x: DeviceArray, reduction: Reduction): DeviceArray {
    const action = "Cannot reduce columns";
    const [rows, cols] = matrixShape(action, x);
    return this.#reduce(action, x, [cols], rows, cols, "cols", reduction);
  }

  add(a: DeviceArray, b: DeviceArray): DeviceArray {
    return this.#binary("Cannot add", a, b, "add");
  }

  subtract(a: DeviceArray, b: DeviceArray): DeviceArray {
    return this.#binary("Cannot subtract", a, b, "subtract");
  }

  multiply(a: DeviceArray, b: DeviceArray): DeviceArray {
    return this.#binary("Cannot multiply", a, b, "multiply");
  }

  scale(array: DeviceArray, factor: number): DeviceArray {
    return this.#map("Cannot scale", "scale", array, (x, out, dtype, length) => {
      this.#kernels.scale({ x, out, dtype, length, factor });
    });
  }

  activate(array: DeviceArray, activation: Activation): DeviceArray {
    return this.#map("Cannot activate", "activate", array, (x, out, dtype, length) => {
      this.#kernels.activate({ x, out, dtype, length, activation });
    });
  }

  softmax(array: DeviceArray): DeviceArray {
    const [rows, cols] = rowsOf("Cannot take the softmax", array);
    return this.#map("Cannot take the softmax", "softmax", array, (x, out, dtype) => {
      this.#kernels.softmax({ x, out, dtype, rows, cols });
    });
  }

  rmsNorm(array: DeviceArray, gain: DeviceArray, epsilon: number): DeviceArray {
    const action = "Cannot normalize";
    const [, width] = rowsOf(action, array);
    sameDtype(action, array, gain);
    const cols = sizeOf(gain.shape);
    if (gain.shape.length !== 1 || width % cols !== 0) {
      throw new ShapeError(action, [width], gain.shape);
    }
    const weights = this.#open(action, gain);
    return this.#map(action, "rmsNorm", array, (x, out, dtype, length) => {
      this.#kernels.rmsNorm({ x, gain: weights, out, dtype, rows: length / cols, cols, epsilon });
    });
  }

  rotary(
    array: DeviceArray,
    cos: DeviceArray,
    sin: DeviceArray,
    positions: DeviceArray,
  ): DeviceArray {
    const action = "Cannot rotate by position";
    const [batch, tokens, width] = batchedShape(action, array);
    const [positionCount, half] = matrixShape(action, cos);
    checkShape(action, sin, cos.shape);
    checkIndices(action, positions, [tokens]);
    sameDtype(action, array, cos);
    sameDtype(action, array, sin);
    if (width % (2 * half) !== 0) {
      throw new ShapeError(action, [positionCount, width / 2], cos.shape);
    }
    const angles = {
      cos: this.#open(action, cos),
      sin: this.#open(action, sin),
      positions: this.#open(action, positions),
    };
    const sizes = { batch, tokens, heads: width / (2 * half), headSize: 2 * half, positionCount };
    return this.#map(action, "rotary", array, (x, out, dtype) => {
      this.#kernels.rotary({ x, out, dtype, ...angles, ...sizes });
    });
  }

  attention(
    q: DeviceArray,
    k: DeviceArray,
    v: DeviceArray,
    options: AttentionOptions,
  ): DeviceArray {
    const action = "Cannot attend";
    const { heads, kvHeads = heads } = options;
    const [batch, queries, width] = batchedShape(action, q);
    const [batchK, keyRows, kvWidth] = batchedShape(action, k);
    const { keyCount = keyRows, window = keyCount } = options;
    const headSize = width / heads;
    checkCount(action, "heads", heads, 1, width);
    checkCount(action, "kvHeads", kvHeads, 1, heads);
    checkCount(action, "keyCount", keyCount, queries, keyRows);
    checkCount(action, "window", window, 1, Infinity);
    if (!Number.isInteger(headSize) || heads % kvHeads !== 0) {
      throw new RangeError(
        `${action} as heads must divide the width and kvHeads the heads: current values are ` +
          `${heads} heads, ${kvHeads} kvHeads, width ${width}`,
      );
    }
    if (batchK !== batch || kvWidth !== kvHeads * headSize) {
      throw new ShapeError(action, [batch, keyRows, kvHeads * headSize], k.shape);
    }
    checkShape(action, v, k.shape);
    const dtype = this.#float(action, q, "attention");
    sameDtype(action, q, k);
    sameDtype(action, q, v);
    const out = this.#new(action, dtype, q.shape);
    this.#kernels.attention({
      q: this.#open(action, q),
      k: this.#open(action, k),
      v: this.#open(action, v),
      out: out.open(action, this.#kernels),
      dtype,
      batch,
      queries,
      keys: keyCount,
      keyRows,
      heads,
      kvHeads,
      headSize,
      scale: options.scale ?? 1 / Math.sqrt(headSize),
      window: Math.min(window, keyCount),
    });
    return out;
  }

  gatherRows(matrix: DeviceArray, indices: DeviceArray): DeviceArray {
    const action = "Cannot gather rows";
    const [rows, cols] = matrixShape(action, matrix);
    const count = sizeOf(indices.shape);
    return this.#gather(action, matrix, indices, [count, cols], rows, cols, count, "rows");
  }

  gatherCols(x: DeviceArray, indices: DeviceArray): DeviceArray {
    const action = "Cannot gather columns";
    const [rows, cols] = rowsOf(action, x);
    const count = sizeOf(indices.shape);
    const shape = [...x.shape.slice(0, -1), count];
    return this.#gather(action, x, indices, shape, rows, cols, count, "cols");
  }

  hadamard(array: DeviceArray, block: number): DeviceArray {
    const action = "Cannot transform";
    const [, cols] = rowsOf(action, array);
    if (!Number.isInteger(Math.log2(block)) || block < 1 || cols % block !== 0) {
      throw new RangeError(
        `${action} as block must be a power of two that divides ${cols}: current value is ${block}`,
      );
    }
    return this.#map(action, "hadamard", array, (x, out, dtype, length) => {
      this.#kernels.hadamard({ x, out, dtype, length, block });
    });
  }

  affineMatmul(x: DeviceArray, weight: AffineArrays): DeviceArray {
    const action = "Cannot multiply by affine codes";
    const { codes, scales, zeroPoints, bits, groupSize, rows, cols } = weight;
    const [tokens, width] = rowsOf(action, x);
    const [codeRows, rowBytes] = matrixShape(action, codes);
    const [scaleRows, scaleCols] = matrixShape(action, scales);
    const groups = scaleRows === 1 && scaleCols === 1 ? 0 : scaleCols;
    checkCount(action, "bits", bits, 1, 8);
    checkCount(action, "groupSize", groupSize, 1, Infinity);
    if (width !== cols) throw new ShapeError(action, [...x.shape.slice(0, -1), cols], x.shape);
    if (codeRows !== rows || rowBytes % 4 !== 0 || rowBytes * 8 < cols * bits) {
      throw new ShapeError(action, [rows, 4 * Math.ceil(cols * bits / 32)], codes.shape);
    }
    if (groups && (scaleRows !== rows || scaleCols !== Math.ceil(cols / groupSize))) {
      throw new ShapeError(action, [rows, Math.ceil(cols / groupSize)], scales.shape);
    }
    if (typeof zeroPoints !== "number") {
      checkShape(action, zeroPoints, scales.shape);
      sameDtype(action, scales, zeroPoints);
    }
    if (x.dtype !== "f32" || scales.dtype !== "f32" || codes.dtype !== "u8") {
      throw new TypeError(
        `${action} as the dtypes must be f32, u8 and f32: current dtypes are ` +
          `${x.dtype}, ${codes.dtype} and ${scales.dtype}`,
      );
    }
    const out = this.#new(action, "f32", [...x.shape.slice(0, -1), rows]);
    this.#kernels.affineMatmul({
      x: this.#open(action, x),
      codes: this.#open(action, codes),
      scales: this.#open(action, scales),
      zeroPoints: typeof zeroPoints === "number" ? zeroPoints : this.#open(action, zeroPoints),
      out: out.open(action, this.#kernels),
      tokens,
      rows,
      cols,
      bits,
      groupSize,
      groups,
      rowBytes,
    });
    return out;
  }

  #new(action: string, dtype: DeviceDtype, shape: readonly number[]): OwnedArray<S> {
    if (this.#disposed) {
      throw new TypeError(
        `${action} as the device must be in use: current one, or its scope, is disposed`,
      );
    }
    if (!this.#kernels.dtypes.includes(dtype)) {
      throw new TypeError(
        `${action} as the dtype must be one of ${
          this.#kernels.dtypes.join(", ")
        } on ${this.name}: ` +
          `current dtype is ${dtype}`,
      );
    }
    checkDimensions(action, shape);
    const storage = this.#kernels.allocate(dtype, sizeOf(shape));
    return new OwnedArray(this.#kernels, dtype, shape, { storage, users: 0 }, this.#owner);
  }

  #owned(action: string, array: DeviceArray): OwnedArray<S> {
    if (!(array instanceof OwnedArray)) {
      throw new TypeError(`${action} as every array must be made by a device: current one is not`);
    }
    return array;
  }

  #open(action: string, array: DeviceArray): S {
    return this.#owned(action, array).open(action, this.#kernels);
  }

  /** The dtype of `x`, if this device can do the operation in it. */
  #float(action: string, x: DeviceArray, name: KernelName): "f32" | "f64" {
    const dtype = floatOf(action, x);
    if (dtype === "f64" && !this.#kernels.doubles.has(name)) {
      throw new TypeError(
        `${action} as the dtype must be f32 on ${this.name}: current dtype is f64`,
      );
    }
    return dtype;
  }

  #map(
    action: string,
    name: KernelName,
    array: DeviceArray,
    kernel: (x: S, out: S, dtype: "f32" | "f64", length: number) => void,
  ): DeviceArray {
    const dtype = this.#float(action, array, name);
    const out = this.#new(action, dtype, array.shape);
    kernel(this.#open(action, array), out.open(action, this.#kernels), dtype, sizeOf(array.shape));
    return out;
  }

  #binary(
    action: string,
    a: DeviceArray,
    b: DeviceArray,
    operation: "add" | "subtract" | "multiply",
  ): DeviceArray {
    sameDtype(action, a, b);
    const period = sizeOf(b.shape);
    const isRow = b.shape.length === 1 && b.shape[0] === a.shape.at(-1);
    if (!isRow) checkShape(action, b, a.shape);
    const other = this.#open(action, b);
    return this.#map(action, "binary", a, (x, out, dtype, length) => {
      this.#kernels.binary({ a: x, b: other, out, dtype, length, period, operation });
    });
  }

  #reduce(
    action: string,
    array: DeviceArray,
    shape: readonly number[],
    rows: number,
    cols: number,
    along: "rows" | "cols",
    reduction: Reduction,
  ): DeviceArray {
    const dtype = this.#float(action, array, "reduce");
    const result = this.#new(action, dtype, shape);
    const x = this.#open(action, array);
    const out = result.open(action, this.#kernels);
    this.#kernels.reduce({ x, out, dtype, rows, cols, along, reduction });
    return result;
  }

  #gather(
    action: string,
    array: DeviceArray,
    indices: DeviceArray,
    shape: readonly number[],
    rows: number,
    cols: number,
    count: number,
    along: "rows" | "cols",
  ): DeviceArray {
    checkIndices(action, indices, indices.shape);
    const result = this.#new(action, array.dtype, shape);
    this.#kernels.gather({
      x: this.#open(action, array),
      indices: this.#open(action, indices),
      out: result.open(action, this.#kernels),
      dtype: array.dtype,
      rows,
      cols,
      count,
      along,
    });
    return result;
  }
}

function toF32Only(source: AnyTensor): AnyTensor & { dtype: "f32"; data: HostArray } {
  if (!["f32", "f16", "bf16", "f8e4m3", "f8e5m2"].includes(source.dtype)) {
    throw new TypeError(
      `Cannot upload as the dtype must be a float, u32 or u8: current dtype is ${source.dtype}`,
    );
  }
  return toF32(source);
}

function floatOf(action: string, x: DeviceArray): "f32" | "f64" {
  if (x.dtype === "f32" || x.dtype === "f64") return x.dtype;
  throw new TypeError(`${action} as the dtype must be f32 or f64: current dtype is ${x.dtype}`);
}

function sameDtype(action: string, a: DeviceArray, b: DeviceArray): void {
  if (a.dtype !== b.dtype) {
    throw new TypeError(
      `${action} as the dtypes must be equal: current dtypes are ${a.dtype} and ${b.dtype}`,
    );
  }
}

function checkDimensions(action: string, shape: readonly number[]): void {
  if (!shape.every((length) => Number.isSafeInteger(length) && length > 0)) {
    throw new RangeError(
      `${action} as every dimension must be an integer of 1 or more: current shape is [${
        shape.join(", ")
      }]`,
    );
  }
}

function checkShape(action: string, x: DeviceArray, shape: readonly number[]): void {
  if (!sameShape(x.shape, shape)) throw new ShapeError(action, shape, x.shape);
}

function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((length, i) => length === b[i]);
}

function checkIndices(action: string, indices: DeviceArray, shape: readonly number[]): void {
  checkShape(action, indices, shape);
  if (indices.dtype !== "u32") {
    throw new TypeError(`${action} as indices must be u32: current dtype is ${indices.dtype}`);
  }
}

function checkCount(action: string, name: string, value: number, low: number, high: number): void {
  if (!Number.isInteger(value) || value < low || value > high) {
    const range = high === Infinity ? `of ${low} or more` : `from ${low} to ${high}`;
    throw new RangeError(
      `${action} as ${name} must be an integer ${range}: current value is ${value}`,
    );
  }
}

function matrixShape(action: string, x: DeviceArray): [rows: number, cols: number] {
  if (x.shape.length !== 2) {
    throw new RangeError(
      `${action} as the array must have 2 dimensions: current shape is [${x.shape.join(", ")}]`,
    );
  }
  return [x.shape[0], x.shape[1]];
}

/** The last dimension, and how many rows of it there are. */
function rowsOf(action: string, x: DeviceArray): [rows: number, cols: number] {
  const cols = x.shape.at(-1);
  if (cols === undefined) {
    throw new RangeError(`${action} as the array must have a dimension: current shape is []`);
  }
  return [sizeOf(x.shape) / cols, cols];
}

/** All leading dimensions as one batch, then the matrix. */
function batchedShape(action: string, x: DeviceArray): [batch: number, rows: number, cols: number] {
  if (x.shape.length < 2) {
    throw new RangeError(
      `${action} as the array must have 2 dimensions or more: current shape is [${
        x.shape.join(", ")
      }]`,
    );
  }
  const [rows, cols] = x.shape.slice(-2);
  return [sizeOf(x.shape) / (rows * cols), rows, cols];
}

function checkRectangle(
  action: string,
  row: number,
  col: number,
  rows: number,
  cols: number,
  height: number,
  width: number,
): void {
  const whole = [row, col, rows, cols].every((n) => Number.isInteger(n) && n >= 0);
  if (!whole || row + rows > height || col + cols > width) {
    throw new RangeError(
      `${action} as the block must lie within [${height}, ${width}]: current block is ` +
        `[${rows}, ${cols}] at [${row}, ${col}]`,
    );
  }
}
