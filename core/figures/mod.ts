/**
 * # Pictures of what is computed
 *
 * Attention, matrices and curves of training as pictures: SVG in a notebook, a page or a file, text in a terminal. Nothing else
 * of the library needs this, and no page that computes loads it.
 *
 * | file                       | holds                                        |
 * | -------------------------- | -------------------------------------------- |
 * | [`matrix.ts`](matrix.ts)   | what each position looked at; any matrix     |
 * | [`curve.ts`](curve.ts)     | the loss of a run, or what it measured       |
 * | [`picture.ts`](picture.ts) | how a picture shows itself                   |
 *
 * @module
 */

export { attentionMap, heatMap, type MatrixOptions } from "./matrix.ts";
export { type CurveOptions, lossCurve } from "./curve.ts";
export type { Picture } from "./picture.ts";
