import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { type Curve, drawCurves } from "./loss_curve.ts";

const LABELS = { title: "Losses & <more>", x: "tokens", y: "nats" };

function curve(name: string, points: Curve["points"]): Curve {
  return { name, light: "#111111", dark: "#eeeeee", points };
}

/** The numbers of an attribute of all elements of a class. */
function numbers(picture: string, pattern: RegExp): number[] {
  return [...picture.matchAll(pattern)].map(([, value]) => Number(value));
}

Deno.test("drawCurves() puts the lowest loss lowest and the last point rightmost", () => {
  const picture = drawCurves([curve("a", [[1, 8], [2, 4], [4, 2]])], LABELS);
  const path = /class="line c0"[^>]* d="M([^"]+)"/.exec(picture)?.[1] ?? "";
  const points = path.split("L").map((pair) => pair.split(" ").map(Number));
  assertEquals(points.length, 3);
  // The axis is linear in x, and losses that fall by one factor fall by one length.
  assertEquals(points[2][0], 700);
  assert(Math.abs(points[1][0] - 64 - 2 * (points[0][0] - 64)) < 0.2);
  assert(points[0][1] < points[1][1] && points[1][1] < points[2][1]);
  const [first, second] = [points[1][1] - points[0][1], points[2][1] - points[1][1]];
  assert(Math.abs(first - second) < 0.2, `${first} and ${second}`);
});

Deno.test("drawCurves() names curves that end in one point without overlap", () => {
  const names = ["a", "b", "c", "d"];
  const picture = drawCurves(names.map((name) => curve(name, [[0, 4], [1, 1]])), LABELS);
  const ys = numbers(picture, /class="t\d" x="[\d.]+" y="([\d.]+)"/g).toSorted((a, b) => a - b);
  assertEquals(ys.length, 4);
  ys.slice(1).forEach((y, i) => assert(y - ys[i] >= 17.9, `${ys}`));
  assert(ys[3] <= 460);
});

Deno.test("drawCurves() has both colours of every curve, labels on its axes, and escapes text", () => {
  const picture = drawCurves([curve("a", [[0, 3], [1e6, 1]]), curve("b", [[1, 2]])], LABELS);
  const [light, dark] = picture.split("prefers-color-scheme:dark");
  for (const i of [0, 1]) {
    assertStringIncludes(light, `.c${i}{stroke:#111111}`);
    assertStringIncludes(dark, `.c${i}{stroke:#eeeeee}`);
  }
  assertStringIncludes(picture, "Losses &amp; &lt;more&gt;");
  assert(numbers(picture, />([\d.]+)<\/text>/g).filter(Number.isFinite).length >= 8);
  assert(!/NaN|Infinity|undefined/.test(picture));
});
