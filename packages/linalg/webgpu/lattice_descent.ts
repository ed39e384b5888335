// Points that are near by a metric, as WGSL: from neighbour to neighbour, as reference/nearest_lattice.ts
// goes.

import { MOST_STEPS } from "../codebook/lattice_layout.ts";

/**
 * WGSL of the metric `m`, `[8, 8]` in workgroup memory, and of `fn distance_by(u, c)`.
 *
 * The module has `latticeSearch`.
 */
export const LATTICE_DISTANCE: string = /* wgsl */ `
var<workgroup> m: array<f32, 64>;
fn gradient_of(e: Eight) -> Eight {
  var g: Eight;
  for (var i = 0; i < 8; i++) {
    var sum = 0.0;
    for (var j = 0; j < 8; j++) { sum += m[8 * i + j] * e[j]; }
    g[i] = sum;
  }
  return g;
}
fn distance_by(u: Eight, c: Eight) -> f32 {
  var e: Eight;
  for (var i = 0; i < 8; i++) { e[i] = u[i] - c[i]; }
  let g = gradient_of(e);
  var sum = 0.0;
  for (var i = 0; i < 8; i++) { sum += e[i] * g[i]; }
  return sum;
}`;

/**
 * WGSL of `fn descend(u, shift, start) -> Whole`: a point that none of its neighbours is nearer than.
 *
 * The module has `LATTICE_DISTANCE`.
 */
export const LATTICE_DESCENT: string = /* wgsl */ `
fn descend(u: Eight, shift: i32, start: Whole) -> Whole {
  var twice = start;
  for (var step = 0; step < ${MOST_STEPS}; step++) {
    let entries = entries_of(twice, shift);
    var e: Eight;
    for (var i = 0; i < 8; i++) { e[i] = u[i] - entries[i]; }
    let g = gradient_of(e);
    var change = 0.0;
    var neighbour = twice;
    // Both entries up or down, then one up and one down; for j = i, one entry by two.
    for (var place = 0; place < 128; place++) {
      let i = place / 16;
      let j = place / 2 % 8;
      let sign = 1 - 2 * (place % 2);
      if (j < i || (j == i && sign < 0)) { continue; }
      let sum = g[i] + f32(sign) * g[j];
      let diagonal = m[9 * i] + m[9 * j];
      let other = diagonal + f32(2 * sign) * m[8 * i + j] - 2 * abs(sum);
      if (!(other < change)) { continue; }
      let by = select(2, -2, sum < 0);
      var moved = twice;
      moved[i] += by;
      moved[j] += sign * by;
      if (belongs(moved, shift)) {
        change = other;
        neighbour = moved;
      }
    }
    if (change == 0) { break; }
    twice = neighbour;
  }
  return twice;
}`;
