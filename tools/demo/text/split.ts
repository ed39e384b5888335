// Which split a text or a problem belongs to: a hash of it decides, so that splits never overlap,
// whatever seed the documents come from.
//
// FNV-1a (G. Fowler, L. Noll, P. Vo; 32 bits, over UTF-16 code units), then the final mix of
// MurmurHash3 (A. Appleby), as the low bits of FNV alone follow the last characters.

/** The parts of the text that never share a document. */
export type Split = "train" | "validation" | "test";

/** All splits. */
export const SPLITS: readonly Split[] = ["train", "validation", "test"];

/** How many documents of a hundred are held out for validation, and as many for the test. */
const HELD_OUT_DOCUMENTS = 1;

/** How many problems of a hundred; there are only some ten thousand of them. */
const HELD_OUT_PROBLEMS = 5;

/** Hashes a text to 32 bits. */
export function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) {
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** Tells the only split that a document may be part of. */
export function splitOfDocument(document: string): Split {
  return splitOfHash(hashText(document), HELD_OUT_DOCUMENTS);
}

/** Tells the only split whose documents may hold a problem, as `17 + 25`. */
export function splitOfProblem(problem: string): Split {
  return splitOfHash(hashText(problem), HELD_OUT_PROBLEMS);
}

function splitOfHash(hash: number, heldOut: number): Split {
  const percent = hash % 100;
  if (percent < heldOut) return "validation";
  return percent < 2 * heldOut ? "test" : "train";
}
