// What the kernels of attention are made of, as WGSL: tiles of 32 lines, a line being the head of one
// query or one key, that go through workgroup memory 32 elements at a time.
//
// Of 8 × 8 invocations the one at (`down`, `across`) has 4 lines from 4 · down on and 4 columns from
// 4 · across on, four vectors of four in registers.

/** Rows, keys, and elements of a head, that a tile has. */
export const TILE = 32;

/** The invocations of a workgroup. */
export const SIZE = 64;

/** Vectors of four in a line of a tile. */
export const QUADS = 8;

/** What an invocation has four of. */
export const EACH: readonly number[] = [0, 1, 2, 3];

/** Where an invocation stands. */
export const PLACE: string = /* wgsl */ `
  let down = local / ${QUADS};
  let across = local % ${QUADS};`;

/** `fn fetch_x(at, col)`: four elements from column `col` on of the head that starts at `at`. */
export function fetchOf(x: string, isVector: boolean): string {
  return isVector
    ? `fn fetch_${x}(at: u32, col: u32) -> vec4f {
  if (col >= p.headSize) { return vec4f(); }
  return ${x}[p.${x}_at + (at + col) / 4];
}`
    : `fn fetch_${x}(at: u32, col: u32) -> vec4f {
  var four = vec4f();
  for (var c = 0u; c < min(4, p.headSize - min(p.headSize, col)); c++) {
    four[c] = ${x}[p.${x}_at + at + col + c];
  }
  return four;
}`;
}

/** `fn store_x(at, col, value)`: the same four, written. */
export function storeOf(x: string, isVector: boolean): string {
  const body = isVector
    ? `if (col < p.headSize) { ${x}[p.${x}_at + (at + col) / 4] = value; }`
    : EACH.map((c) =>
      `if (col + ${c} < p.headSize) { ${x}[p.${x}_at + at + col + ${c}] = value[${c}]; }`
    ).join("\n  ");
  return `fn store_${x}(at: u32, col: u32, value: vec4f) {
  ${body}
}`;
}

/** A tile in workgroup memory. */
export function tileOf(name: string): string {
  return `var<workgroup> ${name}: array<vec4f, ${TILE * QUADS}>;`;
}

/** All invocations together: `body` for each vector of a tile, number `e`, at `four` in `line`. */
export function load(body: string): string {
  return `
    for (var e = local; e < ${TILE * QUADS}; e += ${SIZE}) {
      let line = e / ${QUADS};
      let four = e % ${QUADS} * 4;
      ${body}
    }`;
}

/** In {@linkcode load}: stores a vector along the line into a tile whose vectors lie across lines. */
export function across(tile: string, value: string): string {
  const store = (d: number) => `${tile}[(four + ${d}) * ${QUADS} + line / 4][line % 4] = v[${d}];`;
  return `{
        let v = ${value};
        ${EACH.map(store).join(" ")}
      }`;
}

/** A loop over the vectors of both tiles that an invocation needs, four steps at a time. */
function loop(step: (i: string) => string): string {
  return `for (var i = 0u; i < ${TILE * QUADS}; i += ${4 * QUADS}) {
        ${EACH.map((u) => step(`i + ${u * QUADS}`)).join("\n        ")}
      }`;
}

/** s0 to s3 += lines of `a` times lines of `b`, both stored across lines. */
export function multiply(s: string, a: string, b: string): string {
  return loop((i) =>
    `{ let a = ${a}[${i} + down]; let b = ${b}[${i} + across]; ${
      EACH.map((r) => `${s}${r} += a[${r}] * b;`).join(" ")
    } }`
  );
}

/**
 * o0 to o3 += `weights`, stored across lines, times `values`, stored along them.
 *
 * @param isGuarded Whether values of weight 0 are skipped, which may not be finite.
 * @param also What else is done with the weights `w` of a line.
 */
export function weigh(
  o: string,
  weights: string,
  values: string,
  isGuarded: boolean,
  also = "",
): string {
  // A NaN is unequal to zero, but not to every compiler: equality is what all deny it.
  const term = (r: number) =>
    isGuarded ? `select(w[${r}] * value, vec4f(), w[${r}] == 0)` : `w[${r}] * value`;
  return loop((i) =>
    `{ let w = ${weights}[${i} + down]; let value = ${values}[${i} + across]; ${
      EACH.map((r) => `${o}${r} += ${term(r)};`).join(" ")
    }${also} }`
  );
}

/** Four vectors s0 to s3 of an invocation, stored as one tile across lines. */
export function spread(tile: string, s: string): string {
  const vector = (c: number) => `vec4f(${EACH.map((r) => `${s}${r}[${c}]`).join(", ")})`;
  return EACH.map((c) => `${tile}[(4 * across + ${c}) * ${QUADS} + down] = ${vector(c)};`)
    .join("\n    ");
}
