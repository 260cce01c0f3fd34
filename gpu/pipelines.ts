/**
 * # From a shader's text to something that runs
 *
 * A pipeline is a compiled shader. It is made when a kernel first runs in a variant, and kept. What a
 * shader binds is read from its own declarations: numbers come first, storage in the order of the
 * `@binding`s, the parameters last.
 *
 * @module
 */

import { COMPUTE } from "./flags.ts";
import { SHADERS } from "./shaders.ts";
import { expand, type Variant } from "./template.ts";

/** A compiled shader and what it binds. */
export interface Pipeline {
  /** The driver's handle. */
  readonly handle: GPUComputePipeline;
  /** Shared by all shaders that bind the same kinds in the same order. */
  readonly layout: GPUBindGroupLayout;
  /** Its bindings, one letter each: `r` read, `w` read and write, `u` parameters. */
  readonly kinds: string;
  /** Name of the shader, for messages. */
  readonly name: string;
}

/** The letters of a shader's bindings in the order of their numbers. */
export function kindsOf(text: string): string {
  const found: string[] = [];
  for (const [, number, space] of text.matchAll(/@binding\((\d+)\)\s+var<([^>]+)>/g)) {
    found[Number(number)] = space === "uniform" ? "u" : space!.includes("read_write") ? "w" : "r";
  }
  return found.join("");
}

/** The pipelines of one device. */
export class Pipelines {
  readonly #device: GPUDevice;
  readonly #failed: (error: Error) => void;
  readonly #made = new Map<string, Pipeline>();
  readonly #layouts = new Map<string, GPUBindGroupLayout>();
  readonly #header: string;

  /**
   * @param device compiles
   * @param failed hears of a shader that does not compile, some time later
   */
  constructor(device: GPUDevice, failed: (error: Error) => void) {
    this.#device = device;
    this.#failed = failed;
    this.#header = device.features.has("shader-f16") ? "enable f16;\n" : "";
  }

  /** Number of variants compiled so far. */
  get count(): number {
    return this.#made.size;
  }

  /** The pipeline of a shader in a variant. */
  of(name: string, variant: Variant = {}): Pipeline {
    let key = name;
    for (const part in variant) key += `,${part}=${variant[part]}`;
    let pipeline = this.#made.get(key);
    if (!pipeline) this.#made.set(key, pipeline = this.compile(name, expand(name, variant, SHADERS)));
    return pipeline;
  }

  /** Compiles the text of a shader. */
  compile(name: string, text: string): Pipeline {
    const kinds = kindsOf(text), layout = this.#layoutOf(kinds), device = this.#device;
    device.pushErrorScope("validation");
    const module = device.createShaderModule({ code: /\bf16\b/.test(text) ? this.#header + text : text, label: name });
    const handle = device.createComputePipeline({
      label: name,
      layout: device.createPipelineLayout({ bindGroupLayouts: [layout] }),
      compute: { module, entryPoint: "main" },
    });
    device.popErrorScope().then((error) => {
      if (error) this.#failed(new Error(`Cannot compile the shader ${JSON.stringify(name)}: ${error.message}`));
    }, () => {/* the device was lost, which is reported by itself */});
    return { handle, layout, kinds, name };
  }

  #layoutOf(kinds: string): GPUBindGroupLayout {
    let layout = this.#layouts.get(kinds);
    if (!layout) {
      const entries = [...kinds].map((kind, binding): GPUBindGroupLayoutEntry => ({
        binding,
        visibility: COMPUTE,
        buffer: kind === "u"
          ? { type: "uniform", hasDynamicOffset: true }
          : { type: kind === "w" ? "storage" : "read-only-storage" },
      }));
      this.#layouts.set(kinds, layout = this.#device.createBindGroupLayout({ entries }));
    }
    return layout;
  }
}
