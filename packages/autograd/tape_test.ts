import {
  createDevice,
  createReferenceDevice,
  createReferenceKernels,
  type Device,
} from "@pare/linalg";
import { ShapeError, tensor } from "@pare/tensor";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { linear } from "./operations/linear.ts";
import { add } from "./operations/add.ts";
import { matmul } from "./operations/matmul.ts";
import { multiply, scale } from "./operations/multiply.ts";
import { squaredNorm, sum } from "./operations/sum.ts";
import { createParameter, type Parameter } from "./parameter.ts";
import { createTape } from "./tape.ts";
import { inDtype, values } from "./testing/gradients.ts";
import type { Variable } from "./variable.ts";

async function gradientOf(device: Device, parameter: Parameter): Promise<number[]> {
  if (!parameter.gradient) return [];
  return Array.from((await device.download(parameter.gradient)).data as Iterable<number>);
}

Deno.test("backward() adds to what earlier passes gathered", async () => {
  using device = createReferenceDevice();
  const x = createParameter(device, "x", tensor(Float32Array.of(1, 2), [2]));
  for (const wanted of [[2, 4], [4, 8], [6, 12]]) {
    using tape = createTape(device);
    tape.backward(squaredNorm(tape.parameter(x)));
    assertEquals(await gradientOf(device, x), wanted);
  }
});

Deno.test("backward() from several roots is the sum of theirs", async () => {
  using device = createReferenceDevice();
  const x = createParameter(device, "x", tensor(Float32Array.of(1, 2), [2]));
  using tape = createTape(device);
  const shared = scale(tape.parameter(x), 3);
  const seed = tape.device.upload(tensor(Float32Array.of(10, 100), [2]));
  tape.backward([shared, seed], sum(shared));
  assertEquals(await gradientOf(device, x), [33, 303]);
  assertEquals(seed.shape, [2]);
});

Deno.test("backward() gives a parameter its own copy of what it started from", async () => {
  using device = createReferenceDevice();
  const w = createParameter(device, "w", tensor(Float32Array.of(1, 2, 3, 4), [2, 2]));
  using seed = device.upload(tensor(Float32Array.of(1, 1, 1, 1), [2, 2]));
  using x = device.upload(tensor(Float32Array.of(1, 0, 0, 1), [2, 2]));
  for (let pass = 0; pass < 2; pass++) {
    using tape = createTape(device);
    const weight = tape.parameter(w);
    tape.backward([weight, seed], sum(linear(tape.constant(x), weight)));
  }
  assertEquals(await gradientOf(device, w), [4, 4, 4, 4]);
  assertEquals((await device.download(seed)).data, Float32Array.of(1, 1, 1, 1));
});

Deno.test("a gradient gathered over micro-batches goes back through an expression once", async () => {
  using device = createReferenceDevice();
  const make = (name: string, shape: number[], seed: number) =>
    createParameter(device, name, values(shape, seed));
  const batches = [1, 2, 3].map((seed) => device.upload(values([4, 3], seed)));
  const [left, right] = [make("left", [5, 2], 4), make("right", [2, 3], 5)];
  for (const x of batches) {
    using tape = createTape(device);
    const weight = matmul(tape.parameter(left), tape.parameter(right));
    tape.backward(squaredNorm(linear(tape.constant(x), weight)));
  }
  const wanted = [await gradientOf(device, left), await gradientOf(device, right)];
  left.gradient = right.gradient = null;

  using outer = createTape(device);
  const product = matmul(outer.parameter(left), outer.parameter(right));
  const weight: Parameter = { name: "weight", value: product.value, gradient: null };
  for (const x of batches) {
    using tape = createTape(device);
    tape.backward(squaredNorm(linear(tape.constant(x), tape.parameter(weight))));
  }
  assert(weight.gradient);
  outer.backward([product, weight.gradient]);
  for (const [i, parameter] of [left, right].entries()) {
    const gradient = await gradientOf(device, parameter);
    // Sums of the same 12 products in another order.
    gradient.forEach((value, j) => assert(Math.abs(value - wanted[i][j]) < 1e-11));
  }
});

