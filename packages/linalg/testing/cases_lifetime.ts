// Who owns arrays, when they are freed, and that operations leave their operands be.

import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { tensor } from "@pare/tensor";
import type { Device } from "../device.ts";
import type { DeviceArray } from "../device_array.ts";
import { type DeviceCase, put, putIndices, randomValues } from "./device_case.ts";

function one(device: Device): DeviceArray {
  return device.upload(tensor(Float32Array.of(1, 2, 3, 4), [2, 2]));
}

/** Every operation that only reads its operands. */
const OPERATIONS: Readonly<Record<string, (d: Device, x: DeviceArray) => DeviceArray>> = {
  reshape: (d, x) => d.reshape(x, [4]),
  cast: (d, x) => d.cast(x, "f32"),
  slice: (d, x) => d.slice(x, { row: 1 }),
  transpose: (d, x) => d.transpose(x),
  matmul: (d, x) => d.matmul(x, x),
  reduceRows: (d, x) => d.reduceRows(x, "sum"),
  reduceCols: (d, x) => d.reduceCols(x, "sum"),
  add: (d, x) => d.add(x, x),
  subtract: (d, x) => d.subtract(x, x),
  multiply: (d, x) => d.multiply(x, x),
  scale: (d, x) => d.scale(x, 2),
  activate: (d, x) => d.activate(x, "silu"),
  softmax: (d, x) => d.softmax(x),
  attention: (d, x) => d.attention(x, x, x, { heads: 1 }),
  hadamard: (d, x) => d.hadamard(x, 2),
  nearest: (d, x) => d.nearest(x, x),
};

/** How arrays live and die. */
export const LIFETIME_CASES: readonly DeviceCase[] = [
  {
    name: "operations leave their operands as they were",
    async run({ device }) {
      const before = tensor(Float32Array.of(1, 2, 3, 4), [2, 2]);
      using x = device.upload(before);
      for (const [name, operate] of Object.entries(OPERATIONS)) {
        using result = operate(device, x);
        assert(result !== x, name);
        assertEquals(await device.download(x), before, name);
      }
    },
  },
  {
    name: "an array that was freed is refused everywhere, and freeing twice is harmless",
    async run({ device }) {
      const x = one(device);
      using held = one(device);
      x[Symbol.dispose]();
      x[Symbol.dispose]();
      for (const [name, operate] of Object.entries(OPERATIONS)) {
        assertThrows(() => operate(device, x), TypeError, "freed", name);
      }
      assertThrows(() => device.write(held, x, 0, 0), TypeError, "freed");
      assertThrows(() => device.write(x, held, 0, 0), TypeError, "freed");
      assertThrows(() => device.matmul(held, held, { into: x }), TypeError, "freed");
      await assertRejects(() => device.download(x), TypeError, "freed");
      assertEquals((await device.download(held)).data, Float32Array.of(1, 2, 3, 4));
    },
  },
  {
    name: "an array of another device is refused",
    async run({ device, create }) {
      using other = await create();
      using foreign = one(other);
      using x = one(device);
      assertThrows(() => device.add(x, foreign), TypeError, "on another device");
      assertThrows(() => device.matmul(foreign, x), TypeError, "on another device");
      assertThrows(() => device.write(x, foreign, 0, 0), TypeError, "on another device");
      await assertRejects(() => device.download(foreign), TypeError, "on another device");
      const copied = { dtype: "f32", shape: [2, 2], [Symbol.dispose]() {} } as const;
      assertThrows(() => device.add(x, copied), TypeError, "made by a device");
    },
  },
  {
    name: "scope() frees what was made in it, but for what it keeps",
    async run({ device }) {
      let inner: DeviceArray;
      let kept: DeviceArray;
      using outside = one(device);
      {
        using scope = device.scope();
        inner = scope.add(outside, outside);
        kept = scope.keep(scope.scale(inner, 2));
        // What a scope makes serves the device, and the other way round.
        using both = device.add(inner, kept);
        assertEquals((await device.download(both)).data, Float32Array.of(6, 12, 18, 24));
        assertEquals(scope.name, device.name);
        assertEquals(scope.supports("f32"), true);
      }
      assertThrows(() => device.scale(inner, 1), TypeError, "freed");
      assertEquals((await device.download(kept)).data, Float32Array.of(4, 8, 12, 16));
      assertEquals((await device.download(outside)).data, Float32Array.of(1, 2, 3, 4));
      kept[Symbol.dispose]();
      assertThrows(() => device.scale(kept, 1), TypeError, "freed");
    },
  },
  {
    name: "scope() in a scope keeps into the outer one, and goes with it",
    run({ device }) {
      let kept: DeviceArray;
      let forgotten: DeviceArray;
      {
        using outer = device.scope();
        {
          using inner = outer.scope();
          kept = inner.keep(one(inner));
        }
        assertEquals(outer.scale(kept, 1).shape, [2, 2]);
        forgotten = one(outer.scope());
      }
      assertThrows(() => device.scale(kept, 1), TypeError, "freed");
      assertThrows(() => device.scale(forgotten, 1), TypeError, "freed");
    },
  },
  {
    name: "keep() of what is the device's own changes nothing, of what is freed throws",
    async run({ device }) {
      using x = one(device);
      using scope = device.scope();
      scope.keep(x);
      assertEquals((await device.download(x)).data.length, 4);
      const freed = one(scope);
      freed[Symbol.dispose]();
      assertThrows(() => scope.keep(freed), TypeError, "freed");
    },
  },
  {
    name: "a scope or device that was disposed makes no more arrays",
    async run({ device, create }) {
      const scope = device.scope();
      scope[Symbol.dispose]();
      scope[Symbol.dispose]();
      assertThrows(() => scope.zeros([1]), TypeError, "disposed");
      const other = await create();
      const x = one(other);
      const dangling = other.scope();
      other[Symbol.dispose]();
      other[Symbol.dispose]();
      assertThrows(() => other.zeros([1]), TypeError, "disposed");
      assertThrows(() => dangling.zeros([1]), TypeError, "disposed");
      assertThrows(() => other.scale(x, 1), TypeError);
    },
  },
  {
    name: "six hundred steps in scopes hold their memory, whatever order they free in",
    async run({ device }) {
      // 600 steps of 8 MB would not fit where nothing is freed.
      const size = 1024;
      using x = device.zeros([size, size]);
      using mark = one(device);
      for (let step = 0; step < 600; step++) {
        using scope = device.scope();
        const first = scope.zeros([size, size + step % 7]);
        const second = scope.zeros([size, size]);
        (step % 2 ? first : second)[Symbol.dispose]();
        scope.zeros([step % 13 + 1]);
        // A device may queue its work: wait for it now and then.
        if (step % 100 === 0) await device.download(mark);
      }
      assertEquals((await device.download(mark)).data, Float32Array.of(1, 2, 3, 4));
      using sum = device.reduceRows(x, "absSum");
      assertEquals((await device.download(sum)).data, new Float32Array(size));
    },
  },
  {
    name: "results do not depend on what was in memory before",
    async run({ device }) {
      const x = randomValues([65, 67], 1, "f32");
      const results: unknown[] = [];
      for (const filler of [NaN, 3]) {
        const junk = device.upload(tensor(new Float32Array(65 * 65).fill(filler), [65, 65]));
        junk[Symbol.dispose]();
        using array = put(device, x, "f32");
        using order = putIndices(device, [66, 3, 3]);
        using square = device.matmul(array, array, { transposeB: true });
        using picked = device.gatherCols(array, order);
        results.push([await device.download(square), await device.download(picked)]);
      }
      assertEquals(results[1], results[0]);
    },
  },
];
