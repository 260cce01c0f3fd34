/**
 * # Encoder only
 *
 * **Question.** A decoder predicts the next word, so it may look at one side of it only. Whoever wants to understand a text has both sides. How is a model trained that may use them?
 *
 * **Idea.** Hide some words and ask for them (masked language model). A word that is replaced by the token MASK cannot be copied, so an [encoder](encoder.ts) that sees everything else has to infer it, from the words before and the words after. What it has learned by that serves other questions: its vectors of words, and one vector for the whole text. This is BERT.
 *
 * **Formula.** The input adds three tables, for the words $x$, for the positions, and for the *token type* $s$, which says of which of two texts a token is (token type, segment). With a head of one matrix $W_h$, a norm, and the table $W$ of the words again,
 *
 * $$h = \mathrm{encoder}\big(\mathrm{norm}(W_x + W_\mathrm{pos} + W_\mathrm{type}[s])\big), \qquad P(x_t \mid x_{\ne t}) = \mathrm{softmax}\big(\mathrm{norm}(\mathrm{gelu}(h_t W_h))\, W^\top + b\big), \qquad p = \tanh(h_0 W_p)$$
 *
 * | symbol            | in code            | shape                          |
 * | ----------------- | ------------------ | ------------------------------ |
 * | $x$               | `tokens`           | `[B, S]`                       |
 * | $s$               | `types`            | `[B, S]`                       |
 * | $W$               | `embedding.weight` | `[V, E]`                       |
 * | $W_\mathrm{pos}$  | `positions.weight` | `[contextLength, E]`, $S$ rows |
 * | $W_\mathrm{type}$ | `typeTable`        | `[numTypes, E]`                |
 * | $h$               | `hidden`           | `[B, S, E]`                    |
 * | $p$               | `pooled`           | `[B, E]`                       |
 *
 * **By hand.** A head of width 2 knows three words with the rows (1, 0), (0, 1) and (1, 1). At a hidden place the head has made (2, 1). The products with the rows are 2, 1 and 3. The softmax makes of them 0.245, 0.090 and 0.665: the third word stood there, most probably.
 * A bias of 1 for the second word alone makes its score 2, and the probabilities 0.212, 0.212 and 0.576.
 *
 * ```ts
 * import { softmax } from "@heed/heed/words";
 * import { tensor } from "@heed/heed/engine";
 *
 * const table = tensor([[1, 0], [0, 1], [1, 1]]), made = tensor([[2, 1]]);
 * const scores = made.matmul(table.transpose(0, 1));
 * for (const logits of [scores, scores.add(tensor([0, 1, 0]))]) {
 *   const rounded = Array.from(await softmax(logits).read(), (p) => p.toFixed(3));
 *   console.log(Array.from(await logits.read()).join(" "), "→", rounded.join(" "));
 * }
 * ```
 *
 * ```text
 * 2 1 3 → 0.245 0.090 0.665
 * 2 2 3 → 0.212 0.212 0.576
 * ```
 *
 * **Why a norm on the sum of the tables.** In the post-norm layers of BERT every sublayer gets a vector that a norm has made. Without a norm on the embeddings the first layer would be the exception: its input would be a sum of three tables of whatever size they have.
 *
 * **Why the head has a matrix of its own.** The table serves twice, for what is read and for what is answered. With $W_h$ between them, a vector of the last layer need not be the embedding of the word that it answers.
 *
 * Sources: Devlin, Chang, Lee and Toutanova 2019, *BERT: Pre-training of Deep Bidirectional Transformers for Language Understanding*; Liu, Ott, Goyal, Du, Joshi, Chen, Levy, Lewis, Zettlemoyer and Stoyanov 2019, *RoBERTa: A Robustly Optimized BERT Pretraining Approach*; Taylor 1953, *“Cloze Procedure”: A New Tool for Measuring Readability*.
 *
 * @module
 */

import { readPairs } from "../engine/allowed.ts";
import { aTensorLike, checkInstance, checkSizes, checkTensors } from "../engine/arguments.ts";
import { shareChance } from "../engine/chance.ts";
import { parameter, zeros } from "../engine/create.ts";
import { Dropout } from "../engine/dropout.ts";
import { type Initialization, normal } from "../engine/initialization.ts";
import { Linear } from "../engine/linear.ts";
import { Module } from "../engine/module.ts";
import { callback, checkOptions, type Checks, flag, integer } from "../engine/options.ts";
import { partOf } from "../engine/part.ts";
import { checkRandom, type Random } from "../engine/random.ts";
import { dims } from "../engine/shape.ts";
import { asOptionalTensor, asTensor, type Tensor, type TensorLike } from "../engine/tensor.ts";
import { Embedding } from "../02_words/embeddings.ts";
import { multiHead } from "../04_attention/multi_head.ts";
import { learned } from "../04_attention/positions/absolute.ts";
import type { InputPositions } from "../04_attention/positions/scheme.ts";
import { below, Encoder, type EncoderCall, encoderChecks } from "./encoder.ts";
import { type Activation, activationCheck, type GatedActivation, gelu } from "./feed_forward/activations.ts";
import { type Complete, complete, layerOptionsOf, transformerChecks, type TransformerOptions } from "./layout.ts";
import { layerNormalization, type Norm, type Normalization } from "./normalization.ts";

