/**
 * # The layout of a model
 *
 * **Question.** A Transformer is described by its sizes and its parts. Which of them follow from the others, and how many weights
 * does such a layout have?
 *
 * **Idea.** A layout is plain data. What its writer leaves out is filled in: the width of the feed-forward network is four times that of the model,
 * the width of a head is that of the model divided by the number of heads, and the rest is as in the paper. The number of trained weights (parameter count, 参数量)
 * follows from the shapes of the parts, without building the model.
 *
 * **By hand.** The paper's base model has $E = 512$, $F = 2048$, $L = 6$ and a vocabulary of 37000 tokens. An attention has four
 * matrices of $512 \cdot 512$ weights, $4 \cdot 512 \cdot 512 = 1048576$; a feed-forward network has two, $2 \cdot 512 \cdot 2048 = 2097152$. A layer of the encoder is one
 * of each, 3145728; a layer of the decoder has a second attention, 4194304. Six layers of each kind, and the table of
 * embeddings, $37000 \cdot 512 = 18944000$, make $6 \cdot (3145728 + 4194304) + 18944000 = 62984192$. The other 98304 weights are the biases and
 * the gains of the norms.
 *
 * ```ts
 * import { transformerBase, transformerSize } from "@heed/heed/transformer";
 *
 * const [V, E, F, L] = [37000, 512, 2048, 6];
 * const attention = 4 * E * E, feedForward = 2 * E * F;
 * const [encoderLayer, decoderLayer] = [attention + feedForward, 2 * attention + feedForward];
 * const matrices = L * (encoderLayer + decoderLayer) + V * E;
 * console.log("layers", encoderLayer, decoderLayer);
 * console.log("matrices", matrices);
 * console.log("biases and gains", transformerSize(transformerBase) - matrices);
 * console.log("all", transformerSize(transformerBase));
 * ```
 *
 * ```text
 * layers 3145728 4194304
 * matrices 62984192
 * biases and gains 98304
 * all 63082496
 * ```
 *
 * **Formula.** Without biases and gains, with keys and values of its own for each head, and with one table for both languages and the scores,
 *
 * $$N = VE + L\,(4E^2 + 2EF) + L\,(8E^2 + 2EF)$$
 *
 * | symbol | in code           | meaning                                   |
 * | ------ | ----------------- | ----------------------------------------- |
 * | $N$    | the result        | trained weights                           |
 * | $V$    | `vocabSize`       | one number: tokens of the vocabulary      |
 * | $E$    | `hiddenSize`      | one number: width of a position           |
 * | $F$    | `feedForwardSize` | one number: width of the feed-forward     |
 * | $L$    | `numLayers`       | one number: layers of each stack          |
 *
 * **Why not build and count.** A layout of billions of weights can be measured before there is memory for it. Parts that bring weights of their
 * own, such as learned positions, are made without values and counted, so that a new part needs no formula.
 *
 * Source: Vaswani, Shazeer, Parmar, Uszkoreit, Jones, Gomez, Kaiser and Polosukhin 2017, *Attention Is All You Need*, table 3.
 *
 * @module
 */

import { MOST_PARTS } from "../engine/arguments.ts";
import { Module } from "../engine/module.ts";
import { checkObject, checkOptions, type Checks, flag, integer, required } from "../engine/options.ts";
import { partOf } from "../engine/part.ts";
import { Random } from "../engine/random.ts";
import { scope } from "../engine/scope.ts";
import { headSizeOf, multiHead } from "../04_attention/multi_head.ts";
import { sinusoidal } from "../04_attention/positions/absolute.ts";
import { noPositions, type PositionScheme } from "../04_attention/positions/scheme.ts";
import { choiceChecks, type LayerChoices, type LayerOptions } from "./encoder.ts";
import { type Activation, type GatedActivation, relu } from "./feed_forward/activations.ts";
import { layerNormalization } from "./normalization.ts";
import type { Placement } from "./residual.ts";

/**
 * Number of trained numbers that a layout has.
 *
 * @param options layout of the model
 * @returns what `parameterCount()` of the model would be
 */
export function transformerSize(options: EncoderDecoderOptions): number {
  const layout = layoutOf(options);
  const { hiddenSize: E, feedForwardSize: F, numHeads, numGroups, headSize, numLayers, positions, bias } = layout;
  const matrix = (inputs: number, outputs: number): number => (inputs + Number(bias)) * outputs;

  // $2EF$ with biases; a gated network has a third matrix.
  const feedForward = ("gate" in layout.activation ? 2 : 1) * matrix(E, F) + matrix(F, E);

  // $4E^2$, or what another attention has. Made without values and counted, as norms and positions are.
  const attention = sizeOfPart(() => layout.attention.create(E, numHeads, Random.none, { numGroups, headSize, bias }));
  const norm = sizeOfPart(() => layout.norm.create(E, { bias }));
  const places = [false, true].reduce((sum, causal) => {
    const sizes = { ...layout, causal, deviation: 1 };
    return sum + sizeOfPart(() => positions.input?.(sizes, Random.none)) +
      sizeOfPart(() => positions.attention?.(sizes, Random.none));
  }, 0);

  // $4E^2 + 2EF$: each part once.
  const norms = layout.placement === "both" ? 2 * norm : norm;
  const encoderLayer = attention + feedForward + 2 * norms;

  // $8E^2 + 2EF$: one attention more, to the source, and one norm.
  const decoderLayer = 2 * attention + feedForward + 3 * norms;

  // $VE$, once if the scores are products with the table, and once more for a source with a table of its own.
  const closing = layout.closingNorm ? 2 * norm : 0;
  const tables = (options.sourceVocabSize ?? 0) + layout.vocabSize * (layout.tieHead ? 1 : 2);
  return numLayers * (encoderLayer + decoderLayer) + closing + tables * E + places;
}

