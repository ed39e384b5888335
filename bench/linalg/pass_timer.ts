/** Adds up the time that compute passes take on the GPU. */
export interface PassTimer {
  /** Forgets what was measured. */
  start(): void;
  /** The time of all passes submitted since, in milliseconds. */
  stop(): Promise<number>;
}

/** Pairs of timestamps that are kept. */
const MOST_PASSES = 2048;

/**
 * Measures a device's compute passes by timestamps, whoever encodes them.
 *
 * @param device A device with the feature `timestamp-query`; its encoders are changed.
 * @returns The timer; it measures the first 2,048 passes after each start.
 */
export function createPassTimer(device: GPUDevice): PassTimer {
  const querySet = device.createQuerySet({ type: "timestamp", count: 2 * MOST_PASSES });
  const { QUERY_RESOLVE, COPY_SRC, COPY_DST, MAP_READ } = GPUBufferUsage;
  const size = 16 * MOST_PASSES;
  const resolved = device.createBuffer({ size, usage: QUERY_RESOLVE | COPY_SRC });
  const readable = device.createBuffer({ size, usage: COPY_DST | MAP_READ });
  const createEncoder = device.createCommandEncoder.bind(device);
  let passes = 0;

  device.createCommandEncoder = (descriptor) => {
    const encoder = createEncoder(descriptor);
    const beginPass = encoder.beginComputePass.bind(encoder);
    encoder.beginComputePass = (options = {}) => {
      if (passes === MOST_PASSES) return beginPass(options);
      const first = 2 * passes++;
      const timestampWrites = {
        querySet,
        beginningOfPassWriteIndex: first,
        endOfPassWriteIndex: first + 1,
      };
      return beginPass({ ...options, timestampWrites });
    };
    return encoder;
  };

  return {
    start() {
      passes = 0;
    },
    async stop() {
      if (passes === MOST_PASSES) {
        throw new RangeError(`Cannot time passes as there must be fewer than ${MOST_PASSES}`);
      }
      const encoder = createEncoder();
      encoder.resolveQuerySet(querySet, 0, 2 * passes, resolved, 0);
      encoder.copyBufferToBuffer(resolved, 0, readable, 0, 16 * passes);
      device.queue.submit([encoder.finish()]);
      await readable.mapAsync(GPUMapMode.READ);
      const times = new BigUint64Array(readable.getMappedRange(0, 16 * passes));
      let nanoseconds = 0;
      for (let i = 0; i < 2 * passes; i += 2) nanoseconds += Number(times[i + 1] - times[i]);
      readable.unmap();
      return nanoseconds / 1e6;
    },
  };
}
