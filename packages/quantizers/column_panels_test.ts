import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { ascendingOrder } from "./column_order.ts";
import { cutGroups, cutPanels, type Panel } from "./column_panels.ts";

/** Fails unless panels, and pieces in them, have all columns once, the last ones first. */
function assertWhole(panels: readonly Panel[], cols: number, width: number): void {
  let end = cols;
  for (const panel of panels) {
    assert(panel.count <= width, `a panel of ${panel.count}`);
    assertEquals(panel.first + panel.count, end);
    for (const piece of panel.pieces) {
      assertEquals(piece.first + piece.count, end);
      end = piece.first;
    }
    assertEquals(end, panel.first);
  }
  assertEquals(end, 0);
}

const counts = fc.tuple(
  fc.integer({ min: 1, max: 300 }),
  fc.integer({ min: 1, max: 128 }),
  fc.integer({ min: 1, max: 200 }),
);

Deno.test("cutPanels() cuts columns into panels of whole pieces", () => {
  fc.assert(
    fc.property(counts, ([cols, width, piece]) => {
      const panels = cutPanels(cols, { width, piece });
      assertWhole(panels, cols, Math.max(width, piece));
      for (const { first } of panels.flatMap(({ pieces }) => pieces)) {
        assertEquals(first % piece, 0);
      }
    }),
    { seed: 1, numRuns: 200 },
  );
});

Deno.test("cutGroups() shows each group once, when its first column is due", () => {
  fc.assert(
    fc.property(counts, ([cols, width, size]) => {
      const panels = cutGroups(
        ascendingOrder(cols, 1),
        (column) => Math.floor(column / size),
        width,
      );
      assertWhole(panels, cols, width);
      const shown = [];
      for (const { first, count, pieces } of panels) {
        for (const piece of pieces) {
          if (!piece.group) continue;
          const { group } = piece;
          shown.push(group.index);
          // It begins with this piece, and lies in the panel unless it is wider than that.
          assertEquals(group.first + group.count, piece.first + piece.count);
          assert(
            group.first >= first || count <= width && pieces.length === 1 && group.count > count,
          );
          assertEquals(group.count, Math.min(size, cols - size * group.index));
        }
      }
      // In ascending order, from the first group on.
      assertEquals(shown, Array.from({ length: Math.ceil(cols / size) }, (_, index) => index));
    }),
    { seed: 2, numRuns: 200 },
  );
});
