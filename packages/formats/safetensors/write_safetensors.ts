import { type AnyTensor, bytesOf, ShapeError } from "@pare/tensor";
import { quoted } from "../names.ts";
import {
  planSafetensors,
  type SafetensorsOptions,
  type SafetensorsPlacement,
  type SafetensorsShard,
} from "./plan_safetensors.ts";

/**
 * Writes tensors as one safetensors file in memory.
 *
 * @example Half precision
 * ```ts
 * import { writeSafetensors } from "@pare/formats";
 * import { castTo, tensor } from "@pare/tensor";
 * import { assertEquals } from "@std/assert";
 *
 * const weight = castTo(tensor(Float32Array.of(1, 2), [2]), "f16");
 * const bytes = writeSafetensors(new Map([["w", weight]]), { metadata: { format: "pt" } });
 * assertEquals(bytes.slice(-4), Uint8Array.of(0x00, 0x3c, 0x00, 0x40));
 * ```
 *
 * @param tensors The tensors; the file keeps their order.
 * @param options What the file says of itself.
 * @returns The bytes of the file.
 * @throws {TypeError} If an option is unknown.
 * @throws {RangeError} If an option breaks its rule, or a name or shape cannot be written.
 * @throws {ShapeError} If the data of a tensor does not fill its shape.
 */
export function writeSafetensors(
  tensors: ReadonlyMap<string, AnyTensor>,
  options: Pick<SafetensorsOptions, "metadata"> = {},
): Uint8Array<ArrayBuffer> {
  const maxShardBytes = Number.MAX_SAFE_INTEGER;
  const { shards: [shard] } = planSafetensors(tensors, { ...options, maxShardBytes });
  const bytes = new Uint8Array(shard.byteLength);
  bytes.set(shard.header);
  for (const [name, tensor] of tensors) {
    const placement = shard.offsets.get(name);
    if (placement !== undefined) bytes.set(checkedBytes(name, placement, tensor), placement.offset);
  }
  return bytes;
}

/**
 * Streams one safetensors file, asking for one tensor after the other.
 *
 * @example A stream of a planned file
 * ```ts
 * import { planSafetensors, safetensorsStream } from "@pare/formats";
 * import { tensor } from "@pare/tensor";
 * import { assertEquals } from "@std/assert";
 *
 * const { shards: [shard] } = planSafetensors(
 *   new Map([["w", { dtype: "f32", shape: [2] } as const]]),
 * );
 * let byteLength = 0;
 * for await (const bytes of safetensorsStream(shard, () => tensor(new Float32Array(2), [2]))) {
 *   byteLength += bytes.length;
 * }
 * assertEquals(byteLength, shard.byteLength);
 * ```
 *
 * @param shard The layout of the file.
 * @param produce Gives the tensor of a name; called in the order of the file, when its turn comes.
 * @returns The bytes of the file in pieces; a piece may share the memory of its tensor.
 * @throws {TypeError} If a tensor has another dtype than planned.
 * @throws {ShapeError} If a tensor has another shape than planned, or data that does not fill it.
 */
export async function* safetensorsStream(
  shard: SafetensorsShard,
  produce: (name: string) => AnyTensor | Promise<AnyTensor>,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void, void> {
  yield shard.header;
  for (const [name, placement] of shard.offsets) {
    yield checkedBytes(name, placement, await produce(name));
  }
}

function checkedBytes(
  name: string,
  placement: SafetensorsPlacement,
  tensor: AnyTensor,
): Uint8Array<ArrayBuffer> {
  const action = `Cannot write tensor ${quoted(name)}`;
  const { dtype, shape } = placement;
  if (tensor.dtype !== dtype) {
    throw new TypeError(
      `${action} as its dtype must be ${dtype}: current dtype is ${tensor.dtype}`,
    );
  }
  const sameShape = tensor.shape.length === shape.length &&
    shape.every((length, i) => length === tensor.shape[i]);
  if (!sameShape) throw new ShapeError(action, shape, tensor.shape);
  const bytes = bytesOf(tensor);
  if (bytes.length !== placement.byteLength) {
    throw new ShapeError(`${action} from its data`, shape, [tensor.data.length]);
  }
  return bytes;
}
