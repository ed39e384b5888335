// The search for codes of the lattice E8 by a metric, and besides codes that there are.

import { assert, assertEquals } from "@std/assert";
import { tensor } from "@pare/tensor";
import { type DeviceCase, put, UNIT } from "./device_case.ts";
import {
  blockOf,
  distanceBy,
  encode,
  FORMATS,
  meaningOf,
  onGrid,
  putScales,
  randomMetric,
} from "./lattice_oracle.ts";

/** How a device finds codes of lattices that cost the least. */
export const LATTICE_METRIC_CASES: readonly DeviceCase[] = [
  {
    name: "nearestLattice() by a metric is no farther than the nearest, and near to the best",
    async run({ device }) {
      for (const format of FORMATS) {
        let [found, plain, best] = [0, 0, 0];
        for (const seed of [1, 2]) {
          const x = onGrid([16, 8], seed);
          const metric = randomMetric(seed);
          using array = put(device, metric, "f32");
          const by = await encode(device, x, format, [1], { metric: array });
          const without = await encode(device, x, format);
          for (const [row, code] of by.codes.entries()) {
            const u = blockOf(x, row);
            const of = (c: number) => distanceBy(metric.data, u, meaningOf(format, c));
            const [near, far] = [of(code), of(without.codes[row])];
            // Distances in f32: 80 roundings of what is at most the sum of all products.
            const bound = 80 * UNIT.f32 * 8 * metric.data.reduce((a, b) => a + Math.abs(b), 0);
            assert(near <= far + bound, `row ${row}: ${near}, not ${far}`);
            found += near;
            plain += far;
            if (format.bits > 2) continue;
            let least = Infinity;
            for (let other = 0; other < 2 ** 16; other++) least = Math.min(least, of(other));
            best += least;
          }
        }
        // Metrics of this kind leave a third of the error or more to be saved.
        assert(found < 0.75 * plain, `${format.bits} bits: ${found}, not below ${plain}`);
        if (format.bits === 2) assert(found < 1.04 * best, `${found}, not ${best}`);
      }
    },
  },
  {
    name: "nearestLattice() by a metric of a short block looks at what is there alone",
    async run({ device }) {
      const x = onGrid([30, 3], 4);
      const metric = tensor(Float32Array.of(4, 1, 0, 1, 2, -1, 0, -1, 3), [3, 3]);
      using array = device.upload(metric);
      const { codes, values } = await encode(device, x, FORMATS[0], [1], { metric: array });
      const without = await encode(device, x, FORMATS[0]);
      const wide = new Float64Array(64);
      for (let i = 0; i < 3; i++) wide.set(metric.data.subarray(3 * i, 3 * i + 3), 8 * i);
      let [found, plain] = [0, 0];
      for (const [row, code] of codes.entries()) {
        const u = Array.from({ length: 8 }, (_, i) => i < 3 ? x.data[3 * row + i] : 0);
        const c = meaningOf(FORMATS[0], code);
        assertEquals(Array.from(values.subarray(3 * row, 3 * row + 3)), c.slice(0, 3));
        found += distanceBy(wide, u, c);
        plain += distanceBy(wide, u, meaningOf(FORMATS[0], without.codes[row]));
      }
      assert(found < 0.75 * plain, `${found}, not below ${plain}`);
    },
  },
  {
    name: "nearestLattice() keeps an incumbent unless a codeword is nearer",
    async run({ device }) {
      for (const format of FORMATS) {
        for (const hasMetric of [false, true]) {
          using scope = device.scope();
          const metric = randomMetric(7);
          const rows = 40;
          const scales = putScales(scope, [0.5]);
          const codes = scope.zeros([rows, 1], "u32");
          const target = { ...format, codes, ...scales };
          const options = hasMetric ? { metric: put(scope, metric, "f32") } : {};
          // What was near to something else; and for every other row to the same.
          const x = onGrid([rows, 8], 8);
          const other = onGrid([rows, 8], 9);
          const mixed = x.data.map((v, i) => v + (i % 16 < 8 ? 0.05 : 1) * other.data[i]);
          const before = scope.nearestLattice(scope.upload(tensor(mixed, [rows, 8])), target);
          const held = await scope.download(before);
          const heldCodes = (await scope.download(codes)).data;
          const after = scope.nearestLattice(scope.upload(x), target, {
            ...options,
            incumbent: before,
          });
          const values = (await scope.download(after)).data as Float32Array;
          const newCodes = (await scope.download(codes)).data as Uint32Array;
          const m = hasMetric ? metric.data : new Float64Array(64).map((_, i) => +(i % 9 === 0));
          let kept = 0;
          for (let row = 0; row < rows; row++) {
            const u = blockOf(x, row);
            const [now, then] = [values, held.data as Float32Array].map((data) =>
              Array.from(data.subarray(8 * row, 8 * row + 8))
            );
            const isKept = now.every((value, i) => value === then[i]);
            if (isKept) kept++;
            else assert(distanceBy(m, u, now) < distanceBy(m, u, then), `row ${row} is nearer`);
            if (isKept) assertEquals(newCodes[row], heldCodes[row], `row ${row} keeps its code`);
            meaningOf(format, newCodes[row]).forEach((entry, i) => {
              assert(Math.abs(entry / 2 - now[i]) <= 12 * UNIT.f32, `row ${row}: its code`);
            });
          }
          assert(kept > 0 && kept < rows, `${kept} of ${rows} are kept`);
        }
      }
    },
  },
];
