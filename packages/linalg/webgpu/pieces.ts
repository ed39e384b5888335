/** A run of consecutive items: the first, and how many. */
export type Piece = readonly [start: number, count: number];

/**
 * Cuts `count` items into runs of at most `most`; of `unit` items each, or a multiple, but the last.
 *
 * At least `unit` items go into a run, even where that is more than `most`: whoever binds them
 * refuses them with the limit's name.
 */
export function* pieces(count: number, most: number, unit = 1): Generator<Piece> {
  const run = Math.max(Math.floor(most / unit), 1) * unit;
  for (let start = 0; start < count; start += run) yield [start, Math.min(run, count - start)];
}
