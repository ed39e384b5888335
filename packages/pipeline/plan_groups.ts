// Which layers of a part are compressed as one, and what becomes of them.

import type { MatrixShape, OperatorNode, SharedParts } from "@pare/operators";
import { planNamed } from "./named_error.ts";
import type { Step } from "./recipe.ts";
import type { Method, Registry } from "./registry.ts";

/** A layer and what a recipe asks for it. */
export interface AskedLayer {
  /** Its name. */
  readonly name: string;
  /** `[outFeatures, inFeatures]`. */
  readonly shape: MatrixShape;
  /** Which of its block's inputs it reads; `null` outside the blocks. */
  readonly input: string | null;
  /** How it is stored before. */
  readonly source: OperatorNode;
  /** The step of the recipe that matches it. */
  readonly asked: Step | null;
  /** The step as it compresses the layer, its rank among the options. */
  readonly step: Step | null;
  /** The loss that the allocation of its rank has predicted. */
  readonly predictedLoss: number | null;
}

/** A layer that is compressed together with others. */
export interface GroupMember {
  /** The first layer of the group. */
  readonly leader: string;
  /** How it is stored afterwards. */
  readonly node: OperatorNode;
  /** What of it is stored with the leader; `null` for the leader itself. */
  readonly shared: SharedParts | null;
}

/**
 * Plans the layers that are compressed as one: two or more of a part that read the same input and
 * that one step compresses, where its method can do so and its options ask for it.
 *
 * @param layers The layers of a part.
 * @param registry The methods.
 * @returns The layers of all groups by name; all others are compressed each by itself.
 * @throws {RangeError} If the options do not fit the shapes.
 */
export function planGroups(
  layers: readonly AskedLayer[],
  registry: Registry,
): ReadonlyMap<string, GroupMember> {
  const members = new Map<string, GroupMember>();
  for (const { step, together, group } of groupsOf(layers, registry)) {
    const names = group.map(({ name }) => name);
    const { nodes, shared } = planNamed(
      names.join(", "),
      () => together.plan(group.map(({ shape }) => shape), step.options),
    );
    const [leader] = names;
    for (const [i, name] of names.entries()) {
      const parts = i === 0 || shared.length === 0 ? null : { layer: leader, parts: shared };
      members.set(name, { leader, node: nodes[i], shared: parts });
    }
  }
  return members;
}

interface Group {
  readonly step: Step;
  readonly together: NonNullable<Method["together"]>;
  readonly group: readonly AskedLayer[];
}

function groupsOf(layers: readonly AskedLayer[], registry: Registry): Group[] {
  const byStep = Map.groupBy(layers, ({ asked }) => asked);
  return [...byStep].flatMap(([step, matched]): Group[] => {
    const together = step && registry[step.method].together;
    if (!step || !together?.isAsked(step.options)) return [];
    const byInput = Map.groupBy(matched, ({ input }) => input);
    return [...byInput].flatMap(([input, group]) =>
      input === null || group.length < 2 ? [] : [{ step, together, group }]
    );
  });
}
