// Where the parts of the tables of lattice codes begin, in words of 32 bits, the same for all backends;
// lattice_tables.ts makes them. Read by the WebAssembly kernels too, which have no other constants.

/** Bytes: the number of the pattern with entries 3/2 where a mask has ones; 0 where there is none. */
export const THREES = 0;
/** Bytes, at 8 i + j: that with an entry i of 5/2 and an entry j of 3/2, or j = i and no other. */
export const FIVES = 64;
/** Bytes, 29: masks of the three entries 1/2 of patterns with five entries 3/2. */
export const TRIPLES = 80;
/** 2 |v_i| as 4 bits each, lowest first, by pattern; bit 31 where their sum is odd. */
export const PATTERN_WORDS = 88;
/** 2 v_i + 8 as 4 bits each, by code of the residual codebook. */
export const RESIDUAL_WORDS = 344;
/** Words so far, which are all that shaders read. */
export const SHADER_WORDS = 600;
/**
 * i8 [256, 8]: |v| − 1/2 by pattern, but in the last place −|v| − 1/2, the same with all bits flipped,
 * where the sum is odd.
 */
export const PATTERN_BYTES = 600;
/** i8 [256, 8]: what to flip those by, 0 or −1, by the lower byte of a code. */
export const SIGN_BYTES = 1112;
/** i8 [256, 8]: 2 v, by code of the residual codebook. */
export const RESIDUAL_BYTES = 1624;
/** Words in all. */
export const TABLE_WORDS = 2136;

/** Patterns with five entries 3/2. */
export const TRIPLE_COUNT = 29;

/** The numbers that are searched for are multiples of 2^-14: of these there are so many to 1. */
export const GRID = 16384;
/** Numbers beyond ± 2048 count as that. */
export const FARTHEST = 33554432;
/** How often one codeword may be replaced by a neighbour: more than ever was needed. */
export const MOST_STEPS = 16;
