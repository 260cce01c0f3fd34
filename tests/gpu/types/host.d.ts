/**
 * What a browser's types say besides WebGPU, as far as `gpu/` uses it.
 *
 * `deno check --config tests/gpu/types/deno.json gpu/mod.ts` holds the GPU device to `@webgpu/types`, the declarations
 * that browser projects use. TypeScript's own `dom` is left out of that check: it declares WebGPU too, and would answer
 * for what the package lacks.
 */

interface Event {
  preventDefault(): void;
}

declare function setTimeout(callback: (value?: unknown) => void, milliseconds: number): number;

declare class AbortSignal {
  readonly aborted: boolean;
}