Deno.test("backward() frees what it no longer needs, and the tape the rest", () => {
  const kernels = createReferenceKernels();
  let held = 0;
  let peak = 0;
  using device = createDevice({
    ...kernels,
    allocate: (dtype, length) => {
      held++;
      peak = Math.max(peak, held);
      return kernels.allocate(dtype, length);
    },
    free: (storage) => {
      held--;
      kernels.free(storage);
    },
  });
  const w = createParameter(device, "w", inDtype(values([4, 4], 1), "f32"));
  using x = device.upload(inDtype(values([3, 4], 2), "f32"));
  const before = held;
  {
    using tape = createTape(device);
    let y: Variable = tape.constant(x);
    for (let layer = 0; layer < 20; layer++) y = add(y, linear(y, tape.parameter(w)));
    const loss = squaredNorm(y);
    // Two results a layer, and the loss.
    assertEquals(held - before, 41);
    peak = held;
    tape.backward(loss);
    // The layer at hand: gradients of its result, its input and its product, a sum, a start.
    assert(peak - before <= 41 + 6, `peak ${peak - before}`);
    // The loss, and the gradient of the parameter.
    assertEquals(held - before, 2);
  }
  assertEquals(held - before, 1);
});

Deno.test("what depends on no parameter is not recorded", () => {
  using device = createReferenceDevice();
  using tape = createTape(device);
  const x = tape.constant(device.upload(tensor(Float32Array.of(1, 2), [2])));
  const y = sum(multiply(x, x));
  assert(!y.isTracked);
  assertThrows(() => tape.backward(y), TypeError, "must depend on a parameter");
});

Deno.test("backward() refuses what it cannot differentiate", () => {
  using device = createReferenceDevice();
  const x = createParameter(device, "x", tensor(Float32Array.of(1, 2), [2]));
  using tape = createTape(device);
  using other = createTape(device);
  const y = scale(tape.parameter(x), 2);
  assertThrows(() => tape.backward(y), ShapeError, "[1]");
  assertThrows(() => tape.backward([y, device.zeros([3])]), ShapeError, "[2]");
  assertThrows(() => other.backward(sum(y)), TypeError, "on one tape");
  assertThrows(() => add(y, other.parameter(x)), TypeError, "on one tape");
  const loss = sum(y);
  tape.backward(loss);
  assertThrows(() => tape.backward(loss), TypeError, "must not have been differentiated");
});

Deno.test("createParameter() refuses integers", () => {
  using device = createReferenceDevice();
  const indices = tensor(Uint32Array.of(1), [1], "u32");
  assertThrows(() => createParameter(device, "x", indices), TypeError, "x as its numbers");
});

Deno.test("release() frees what no derivative reads, and changes no gradient", async () => {
  using device = createReferenceDevice();
  const gradients: number[][] = [];
  for (const isReleased of [false, true]) {
    const w = createParameter(device, "w", values([4, 4], 1));
    using tape = createTape(device);
    const x = tape.constant(tape.device.upload(values([3, 4], 2)));
    const y = linear(x, tape.parameter(w));
    const total = add(x, y);
    if (isReleased) tape.release(y);
    tape.backward(squaredNorm(total));
    gradients.push(await gradientOf(device, w));
  }
  assertEquals(gradients[0].length, 16);
  assertEquals(gradients[1], gradients[0]);
});

Deno.test("release() of what is read after all is told when it is read", () => {
  using device = createReferenceDevice();
  const w = createParameter(device, "w", values([4, 4], 1));
  using tape = createTape(device);
  const y = scale(tape.parameter(w), 2);
  const loss = squaredNorm(y);
  tape.release(y);
  assertThrows(() => tape.backward(loss), TypeError, "freed");
  assertThrows(() => tape.release(tape.parameter(w)), TypeError, "current one is of w");
});
