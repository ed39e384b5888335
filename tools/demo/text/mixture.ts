import { type Domain, DOMAINS } from "./domains.ts";
import { documents } from "./generate_document.ts";
import type { Split } from "./split.ts";

/** What share of the tokens each domain has. */
export type Shares = Readonly<Record<Domain, number>>;

/** Options of {@linkcode mixture}. */
export interface MixtureOptions {
  /** An integer from 0 to 2^53 - 1. */
  readonly seed: number;
  /**
   * The shares; only their ratios count.
   *
   * @default {{ stories: 0.5, arithmetic: 0.25, russian: 0.25 }}
   */
  readonly shares?: Shares;
}

/** A document and where it comes from. */
export interface MixedDocument {
  readonly domain: Domain;
  readonly text: string;
}

const SHARES: Shares = { stories: 0.5, arithmetic: 0.25, russian: 0.25 };

/** Tokens for each character of a text, about, with a vocabulary of 1024. */
const TOKENS_PER_CHARACTER: Shares = { stories: 0.35, arithmetic: 0.7, russian: 0.5 };

/**
 * Mixes the documents of all domains, without end: the next one is of the domain that is furthest
 * behind its share of the tokens so far, which are estimated by the lengths of the texts.
 *
 * @param split The part of the text.
 * @param options The seed and the shares.
 */
export function* mixture(
  split: Split,
  { seed, shares = SHARES }: MixtureOptions,
): Generator<MixedDocument, never, void> {
  const streams = DOMAINS.filter((domain) => shares[domain] > 0)
    .map((domain) => ({ domain, texts: documents(domain, split, { seed }), spent: 0 }));
  for (;;) {
    const next = streams.reduce((least, stream) => stream.spent < least.spent ? stream : least);
    const { domain } = next;
    const text = next.texts.next().value;
    next.spent += text.length * TOKENS_PER_CHARACTER[domain] / shares[domain];
    yield { domain, text };
  }
}
