// Curves of a training run as a picture in SVG: the horizontal axis linear, the vertical one
// logarithmic, as losses fall by factors. Colours are readable on light and dark ground; names stand
// at the ends of their curves, moved apart where these end close together.

/** One curve. */
export interface Curve {
  /** What stands at its end. */
  readonly name: string;
  /** Its colour on light ground. */
  readonly light: string;
  /** Its colour on dark ground. */
  readonly dark: string;
  /** Its points in the order of x; y is positive. */
  readonly points: readonly (readonly [x: number, y: number])[];
  /** Whether it is drawn thin, behind the others. */
  readonly isThin?: boolean;
}

/** What stands around the curves. */
export interface CurveLabels {
  /** What the picture shows, for those who cannot see it too. */
  readonly title: string;
  /** Below the horizontal axis. */
  readonly x: string;
  /** Beside the vertical axis. */
  readonly y: string;
}

const WIDTH = 860;
const HEIGHT = 460;
const PLOT = { left: 64, right: 700, top: 48, bottom: 404 } as const;
const LINE_HEIGHT = 18;

/**
 * Draws curves.
 *
 * @param curves The curves, each with a point at least.
 * @param labels What they show.
 * @returns The picture, a text of SVG that ends in a line feed.
 */
export function drawCurves(curves: readonly Curve[], labels: CurveLabels): string {
  const xs = curves.flatMap(({ points }) => points.map(([x]) => x));
  const ys = curves.flatMap(({ points }) => points.map(([, y]) => y));
  const [yLow, yHigh] = [Math.min(...ys) / 1.08, Math.max(...ys) * 1.08];
  const xHigh = Math.max(...xs);
  const atX = (x: number) => PLOT.left + x / xHigh * (PLOT.right - PLOT.left);
  const atY = (y: number) =>
    PLOT.bottom -
    Math.log(y / yLow) / Math.log(yHigh / yLow) * (PLOT.bottom - PLOT.top);
  const ends = curves.map(({ points }) => atY(points[points.length - 1][1]));
  const labelled = moveApart(ends);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" font-family="system-ui, sans-serif" font-size="13">`,
    `<title>${escaped(labels.title)}</title>`,
    `<style>${styleOf(curves)}</style>`,
    `<text class="ink" x="${PLOT.left}" y="26" font-size="15" font-weight="600">${
      escaped(labels.title)
    }</text>`,
    ...logTicks(yLow, yHigh).flatMap((y) => [
      `<path class="grid" d="M${PLOT.left} ${rounded(atY(y))}H${PLOT.right}"/>`,
      `<text class="soft" x="${PLOT.left - 8}" y="${
        rounded(atY(y) + 4)
      }" text-anchor="end">${y}</text>`,
    ]),
    ...linearTicks(xHigh).flatMap((x) => [
      `<path class="grid" d="M${rounded(atX(x))} ${PLOT.bottom}v5"/>`,
      `<text class="soft" x="${rounded(atX(x))}" y="${
        PLOT.bottom + 20
      }" text-anchor="middle">${x}</text>`,
    ]),
    `<path class="axis" d="M${PLOT.left} ${PLOT.top}V${PLOT.bottom}H${PLOT.right}"/>`,
    `<text class="soft" x="${(PLOT.left + PLOT.right) / 2}" y="${
      PLOT.bottom + 42
    }" text-anchor="middle">${escaped(labels.x)}</text>`,
    `<text class="soft" transform="translate(18 ${
      (PLOT.top + PLOT.bottom) / 2
    }) rotate(-90)" text-anchor="middle">${escaped(labels.y)}</text>`,
    ...curves.map(({ points, isThin }, i) =>
      `<path class="line c${i}" stroke-width="${isThin ? 1 : 2}" d="M${
        points.map(([x, y]) => `${rounded(atX(x))} ${rounded(atY(y))}`).join("L")
      }"/>`
    ),
    ...curves.map(({ name, points }, i) =>
      `<text class="t${i}" x="${PLOT.right + 10}" y="${rounded(labelled[i] + 4)}">${
        escaped(name)
      } ${points[points.length - 1][1].toFixed(3)}</text>`
    ),
    "</svg>",
    "",
  ].join("\n");
}

/** Both colours of everything; a viewer that knows no dark mode takes the light ones. */
function styleOf(curves: readonly Curve[]): string {
  const colored = (color: (curve: Curve) => string) =>
    curves.map((curve, i) => `.c${i}{stroke:${color(curve)}}.t${i}{fill:${color(curve)}}`).join("");
  return ".line{fill:none;stroke-linejoin:round}.grid,.axis{fill:none;stroke:#d0d7de}" +
    ".axis{stroke:#656d76}.ink{fill:#1f2328}.soft{fill:#59636e}" +
    colored(({ light }) => light) +
    "@media (prefers-color-scheme:dark){.grid{stroke:#30363d}.axis{stroke:#8b949e}" +
    `.ink{fill:#f0f6fc}.soft{fill:#9198a1}${colored(({ dark }) => dark)}}`;
}

/** Moves labels apart that would overlap, keeping their order. */
function moveApart(wanted: readonly number[]): number[] {
  const order = wanted.map((_, i) => i).sort((a, b) => wanted[a] - wanted[b]);
  const moved = [...wanted];
  for (let i = 1; i < order.length; i++) {
    moved[order[i]] = Math.max(moved[order[i]], moved[order[i - 1]] + LINE_HEIGHT);
  }
  // What was pushed below the plot goes back up.
  let limit = PLOT.bottom;
  for (const i of order.toReversed()) {
    moved[i] = Math.min(moved[i], limit);
    limit = moved[i] - LINE_HEIGHT;
  }
  return moved;
}

/** 1, 1.5, 2, 3, 5 and 7 times powers of ten. */
function logTicks(low: number, high: number): number[] {
  const ticks: number[] = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); power++) {
    for (const digit of [1, 1.5, 2, 3, 5, 7]) {
      // Whole digits times a power of ten, read from decimal to be free of rounding.
      const tick = Number(`${digit}e${power}`);
      if (tick >= low && tick <= high) ticks.push(tick);
    }
  }
  return ticks;
}

/** Round numbers from 0, five to ten of them. */
function linearTicks(high: number): number[] {
  const power = Math.floor(Math.log10(high / 5));
  const step = [1, 2, 5, 10].map((digit) => Number(`${digit}e${power}`))
    .filter((step) => high / step >= 4).at(-1) ?? high;
  const count = Math.floor(high / step);
  return Array.from({ length: count + 1 }, (_, i) => Number((i * step).toPrecision(6)));
}

function rounded(value: number): string {
  return String(Math.round(value * 10) / 10);
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
