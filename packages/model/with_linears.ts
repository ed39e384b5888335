import { nodeOf, type Operator } from "@pare/operators";
import { ShapeError } from "@pare/tensor";
import { linearsOfBlock, topLevel } from "./layout.ts";
import type { Model } from "./model.ts";

/**
 * Makes a model of another one by replacing some of its linear layers.
 *
 * @param model The model that has all the rest.
 * @param operators The new weights, by the full names of linear layers.
 * @returns A model that reads the others when asked for.
 * @throws {RangeError} If the model has no linear layer of a name.
 * @throws {ShapeError} If an operator has another shape than the layer.
 */
export function withLinears(model: Model, operators: ReadonlyMap<string, Operator>): Model {
  const { config } = model;
  const { embedding, head } = topLevel(config);
  const blocks = Array.from({ length: config.layers }, (_, index) => linearsOfBlock(config, index));
  const shapes = new Map([embedding, head, ...blocks.flat()].map((row) => [row.name, row.shape]));
  for (const [name, { shape }] of operators) {
    const wanted = shapes.get(name);
    if (!wanted) {
      throw new RangeError(
        `Cannot replace a linear layer of ${model.name} as its name must be one of the model's: ` +
          `current name is ${name}`,
      );
    }
    if (shape[0] !== wanted[0] || shape[1] !== wanted[1]) {
      throw new ShapeError(`Cannot replace ${name} of ${model.name}`, wanted, shape);
    }
  }
  return {
    name: model.name,
    config,
    node: (name) => {
      const operator = operators.get(name);
      return operator ? nodeOf(operator) : model.node(name);
    },
    sharedParts: (name) => operators.has(name) ? null : model.sharedParts(name),
    vectorSpec: (name) => model.vectorSpec(name),
    linear: async (name) => operators.get(name) ?? await model.linear(name),
    vector: (name) => model.vector(name),
  };
}
