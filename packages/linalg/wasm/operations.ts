// The numbers of the operations, the same for the kernels and for the host. An operation that runs
// in f32 and in f64 has two: the second is one more.

/** `c = alpha·op(a)·op(b) (+ c)`. */
export const MATMUL = 0;
/** Swaps rows and columns. */
export const TRANSPOSE = 2;
/** Reduces rows or columns. */
export const REDUCE = 4;
/** Adds, subtracts or multiplies element by element. */
export const BINARY = 6;
/** Multiplies with one number. */
export const SCALE = 8;
/** Applies a function to every element. */
export const ACTIVATE = 10;
/** Softmax of rows. */
export const SOFTMAX = 12;
/** Root-mean-square normalization of rows. */
export const RMS_NORM = 14;
/** Rotary position embedding. */
export const ROTARY = 16;
/** Causal attention. */
export const ATTENTION = 18;
/** Causal attention of many queries, by tiles. */
export const ATTENTION_TILES = 84;
/** Its derivative. */
export const ATTENTION_GRADIENT = 86;
/** Multiplies each row of a matrix with that of another. */
export const ROW_DOTS = 88;
/** Walsh–Hadamard transform. */
export const HADAMARD = 20;
/** Converts f32 to f64, or with one more f64 to f32. */
export const CAST = 22;
/** Adds `xᵀ x`, in f64. */
export const GRAM = 24;
/** Picks rows or columns of any dtype. */
export const GATHER = 25;
/** Copies a rectangle of any dtype. */
export const COPY_BLOCK = 26;
/** Multiplies by integer codes, in f32. */
export const AFFINE_MATMUL = 27;
/** Converts f16 to f32, or with one more f32 to f16. */
export const HALF = 28;
/** Factorizes a block on the diagonal by Cholesky. */
export const CHOLESKY_BLOCK = 64;
/** Solves many systems with one small triangle. */
export const SOLVE_BLOCK = 66;
/** Brings a row up to date and makes its reflector. */
export const REFLECT_ROW = 70;
/** Multiplies a symmetric matrix by the vector of a reflector. */
export const MULTIPLY_ROW = 72;
/** Makes the other vector of a rank-two update. */
export const CORRECT_ROW = 74;
/** Rotates pairs of rows. */
export const ROTATE_ROWS = 76;
/** Solves for the singular values of a broken arrowhead, in f64. */
export const ARROWHEAD_ROOTS = 40;
/** Finds the first row that makes them exact. */
export const ARROWHEAD_ROW = 41;
/** Makes their vectors. */
export const ARROWHEAD_VECTORS = 42;
/** A step of a reduction to bidiagonal form: what a task of rows does. */
export const BIDIAGONAL_ROWS = 44;
/** What a task of columns does. */
export const BIDIAGONAL_COLS = 46;
/** The triangles of its reflectors. */
export const BIDIAGONAL_TRIANGLES = 48;
/** Makes a few columns triangular by Householder reflectors. */
export const HOUSEHOLDER_PANEL = 68;
/** Finds the nearest codeword of each row. */
export const NEAREST = 96;
/** Arranges a codebook for that. */
export const PACK_CODEBOOK = 98;
/** Finds the roots of a secular equation, in f64. */
export const SECULAR_ROOTS = 80;
/** Finds the weights that roots are exact for, in f64. */
export const SECULAR_WEIGHTS = 81;
/** Makes the vectors that belong to roots. */
export const SECULAR_VECTORS = 82;
/** Measures the columns that are left of a pivoted QR factorization. */
export const MEASURE_COLUMNS = 54;
/** Chooses a column and makes its reflector. */
export const PIVOT_COLUMN = 56;
/** Finds what a reflector makes of the columns that are left. */
export const PIVOT_REST = 58;
/** Derivative of root-mean-square normalization. */
export const RMS_NORM_GRADIENT = 104;
/** Layer normalization of rows. */
export const LAYER_NORM = 106;
/** Its derivative. */
export const LAYER_NORM_GRADIENT = 108;
/** Adds up what the tasks of such a derivative have summed. */
export const SUM_PARTS = 110;
/** Derivative of a function of every element. */
export const ACTIVATE_GRADIENT = 112;
/** Such a function of one array times another. */
export const GATED_ACTIVATION = 114;
/** Its derivative. */
export const GATED_ACTIVATION_GRADIENT = 116;
/** Softmax cross-entropy of rows. */
export const CROSS_ENTROPY = 118;
/** Its derivative. */
export const CROSS_ENTROPY_GRADIENT = 120;
/** Divergence of one softmax of rows from another. */
export const KL_DIVERGENCE = 122;
/** Its derivative. */
export const KL_DIVERGENCE_GRADIENT = 124;
/** Adds rows to rows of another matrix. */
export const SCATTER_ROWS = 126;
/** A step of the optimizer. */
export const ADAM_W = 128;
/** Rounds columns, each making up for those before it. */
export const ROUND_COLUMNS = 160;
/** Fits uniform grids to rows. */
export const FIT_GRIDS = 162;
/** Finds codes of a lattice. */
export const NEAREST_LATTICE = 140;
/** Multiplies by codes of a lattice. */
export const LATTICE_MATMUL = 142;
/** Writes the table of a trellis: what the search for walks needs of each state. */
export const TRELLIS_TABLE = 150;
/** Encodes tiles by the nearest walks through a trellis. */
export const ENCODE_TRELLIS = 151;
/** Multiplies one token by trellis codes. */
export const TRELLIS_VECTOR = 152;
/** Multiplies many. */
export const TRELLIS_MATMUL = 153;
