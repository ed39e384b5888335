import { tensor } from "@pare/tensor";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { downloadF64 } from "../device.ts";
import { createReferenceDevice } from "../reference/reference_device.ts";
import { randomValues, type Values } from "../testing/device_case.ts";
import { assertOrthonormal, createSinglePrecisionDevice } from "../testing/factorization_cases.ts";
import { allowed, distance, frobenius, times } from "../testing/matrices.ts";
import { rectangle, transposed } from "../testing/oracle.ts";
import { qrRows } from "./qr_rows.ts";

// About the edges of panels and blocks of columns.
const SHAPES = [[1, 1], [9, 4], [33, 33], [140, 127], [129, 129], [300, 161]] as const;

for (const [m, n] of SHAPES) {
  Deno.test(`qrRows() of ${m} × ${n} gives R, and rows times Qᵀ`, async () => {
    using device = createReferenceDevice();
    const values = randomValues([m, n], m, "f64");
    const columns = device.upload(tensor(transposed(values).data, [n, m]));
    const { r, timesQ } = qrRows(device, columns);
    assertThrows(() => device.transpose(columns), TypeError);
    const triangle: Values = { shape: [n, n], data: (await downloadF64(device, r)).data };
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < i; j++) assertEquals(triangle.data[i * n + j], 0, `r[${i}, ${j}]`);
    }
    const unit = tensor(Float64Array.from({ length: n * n }, (_, i) => i % (n + 1) ? 0 : 1), [
      n,
      n,
    ]);
    const rows: Values = {
      shape: [n, m],
      data: (await downloadF64(device, timesQ(device.upload(unit)))).data,
    };
    const q = transposed(rows);
    assertOrthonormal(q, { values, dtype: "f64" }, "columns of q");
    const bound = allowed(values, "f64") * frobenius(values);
    assert(distance(times(q, triangle), values) <= bound);
  });
}

Deno.test("qrRows() multiplies more rows than are turned at a time", async () => {
  using device = createReferenceDevice();
  const values = randomValues([5, 3], 1, "f64");
  const { timesQ } = qrRows(device, device.upload(tensor(transposed(values).data, [3, 5])));
  const x = randomValues([2100, 3], 2, "f64");
  const product = async (rows: Values) => {
    const [count] = rows.shape;
    const turned = timesQ(device.upload(tensor(rows.data, [count, 3])));
    return (await downloadF64(device, turned)).data;
  };
  const whole = await product(x);
  for (const row of [0, 1023, 1024, 2047, 2048, 2099]) {
    const one = await product(rectangle(x, row, 0, 1, 3));
    assertEquals(whole.slice(5 * row, 5 * row + 5), one, `row ${row}`);
  }
});

Deno.test("qrRows() refuses wide matrices, and dtypes that the device has not", () => {
  using device = createReferenceDevice();
  assertThrows(() => qrRows(device, device.zeros([3, 2], "f64")), RangeError, "is [3, 2]");
  using single = createSinglePrecisionDevice();
  assertThrows(() => qrRows(single, single.zeros([2, 3], "f64")), TypeError, "must be f32");
});
