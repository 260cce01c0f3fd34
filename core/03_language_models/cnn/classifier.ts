/**
 * # A convolutional classifier
 *
 * **Question.** A convolution finds phrases at each position. A text has one label. How do many positions become one answer?
 *
 * **Idea.** The largest value of each feature over all positions is kept: max pooling [最大池化]. It says whether a phrase occurs in the text, wherever it stands. A linear map turns these values into scores. Kernels of several
 * widths stand side by side, for phrases of several lengths.
 *
 * **Formula.** With the words $x$ of a text, convolutions of the widths $K_1, \dots, K_m$, and $[\cdot\,; \cdot]$ for side by side,
 *
 * $$p_i = \max_t\, \mathrm{ReLU}(x * W_i + b_i)_t, \qquad z = [p_1; \dots; p_m]\, U + c$$
 *
 * | symbol | in code                      | shape            |
 * | ------ | ---------------------------- | ---------------- |
 * | $x$    | `embedded`                   | `[B, T, E]`      |
 * | $W$    | `convolutions`               | `[F, E, K]` each |
 * | $p$    | `phrases`                    | `[B, F]` each    |
 * | $U$    | `head.weight`                | `[m·F, C]`       |
 * | $z$    | `scores`                     | `[B, C]`         |
 *
 * **Why the maximum.** A mean would be smaller in a long text than in a short one with the same phrase. The maximum does not depend on the length, and its gradient goes to the one window that decided. That window can be
 * shown: {@linkcode PhraseClassifier.findPhrases} returns it.
 *
 * Sources: Collobert, Weston, Bottou, Karlen, Kavukcuoglu and Kuksa 2011, *Natural Language Processing (Almost) from Scratch* (maximum over time); Kim 2014, *Convolutional Neural Networks for Sentence Classification*. Kim's
 * vectors come from word2vec, and the rows of the last map are cut to a length; here both are left to the one who trains.
 *
 * @module
 */

import { aMask, checkSizes } from "../../engine/arguments.ts";
import { shareChance } from "../../engine/chance.ts";
import { Dropout } from "../../engine/dropout.ts";
import { concat, pad } from "../../engine/joining.ts";
import { Linear } from "../../engine/linear.ts";
import { Module } from "../../engine/module.ts";
import { checkOptions, type Checks, integer, list, numeric, required } from "../../engine/options.ts";
import { checkRandom, type Random } from "../../engine/random.ts";
import { dims } from "../../engine/shape.ts";
import { asOptionalTensor, asTensor, type Tensor, type TensorLike } from "../../engine/tensor.ts";
import { Embedding } from "../../02_words/embeddings.ts";
import { SequenceConvolution, withoutPadding } from "./mod.ts";

/** Classifies texts by the phrases that they contain. */
export class PhraseClassifier extends Module {
  /** One row per token. */
  readonly embedding: Embedding;
  /** One for each width of a window. */
  readonly convolutions: readonly SequenceConvolution[];
  /** Drops a fraction of what was found, in training. */
  readonly dropout: Dropout;
  /** From what was found to the scores of the classes. */
  readonly head: Linear;

  /**
   * Starts from small random weights.
   *
   * @param options layout of the model
   * @param random where the first values come from; dropout draws from a stream that is split off
   * @throws {TypeError} if an option is unknown
   * @throws {RangeError} if a size is impossible
   */
  constructor(options: PhraseClassifierOptions, random: Random) {
    super();
    checkOptions("build a classifier", options, OPTIONS);
    checkRandom("build a classifier", random);
    const { vocabSize, numClasses, embeddingSize = 64, kernelSizes = [3, 4, 5], numFeatures = 32 } = options;
    checkSizes("build a classifier", { embeddingSize, numFeatures });
    this.embedding = new Embedding(vocabSize, embeddingSize, random);
    this.convolutions = kernelSizes.map((K) =>
      new SequenceConvolution(embeddingSize, numFeatures, K, random, { causal: true })
    );
    this.dropout = new Dropout(options.dropout ?? 0.5);
    this.head = new Linear(kernelSizes.length * numFeatures, numClasses, random);
    shareChance(this.chances(), random);
  }

