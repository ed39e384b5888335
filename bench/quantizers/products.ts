// Few tokens by a weight that is decoded while it is multiplied, against the same weight in f32: a row
// for each number of tokens, in which all forms take turns with the dense product.

import type { Device, DeviceArray } from "@pare/linalg";
import { bind, dense, type Operator } from "@pare/operators";
import { randomNormal } from "@pare/tensor";
import { type Contender, type Row, row } from "../linalg/row.ts";
import { randomlyStored, STORED } from "./stored_forms.ts";

/** What the rows are of. */
export interface ProductOptions {
  readonly device: Device;
  /** The weight is n × n. */
  readonly size: number;
  /** Numbers of tokens. */
  readonly tokens: readonly number[];
}

const DENSE = "dense f32";

/** A row for each number of tokens. */
export function productRows({ device, size, tokens }: ProductOptions): Row[] {
  const shape = [size, size] as const;
  const stored = Object.entries(STORED);
  const contenders = [
    applied(DENSE, device, () => dense(randomNormal(shape, { seed: 1 }))),
    ...stored.map(([name, form]) => applied(name, device, () => randomlyStored(form, shape))),
  ];
  return tokens.map((count) =>
    row<DeviceArray>({
      name: `${count} ${count === 1 ? "token" : "tokens"} by ${size} × ${size}`,
      operands: () => device.upload(randomNormal([count, size], { seed: 2 })),
      contenders,
      // The goal of one token is to be faster: fewer bytes are read.
      comparisons: stored.map(([name]) => ({
        of: name,
        against: [DENSE],
        goal: count === 1 ? 1 : undefined,
      })),
    })
  );
}

function applied(name: string, device: Device, make: () => Operator): Contender<DeviceArray> {
  return {
    name,
    prepare: (x, resources) => {
      resources.use(x);
      const operator = resources.use(bind(make(), device));
      return () => operator.apply(x)[Symbol.dispose]();
    },
  };
}
