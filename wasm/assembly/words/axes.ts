/**
 * # Words of the axes
 *
 * A kernel takes its arguments as words of 32 bits, in the order of the files of this folder: the device writes a word
 * under the name under which the kernel reads it. Plain constants, valid in TypeScript and in AssemblyScript.
 *
 * Kernels that walk views find their axes here, whatever their other words are.
 *
 * @module
 */

/** Extents of up to eight outer axes. */
export const EXTENTS = 16;
/** Bytes per step along each of them in the first operand that is walked. */
export const STRIDES = 24;
/** Words from the strides of an operand to those of the next. */
export const OPERAND = 8;
