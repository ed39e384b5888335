// The merges of a SentencePiece BPE model, which has none, from the scores of its pieces.
//
// SentencePiece merges the two neighbours whose joined text has the highest score, the leftmost
// of equals, until no two neighbours join to a piece (github.com/google/sentencepiece,
// src/bpe_model.cc). The `tokenizer.json` of Hugging Face lists pairs instead and merges the first
// of the list, the leftmost of equals. Every way to cut a piece into two pieces is a pair, and
// stands where the score of the piece puts it.
//
// Pairs of one score (the ways to cut one piece, and in Llama 2 the runs of spaces) are equal to
// SentencePiece, so that the leftmost wins; a list has to put one first. The longest left part
// does: a run then grows from its left end as it does there. Where pieces were learned by merging,
// every piece has a lower score than its parts, and the cuts of one piece cannot compete.
//
// Departs from SentencePiece: a pair whose parts are no pieces is left out, as Hugging Face cannot
// tell it. Training keeps every character as a piece, so that such pairs do not come up.
//
// Cost: one look-up per cut, and sorting.

import type { Piece } from "./piece.ts";

/** Lists the pairs to merge, first the most urgent. */
export function orderMerges(pieces: readonly Piece[]): [left: string, right: string][] {
  const normal = pieces.filter(({ kind }) => kind === "normal");
  const texts = new Set(normal.map(({ text }) => text));
  const merges: { left: string; right: string; score: number }[] = [];
  for (const { text, score } of normal) {
    // A cut through a surrogate pair leaves halves that are no pieces.
    for (let cut = 1; cut < text.length; cut++) {
      const left = text.slice(0, cut);
      const right = text.slice(cut);
      if (texts.has(left) && texts.has(right)) merges.push({ left, right, score });
    }
  }
  merges.sort((a, b) =>
    b.score - a.score || b.left.length - a.left.length || b.right.length - a.right.length
  );
  return merges.map(({ left, right }) => [left, right]);
}
