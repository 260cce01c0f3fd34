/**
 * # A translator in use
 *
 * A model between two vocabularies: sentences in, sentences out, and a map of what each word of a
 * translation was read from.
 *
 * @module
 */

import type { SequenceTokenizer } from "../02_words/before_tokens/tokenizer.ts";
import { EncoderDecoder } from "../05_transformer/encoder_decoder.ts";
import { padSequences } from "../06_training/batching.ts";
import { generate } from "../07_generation/generate.ts";
import type { OutputOptions } from "../07_generation/options.ts";
import type { Decoder } from "../07_generation/sampling.ts";
import type { StepOutput } from "../07_generation/search.ts";
import { noGrad } from "../engine/autograd.ts";
import type { Module } from "../engine/module.ts";
import { release, scope } from "../engine/scope.ts";
import { tensor } from "../engine/create.ts";
import { Tensor } from "../engine/tensor.ts";
import type { ModelLayout } from "./kinds/kind.ts";
import type { DecodingChoice, Ranked } from "./decoding.ts";
import { DataError, escapeControl, quote } from "./errors.ts";
import { trim } from "./files.ts";
import { line, shadedMap, shadeLegend } from "./terminal.ts";

/** Beams of a search unless another number is asked for. */
export const BEAMS = 4;

/** A text that was found. */
export interface Written extends Ranked {
  /** Its text. */
  readonly text: string;
  /** Its tokens, without the one that ended it. */
  readonly tokens: readonly number[];
  /** Whether an end was reached. */
  readonly finished: boolean;
  /** What was kept of each step, if that was asked for. */
  readonly steps?: readonly StepOutput[];
}

/** A translation, and everything that its search has found. */
interface Translation extends Written {
  readonly beams: readonly Written[];
}

/** A model that reads a sentence and writes another: what Transformers and recurrent networks have in common. */
export interface TranslationModel extends Module {
  /** Its layout. */
  readonly options: ModelLayout;
  /** Longest sentence. */
  readonly contextLength: number;
  /** Reads the sources: one tensor, or several by name. */
  encode(source: Tensor, call: { readonly mask: Tensor }): object;
  /** Makes a decoder of what `encode` returned. */
  given(memory: object, sourceMask: Tensor): Decoder;
  /** Scores every word of the targets. */
  forward(source: Tensor, target: Tensor, call: { readonly sourceMask: Tensor }): Tensor;
}

/** A translator in use. */
export class Translator<Model extends TranslationModel = TranslationModel> {
  /** What computes. */
  readonly model: Model;
  /** Vocabulary of the sentences. */
  readonly source: SequenceTokenizer;
  /** Vocabulary of the translations. */
  readonly target: SequenceTokenizer;

  /** Joins a model and its vocabularies. */
  constructor(model: Model, source: SequenceTokenizer, target: SequenceTokenizer) {
    this.model = model;
    this.source = source;
    this.target = target;
  }