/** Trained numbers of one part, which is made without values and given back. */
function sizeOfPart(create: () => object | undefined): number {
  return scope(() => {
    const part = create();
    return part instanceof Module ? part.parameterCount() : 0;
  });
}

// ## The paper's two models
//
// The [experiment](experiments/layout.ts) counts their weights part by part, and compares with the table of the paper.
//
// **The notes, 000.17.** Without recurrence, yes. Purely self-attention, no: cross-attention reads the other sentence, and the feed-forward networks hold many
// of the weights. With a hidden layer of width $F = 4E$ they have $8E^2$ of an encoder layer's $12E^2$ weights and $8E^2$ of a decoder layer's $16E^2$; biases and gains are not
// counted.

// #region The options
// What is left out is filled in as the paper has it, or, for a model without an encoder, as GPT-2 has it.

/**
 * The sizes and parts that every model has in common.
 *
 * The defaults are those of an `EncoderDecoder`, the paper's base model. Where those of a
 * `DecoderOnly`, the smallest GPT-2, differ, they stand beside.
 */
export interface TransformerOptions extends LayerChoices {
  /** Number of tokens; of the target language, and of both if they share a table. */
  readonly vocabSize: number;
  /** Longest sequence, the context window (上下文窗口); 512 by default, 1024 in a `DecoderOnly`. */
  readonly contextLength?: number | undefined;
  /** Width of a position; 512 by default, 768 in a `DecoderOnly`. */
  readonly hiddenSize?: number | undefined;
  /** Number of layers, of encoder and decoder each; 6 by default, 12 in a `DecoderOnly`. */
  readonly numLayers?: number | undefined;
  /** Heads of each attention; 8 by default, 12 in a `DecoderOnly`. */
  readonly numHeads?: number | undefined;
  /** How positions enter; {@linkcode sinusoidal} by default, `learned` in a `DecoderOnly`. */
  readonly positions?: PositionScheme | undefined;
  /** The bend in the feed-forward; {@linkcode relu} by default, `geluTanh` in a `DecoderOnly`. */
  readonly activation?: Activation | GatedActivation | undefined;
  /** Where the norms stand; `"post"` by default, `"pre"` in a `DecoderOnly`. */
  readonly placement?: Placement | undefined;
  /** Whether a norm stands behind the last layer; where `placement` is not `"post"` by default. */
  readonly closingNorm?: boolean | undefined;
  /** Whether scores are products with the table of embeddings; true by default. */
  readonly tieHead?: boolean | undefined;
  /** Share of outputs and input dropped in training; 0.1 by default, 0 in a `DecoderOnly`. */
  readonly dropout?: number | undefined;
}

/** What the options of any model may be. */
export const transformerChecks: Checks<TransformerOptions> = {
  ...choiceChecks,
  vocabSize: required(integer()),
  contextLength: integer(),
  hiddenSize: integer(),
  numLayers: integer({ min: 1, max: MOST_PARTS }),
  numHeads: integer(),
  positions: partOf(
    "a position scheme, such as rotary()",
    (part) => part.input !== undefined || part.attention !== undefined || part.word === noPositions.word,
  ),
  closingNorm: flag,
  tieHead: flag,
};

/** How an `EncoderDecoder` is laid out. The defaults are the paper's base model. */
export interface EncoderDecoderOptions extends TransformerOptions {
  /** Tokens of the source language, for a table of its own; both share one by default. */
  readonly sourceVocabSize?: number | undefined;
}

/** The paper's base model, with its English–German vocabulary of about 37,000 byte pairs. */
export const transformerBase: EncoderDecoderOptions = { vocabSize: 37000 };

/** The paper's big model; its dropout is the English–German one. */
export const transformerBig: EncoderDecoderOptions = { vocabSize: 37000, hiddenSize: 1024, numHeads: 16, dropout: 0.3 };

/** Options with every default filled in. */
export type Complete<T> = { readonly [K in keyof T]-?: Exclude<T[K], undefined> };

/** Defaults that follow from no other option. */
export type Defaults<T> = Omit<Complete<T>, "vocabSize" | "numGroups" | "headSize" | "feedForwardSize" | "closingNorm">;

/**
 * Fills in what was left out.
 *
 * @param options what the caller asked for, checked
 * @param defaults the model's own
 * @returns every option
 */
