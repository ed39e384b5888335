// Columns in panels, and panels in pieces that are rounded by one call: blocks, groups that a grid is
// fitted to, or whole panels.

import type { ColumnOrder } from "./column_order.ts";

/** Columns that are rounded by one call. */
export interface Piece {
  /** Its place in the order of all columns. */
  readonly first: number;
  /** How many columns it has. */
  readonly count: number;
  /** The group that begins with its last column; `null` if none does. */
  readonly group: Group | null;
}

/** Columns that belong together, side by side in their order. */
export interface Group {
  /** Its number. */
  readonly index: number;
  /** The place of its first column. */
  readonly first: number;
  /** How many columns it has. */
  readonly count: number;
}

/** Columns whose errors go on to all others by one product. */
export interface Panel {
  /** Its place in the order of all columns. */
  readonly first: number;
  /** How many columns it has. */
  readonly count: number;
  /** Its pieces as they are rounded, the last columns first. */
  readonly pieces: readonly Piece[];
}

/** How panels are cut. */
export interface PanelSettings {
  /** The most columns of a panel. */
  readonly width: number;
  /** The columns of a piece, but for the last one. */
  readonly piece: number;
}

/**
 * Cuts columns into panels of pieces, in the order that they are rounded in.
 *
 * @param cols How many columns there are.
 * @param settings The width of panels and pieces; a panel holds whole pieces.
 */
export function cutPanels(cols: number, { width, piece }: PanelSettings): Panel[] {
  const step = Math.max(1, Math.floor(width / piece)) * piece;
  return cut(0, cols, step).map(({ first, count }) => ({
    first,
    count,
    pieces: cut(first, count, piece).map((run) => ({ ...run, group: null })),
  }));
}

/**
 * The same by groups: a panel holds whole groups, or a part of one that is wider than a panel.
 *
 * @param order The columns; those of a group stand side by side.
 * @param groupOf The group of a column.
 * @param width The most columns of a panel.
 */
export function cutGroups(
  order: ColumnOrder,
  groupOf: (column: number) => number,
  width: number,
): Panel[] {
  const panels: Panel[] = [];
  let pieces: Piece[] = [];
  let held = 0;
  const close = () => {
    if (held > 0) panels.push({ first: pieces[pieces.length - 1].first, count: held, pieces });
    [pieces, held] = [[], 0];
  };
  for (const group of groupsOf(order, groupOf)) {
    if (held + group.count > width) close();
    for (const run of cut(group.first, group.count, width)) {
      if (held + run.count > width) close();
      const isFirst = run.first + run.count === group.first + group.count;
      pieces.push({ ...run, group: isFirst ? group : null });
      held += run.count;
    }
  }
  close();
  return panels;
}

/** Runs of equal length, the last one first; that may be shorter. */
function cut(first: number, count: number, length: number): { first: number; count: number }[] {
  const runs = Array.from({ length: Math.ceil(count / length) }, (_, i) => ({
    first: first + i * length,
    count: Math.min(length, count - i * length),
  }));
  return runs.toReversed();
}

/** The groups, the last one first. */
function groupsOf(order: ColumnOrder, groupOf: (column: number) => number): Group[] {
  const groups: Group[] = [];
  for (let end = order.length; end > 0;) {
    const index = groupOf(order[end - 1]);
    let first = end - 1;
    while (first > 0 && groupOf(order[first - 1]) === index) first--;
    groups.push({ index, first, count: end - first });
    end = first;
  }
  return groups;
}
