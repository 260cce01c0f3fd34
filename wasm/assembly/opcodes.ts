/**
 * # Numbers of the jobs
 *
 * Both sides of the border know them: the program that asks for a job and the compiled kernels that do
 * it. Plain constants, valid in TypeScript and in AssemblyScript alike. Fused kernels count from 64;
 * `deno task wasm` numbers them in `fused_opcodes.ts`.
 *
 * @module
 */

/** Does nothing: measures what handing out a job costs. */
export const NOTHING = 0;
/** Packs one operand of a matrix product into panels. */
export const PACK = 1;
/** Multiplies packed panels. */
export const MULTIPLY = 2;
/** One whole product per unit, for batches of small matrices. */
export const MULTIPLY_EACH = 3;
/** A few rows times a matrix stored row by row. */
export const ROWS_TIMES_MATRIX = 4;
/** A few rows times a matrix stored column by column. */
export const ROWS_TIMES_TRANSPOSE = 5;
/** Elementwise function of one argument. */
export const UNARY = 6;
/** Elementwise function of two float32 arguments. */
export const BINARY = 7;
/** Elementwise function of two int32 arguments. */
export const BINARY_INTEGER = 8;
/** Elementwise choice between two arguments. */
export const SELECT = 9;
/** Collapses rows whose elements are neighbours in memory. */
export const REDUCE_ROWS = 10;
/** Collapses the outer axis where the kept axis has its elements side by side. */
export const REDUCE_COLUMNS = 11;
/** Copies runs of elements between strided views. */
export const COPY_ROWS = 12;
/** Copies where source and target run along different axes. */
export const COPY_TRANSPOSED = 13;
/** Changes the type of a run of elements. */
export const CONVERT = 14;
/** Fetches rows of a table by number. */
export const GATHER = 15;
/** Adds rows into a table by number. */
export const SCATTER_ADD = 16;
/** Sorts each row, yielding the order. */
export const ARGSORT = 17;
/** Copies element by element between any two strided views. */
export const COPY_STRIDED = 18;
/** Multiplies a few rows with packed panels. */
export const ROWS_TIMES_PANELS = 19;
/** Rounds rows to integers, block by block. */
export const ROUND_ROWS = 20;
/** Multiplies rounded rows with weights in blocks of integers. */
export const ROWS_TIMES_BLOCKS = 21;
/** Packs weights into blocks of integers. */
export const PACK_BLOCKS = 22;
/** Turns blocks of integers into float32 panels. */
export const UNPACK_BLOCKS = 23;
/** Packs weights into panels of float16. */
export const PACK_HALVES = 24;
/** Multiplies rows with panels of float16. */
export const ROWS_TIMES_HALVES = 25;
/** Turns panels of float16 into float32 panels. */
export const UNPACK_HALVES = 26;
/** Rounds rows to records of eight bits a number. */
export const ROUND_RECORDS = 27;
/** Turns such records into float32 rows. */
export const SPREAD_RECORDS = 28;

/** First number of the fused kernels. */
export const FUSED = 64;