export function complete<T extends TransformerOptions>(options: T, defaults: Defaults<T>): Complete<T> {
  for (const object of [options, defaults]) checkObject("complete a layout", object);
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
  const { hiddenSize, numHeads, placement }: Pick<
    Complete<TransformerOptions>,
    "hiddenSize" | "numHeads" | "placement"
  > = { ...defaults, ...given };
  const headSize = options.headSize ?? headSizeOf(hiddenSize, numHeads);
  const derived = { numGroups: numHeads, feedForwardSize: 4 * hiddenSize, closingNorm: placement !== "post" };
  return { ...defaults, ...derived, ...given, headSize } as Complete<T>;
}

const ENCODER_DECODER: Checks<EncoderDecoderOptions> = { ...transformerChecks, sourceVocabSize: integer() };

/** The layout of an `EncoderDecoder`: every option, checked. */
export function layoutOf(options: EncoderDecoderOptions): Complete<EncoderDecoderOptions> {
  checkOptions("build a model", options, ENCODER_DECODER);
  return complete(options, {
    sourceVocabSize: options.vocabSize,
    contextLength: 512,
    hiddenSize: 512,
    numLayers: 6,
    numHeads: 8,
    attention: multiHead(),
    positions: sinusoidal,
    activation: relu,
    norm: layerNormalization(),
    placement: "post",
    bias: true,
    tieHead: true,
    dropout: 0.1,
  });
}

/**
 * The options of a layout that its layers know.
 *
 * @param layout that of the whole model
 * @returns all but where positions enter
 */
export function layerOptionsOf(layout: Complete<TransformerOptions>): Omit<LayerOptions, "positions"> {
  checkObject("build a layer", layout);
  const { hiddenSize, numHeads, numGroups, headSize, feedForwardSize } = layout;
  const { attention, activation, norm, placement, bias, dropout } = layout;
  return {
    ...{ hiddenSize, numHeads, numGroups, headSize, feedForwardSize },
    ...{ attention, activation, norm, placement, bias, dropout },
  };
}

// #endregion

// ## Exercise
//
// By default the scores are products with the table of embeddings ([section](encoder_decoder.ts)). Set `tieHead: false`. How many
// weights more has the paper's base model? Predict whether a small model then learns a
// dictionary of 200 words faster or slower, where word $n$ is translated as $n + 1$, and where it is translated as itself. Measure it.
//
// **Hint.** {@linkcode transformerSize} counts. What does the row of a word have to do as an input, and what as an answer?
//
// **Solution.** The model without tying learns faster where word $n$ is translated as $n + 1$, with each of three seeds. As an input the row of a word must lead to the next word, as an answer it
// must be found from the word before, and the two have nothing to do with each other. This model also has $VE$
// more weights, and its head starts from other numbers. The second dictionary is the check:
// there both uses want the same row, and the tied model is ahead. In real language words that are read alike
// are mostly written alike: there tying saves a matrix and improves the model (Press and Wolf 2017, *Using the Output Embedding to
// Improve Language Models*).
//
// ```ts
// import { adamW, crossEntropy, EncoderDecoder, Optimizer, Random, tensor, train } from "@heed/heed";
// import { transformerBase, transformerSize } from "@heed/heed/transformer";
//
// const more = transformerSize({ ...transformerBase, tieHead: false }) - transformerSize(transformerBase);
// console.log(`${more} weights more`);
//
// const V = 200, T = 5, B = 32, BEGIN = 0;
// const layout = { vocabSize: V, hiddenSize: 32, numHeads: 2, numLayers: 1, placement: "pre", dropout: 0 } as const;
// for (const [shift, tieHead] of [[1, true], [1, false], [0, true], [0, false]] as const) {
//   const losses: string[] = [];
//   for (const seed of [1, 2, 3]) {
//     const random = new Random(seed), model = new EncoderDecoder({ ...layout, tieHead }, random.split());
//     const reports = await train({
//       model,
//       batches: { next: () => Array.from({ length: B * T }, () => 1 + random.integer(V - 2)) },
//       optimizer: new Optimizer(model.parameters(), adamW({ learningRate: 0.003 })),
//       steps: 200,
//       reportEvery: 100,
//       loss(words) {
//         const answers = words.map((word) => word + shift), shifted = answers.map((_, i) => i % T ? answers[i - 1]! : BEGIN);
//         const [source, target, labels] = [words, shifted, answers].map((ids) => tensor(Int32Array.from(ids), [B, T]));
//         return crossEntropy(model.forward(source!, target!), labels!);
//       },
//     });
//     losses.push(reports.at(-1)!.loss.toFixed(1));
//   }
//   console.log(`n as n + ${shift}, ${tieHead ? "tied" : "apart"}: ${losses.join(" ")}`);
// }
// ```
//
// ```text
// 18944000 weights more
// n as n + 1, tied: 3.7 3.6 4.0
// n as n + 1, apart: 2.6 2.3 2.6
// n as n + 0, tied: 1.3 1.2 1.3
// n as n + 0, apart: 2.5 1.9 2.1
// ```
