/**
 * # What it costs to open a model
 *
 * Files of a small model of the usual shape are made in memory, in three kinds of elements, and opened through a source that counts. Read as a whole, and tensor by tensor.
 *
 * @module
 */

import type { Experiment, Labels, Parts } from "../../experiments/experiment.ts";
import { Steps } from "../../experiments/running.ts";
import { encodeSafetensors, type StoredTensor } from "../../06_training/safetensors.ts";
import { type ByteFile, bytesSource, type ModelSource } from "../files/mod.ts";
import { openWeights, weightNumbers } from "../files/weights.ts";

const VOCABULARY = 2000;
const KINDS = ["F32", "F16", "I8"] as const;
const WIDTHS = { F32: 4, F16: 2, I8: 1 } as const;

/** What is found; bytes, by kind of element. */
export interface OpeningFindings {
  /** Of the file. */
  readonly size: readonly number[];
  /** Read before all names and shapes are known. */
  readonly listed: readonly number[];
  /** Most that is held when the file is read as a whole and float32 weights are made of it. */
  readonly whole: readonly number[];
  /** The same, one tensor after the other. */
  readonly apart: readonly number[];
  /** Bytes of the weights in float32, and how many tensors there are. */
  readonly weights: number;
  readonly tensors: number;
}

/** What the experiment is made of. */
export interface Opening extends Parts {
  findings: OpeningFindings;
  controls: "layers" | "width";
  claims: "listed" | "apart" | "whole";
  captions: "memory" | "listed";
  labels: Labels<"bytes" | "whole" | "apart" | "weights" | "kind" | "file" | "listed">;
}

/** Names and shapes as of a model of the LLaMA family. */
function shapesOf(layers: number, width: number): Map<string, number[]> {
  const shapes = new Map([["model.embed_tokens.weight", [VOCABULARY, width]], ["model.norm.weight", [width]]]);
  for (let layer = 0; layer < layers; layer++) {
    const name = `model.layers.${layer}`;
    for (const part of ["q_proj", "k_proj", "v_proj", "o_proj"]) {
      shapes.set(`${name}.self_attn.${part}.weight`, [width, width]);
    }
    for (const part of ["gate_proj", "up_proj"]) shapes.set(`${name}.mlp.${part}.weight`, [3 * width, width]);
    shapes.set(`${name}.mlp.down_proj.weight`, [width, 3 * width]);
    for (const part of ["input_layernorm", "post_attention_layernorm"]) shapes.set(`${name}.${part}.weight`, [width]);
  }
  return shapes;
}

/** A source that counts what is read from another. */
function counting(inner: ModelSource): { readonly source: ModelSource; readonly read: () => number } {
  let total = 0;
  const file = (found: ByteFile): ByteFile => ({
    size: found.size,
    read(begin, end, options) {
      total += end - begin;
      return found.read(begin, end, options);
    },
  });
  const source: ModelSource = {
    ...inner,
    async open(path, options) {
      const found = await inner.open(path, options);
      return found && file(found);
    },
  };
  return { source, read: () => total };
}

/** Opened in two ways. */
export const experiment: Experiment<Opening> = {
  controls: { layers: { default: 12, min: 1, max: 32 }, width: { default: 96, min: 16, max: 192, step: 16 } },
  constants: { vocabulary: VOCABULARY },
  claims: {
    listed: { holds: ({ listed, size }) => listed.every((bytes, i) => bytes < size[i]! / 20) },
    apart: { holds: ({ apart, whole }) => apart.every((bytes, i) => bytes < whole[i]!) },
    whole: { holds: ({ whole, weights }) => whole[0]! >= 2 * weights },
  },
  async measure({ layers, width }, options) {
    const steps = new Steps(options, KINDS.length), shapes = shapesOf(layers, width);
    const found = { size: [] as number[], listed: [] as number[], whole: [] as number[], apart: [] as number[] };
    let floats = 0;
    for (const kind of KINDS) {
      await steps.next();
      const tensors = new Map([...shapes].map(([name, shape]): [string, StoredTensor] => {
        const bytes = new Uint8Array(shape.reduce((product, extent) => product * extent, WIDTHS[kind]));
        return [name, { kind, shape, bytes }];
      }));
      const file = encodeSafetensors({ tensors });
      const { source, read } = counting(bytesSource(new Map([["model.safetensors", file]])));
      const weights = await openWeights(source);
      found.listed.push(read());
      found.size.push(file.length);
      let made = 0, most = 0;
      for await (
        const [, weight] of weights.each(weights.places.keys(), options.signal && { signal: options.signal })
      ) {
        made += weightNumbers(weight).length * 4;
        most = Math.max(most, made + weight.bytes.length);
      }
      found.apart.push(most);
      found.whole.push(made + file.length);
      floats = made;
    }
    return { ...found, weights: floats, tensors: shapes.size };
  },
  draw(findings, { captions, labels }) {
    const { size, listed, whole, apart, weights } = findings;
    const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(2)} MB`;
    return [
      {
        kind: "bars",
        caption: captions.memory(findings),
        y: { title: labels.bytes },
        bars: KINDS.flatMap((kind, i) => [
          { label: labels.weights, group: kind, value: weights / 1e6 },
          { label: labels.apart, group: kind, value: apart[i]! / 1e6 },
          { label: labels.whole, group: kind, value: whole[i]! / 1e6 },
        ]),
      },
      {
        kind: "table",
        caption: captions.listed(findings),
        columns: [labels.kind, labels.file, labels.listed],
        rows: KINDS.map((kind, i) => [kind, megabytes(size[i]!), `${listed[i]}`]),
      },
    ];
  },
};
