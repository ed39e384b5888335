import { checkOptions, type Checks, integer, randomPermutation } from "@pare/tensor";
import type { Tokens } from "./embed.ts";

/** Options of {@linkcode windowsOf}. */
export interface WindowOptions {
  /** A token to begin every window with, which then holds one less of the text; none by default. */
  bosTokenId?: number;
}

/** Options of {@linkcode sampleWindows}. */
export interface SampleWindowsOptions extends WindowOptions {
  /**
   * Which windows, an integer from 0 to 2^53 - 1.
   *
   * @default {0}
   */
  seed?: number;
}

const WINDOW_CHECKS: Checks<WindowOptions> = { bosTokenId: integer(0) };
const SAMPLE_CHECKS: Checks<SampleWindowsOptions> = { ...WINDOW_CHECKS, seed: integer(0) };

/**
 * Cuts a text into windows that do not overlap; what is left at the end is dropped.
 *
 * @example Seven tokens, three at a time
 * ```ts
 * import { windowsOf } from "@pare/model";
 * import { assertEquals } from "@std/assert";
 *
 * const windows = windowsOf([5, 6, 7, 8, 9, 10, 11], 3);
 * assertEquals(windows, [Uint32Array.of(5, 6, 7), Uint32Array.of(8, 9, 10)]);
 * ```
 *
 * @param tokens The text.
 * @param length How many tokens a window has, one put in front included.
 * @param options A token to begin with.
 * @returns The windows, in order.
 * @throws {RangeError} If the text does not fill one window.
 */
export function windowsOf(
  tokens: Tokens,
  length: number,
  options: WindowOptions = {},
): Uint32Array[] {
  const action = "Cannot cut windows";
  checkOptions(action, options, WINDOW_CHECKS);
  const starts = windowStarts(action, tokens, length, options, 1);
  return starts.map((start) => cut(tokens, start, length, options));
}

/**
 * Draws windows of a text for calibration: some of those that {@linkcode windowsOf} cuts.
 *
 * @example Two of three windows
 * ```ts
 * import { sampleWindows } from "@pare/model";
 * import { assertEquals } from "@std/assert";
 *
 * const tokens = Uint32Array.from({ length: 300 }, (_, i) => i);
 * const windows = sampleWindows(tokens, 100, 2, { seed: 1 });
 * assertEquals(windows, sampleWindows(tokens, 100, 2, { seed: 1 }));
 * ```
 *
 * @param tokens The text.
 * @param length How many tokens a window has, one put in front included.
 * @param count How many windows; each is drawn once.
 * @param options A seed, a token to begin with.
 * @returns The windows, in the order drawn.
 * @throws {RangeError} If the text does not fill as many windows.
 */
export function sampleWindows(
  tokens: Tokens,
  length: number,
  count: number,
  options: SampleWindowsOptions = {},
): Uint32Array[] {
  const action = "Cannot sample windows";
  const { seed, ...window } = options;
  checkOptions(action, options, SAMPLE_CHECKS);
  checkOptions(action, { count }, { count: integer(1) });
  const starts = windowStarts(action, tokens, length, window, count);
  const { data: order } = randomPermutation(starts.length, { seed });
  return Array.from(order.subarray(0, count), (i) => cut(tokens, starts[i], length, window));
}

/** Where windows begin in the text; at least `count` of them. */
function windowStarts(
  action: string,
  tokens: Tokens,
  length: number,
  { bosTokenId }: WindowOptions,
  count: number,
): number[] {
  checkOptions(action, { length }, { length: integer(bosTokenId === undefined ? 1 : 2) });
  const step = bosTokenId === undefined ? length : length - 1;
  const windows = Math.floor(tokens.length / step);
  if (windows < count) {
    throw new RangeError(
      `${action} as the text must have ${count * step} tokens or more for ${count} of ${length}: ` +
        `current length is ${tokens.length}`,
    );
  }
  return Array.from({ length: windows }, (_, i) => i * step);
}

function cut(
  tokens: Tokens,
  start: number,
  length: number,
  { bosTokenId }: WindowOptions,
): Uint32Array {
  const shift = bosTokenId === undefined ? 0 : 1;
  return Uint32Array.from(
    { length },
    (_, i) => i < shift ? bosTokenId ?? 0 : tokens[start + i - shift],
  );
}
