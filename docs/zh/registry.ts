/**
 * # What experiments say in Chinese
 *
 * Written by `deno task registry` from the folders below this one, which mirror those of the chapters. An experiment
 * that is missing here speaks English.
 *
 * @module
 */

import type { Words } from "../../core/experiments/experiment.ts";

/** Words by the names of experiments. */
export const CHINESE: Readonly<Record<string, () => Promise<Words>>> = {};
