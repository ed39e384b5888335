// Reverse-mode differentiation: operations are recorded as they run, and run back in reverse order.
//
// S. Linnainmaa, "Taylor expansion of the accumulated rounding error", BIT 16, 1976; A. Griewank and
// A. Walther, "Evaluating Derivatives", 2nd edition, 2008, section 3.2. With y = f(x_1, x_2, …) and
// ḡ(y) the gradient of the loss with respect to y, each operation adds
//
//   ḡ(x_i) += (∂y / ∂x_i)ᵀ ḡ(y)
//
// and has then no more use for y and ḡ(y), which are freed. The order of records is a topological
// one, so that ḡ(y) is complete when its turn comes. Cost: two to three times that of the forward
// pass. Memory: the values of all records, and of gradients those at the front.

import type { Device, DeviceArray, DeviceScope } from "@pare/linalg";
import { ShapeError } from "@pare/tensor";
import { filled } from "./filled.ts";
import type { Parameter } from "./parameter.ts";
import type { Variable } from "./variable.ts";

/** Where an operation's derivative puts the gradients of its inputs. */
export interface Gradients {
  /** Where to compute them. */
  readonly device: Device;
  /**
   * Adds to the gradient of an input; does nothing for one that depends on no parameter.
   *
   * @param input One of the inputs that were recorded.
   * @param fresh Makes what is to be added, an array that nobody else holds.
   * @param into Adds the same to a gradient in place, where that is cheaper.
   */
  add(input: Variable, fresh: () => DeviceArray, into?: (target: DeviceArray) => void): void;
  /** Adds what came in itself, under the shape of the input: the derivative of a sum. */
  pass(input: Variable, gradient: DeviceArray): void;
}

/** Adds to the gradients of the inputs of an operation, given that of its result. */
export type Derivative = (gradient: DeviceArray, gradients: Gradients) => void;

/** What to differentiate: a loss of one number, or a variable and the gradient to start from. */
export type Root = Variable | readonly [variable: Variable, gradient: DeviceArray];

/** A record of operations that can be differentiated. */
export interface Tape extends Disposable {
  /** Where operations run; what they make is freed with the tape. */
  readonly device: DeviceScope;
  /** Makes a parameter an input of operations. */
  parameter(parameter: Parameter): Variable;
  /** Makes numbers that are not trained an input of operations. */
  constant(value: DeviceArray): Variable;
  /**
   * Records an operation: what new operations are made with.
   *
   * @param value What it returned, an array of this tape's device that nobody else frees.
   * @param inputs What it was given, all on this tape.
   * @param derivative Its derivative; called once at most.
   * @returns Its result.
   */
  record(value: DeviceArray, inputs: readonly Variable[], derivative: Derivative): Variable;
  /**
   * Frees the value of a result that nothing more will read: no operation to come, and no derivative
   * of those it was given to, as those of sums and rotations do not. Who errs about that is told when
   * it is read.
   */
  release(result: Variable): void;
  /**
   * Adds the gradients of all parameters that the roots depend on to these.
   *
   * Gradients belong to the device that the tape was made of. The values of all records that the
   * roots depend on are freed, but for the roots themselves: what else is needed of them must be
   * downloaded, or computed with, before.
   *
   * @param roots A loss, or several variables with the gradients that they have got elsewhere.
   * @throws {ShapeError} If a root without gradient is not one number, or a gradient has another
   * shape than its variable.
   * @throws {TypeError} If a root depends on no parameter, or was differentiated before.
   */
  backward(...roots: readonly Root[]): void;
}

/**
 * Starts a record of operations.
 *
 * @example The gradient of a squared length
 * ```ts
 * import { createParameter, createTape, squaredNorm } from "@pare/autograd";
 * import { createReferenceDevice } from "@pare/linalg";
 * import { tensor } from "@pare/tensor";
 * import { assertEquals } from "@std/assert";
 *
 * using device = createReferenceDevice();
 * const x = createParameter(device, "x", tensor(Float32Array.of(3, -4), [2]));
 * {
 *   using tape = createTape(device);
 *   tape.backward(squaredNorm(tape.parameter(x)));
 * }
 * const gradient = x.gradient && await device.download(x.gradient);
 * assertEquals(gradient?.data, Float32Array.of(6, -8));
 * ```
 *
 * @param device Where operations run, and whose the gradients of parameters are.
 * @returns An empty tape; disposing it frees what its operations made.
 */
export function createTape(device: Device): Tape {
  return new RecordingTape(device);
}

/** A gradient that is gathered; a shared one has other holders and is never changed. */
interface Gathered {
  readonly array: DeviceArray;
  readonly isShared: boolean;
}

/** A variable with what the backward pass needs. */
interface Recorded extends Variable {
  readonly inputs: readonly Recorded[];
  readonly derivative: Derivative | null;
  readonly parameter: Parameter | null;
  gathered: Gathered | null;
  isDone: boolean;
}

class RecordingTape implements Tape {
  readonly device: DeviceScope;
  readonly #records: Recorded[] = [];
  readonly #known: WeakSet<Variable> = new WeakSet();
  readonly #parameters: Map<Parameter, Recorded> = new Map();

  constructor(device: Device) {
    this.device = device.scope();
  }

