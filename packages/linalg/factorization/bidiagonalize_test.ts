import { assert, assertEquals } from "@std/assert";
import { createReferenceDevice } from "../reference/reference_device.ts";
import { put, randomValues, type Values } from "../testing/device_case.ts";
import { allowed, departure, distance, identity, roundedTo, times } from "../testing/matrices.ts";
import { transposed } from "../testing/oracle.ts";
import { bidiagonalize } from "./bidiagonalize.ts";
import { applyBlocks, joinBlocks } from "./wy_blocks.ts";

for (const dtype of ["f64", "f32"] as const) {
  Deno.test(`bidiagonalize() finds Q, B and P with A = Q B Pᵀ, in ${dtype}`, async () => {
    for (const n of [1, 2, 3, 31, 32, 33, 64, 65, 100]) {
      using device = createReferenceDevice();
      const a = roundedTo(randomValues([n, n], n, "f64"), dtype);
      const form = bidiagonalize(device, dtype, put(device, a, dtype));
      const read = async (array: typeof form.band): Promise<Values> => {
        const { data } = await device.download(array);
        return { shape: array.shape, data: Float64Array.from(data as Float64Array) };
      };
      const band = await read(form.band);
      assertEquals(band.data[2 * n - 1], 0);
      const b = identity(n);
      for (let i = 0; i < n; i++) {
        b.data[i * n + i] = band.data[i];
        if (i + 1 < n) b.data[i * n + i + 1] = band.data[n + i];
      }
      const bases: Values[] = [];
      for (const blocks of [form.left, form.right]) {
        const rows = put(device, identity(n), dtype);
        // Joined or not, the product is the same.
        applyBlocks(device, joinBlocks(device, dtype, blocks, 64), rows);
        const apart = put(device, identity(n), dtype);
        applyBlocks(device, blocks, apart);
        const [joined, wanted] = [await read(rows), await read(apart)];
        assert(distance(joined, wanted) <= allowed(a, dtype));
        bases.push(joined);
      }
      const [qt, pt] = bases;
      for (const basis of bases) {
        assert(departure(basis) <= allowed(a, dtype) * Math.sqrt(n), `${departure(basis)}`);
      }
      const error = distance(times(transposed(qt), times(b, pt)), a);
      assert(error <= allowed(a, dtype), `${n}: ${error}`);
    }
  });
}
