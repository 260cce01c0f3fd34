/**
 * # Flags of WebGPU
 *
 * The specification fixes their values. A host declares the globals that carry them, `GPUBufferUsage` and its like, only
 * to those who ask for its types; here they are numbers, so that this device also type-checks for programs that do not.
 *
 * @module
 */

/** What a buffer is used for. */
export const BUFFER = { mapRead: 0x1, copySource: 0x4, copyTarget: 0x8, uniform: 0x40, storage: 0x80 } as const;

/** Which stage of a pipeline sees a binding: the one that computes. */
export const COMPUTE = 0x4;

/** Why memory is mapped: to be read. */
export const READ = 0x1;