  parameter(parameter: Parameter): Variable {
    const known = this.#parameters.get(parameter);
    if (known) return known;
    const variable = this.#variable(parameter.value, [], null, parameter);
    this.#parameters.set(parameter, variable);
    return variable;
  }

  constant(value: DeviceArray): Variable {
    return this.#variable(value, [], null, null);
  }

  record(value: DeviceArray, inputs: readonly Variable[], derivative: Derivative): Variable {
    const recorded = inputs.map((input) => this.#recorded("Cannot record an operation", input));
    const isTracked = recorded.some((input) => input.isTracked);
    if (!isTracked) return this.#variable(value, [], null, null);
    const variable = this.#variable(value, recorded, derivative, null);
    this.#records.push(variable);
    return variable;
  }

  release(result: Variable): void {
    const { value, parameter } = this.#recorded("Cannot release a value", result);
    if (parameter) {
      throw new TypeError(
        `Cannot release a value as it must be that of a result: current one is of ${parameter.name}`,
      );
    }
    value[Symbol.dispose]();
  }

  backward(...roots: readonly Root[]): void {
    const starts = roots.map((root) => this.#start(root));
    const needed = new Set<Recorded>();
    for (const { variable, gradient } of starts) {
      const { shape, dtype } = variable.value;
      const start = gradient
        ? () => this.device.reshape(gradient, shape)
        : () => filled(this.device, 1, shape, dtype);
      needed.add(variable);
      this.#add(variable, start, undefined, gradient !== null);
    }
    const kept = new Set(needed);
    for (const record of this.#records.toReversed()) {
      if (!needed.has(record)) continue;
      for (const input of record.inputs) if (input.isTracked) needed.add(input);
      this.#differentiate(record, kept.has(record));
    }
  }

  [Symbol.dispose](): void {
    this.#records.length = 0;
    this.device[Symbol.dispose]();
  }

  #variable(
    value: DeviceArray,
    inputs: readonly Recorded[],
    derivative: Derivative | null,
    parameter: Parameter | null,
  ): Recorded {
    const isTracked = derivative !== null || parameter !== null;
    const gathered = null;
    const variable: Recorded = {
      tape: this,
      value,
      isTracked,
      inputs,
      derivative,
      parameter,
      gathered,
      isDone: false,
    };
    this.#known.add(variable);
    return variable;
  }

  #recorded(action: string, variable: Variable): Recorded {
    if (this.#known.has(variable)) return variable as Recorded;
    throw new TypeError(
      `${action} as its variables must be on one tape: current one is on another`,
    );
  }

  /** A root with the gradient to start from; `null` for a loss, whose is one. */
  #start(root: Root): { variable: Recorded; gradient: DeviceArray | null } {
    const action = "Cannot differentiate";
    const [given, gradient] = "tape" in root ? [root, null] : root;
    const variable = this.#recorded(action, given);
    if (!variable.isTracked) {
      throw new TypeError(
        `${action} as the variable must depend on a parameter: current one depends on none`,
      );
    }
    if (variable.isDone) {
      throw new TypeError(
        `${action} as the variable must not have been differentiated: current one was`,
      );
    }
    const { shape } = variable.value;
    if (gradient && gradient.shape.join() !== shape.join()) {
      throw new ShapeError(action, shape, gradient.shape);
    }
    if (!gradient && shape.some((length) => length !== 1)) {
      throw new ShapeError(action, [1], shape);
    }
    return { variable, gradient };
  }

  /** Runs one record back and frees what only it needed. */
  #differentiate(record: Recorded, isRoot: boolean): void {
    const { gathered, derivative, value } = record;
    record.isDone = true;
    if (gathered && derivative) {
      derivative(gathered.array, {
        device: this.device,
        add: (input, fresh, into) =>
          this.#add(this.#recorded("Cannot differentiate", input), fresh, into, false),
        pass: (input, gradient) =>
          this.#add(
            this.#recorded("Cannot differentiate", input),
            () => this.device.reshape(gradient, input.value.shape),
            undefined,
            true,
          ),
      });
      gathered.array[Symbol.dispose]();
      record.gathered = null;
    }
    if (!isRoot) value[Symbol.dispose]();
  }

  /** Adds to the gradient of a variable: that of a parameter outlives the tape. */
  #add(
    variable: Recorded,
    fresh: () => DeviceArray,
    into: ((target: DeviceArray) => void) | undefined,
    isShared: boolean,
  ): void {
    const { parameter, isTracked } = variable;
    if (!isTracked) return;
    const gathered = parameter
      ? parameter.gradient && { array: parameter.gradient, isShared: false }
      : variable.gathered;
    if (gathered && !gathered.isShared && into) {
      into(gathered.array);
      return;
    }
    const added = fresh();
    const sum = gathered ? this.#sum(gathered.array, added) : added;
    if (parameter) {
      // What is shared would be changed together with its other holders.
      parameter.gradient = this.device.keep(
        isShared && sum === added ? this.#copy(added) : sum,
      );
    } else {
      variable.gathered = { array: sum, isShared: isShared && sum === added };
    }
  }

  #sum(gathered: DeviceArray, added: DeviceArray): DeviceArray {
    using _old = gathered;
    using _new = added;
    return this.device.add(gathered, added);
  }

  #copy(array: DeviceArray): DeviceArray {
    using shared = array;
    return this.device.scale(shared, 1);
  }
}