/**
 * How an {@linkcode EncoderOnly} is laid out.
 *
 * The defaults are the base model of BERT: those of the smallest GPT-2 for the sizes, but for a `contextLength` of 512; and post-norm
 * layers, {@linkcode gelu}, norms with an epsilon of 1e-12, and `dropout: 0.1`.
 */
export interface EncoderOnlyOptions extends TransformerOptions {
  /** Kinds of text, each with a vector that its tokens get; 0 for none; 2 by default. */
  readonly numTypes?: number | undefined;
  /** Whether a norm stands on the sum of the embeddings; true by default. */
  readonly embeddingNorm?: boolean | undefined;
  /** Whether the first position makes a vector for the whole text; true by default. */
  readonly pooler?: boolean | undefined;
  /** Whether there is a head that scores words; true by default. */
  readonly wordHead?: boolean | undefined;
}

const CHECKS: Checks<EncoderOnlyOptions> = {
  ...transformerChecks,
  numTypes: integer({ min: 0 }),
  embeddingNorm: flag,
  pooler: flag,
  wordHead: flag,
};

function layoutOf(options: EncoderOnlyOptions): Complete<EncoderOnlyOptions> {
  checkOptions("build a model", options, CHECKS);
  const layout = complete(options, {
    contextLength: 512,
    hiddenSize: 768,
    numLayers: 12,
    numHeads: 12,
    attention: multiHead(),
    positions: learned(),
    activation: gelu,
    norm: layerNormalization({ epsilon: 1e-12 }),
    placement: "post",
    bias: true,
    tieHead: true,
    dropout: 0.1,
    numTypes: 2,
    embeddingNorm: true,
    pooler: true,
    wordHead: true,
  });
  if (options.tieHead !== undefined && !layout.wordHead) {
    throw new TypeError("Cannot build a model with tieHead and wordHead = false: there is no head to be tied");
  }
  return layout;
}

/** Standard deviation of the first weights, as in BERT. */
const DEVIATION = 0.02;

/** What one pass through an {@linkcode EncoderOnly} looks at. */
export interface ReadingCall extends EncoderCall {
  /** Which text each token is of, int32 `[B, S]`; the first one by default. */
  readonly types?: TensorLike | undefined;
}

const CALL: Checks<ReadingCall> = { ...encoderChecks, types: aTensorLike };

/**
 * A BERT: reads a text in both directions.
 *
 * @example
 * ```ts
 * import { Random } from "@heed/heed/engine";
 * import { EncoderOnly } from "@heed/heed/transformer";
 *
 * const options = { vocabSize: 20, contextLength: 8, hiddenSize: 16, numHeads: 2, numLayers: 1 };
 * const model = new EncoderOnly(options, new Random(1)).eval();
 * const hidden = model.encode([[5, 6, 7]]);
 * console.assert(String(hidden.shape) === "1,3,16");
 * console.assert(String(model.score(hidden).shape) === "1,3,20");
 * ```
 */
export class EncoderOnly extends Module {
  /** The options with every default filled in. */
  readonly options: Complete<EncoderOnlyOptions>;
  /** One row per token. */
  readonly embedding: Embedding;
  /** One row per kind of text, if there are kinds. */
  readonly types: Embedding | undefined;
  /** Positions that enter with the input. */
  readonly positions: InputPositions | undefined;
  /** On the sum of the embeddings, where there is one. */
  readonly embeddingNorm: Norm | undefined;
  /** Drops a fraction of the input in training. */
  readonly dropout: Dropout;
  /** The layers. */
  readonly encoder: Encoder;
  /** From the vector of the first position to that of the text, where there is one. */
  readonly pooler: Linear | undefined;
  /** From vectors to scores of words, where there is one. */
  readonly head: WordHead | undefined;

