// Progress of long work: one line that is drawn over on a terminal, JSON lines elsewhere.

/** Where progress goes. */
export interface ProgressSink {
  /** Whether it is a terminal that can draw over a line. */
  readonly isTerminal: boolean;
  /** Whether to use colours. */
  readonly colors: boolean;
  /** Characters in a line. */
  readonly columns: number;
  /** Writes at once. */
  write(text: string): void;
}

/** How far a stage of the work is. */
export interface ProgressEvent {
  /** What is being done, as `Compressing`. */
  readonly stage: string;
  /** Steps done. */
  readonly done: number;
  /** Steps in all. */
  readonly total: number;
  /** What the next step works on. */
  readonly item: string;
}

/** Shows progress and the time left. */
export interface Progress {
  /** Shows how far the work is; what is shown already is not shown again. */
  update(event: ProgressEvent): void;
  /** Clears the line, for other output. */
  clear(): void;
}

/**
 * Makes a progress display.
 *
 * @param sink Where it goes.
 * @param now The clock, in milliseconds.
 * @returns The display.
 */
export function createProgress(sink: ProgressSink, now: () => number = Date.now): Progress {
  let stage = "";
  let start = 0;
  let first = 0;
  let shown = "";
  return {
    update: (event) => {
      const text = JSON.stringify(event);
      if (text === shown) return;
      shown = text;
      if (event.stage !== stage) [stage, start, first] = [event.stage, now(), event.done];
      const steps = event.done - first;
      const left = steps > 0 ? (now() - start) / steps * (event.total - event.done) / 1000 : null;
      sink.write(
        sink.isTerminal
          ? `\r\x1b[2K${drawLine(event, left, sink)}`
          : JSON.stringify({ ...event, secondsLeft: left && Math.round(left) }) + "\n",
      );
    },
    clear: () => {
      shown = "";
      if (sink.isTerminal && stage) sink.write("\r\x1b[2K");
    },
  };
}

function drawLine(
  { stage, done, total, item }: ProgressEvent,
  left: number | null,
  sink: ProgressSink,
): string {
  const width = 24;
  const filled = Math.round(width * done / Math.max(1, total));
  const bar = "█".repeat(filled) + "░".repeat(width - filled);
  const time = left === null ? "" : ` ${formatDuration(left)} left`;
  const text = ` ${done}/${total}${time}  ${item}`.slice(
    0,
    Math.max(0, sink.columns - stage.length - width - 3),
  );
  return `${stage} ${sink.colors ? `\x1b[36m${bar}\x1b[39m` : bar}${text}`;
}

/** Seconds as people say them: `42 s`, `3 min 5 s`, `2 h 10 min`. */
export function formatDuration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor(whole % 3600 / 60)} min`;
}
