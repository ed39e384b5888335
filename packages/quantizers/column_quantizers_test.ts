import { createReferenceDevice } from "@pare/linalg";
import { randomNormal } from "@pare/tensor";
import { assertEquals } from "@std/assert";
import { COLUMN_QUANTIZERS } from "./column_quantizers.ts";
import { rtn } from "./rtn.ts";
import type { RtnOptions } from "./rtn_options.ts";

Deno.test("COLUMN_QUANTIZERS.rtn rounds column by column as rtn() does", async () => {
  const weight = randomNormal([6, 40], { seed: 1 });
  const settings: readonly RtnOptions[] = [
    { bits: 3, groupSize: 8 },
    { bits: 4, granularity: "row", scaleDtype: "f32" },
    { bits: 2, granularity: "tensor" },
    { bits: 8, groupSize: 16, partialGroups: true },
  ];
  for (const options of settings) {
    using device = createReferenceDevice();
    using rounding = await COLUMN_QUANTIZERS.rtn.begin(weight, options, device);
    using target = device.upload(weight);
    for (let col = 39; col >= 0; col--) {
      using column = device.slice(target, { col, cols: 1 });
      rounding.round(column, col, device)[Symbol.dispose]();
    }
    assertEquals(await rounding.finish(), rtn(weight, options));
  }
});
