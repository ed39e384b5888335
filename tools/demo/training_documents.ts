// Documents to train on, of all domains in turn: which domain document i is of, and what it says,
// follows from i alone.

import { createDice } from "./text/dice.ts";
import { type Domain, DOMAINS } from "./text/domains.ts";
import { generateDocument } from "./text/generate_document.ts";

/** Tells this use of random numbers from all others of one seed. */
const SALT = 0x646f6d61;

/**
 * How many of a hundred documents are of each domain: with 236, 123 and 172 tokens on average, the
 * first has half of all tokens and the others a quarter each.
 */
const DOCUMENTS: Readonly<Record<Domain, number>> = { stories: 38, arithmetic: 36, russian: 26 };

/** A document and its domain. */
export interface TrainingDocument {
  /** The domain. */
  readonly domain: Domain;
  /** The text. */
  readonly text: string;
}

/**
 * Generates the documents of the training split from one of a number on, without end.
 *
 * @param seed Which documents.
 * @param first The number of the first one.
 */
export function* trainingDocuments(
  seed: number,
  first: number,
): Generator<TrainingDocument, never, void> {
  for (let index = first;; index++) {
    const domain = domainAt(createDice({ seed, index, salt: SALT }).below(100));
    yield { domain, text: generateDocument(domain, { split: "train", seed, index }) };
  }
}

/** The domain whose documents take up this place of a hundred. */
function domainAt(place: number): Domain {
  let end = 0;
  return DOMAINS.find((domain) => place < (end += DOCUMENTS[domain])) ?? DOMAINS[0];
}
