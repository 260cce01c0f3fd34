/**
 * # Runs
 *
 * Kernels that go element by element over contiguous numbers are given them in runs: a run is a unit.
 *
 * @module
 */

/** Elements of a run. */
export const RUN = 1024;
