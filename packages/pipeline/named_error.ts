/** An error that names what it is of, where it is one that users are told. */
export function namedError(name: string, error: unknown): unknown {
  return error instanceof RangeError || error instanceof TypeError
    ? new RangeError(`${name}: ${error.message}`, { cause: error })
    : error;
}

/** Plans something; that options do not fit a shape is told with the name of what they are for. */
export function planNamed<T>(name: string, plan: () => T): T {
  try {
    return plan();
  } catch (error) {
    throw error instanceof RangeError ? namedError(name, error) : error;
  }
}
