// What is known of the demo model: what `training.json` beside it says, and the page about it shows.

import type { Continuation } from "./continuations.ts";
import type { BlockOutliers } from "./outliers.ts";
import type { Domain } from "./text/domains.ts";
import type { PerDomain } from "./per_domain.ts";
import type { TrainingRecipe } from "./recipe.ts";

/** How many problems of one kind were solved. */
export interface KindAccuracy {
  /** The kind of problem. */
  readonly kind: string;
  /** A problem and its answer. */
  readonly example: string;
  /** How many were put. */
  readonly problems: number;
  /** How many answers were right. */
  readonly right: number;
}

/** How well a text is predicted. */
export interface TextFacts {
  /** Tokens predicted. */
  readonly tokens: number;
  /** Cross-entropy in nats per token. */
  readonly loss: number;
  /** Its standard error. */
  readonly standardError: number;
  /** exp of the cross-entropy. */
  readonly perplexity: number;
}

/** Losses on validation text, by weights that were not rounded to bf16. */
export interface CurvePoint {
  /** Tokens seen before. */
  readonly tokens: number;
  /** Loss of each domain, in nats per token. */
  readonly heldOut: PerDomain;
}

/** What is known of a trained demo model. */
export interface DemoFacts {
  /** How it was trained. */
  readonly recipe: TrainingRecipe;
  /** Where, so far as it decides the last bit. */
  readonly device: string;
  /** Its widths and counts, under the names that people use. */
  readonly shape: Readonly<Record<string, string | number>>;
  /** Numbers in its checkpoint. */
  readonly parameters: number;
  /** The length of `model.safetensors`. */
  readonly weightsByteLength: number;
  /** The SHA-256 of `model.safetensors`. */
  readonly weightsSha256: string;
  /** Tokens seen in training. */
  readonly tokensSeen: number;
  /** Of these, the share of each domain. */
  readonly shares: PerDomain;
  /** Mean loss on the training text of the last hundred steps, in nats per token. */
  readonly trainingLoss: number;
  /** Losses on validation text, from the first measurement to that after the last step. */
  readonly curve: readonly CurvePoint[];
  /** How well the texts beside the model are predicted, by what was written. */
  readonly test: Readonly<Record<Domain, TextFacts>>;
  /** Problems of the test split, with the likeliest token each time. */
  readonly arithmetic: readonly KindAccuracy[];
  /** What the model goes on with, the likeliest token each time. */
  readonly continuations: Readonly<Record<Domain, readonly Continuation[]>>;
  /** How far activations stand out. */
  readonly outliers: readonly BlockOutliers[];
}
