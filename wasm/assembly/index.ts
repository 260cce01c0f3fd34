/**
 * What the compiled module exports.
 *
 * @module
 */

export { peak } from "./peak";
export { runAlone, runTogether, serve } from "./threads";
