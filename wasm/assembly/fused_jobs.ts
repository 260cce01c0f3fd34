/**
 * Which kernel a fused job number means.
 *
 * @module
 */

/** Does the units `[from, to)` of one fused job. */
export function fusedJob(op: i32, args: usize, from: i32, to: i32, scratch: usize): void {
}
