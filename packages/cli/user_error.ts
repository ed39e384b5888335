/** An error whose message is for the user as it stands. */
export class UserError extends Error {
  /** The name of this class, as errors print it. */
  override name = "UserError";

  /**
   * Makes the error.
   *
   * @param message What went wrong and what to change.
   * @param cause The error behind it.
   */
  constructor(message: string, cause?: unknown) {
    super(message, { cause });
  }
}

/** An error in how a command was called. */
export class UsageError extends UserError {
  /** The name of this class, as errors print it. */
  override name = "UsageError";
}