  /**
   * Scores the classes of each text.
   *
   * @param tokens ids, int32 `[B, T]`
   * @param call what is padding
   * @returns logits, `[B, C]`
   */
  forward(tokens: TensorLike, call: PhraseCall = {}): Tensor {
    // $p_i$: how much of each phrase the best window holds.
    const phrases = this.#features(tokens, call).map((features) => features.max(1));

    // $z$: what the phrases say about the classes.
    const scores = this.head.forward(this.dropout.forward(concat(phrases, -1)));
    return scores;
  }

  /**
   * Where in each text each feature is largest, and how large.
   *
   * @param tokens ids, int32 `[B, T]`
   * @param call what is padding
   * @returns for each width the places and the strengths of its features
   */
  findPhrases(tokens: TensorLike, call: PhraseCall = {}): readonly FoundPhrases[] {
    return this.#features(tokens, call).map((features) => ({
      place: features.argmax(1),
      strength: features.max(1),
    }));
  }

  /** The features of all windows that hold at least one word, `[B, T + K − 1, F]` for each width. */
  #features(tokens: TensorLike, call: PhraseCall): readonly Tensor[] {
    checkOptions("classify", call, CALL);
    tokens = asTensor("classify", "tokens", tokens, "int32", this.embedding.weight.storage);
    dims(tokens, "B T");
    const mask = asOptionalTensor("classify", "mask", call.mask, "bool", tokens);
    const embedded = withoutPadding(this.embedding.forward(tokens), mask);
    return this.convolutions.map((convolution) => {
      const { reach, kernelSize } = convolution;
      const features = convolution.forward(pad(embedded, [[0, 0], [0, reach], [0, 0]])).relu();
      if (!mask) return features;
      // Of no window without words may the bias be the maximum; 0 never is one that counts.
      const holdsWord = pad(mask.cast("float32"), [[0, 0], [reach, reach]]).unfold(1, kernelSize).max(-1);
      return features.where(holdsWord.greater(0).unsqueeze(-1), 0);
    });
  }
}

// #region Options and validation

/** How a {@linkcode PhraseClassifier} is laid out. */
export interface PhraseClassifierOptions {
  /** Entries of the vocabulary. */
  readonly vocabSize: number;
  /** Classes: C. */
  readonly numClasses: number;
  /** Width of a token's row: E; 64 by default. */
  readonly embeddingSize?: number | undefined;
  /** Words of the windows, one convolution for each; 3 to 5 by default. */
  readonly kernelSizes?: readonly number[] | undefined;
  /** Phrases of each width: F; 32 by default. */
  readonly numFeatures?: number | undefined;
  /** Probability of dropping a feature in training; 0.5 by default. */
  readonly dropout?: number | undefined;
}

const OPTIONS: Checks<PhraseClassifierOptions> = {
  vocabSize: required(integer()),
  numClasses: required(integer()),
  embeddingSize: integer(),
  kernelSizes: {
    ...list<number>("a list of whole numbers of at least 1", (K) => Number.isInteger(K) && K >= 1),
    allows: (sizes) => sizes.length > 0,
  },
  numFeatures: integer(),
  dropout: numeric({ min: 0, below: 1 }),
};

/** What {@linkcode PhraseClassifier.findPhrases} finds for the features of one width. */
export interface FoundPhrases {
  /** The last word of the best window, int32 `[B, F]`: a position, or one behind the text where the window goes beyond its end. */
  readonly place: Tensor;
  /** The feature there, `[B, F]`. */
  readonly strength: Tensor;
}

/** What one pass through a {@linkcode PhraseClassifier} looks at. */
export interface PhraseCall {
  /** True for words, false for padding, bool `[B, T]`; words everywhere by default. */
  readonly mask?: TensorLike<boolean> | undefined;
}

const CALL: Checks<PhraseCall> = { mask: aMask };

// #endregion

// ## Pitfall: padding that has a phrase
//
// Windows of padding alone yield the bias. In a batch of texts of several lengths a positive bias would be the maximum of the short ones, and a text would be classified by its neighbours.
// The test "PhraseClassifier() answers for a text as it does without padding" catches it.
