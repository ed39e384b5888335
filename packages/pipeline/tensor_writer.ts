import type { SafetensorsPlan } from "@pare/formats";
import { type AnyTensor, bytesOf } from "@pare/tensor";
import { sha256 } from "./sha256.ts";
import type { OutputFile, OutputFolder } from "./output.ts";

/** Weight files whose tensors are written in any order, each to its planned place. */
export interface TensorWriter extends AsyncDisposable {
  /** Writes one tensor. */
  write(name: string, tensor: AnyTensor): Promise<void>;
  /** Reads the bytes of one tensor back. */
  read(name: string): Promise<Uint8Array<ArrayBuffer>>;
  /** SHA-256 of the bytes of some tensors as they stand in the files. */
  digest(names: Iterable<string>): Promise<string>;
  /** Returns when all that was written would survive a loss of power. */
  sync(): Promise<void>;
}

/**
 * Opens the weight files of a plan in an output folder and writes their headers.
 *
 * @param plan Where each tensor goes.
 * @param output The folder; what its files hold already is kept.
 * @returns A writer; disposing it closes the files.
 */
export async function openTensorWriter(
  plan: SafetensorsPlan,
  output: OutputFolder,
): Promise<TensorWriter> {
  await using stack = new AsyncDisposableStack();
  const files: OutputFile[] = [];
  const places = new Map<string, { file: OutputFile; offset: number; byteLength: number }>();
  for (const { fileName, header, byteLength, offsets } of plan.shards) {
    const file = stack.use(await output.open(fileName, byteLength));
    await file.write(0, header);
    files.push(file);
    for (const [name, place] of offsets) places.set(name, { file, ...place });
  }
  const placeOf = (name: string) => {
    const place = places.get(name);
    if (!place) {
      throw new RangeError(`Cannot write ${name} as it must be planned: current plan lacks it`);
    }
    return place;
  };
  const owned = stack.move();
  return {
    write: async (name, tensor) => {
      const { file, offset, byteLength } = placeOf(name);
      const bytes = bytesOf(tensor);
      if (bytes.length !== byteLength) {
        throw new RangeError(
          `Cannot write ${name} as it must take ${byteLength} bytes: current length is ${bytes.length}`,
        );
      }
      await file.write(offset, bytes);
    },
    read: async (name) => {
      const { file, offset, byteLength } = placeOf(name);
      return await file.read(offset, byteLength);
    },
    digest: async (names) => {
      const digests: string[] = [];
      for (const name of names) {
        const { file, offset, byteLength } = placeOf(name);
        digests.push(await sha256(await file.read(offset, byteLength)));
      }
      return await sha256(new TextEncoder().encode(digests.join()));
    },
    sync: async () => {
      for (const file of files) await file.sync();
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
