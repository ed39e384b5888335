export interface ParseOptions {
  readonly boolean?: readonly string[];
  readonly string?: readonly string[];
  readonly collect?: readonly string[];
  readonly negatable?: readonly string[];
  readonly alias?: Readonly<Record<string, string | readonly string[]>>;
  readonly default?: Readonly<Record<string, unknown>>;
  readonly stopEarly?: boolean;
  readonly "--"?: boolean;
  readonly unknown?: (arg: string, key?: string, value?: unknown) => unknown;
}
export function parseArgs(
  args: readonly string[],
  options?: ParseOptions,
): Record<string, unknown> & { _: (string | number)[] };
