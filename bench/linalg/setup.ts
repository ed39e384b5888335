import { createWasmDevice, type Device } from "@pare/linalg";
import { type Numpy, startNumpy } from "../peers/numpy.ts";

/** What the rows of a process share. */
export interface Setup {
  /** How many threads everyone may use. */
  readonly threads: number;
  /** Whether to leave out what takes long. */
  readonly quick: boolean;
  readonly device: Device;
  /** With OpenBLAS on as many threads, if it is installed and may be started. */
  readonly numpy: Numpy | undefined;
}

/**
 * Makes what the rows of a process share.
 *
 * @param threads How many threads; one number for the whole process, as peers fix it when they load.
 * @param quick Whether to leave out what takes long.
 * @param resources Where it is put to be freed.
 */
export async function createSetup(
  threads: number,
  quick: boolean,
  resources: AsyncDisposableStack,
): Promise<Setup> {
  const device = resources.use(await createWasmDevice({ threads }));
  const numpy = await startNumpy(threads);
  if (numpy) resources.use(numpy);
  return { threads, quick, device, numpy };
}
