import type { StatisticsRecord } from "@pare/pipeline";
import {
  CALIBRATION_FLAG,
  demoCalibration,
  flagsAsRecipe,
  readCalibration,
  samplingFlags,
} from "./calibration_text.ts";
import { outputStem } from "./compress_output.ts";
import { DEVICE_FLAGS, openDevice } from "./device.ts";
import { statOf } from "./files.ts";
import type { Command, CommandInput } from "./flags.ts";
import { openSource, sourceRecord } from "./open_source.ts";
import { openModelTokenizer, TOKENIZER_FLAG } from "./open_tokenizer.ts";
import { formatDuration } from "./progress.ts";
import { findOrGather, type InputReport, type SavedStatistics } from "./statistics_files.ts";
import { formatBytes, formatTable } from "./table.ts";
import { print } from "./terminal.ts";
import { UsageError } from "./user_error.ts";
import { CREATOR } from "./version.ts";

/** `calibrate`: gathers what methods need to know of a model's inputs, once for many runs. */
export const CALIBRATE: Command = {
  name: "calibrate",
  summary: "Gathers what a model's layers read of a text, for compress --statistics.",
  operands: "<model>",
  flags: {
    calibration: CALIBRATION_FLAG,
    output: {
      kind: "text",
      value: "<folder>",
      help: "Where the file goes, named by its content; <model>-statistics by default",
    },
    ...samplingFlags(),
    tokenizer: TOKENIZER_FLAG,
    json: { kind: "switch", help: "Print the result as JSON" },
    ...DEVICE_FLAGS,
    help: { kind: "switch", help: "Show this help" },
  },
  examples: [
    ["model/ --calibration stories.txt", "Gather statistics of 128 windows of a text"],
    [
      "model/ --calibration stories.txt --windows 256 --window-length 512 --output statistics/",
      "Say how much text, and where the file goes",
    ],
  ],
  run: runCalibrate,
};

async function runCalibrate({ operands, values, signal }: CommandInput): Promise<number> {
  if (operands.length !== 1) {
    throw new UsageError(
      `Cannot calibrate as there must be one model: current number is ${operands.length}`,
    );
  }
  const source = await openSource(operands[0]);
  const path = values.text("calibration") ?? (source.isDemo ? demoCalibration() : undefined);
  if (path === undefined) {
    throw new UsageError(
      "Cannot calibrate as --calibration must name a text: current value is none",
    );
  }
  const recipe = flagsAsRecipe(values);
  const tokenizer = await openModelTokenizer(source, values.text("tokenizer"));
  const calibration = await readCalibration(path, { source, tokenizer, recipe });
  using device = await openDevice(values);
  const job = {
    creator: CREATOR,
    model: source.model,
    source: await sourceRecord(source),
    device,
    ...calibration,
    skipFirstTokens: recipe.calibration.skipFirstTokens,
  };
  const folder = values.text("output") ?? `${outputStem(source)}-statistics`;
  const start = performance.now();
  const saved = await findOrGather(job, folder, signal);
  const seconds = (performance.now() - start) / 1000;
  print(values.on("json") ? asJson(saved, seconds) : await report(saved, seconds));
  return 0;
}

function asJson({ path, isNew, statistics, inputs }: SavedStatistics, seconds: number): string {
  const { digest, record } = statistics;
  return JSON.stringify({ path, digest, isNew, seconds, ...record, inputs }, null, 2);
}

async function report(saved: SavedStatistics, seconds: number): Promise<string> {
  const { path, isNew, statistics: { record }, inputs } = saved;
  const size = formatBytes((await statOf(path)).size);
  return [
    `${record.tokens} tokens of ${record.text.name} at every input, ` +
    `in ${record.windows.count} windows. Largest Σ x² of a channel, the median one being 1:`,
    "",
    peakTable(inputs),
    "",
    ...warningsOf(inputs, record),
    isNew
      ? `Wrote ${path} (${size}) in ${formatDuration(seconds)}.`
      : `${path} (${size}) was there already; nothing had to be done.`,
  ].join("\n");
}

/** A row for each block, a column for each input. */
function peakTable(inputs: readonly InputReport[]): string {
  const names = [...new Set(inputs.map(({ input }) => input))];
  const blocks = Map.groupBy(inputs, ({ block }) => block);
  const rows = [...blocks].map(([block, seen]) => [
    block,
    ...seen.map(({ peak }) => peak === null ? "–" : peak.toPrecision(3).replace(/e\+/, "e")),
  ]);
  return formatTable(["block", ...names], rows);
}

/** What to know before decomposing by these statistics, one line for each kind. */
function warningsOf(inputs: readonly InputReport[], { tokens }: StatisticsRecord): string[] {
  const widths = new Set(
    inputs.filter(({ isUndetermined }) => isUndetermined).map(({ channels }) => channels),
  );
  const dead = inputs.filter(({ deadChannels }) => deadChannels > 0);
  const warnings = [
    ...[...widths].map((channels) =>
      `${tokens} tokens are fewer than the ${channels} channels of some inputs: ` +
      "calibrate on more windows, or results depend on what was not seen."
    ),
    ...(dead.length > 0
      ? [
        "Channels that were always zero: " +
        dead.map(({ block, input, deadChannels, channels }) =>
          `${deadChannels} of ${channels} in ${block} ${input}`
        ).join(", ") + ".",
      ]
      : []),
  ];
  return warnings.length > 0 ? [...warnings.map((text) => `Warning: ${text}`), ""] : [];
}
