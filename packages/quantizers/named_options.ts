import { type Check, checkOptions, type Checks, oneOf, optionsSchema, record } from "@pare/tensor";

/** A method by its name, with its options. */
interface Named {
  readonly method: string;
  readonly options?: object;
}

/**
 * The rule of an option that names one of several methods with its options, such as
 * `{ method: "rtn", options: { bits: 4 } }`.
 *
 * @param table The rules of each method's options, by name.
 * @returns The rule.
 */
export function namedOptions(
  table: Readonly<Record<string, { readonly checks: Checks<never> }>>,
): Check {
  const method = oneOf(...Object.keys(table));
  const checks: Checks<Named> = { method, options: record() };
  return {
    wanted: "an object with a method and its options",
    schema: {
      oneOf: Object.entries(table).map(([name, { checks: inner }]) => {
        const { properties, ...schema } = optionsSchema(checks);
        const options = optionsSchema(inner);
        return {
          ...schema,
          properties: { ...properties, method: { const: name }, options },
          required: ["method"],
        };
      }),
    },
    test: record().test,
    inner: (action, value) => {
      const given = value as Named;
      checkOptions(action, given, checks);
      if (given.method === undefined) {
        throw new TypeError(
          `${action} as method must be ${method.wanted}: current value is undefined`,
        );
      }
      checkOptions(`${action} (${given.method})`, given.options ?? {}, table[given.method].checks);
    },
  };
}
