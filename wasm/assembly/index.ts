/**
 * # Exports of the kernels
 *
 * What the compiled module exports.
 *
 * @module
 */

export { runAlone, runTogether, serve } from "./threads.ts";
