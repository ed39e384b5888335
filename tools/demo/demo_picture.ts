// The picture of a training run: docs/demo-loss.svg.

import { type Curve, drawCurves } from "./loss_curve.ts";
import { type Domain, DOMAINS } from "./text/domains.ts";
import type { LogEntry } from "./training_files.ts";

/** How many points the loss on training text is averaged to. */
const TRAINING_POINTS = 300;

const COLORS: Readonly<Record<Domain, readonly [light: string, dark: string]>> = {
  stories: ["#0969da", "#58a6ff"],
  arithmetic: ["#bc4c00", "#f0883e"],
  russian: ["#1a7f37", "#3fb950"],
};

/**
 * Draws the losses of a training run against the tokens seen: on training text as means of
 * neighbouring steps, on validation text as measured.
 *
 * @param log What was measured.
 * @returns A text of SVG.
 */
export function demoPicture(log: readonly LogEntry[]): string {
  const curves: Curve[] = [
    {
      name: "training text",
      light: "#8c959f",
      dark: "#6e7681",
      points: averaged(log),
      isThin: true,
    },
    ...DOMAINS.map((domain): Curve => ({
      name: domain,
      light: COLORS[domain][0],
      dark: COLORS[domain][1],
      points: log.flatMap(({ tokens, heldOut }) =>
        heldOut ? [[tokens / 1e6, heldOut[domain]] as const] : []
      ),
    })),
  ];
  return drawCurves(curves, {
    title: "Loss of the demo model on text held out, and on its training text",
    x: "tokens seen, millions",
    y: "nats per token, logarithmic",
  });
}

function averaged(log: readonly LogEntry[]): [tokens: number, loss: number][] {
  const size = Math.ceil(log.length / TRAINING_POINTS);
  return Array.from({ length: Math.ceil(log.length / size) }, (_, i) => {
    const part = log.slice(i * size, (i + 1) * size);
    const mean = (value: (entry: LogEntry) => number) =>
      part.reduce((sum, entry) => sum + value(entry), 0) / part.length;
    return [mean(({ tokens }) => tokens) / 1e6, mean(({ loss }) => loss)];
  });
}
