// In which order LDLQ and GPTQ round columns. Orders are lists of columns, the last of which is rounded
// first, so that the one that the matrix has means: in descending order.

/** The energy of each channel: the diagonal of a Gram matrix. */
export type ChannelEnergy = (column: number) => number;

/** A permutation of columns, the last of which is rounded first. */
export type ColumnOrder = Uint32Array<ArrayBuffer>;

/** Columns from first to last, in blocks that stay as they are: those of the last block are rounded first. */
export function descendingOrder(cols: number): ColumnOrder {
  return Uint32Array.from({ length: cols }, (_, column) => column);
}

/** The blocks the other way round: those of the first block are rounded first. */
export function ascendingOrder(cols: number, blockSize: number): ColumnOrder {
  const blocks = Array.from({ length: Math.ceil(cols / blockSize) }, (_, block) => block);
  return columnsOf(blocks.toReversed(), cols, blockSize);
}

/** The blocks of the most energy are rounded first; of equals, the one in front. */
export function activationOrder(
  cols: number,
  blockSize: number,
  energy: ChannelEnergy,
): ColumnOrder {
  const blocks = byEnergy(Math.ceil(cols / blockSize), (block) => {
    const end = Math.min((block + 1) * blockSize, cols);
    let sum = 0;
    for (let column = block * blockSize; column < end; column++) sum += energy(column);
    return sum;
  });
  return columnsOf(blocks.toReversed(), cols, blockSize);
}

/**
 * The group whose strongest channel has the most energy is rounded first, and in each group the channel
 * of the most energy: groups stay together, so that each keeps a grid of its own.
 */
export function groupAwareOrder(cols: number, group: number, energy: ChannelEnergy): ColumnOrder {
  const groups = Array.from({ length: Math.ceil(cols / group) }, (_, g) => {
    const first = g * group;
    const sorted = byEnergy(Math.min(group, cols - first), (i) => energy(first + i));
    return sorted.map((i) => first + i);
  });
  const sorted = byEnergy(groups.length, (g) => energy(groups[g][0]));
  return Uint32Array.from(sorted.flatMap((g) => groups[g])).reverse();
}

/** 0 to count - 1 by descending energy; equals stay in order. */
function byEnergy(count: number, energy: (index: number) => number): number[] {
  const indices = Array.from({ length: count }, (_, index) => index);
  return indices.sort((a, b) => energy(b) - energy(a));
}

function columnsOf(blocks: readonly number[], cols: number, blockSize: number): ColumnOrder {
  return Uint32Array.from(blocks.flatMap((block) => {
    const first = block * blockSize;
    return Array.from({ length: Math.min(blockSize, cols - first) }, (_, i) => first + i);
  }));
}

/** Whether an order is that of the matrix. */
export function isDescending(order: ColumnOrder): boolean {
  return order.every((column, place) => column === place);
}
