/** Thrown when the shape of an operand does not fit what is done with it. */
export class ShapeError extends RangeError {
  /** The name of this class, as errors print it. */
  override name = "ShapeError";
  /** The shape that was wanted. */
  readonly expected: readonly number[];
  /** The shape that was found. */
  readonly actual: readonly number[];

  /**
   * Says what could not be done, and which shape would have done.
   *
   * @param action What could not be done, for example `"Cannot multiply"`.
   * @param expected The shape that was wanted.
   * @param actual The shape that was found.
   */
  constructor(action: string, expected: readonly number[], actual: readonly number[]) {
    super(
      `${action} as the shape must be [${expected.join(", ")}]: current shape is [${
        actual.join(", ")
      }]`,
    );
    this.expected = expected;
    this.actual = actual;
  }
}

/** Thrown when bytes cannot be read as the format they should have. */
export class FormatError extends SyntaxError {
  /** The name of this class, as errors print it. */
  override name = "FormatError";
  /** The field of the file that is wrong, for example `"header length"` or a tensor's name. */
  readonly field: string;

  /**
   * Says what could not be read, and what is wrong with which field.
   *
   * @param action What could not be done, for example `"Cannot read safetensors"`.
   * @param field The field that is wrong.
   * @param problem What is wrong with it: the value wanted, then `: current value is …`.
   */
  constructor(action: string, field: string, problem: string) {
    super(`${action} as ${field} ${problem}`);
    this.field = field;
  }
}
