/**
 * # Exports of the ladder
 *
 * What the compiled ladder exports: the rungs that the device no longer runs, and two limits.
 *
 * @module
 */

export { attentionMatrix, attentionOnline, attentionRows, attentionVectors } from "./attention.ts";
export { layerNormNaive, layerNormVectors } from "./layer_norm.ts";
export { copying, reading } from "./limits.ts";
export { matmulNaive, matmulPanels, matmulRows, matmulTiles, matmulVectors } from "./matmul.ts";
export { peak } from "./peak.ts";
export { rowNaive, rowRows, rowVectors } from "./one_row.ts";
export { quantizedIntegers, quantizedNaive, quantizedRegisters, roundColumns } from "./quantized.ts";
export { softmaxNaive, softmaxVectors } from "./softmax.ts";