  /**
   * Starts from random weights, as BERT does.
   *
   * @param options layout of the model
   * @param random where the first values come from; dropout draws from a stream that is split off
   * @throws {TypeError} if an option is unknown, or has no effect with the others
   * @throws {RangeError} if a size is impossible
   */
  constructor(options: EncoderOnlyOptions, random: Random) {
    super();
    const layout = this.options = layoutOf(options);
    checkRandom("build a model", random);
    const { vocabSize, hiddenSize, numLayers, numTypes, positions, norm, bias, closingNorm } = layout;
    const sizes = { ...layout, causal: false, deviation: DEVIATION }, start = normal(DEVIATION);
    const embed = (rows: number): Embedding => new Embedding(rows, hiddenSize, random, { deviation: DEVIATION });
    this.embedding = embed(vocabSize);
    this.types = numTypes === 0 ? undefined : embed(numTypes);
    this.positions = positions.input?.(sizes, random);
    this.embeddingNorm = layout.embeddingNorm ? norm.create(hiddenSize, { bias }) : undefined;
    this.dropout = new Dropout(layout.dropout);
    const rule = positions.attention?.(sizes, random), initialization = { within: start, intoSum: start };
    const stack = { ...layerOptionsOf(layout), numLayers, closingNorm, positions: rule, initialization };
    this.encoder = new Encoder(stack, random);
    this.pooler = layout.pooler ? new Linear(hiddenSize, hiddenSize, random, { initialization: start }) : undefined;
    const { activation, tieHead } = layout, head = { activation, norm, bias, tieHead, initialization: start };
    this.head = layout.wordHead ? new WordHead(hiddenSize, vocabSize, random, head) : undefined;
    shareChance(this.chances(), random);
  }

  /** Number of scores per position. */
  get vocabSize(): number {
    return this.options.vocabSize;
  }

  /** Longest sequence. */
  get contextLength(): number {
    return this.options.contextLength;
  }

  /**
   * Reads a batch of texts.
   *
   * @param tokens ids, int32 `[B, S]`
   * @param call which tokens are none, and which text each is of
   * @returns one vector per token, `[B, S, E]`; at padding, numbers without meaning
   * @throws {RangeError} if a text is longer than `contextLength`
   * @throws {TypeError} if there are types and the model has none
   */
  encode(tokens: TensorLike, call: ReadingCall = {}): Tensor {
    checkOptions("read tokens", call, CALL);
    tokens = asTensor("read tokens", "tokens", tokens, "int32", this.embedding.weight.storage);
    const types = asOptionalTensor("read tokens", "types", call.types, "int32", tokens);
    const { B, S } = dims(tokens, "B S"), { mask, bias } = readPairs("read tokens", call, tokens);
    if (types) dims(types, "B S", { B, S });
    if (S > this.contextLength) {
      throw new RangeError(`Cannot read ${S} positions: contextLength is ${this.contextLength}`);
    }
    // $W_x + W_\mathrm{type}[s] + W_\mathrm{pos}$
    let hidden = this.#ofType(this.embedding.forward(tokens), types);
    if (this.positions) hidden = this.positions.forward(hidden);
    if (this.embeddingNorm) hidden = this.embeddingNorm.forward(hidden);

    // $h$: every token has read all others, those before it and those after it.
    return this.encoder.forward(this.dropout.forward(hidden), {
      mask,
      bias,
      observe: below(call.observe, "encoder"),
    });
  }

  /** Adds the vector of each token's text; all are of the first one unless `types` says more. */
  #ofType(hidden: Tensor, types: Tensor | undefined): Tensor {
    if (!this.types) {
      if (types) throw new TypeError("Cannot read tokens with types: the model has numTypes = 0");
      return hidden;
    }
    // One row for all of them, where there is nothing to look up.
    const typeTable = this.types;
    return hidden.add(typeTable.forward(types ?? [[0]]));
  }

  /**
   * One vector for a whole text, made of that of its first token.
   *
   * @param hidden what {@linkcode EncoderOnly.encode} returned, `[B, S, E]`
   * @returns $p$, `[B, E]`
   * @throws {TypeError} if the model has no pooler
   */
  pool(hidden: Tensor): Tensor {
    checkTensors("pool", { hidden });
    dims(hidden, "B S E", { E: this.options.hiddenSize });
    if (!this.pooler) throw new TypeError("Cannot pool: the model has pooler = false");
    const pooled = this.pooler.forward(hidden.at(1, 0)).tanh();
    return pooled;
  }

  /**
   * Scores the words that may stand at each position.
   *
   * @param hidden what {@linkcode EncoderOnly.encode} returned, or some of its positions, `[…, E]`
   * @returns logits, `[…, V]`
   * @throws {TypeError} if the model has no head
   */
  score(hidden: Tensor): Tensor {
    checkTensors("score words", { hidden });
    if (!this.head) throw new TypeError("Cannot score words: the model has wordHead = false");
    return this.head.forward(hidden, this.embedding);
  }

  /**
   * Scores the words at every position: what training with masked words does.
   *
   * @param tokens ids, some of them masked, int32 `[B, S]`
   * @param call which tokens are none, and which text each is of
   * @returns logits, `[B, S, V]`
   */
  forward(tokens: TensorLike, call: ReadingCall = {}): Tensor {
    return this.score(this.encode(tokens, call));
  }
}

