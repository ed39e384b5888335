// The nearest walk through a trellis, as reference/trellis_walk.ts defines it, as WGSL: the invocations of
// a workgroup share the overlaps of every step, four neighbours at a time, whose choices make a word.
// Distances before and after a step lie in workgroup memory where they fit, else beside the choices.
//
// Distances are kept relative to that of overlap 0 before the step and fit 28 bits, see
// wasm/assembly/trellis_walk.ts; integers make codes the same on every device.

/** The most weights of a tile. */
const TILE_SIZE = 256;
/** The most overlaps whose distances go into workgroup memory, with all else in 16 KiB of it. */
const SHARED_OVERLAPS = 1024;

/** Words that the walks of a tile of so many weights take: choices, and distances that are not shared. */
export function roomWordsOf(weights: number, overlaps: number): number {
  const distances = overlaps <= SHARED_OVERLAPS ? 0 : 2 * overlaps;
  return weights * Math.ceil(overlaps / 4) + distances;
}

/**
 * WGSL of
 *
 * - `fn walk(own, local, first, is_free)`, `fn find_end(own, local)` and
 *   `fn trace_back(own, local, first, last)`, for the whole workgroup;
 * - `struct Tile`: its first row and column, where its words of `room` begin, and its weights;
 * - the arrays `targets`, which are walked along, and `states`, which are found.
 *
 * The kernel has `fn level_of(state)`, the array `room` and the parameter `roomWords`, see `roomWordsOf`.
 *
 * @param bits Of a weight.
 * @param overlaps How many there are.
 * @param size The invocations of the workgroup.
 */
export function walkCode(bits: number, overlaps: number, size: number): string {
  const words = Math.ceil(overlaps / 4);
  const isShared = overlaps <= SHARED_OVERLAPS;
  const barrier = isShared ? "workgroupBarrier();" : "workgroupBarrier(); storageBarrier();";
  const at = `side * ${overlaps} + m`;
  const room = `own.room + p.roomWords - ${2 * overlaps} + ${at}`;
  return /* wgsl */ `
struct Tile { row: u32, col: u32, room: u32, count: u32 }
const FAR: i32 = ${2 ** 28};
var<workgroup> targets: array<i32, ${TILE_SIZE}>;
var<workgroup> states: array<u32, ${TILE_SIZE}>;
var<workgroup> least: array<i32, ${size}>;
var<workgroup> least_at: array<u32, ${size}>;
var<workgroup> boundary: u32;
${isShared ? `var<workgroup> distances: array<i32, ${2 * overlaps}>;` : ""}
// The distances before (side 0) and after (side 1) a step.
fn distance_at(own: Tile, side: u32, m: u32) -> i32 {
  return ${isShared ? `distances[${at}]` : `i32(room[${room}])`};
}
fn set_distance(own: Tile, side: u32, m: u32, distance: i32) {
  ${isShared ? `distances[${at}] = distance` : `room[${room}] = u32(distance)`};
}
fn barrier() { ${barrier} }
// Walks once around from a weight down, from the boundary or, if it is free, from any overlap.
fn walk(own: Tile, local: u32, first: u32, is_free: bool) {
  barrier();
  for (var m = local; m < ${overlaps}; m += ${size}) {
    set_distance(own, 0, m, select(FAR, 0, is_free || m == boundary));
  }
  barrier();
  var weight = first;
  for (var step = 0u; step < own.count; step++) {
    let side = step % 2;
    let y = targets[weight];
    let base = distance_at(own, side, 0);
    for (var q = local; q < ${words}; q += ${size}) {
      var word = 0u;
      for (var m = 4 * q; m < min(4 * q + 4, ${overlaps}); m++) {
        var best = 0x7fffffff;
        var choice = 0u;
        for (var high = 0u; high < ${2 ** bits}; high++) {
          let state = high * ${overlaps} + m;
          let level = level_of(state);
          let distance = distance_at(own, side, state >> ${bits}) + level * (level - y);
          if (distance < best) {
            best = distance;
            choice = high;
          }
        }
        set_distance(own, 1 - side, m, best - base);
        word |= choice << (8 * (m % 4));
      }
      room[own.room + step * ${words} + q] = word;
    }
    weight = select(weight - 1, own.count - 1, weight == 0);
    barrier();
  }
}
// The first overlap at the least distance becomes the boundary.
fn find_end(own: Tile, local: u32) {
  var at = min(local, ${overlaps} - 1);
  for (var m = local; m < ${overlaps}; m += ${size}) {
    if (distance_at(own, 0, m) < distance_at(own, 0, at)) { at = m; }
  }
  least[local] = distance_at(own, 0, at);
  least_at[local] = at;
  for (var stride = ${size / 2}u; stride > 0; stride /= 2) {
    workgroupBarrier();
    if (local < stride) {
      let other = local + stride;
      let is_less = least[other] < least[local] ||
        (least[other] == least[local] && least_at[other] < least_at[local]);
      if (is_less) {
        least[local] = least[other];
        least_at[local] = least_at[other];
      }
    }
  }
  workgroupBarrier();
  if (local == 0) { boundary = least_at[0]; }
}
// Goes back from the last step of a walk; the boundary becomes the overlap before step 'last'.
fn trace_back(own: Tile, local: u32, first: u32, last: u32) {
  storageBarrier();
  if (local == 0) {
    var end = boundary;
    for (var step = own.count; step > last; step--) {
      let word = room[own.room + (step - 1) * ${words} + end / 4];
      let high = (word >> (8 * (end % 4))) & 255;
      let state = high * ${overlaps} + end;
      states[(first + own.count - step + 1) % own.count] = state;
      end = state >> ${bits};
    }
    boundary = end;
  }
}`;
}
