import type { Dtype } from "@pare/tensor";

/** What safetensors calls each dtype. */
export const SAFETENSORS_NAMES: Readonly<Record<Dtype, string>> = {
  f64: "F64",
  f32: "F32",
  f16: "F16",
  bf16: "BF16",
  f8e4m3: "F8_E4M3",
  f8e5m2: "F8_E5M2",
  i64: "I64",
  i32: "I32",
  i16: "I16",
  i8: "I8",
  u64: "U64",
  u32: "U32",
  u16: "U16",
  u8: "U8",
  bool: "BOOL",
};

/** The dtype that each name of safetensors means. */
export const SAFETENSORS_DTYPES: ReadonlyMap<string, Dtype> = new Map(
  Object.entries(SAFETENSORS_NAMES).map(([dtype, name]) => [name, dtype as Dtype]),
);

/** The longest header that readers of safetensors accept. */
export const MAX_HEADER_BYTES = 100_000_000;
