import type { Calibration } from "../job.ts";
import type { StatisticsSource } from "./open_statistics.ts";
import { windowsDigest } from "./statistics_record.ts";

/**
 * Refuses saved statistics that are not of the windows of a text: where both are given, they must
 * say the same, so that the result is what it is without saved statistics.
 *
 * @param statistics The statistics.
 * @param calibration The text and its windows.
 * @param skipFirstTokens How many tokens at the beginning of each window are not counted.
 * @throws {RangeError} If they are of other windows, or count other tokens of them.
 */
export async function checkSameText(
  { record }: StatisticsSource,
  { text, windows }: Calibration,
  skipFirstTokens: number,
): Promise<void> {
  const action = `Cannot use the statistics with ${text.name}`;
  if (record.windows.sha256 !== await windowsDigest(windows)) {
    throw new RangeError(
      `${action} as they must be of the same ${windows.length} windows of the text: current ones ` +
        `are of ${record.windows.count} windows of ${record.text.name}`,
    );
  }
  if (record.skipFirstTokens !== skipFirstTokens) {
    throw new RangeError(
      `${action} as they must leave out ${skipFirstTokens} tokens of each window: current ones ` +
        `leave out ${record.skipFirstTokens}`,
    );
  }
}
