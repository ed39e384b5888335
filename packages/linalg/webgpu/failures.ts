/** What a device reports on its own time, kept until somebody asks. */
export interface Failures {
  /** Throws the first failure there was. */
  check(): void;
  /** Keeps a failure, if it is the first: what must be, and what is. */
  keep(problem: string, cause?: unknown): void;
  /** Waits for what was reported until now. */
  settle(): Promise<void>;
  /** Stops listening. */
  dispose(): void;
}

/** Listens to the loss of a device and to the commands that it refuses. */
export function watchFailures(device: GPUDevice): Failures {
  let failure: { problem: string; cause?: unknown } | undefined;

  function keep(problem: string, cause?: unknown): void {
    failure ??= { problem, cause };
  }

  function onError(event: Event): void {
    const { error } = event as GPUUncapturedErrorEvent;
    // It is thrown instead of printed.
    event.preventDefault();
    if (error instanceof GPUOutOfMemoryError) {
      return keep(`there must be room for its arrays: current error is ${error.message}`, error);
    }
    keep(`every command must be valid: current error is ${error.message}`, error);
  }

  device.addEventListener("uncapturederror", onError);
  device.lost.then(({ reason, message }) => {
    const details = [reason, message].filter(Boolean).join(", ");
    keep(
      `the device must not be lost: current reason is ${details}; ` +
        "make another device, and upload the arrays there",
    );
  });
  return {
    check() {
      if (failure) {
        throw new Error(`Cannot compute on webgpu as ${failure.problem}`, { cause: failure.cause });
      }
    },
    keep,
    // A loss is told in a task of its own.
    settle: () => new Promise((resolve) => setTimeout(resolve)),
    dispose() {
      device.removeEventListener("uncapturederror", onError);
      failure = { problem: "the device must still be held: current device is disposed" };
    },
  };
}
