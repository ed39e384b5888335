// Ours, numpy and ml-matrix as contenders, for the rows of every section.

import type { Device, DeviceArray } from "@pare/linalg";
import type { Tensor } from "@pare/tensor";
import { Matrix } from "ml-matrix";
import { timeOperations } from "../devices/time_operations.ts";
import type { Numpy } from "../peers/numpy.ts";
import type { Contender } from "./row.ts";

/** Tensors that all contenders of a row get, by name. */
export type Operands = Readonly<Record<string, Tensor<"f32"> | Tensor<"f64">>>;

/** What the first contender of a row is called. */
export const OURS = "pare";

/** What a factorization gets. */
export type OneMatrix = { readonly a: Tensor<"f64"> };

/** What of a contender differs from the first of its row. */
export interface ContenderOptions {
  /** Its name. @default {OURS} */
  readonly name?: string;
  /** What one run is worth; as the row says by default. */
  readonly flops?: number;
}

/** An operation on arrays that are on the device already; what it returns is freed. */
export function onDevice<T extends Operands>(
  device: Device,
  operation: (arrays: Readonly<Record<keyof T, DeviceArray>>) => DeviceArray,
  { name = OURS, flops }: ContenderOptions = {},
): Contender<T> {
  return {
    name,
    flops,
    prepare: (operands, resources) => {
      const arrays = Object.fromEntries(
        Object.entries(operands).map((
          [key, tensor],
        ) => [key, resources.use(device.upload(tensor))]),
      ) as Record<keyof T, DeviceArray>;
      return () => operation(arrays)[Symbol.dispose]();
    },
  };
}

/** A function of tensors on the host. */
export function onHost<T>(
  operation: (operands: T) => unknown,
  { name = OURS, flops }: ContenderOptions = {},
): Contender<T> {
  return {
    name,
    flops,
    prepare: (operands) => async () => void await operation(operands),
  };
}

/** An expression of Python over the operands; nobody where numpy is missing. */
export function inNumpy(numpy: Numpy | undefined, expression: string): Contender<Operands>[] {
  if (!numpy) return [];
  return [{
    name: "numpy",
    prepare: async (operands) => {
      for (const [name, tensor] of Object.entries(operands)) await numpy.load(name, tensor);
      return () => numpy.time(expression);
    },
  }];
}

/** A function of ml-matrix, on a matrix of its own that is made outside. */
export function inMlMatrix(operation: (matrix: Matrix) => unknown): Contender<OneMatrix> {
  return {
    name: "ml-matrix",
    prepare: ({ a: { data, shape: [rows, cols] } }) => {
      const matrix = Matrix.from1DArray(rows, cols, data);
      return () => void operation(matrix);
    },
  };
}

/** How long a device's operation takes within a function of ours; see {@linkcode timeOperations}. */
export function watchedShare<T>(
  device: Device,
  operation: keyof Device & string,
  name: string,
  run: (operands: T, device: Device) => Promise<unknown>,
): Contender<T> {
  return {
    name,
    prepare: (operands) => async () => {
      const timed = timeOperations(device);
      await run(operands, timed.device);
      return timed.spentMs.get(operation) ?? 0;
    },
  };
}