/** How a {@linkcode WordHead} is laid out. */
export interface WordHeadOptions {
  /** The bend behind the matrix; of a gated one, what the gate passes through; {@linkcode gelu} by default. */
  readonly activation?: Activation | GatedActivation | undefined;
  /** Which norm; {@linkcode layerNormalization} by default. */
  readonly norm?: Normalization | undefined;
  /** Whether the norm has a bias; true by default. */
  readonly bias?: boolean | undefined;
  /** Whether the table of embeddings is what vectors are compared with; true by default. */
  readonly tieHead?: boolean | undefined;
  /** How the matrices start; {@linkcode glorot} by default. */
  readonly initialization?: Initialization | undefined;
}

const HEAD: Checks<WordHeadOptions> = {
  activation: activationCheck,
  norm: partOf("a norm, such as rmsNormalization()", ({ create }) => create !== undefined),
  bias: flag,
  tieHead: flag,
  initialization: callback(),
};

/** From vectors to scores of words: a matrix, the activation, a norm, and the table of the words. */
export class WordHead extends Module {
  /** Makes of a vector what is compared with the words. */
  readonly transform: Linear;
  /** The bend behind it. */
  readonly activation: Activation;
  /** Behind the bend. */
  readonly norm: Norm;
  /** Compares with the words, where the table of embeddings does not. */
  readonly decoder: Linear | undefined;
  /** Added to the score of each word, `[V]`. */
  readonly bias: Tensor;

  /**
   * Starts from random weights.
   *
   * @param hiddenSize width of a vector
   * @param vocabSize number of words
   * @param random where the first values come from
   * @param options activation, norm, tying
   * @throws {TypeError} if an option is unknown
   */
  constructor(hiddenSize: number, vocabSize: number, random: Random, options: WordHeadOptions = {}) {
    super();
    checkOptions("build a head", options, HEAD);
    checkSizes("build a head", { hiddenSize, vocabSize });
    checkRandom("build a head", random);
    const { activation = gelu, norm = layerNormalization(), bias = true, tieHead = true, initialization } = options;
    // A head has one matrix, and nothing that a gate could weigh.
    this.activation = "gate" in activation ? activation.gate : activation;
    this.transform = new Linear(hiddenSize, hiddenSize, random, { initialization });
    this.norm = norm.create(hiddenSize, { bias });
    this.decoder = tieHead ? undefined : new Linear(hiddenSize, vocabSize, random, { bias: false, initialization });
    this.bias = parameter(zeros([vocabSize]));
  }

  /**
   * Scores the words.
   *
   * @param hidden `[…, E]`
   * @param embedding the table of the words, `[V, E]`
   * @returns logits, `[…, V]`
   */
  forward(hidden: Tensor, embedding: Embedding): Tensor {
    checkTensors("score words", { hidden });
    checkInstance("score words", "embedding", embedding, Embedding);
    const made = this.norm.forward(this.activation(this.transform.forward(hidden)));
    const scores = this.decoder ? this.decoder.forward(made) : embedding.weight.multiplyTransposed(made);
    return scores.add(this.bias);
  }
}

// ## What is hidden, and how often
//
// BERT hides about every seventh token. Of those most become MASK, some another token, and some stay what they are; all of them are asked for (Devlin et al. 2019, §3.1). MASK stands in no text that the model is later asked to read, and a model that had seen nothing else at the hidden places would have learned nothing about the others. The [experiment](experiments/encoder_only.ts) hides one word of each text and lets three encoders guess it: one that sees both sides, and two that see one.

// ## Three uses
//
// | use                       | call                                        | what is trained on it                     |
// | ------------------------- | ------------------------------------------- | ----------------------------------------- |
// | a hidden word             | `model.score(model.encode(tokens))`         | nothing more                              |
// | a class of a whole text   | `model.pool(hidden)`, and one more matrix   | both, on texts with labels                |
// | a vector of a whole text  | the mean of `hidden`                        | pairs of texts ([section](../08_pretrained/sentence_vectors.ts)) |

// ## Pitfall: loss at every position
//
// Whoever computes the loss at all positions teaches the model to copy: at the places that are not hidden the answer stands in the input. The loss falls fast and says nothing. The test "EncoderOnly() learns hidden words, and not to copy" asks for the hidden ones alone.

// ## Exercise
//
// A decoder predicts one token at each position, a masked encoder at fifteen of a hundred. Which of the two learns more from the same text in the same time, and what does the other one get in return?
//
// **Hint.** Count the predictions of one pass, and the words that each of them may use.
