/**
 * What the compiled ladder exports: the rungs that the device no longer runs, and two limits.
 *
 * @module
 */

export { attentionMatrix, attentionOnline, attentionRows, attentionVectors } from "./attention";
export { layerNormNaive, layerNormVectors } from "./layer_norm";
export { copying, reading } from "./limits";
export { matmulNaive, matmulPanels, matmulRows, matmulTiles, matmulVectors } from "./matmul";
export { peak } from "./peak";
export { rowNaive, rowRows, rowVectors } from "./one_row";
export { quantizedIntegers, quantizedNaive, quantizedRegisters, roundColumns } from "./quantized";
export { softmaxNaive, softmaxVectors } from "./softmax";
