import { createReferenceDevice, downloadF32 } from "@pare/linalg";
import { tensor } from "@pare/tensor";
import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import type { ModelConfig } from "./config.ts";
import { parseConfig } from "./parse_config.ts";
import { bindPositions, rotaryFrequencies } from "./rotary.ts";
import { FAMILIES } from "./testing/families.ts";

const CONFIG = parseConfig(FAMILIES[0].config, "llama");

Deno.test("bindPositions() turns a head as an independent program does", async () => {
  using device = createReferenceDevice();
  // Base 10,000, heads of 4, from positions 1 and 2.
  using positions = bindPositions(CONFIG, device, 2, { start: 1 });
  using x = device.upload(tensor(Float32Array.of(1, 2, 3, 4, 1, 2, 3, 4), [2, 4]));
  using turned = device.rotary(x, positions.cos, positions.sin, positions.rows);
  const { data } = await downloadF32(device, turned);
  const expected = [
    ...[-1.984111, 1.959901, 2.462378, 4.0198],
    ...[-3.144039, 1.919605, -0.339143, 4.039197],
  ];
  // Six decimals are given, and f32 adds half a unit of 2^-22.
  expected.forEach((value, i) => assertAlmostEquals(data[i], value, 1e-6));
});

Deno.test("bindPositions() goes on where it left off", async () => {
  using device = createReferenceDevice();
  using whole = bindPositions(CONFIG, device, 8);
  using rest = bindPositions(CONFIG, device, 3, { start: 5 });
  for (const table of ["cos", "sin"] as const) {
    const { data } = await downloadF32(device, whole[table]);
    assertEquals((await downloadF32(device, rest[table])).data, data.slice(5 * 2));
  }
});

Deno.test("bindPositions() refuses positions beyond the context", () => {
  using device = createReferenceDevice();
  assertThrows(
    () => bindPositions(CONFIG, device, 1, { start: 32 }),
    RangeError,
    "Cannot place tokens as the context must be 32 tokens or shorter: current length is 33",
  );
  bindPositions(CONFIG, device, 1, { start: 31 })[Symbol.dispose]();
});

Deno.test("rotaryFrequencies() keeps, blends and slows as Llama 3 does", () => {
  const config: ModelConfig = {
    ...CONFIG,
    headSize: 128,
    rotaryBase: 500000,
    rotaryScaling: {
      factor: 32,
      lowFreqFactor: 1,
      highFreqFactor: 4,
      originalMaxPositions: 8192,
    },
  };
  const plain = rotaryFrequencies({ ...config, rotaryScaling: null });
  const scaled = rotaryFrequencies(config);
  let kept = 0;
  let slowed = 0;
  for (let i = 0; i < 64; i++) {
    const wavelength = 2 * Math.PI / plain[i];
    const ratio = scaled[i] / plain[i];
    if (wavelength < 8192 / 4) {
      assertEquals(ratio, 1);
      kept++;
    } else if (wavelength > 8192) {
      assertAlmostEquals(ratio, 1 / 32, 1e-15);
      slowed++;
    } else {
      const smooth = (8192 / wavelength - 1) / 3;
      assertAlmostEquals(ratio, (1 - smooth) / 32 + smooth, 1e-15);
    }
  }
  assertEquals([kept, slowed], [29, 29]);
});
