import { type Check, checkOptions, oneOf, optionsSchema, record } from "@pare/tensor";

/** A method by its name, with its options. */
interface Named {
  readonly method: string;
  readonly [place: string]: unknown;
}

/**
 * The rule of an option that names one of several methods with its options, such as
 * `{ method: "rtn", options: { bits: 4 } }`.
 *
 * @param table The rules of each method's options, by name.
 * @param places Where options of the method stand.
 * @returns The rule.
 */
export function namedOptions(
  table: Readonly<Record<string, { readonly checks: Readonly<Record<string, Check>> }>>,
  places: readonly string[] = ["options"],
): Check {
  const method = oneOf(...Object.keys(table));
  const checks: Readonly<Record<string, Check>> = {
    method,
    ...Object.fromEntries(places.map((place) => [place, record()])),
  };
  return {
    wanted: "an object with a method and its options",
    schema: {
      oneOf: Object.entries(table).map(([name, { checks: inner }]) => {
        const { properties, ...schema } = optionsSchema(checks);
        const options = optionsSchema(inner);
        const placed = Object.fromEntries(places.map((place) => [place, options]));
        return {
          ...schema,
          properties: { ...properties, method: { const: name }, ...placed },
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
      for (const place of places) {
        const options = given[place] ?? {};
        const where = place === "options" ? given.method : `${given.method}, ${place}`;
        checkOptions(`${action} (${where})`, options, table[given.method].checks);
      }
    },
  };
}
