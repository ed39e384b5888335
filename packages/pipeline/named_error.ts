/** An error that names what it is of, where it is one that users are told. */
export function namedError(name: string, error: unknown): unknown {
  return error instanceof RangeError || error instanceof TypeError
    ? new RangeError(`${name}: ${error.message}`, { cause: error })
    : error;
}
