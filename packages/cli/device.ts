import {
  createReferenceDevice,
  createWasmDevice,
  createWebgpuDevice,
  type Device,
} from "@pare/linalg";
import type { Flags, FlagValues } from "./flags.ts";
import { UsageError } from "./user_error.ts";

/** The flags that choose where to compute. */
export const DEVICE_FLAGS: Flags = {
  device: {
    kind: "text",
    value: "<name>",
    help: "Where to compute: wasm (default), webgpu or reference",
  },
  threads: { kind: "integer", value: "<n>", help: "Threads of wasm; one per processor by default" },
};

/** Makes the device that the flags ask for. */
export async function openDevice(values: FlagValues): Promise<Device> {
  const name = values.text("device") ?? "wasm";
  const threads = values.number("threads");
  if (threads !== undefined && (threads < 1 || threads > 256)) {
    throw new UsageError(
      `Cannot compute as --threads must be from 1 to 256: current value is ${threads}`,
    );
  }
  switch (name) {
    case "wasm":
      return await createWasmDevice({ threads });
    case "webgpu":
      return await createWebgpuDevice();
    case "reference":
      return createReferenceDevice();
    default:
      throw new UsageError(
        `Cannot compute as --device must be wasm, webgpu or reference: current value is ${name}`,
      );
  }
}