  /** Most tokens that a sentence may have. */
  get #room(): number {
    return this.model.contextLength;
  }

  /** Whether each word of a translation looks at those of the source. */
  get hasAttention(): boolean {
    return this.model instanceof EncoderDecoder;
  }

  /** A sentence as tokens; END tells the encoder where it stops. */
  read(sentence: string): number[] {
    const tokens = [...this.source.encode(sentence.normalize("NFC")), this.source.endToken];
    if (tokens.length > this.#room) {
      throw new DataError(
        `Cannot translate ${quote(sentence, 40)}: it has ${tokens.length} tokens, and the model reads ${this.#room}`,
      );
    }
    return tokens;
  }

  /** Translates sentences, several at a time. */
  async translate(
    sentences: readonly string[],
    decoding: DecodingChoice,
    options: {
      readonly maxNewTokens?: number | undefined;
      readonly output?: OutputOptions | undefined;
      readonly signal?: AbortSignal;
    } = {},
  ): Promise<Translation[]> {
    const tokens = sentences.map((sentence) => this.read(sentence));
    const longest = Math.max(...tokens.map(({ length }) => length));
    const maxNewTokens = Math.min(options.maxNewTokens ?? 2 * longest + 10, this.#room);
    const encoded = scope(() =>
      noGrad(() => {
        const { tokens: source, mask } = padSequences(tokens, { padToken: this.source.padToken });
        return { memory: this.model.encode(source, { mask }), mask };
      })
    );
    try {
      const prompts = sentences.map(() => [this.target.beginToken]);
      const results = await generate(this.model.given(encoded.memory, encoded.mask), prompts, {
        ...decoding,
        maxNewTokens,
        eosToken: this.target.endToken,
        ...(options.output && { output: options.output }),
        ...(options.signal && { signal: options.signal }),
      });
      const spell = (found: Omit<Written, "text">): Written => ({
        ...found,
        text: trim(this.target.decode(found.tokens)),
      });
      return results.map((result) => ({ ...spell(result), beams: (result.beams ?? [result]).map(spell) }));
    } finally {
      const { memory, mask } = encoded;
      for (const tensor of memory instanceof Tensor ? [memory] : Object.values(memory)) release(tensor as Tensor);
      release(mask);
    }
  }

  /** Cross-attention of the last layer, its heads averaged: one row per target token. */
  async attention(sentence: string, written: readonly number[]): Promise<AttentionMap> {
    const { model } = this;
    if (!(model instanceof EncoderDecoder)) {
      throw new DataError("Cannot draw attention: this translator has none, and writes from one vector");
    }
    const source = this.read(sentence);
    // A translation that was cut off fills the context, and nobody has asked what comes after it.
    const inputs = [this.target.beginToken, ...written].slice(0, this.#room);
    const path = `decoder.layers.${model.options.numLayers - 1}.crossAttention`;
    const weights = scope(() =>
      noGrad(() => {
        let seen: Tensor | undefined;
        model.forward(row(source), row(inputs), {
          observe: (where, weights) => void (where === path && (seen = weights.mean([0, 1]))),
        });
        return seen!;
      })
    );
    const numbers = await weights.read();
    release(weights);
    const width = source.length;
    return {
      rows: [...written.map((id) => this.target.decode([id])), "END"].slice(0, inputs.length),
      columns: [...source.slice(0, -1).map((id) => this.source.decode([id])), "END"],
      weights: Array.from(
        { length: inputs.length },
        (_, r) => Array.from(numbers.subarray(r * width, (r + 1) * width)),
      ),
    };
  }
}

/** What {@linkcode shadedMap} draws. */
export interface AttentionMap {
  readonly rows: readonly string[];
  readonly columns: readonly string[];
  readonly weights: readonly (readonly number[])[];
}

function row(tokens: readonly number[]): Tensor {
  return tensor(Int32Array.from(tokens), [1, tokens.length]);
}

/** Translates many sentences, those of similar length together; the order stays theirs. */
export async function translateAll(
  translator: Translator,
  sentences: readonly string[],
  decoding: DecodingChoice,
  batchSize: number,
  signal?: AbortSignal,
): Promise<string[]> {
  const order = sentences.map((_, i) => i).sort((a, b) => sentences[a]!.length - sentences[b]!.length);
  const results = new Array<string>(sentences.length);
  for (let at = 0; at < order.length; at += batchSize) {
    const batch = order.slice(at, at + batchSize);
    const texts = await translator.translate(batch.map((i) => sentences[i]!), decoding, signal && { signal });
    batch.forEach((i, j) => results[i] = texts[j]!.text);
  }
  return results;
}

/** Draws what each word of a translation was read from. */
export async function printAttention(
  translator: Translator,
  sentence: string,
  tokens: readonly number[],
): Promise<void> {
  const { weights, rows, columns } = await translator.attention(sentence, tokens);
  line();
  line(`Where each word of the translation looked in ${escapeControl(sentence)}`);
  line("(cross-attention of the last layer, mean of its heads):");
  line();
  for (const drawn of shadedMap(weights, rows, columns)) line(`  ${drawn}`);
  line();
  line(`  ${shadeLegend()}`);
  line();
}
