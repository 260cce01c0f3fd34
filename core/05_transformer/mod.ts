/**
 * # 5 · Transformer
 *
 * **Question.** Attention lets every position read every other one. What has to be put around
 * it so that dozens of such steps can be stacked, trained, and used to write?
 *
 * **Idea.** Alternate two kinds of steps. Attention moves information *between* positions; a
 * small network, the same for all, works *within* each position. Around each step, add the
 * input to the output and keep the numbers in a fixed range. That is all: a Transformer has no
 * recurrence and no convolution.
 *
 * | section | page              | answers                                                          |
 * | ------- | ----------------- | ---------------------------------------------------------------- |
 * | 5.1     | `normalization`   | how numbers stay in range, whatever came before                  |
 * | 5.2     | `residual`        | how a gradient gets through dozens of layers                     |
 * | 5.3     | `feed_forward`    | what happens within a position                                   |
 * | 5.4     | `encoder`         | how a sentence becomes vectors that know their context           |
 * | 5.5     | `decoder`         | how the next word is written, and when to stop                   |
 * | 5.6     | `encoder_decoder` | how both translate: the original model                           |
 * | 5.7     | `decoder_only`    | how half of it suffices: GPT                                     |
 *
 * The notes' two pictures, encoder–decoder on the left and decoder-only on the right, are the
 * last two pages. What differs is where the source text is: on the left it is read once, by an
 * encoder, and consulted through cross-attention; on the right it is the beginning of the text
 * that is being continued.
 *
 * ## Notation
 *
 * | letter | axis                                       |
 * | ------ | ------------------------------------------ |
 * | B      | batch: independent sentences               |
 * | T      | positions of the target, or of the text    |
 * | S      | positions of the source                    |
 * | E      | hidden width, $d_\mathrm{model}$           |
 * | F      | feed-forward width, $d_\mathit{ff}$        |
 * | V      | vocabulary                                 |
 * | L      | layers, the paper's $N$                    |
 *
 * @module
 */

export * from "./normalization.ts";
export * from "./residual.ts";
export * from "./feed_forward.ts";
export * from "./encoder.ts";
export * from "./decoder.ts";
export * from "./encoder_decoder.ts";
export * from "./decoder_only.ts";
