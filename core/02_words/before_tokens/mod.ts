/**
 * # Before the tokens
 *
 * **Question.** Every way to cut texts begins with a text and ends with ids. What happens before the first token is cut, and what must all of
 * them offer, so that a network can be used with any of them?
 *
 * **Idea.** A tokenizer is a row of four parts. A normalizer changes the text: lower case, accents, and normalization forms. In Unicode, the list of all characters, *é* can be written as one character or as *e* followed by an accent; a form
 * settles which. A pre-tokenizer
 * [预分词] cuts it into pieces which no token crosses. The third part, which libraries call the model, cuts each piece into tokens: byte-pair encoding, a unigram model, or WordPiece. A
 * decoder goes back from tokens to text. What the first two drop never comes back. BERT,
 * a stack of encoder layers that is trained to fill in masked words, made WordPiece widely known.
 *
 * ```picture before_tokens A text on its way through the parts of a tokenizer like BERT's. Each box stands below the characters that it was made from.
 * ```
 *
 * **By hand.** [Byte-pair encoding](../byte_pair_encoding/mod.ts) joins the pair that is seen most often. WordPiece also starts from letters, marks those
 * inside a word with `##`, and divides by the counts of both parts: with $n(a)$ how often the token $a$ occurs and $n(ab)$ the number of places where $b$ follows $a$,
 * the ratio of a pair is
 *
 * $$\mathrm{ratio}(a, b) = \frac{n(ab)}{n(a)\, n(b)}$$
 *
 * The words are *low* 5 times, *lower* 2 times, *newest* 6 times and *widest* 3 times. Of all
 * tokens `##e` stands there 17 times (2 in *lower*, 2 · 6 in *newest*, 3 in *widest*), `##s` 9 times, and side by side they stand 9 times: as often as `##s` and `##t`, and more often than any
 * other pair. The ratio is
 * $9 / (17 \cdot 9) = 0.059$. `##i` and `##d` stand there 3 times each, always side by side, and their ratio is $3 / (3 \cdot 3) = 0.333$. `w` at
 * the beginning of a word and `##i` have the same ratio. Of equal ratios the more frequent pair is joined, and of equal counts the pair whose left token is older. Letters are
 * sorted, `##` stands before all letters, and so `##i` `##d` is joined first. `##s` and `##t` have $9 / (9 \cdot 9) = 0.111$ and have to wait. When `##st` has become `##est`, `##e` is rarer, so the ratio of `##e` `##w` rises.
 *
 * ```ts
 * import { plainWordPiece, trainWordPiece } from "@heed/heed/words";
 *
 * const counts = { low: 5, lower: 2, newest: 6, widest: 3 };
 * const texts = Object.entries(counts).flatMap(([word, count]) => Array<string>(count).fill(word));
 * const ratios = { "##e ##s": 9 / (17 * 9), "##i ##d": 3 / (3 * 3), "##s ##t": 9 / (9 * 9) };
 * for (const [pair, ratio] of Object.entries(ratios)) console.log(pair, ratio.toFixed(3));
 * const tokenizer = await trainWordPiece(texts, {
 *   vocabSize: 23, // 5 special tokens, 11 letters, 7 merges
 *   onProgress: ({ pair, count, ratio }) => console.log("joined", pair.join(" "), count, ratio.toFixed(3)),
 * });
 * console.log(tokenizer.tokenize("Lowest widow").map(({ token, start, end }) => `${token} ${start}-${end}`).join(", "));
 * console.log(plainWordPiece("lowest", new Set(tokenizer.tokens))!.join(" "));
 * ```
 *
 * ```text
 * ##e ##s 0.059
 * ##i ##d 0.333
 * ##s ##t 0.111
 * joined ##i ##d 3 0.333
 * joined w ##id 3 0.333
 * joined l ##o 7 0.143
 * joined ##s ##t 9 0.111
 * joined lo ##w 7 0.077
 * joined ##e ##st 9 0.059
 * joined ##e ##w 6 0.125
 * low 0-3, ##est 3-6, wid 7-10, ##o 10-11, ##w 11-12
 * low ##est
 * ```
 *
 * **Why places.** A program that marks a name in a text needs to know where a token stands there. The text that was cut is not the text that was
 * given. Each change is therefore a list of replaced ranges: where *İ* becomes *i* and a dot above it, one character of the given text has become two. An [aligned text](aligned_text.ts) carries them from step to step.
 *
 * **Why no regular expressions.** The published [patterns](patterns.ts) are regular expressions, and engines that run them go back when an attempt
 * fails. A hostile text can make that take a time that grows with the square of its length. In the same way, a letter with very many accents can make a normalization form slow. All steps here take time in proportion to the text, and the tests try each of them
 * with a hundred thousand letters of the worst kind.
 *
 * **The parts.** The [contract](tokenizer.ts) is what a model sees of a tokenizer, and [the pipeline](pipeline.ts) a tokenizer made of parts.
 * [Steps](pre_tokenizer.ts) are [normalizers](normalizers.ts), [pre-tokenizers](pre_tokenizers.ts), among them [a letter for the space](metaspace.ts)
 * and [the published patterns](patterns.ts), and [decoders](decoders.ts); they ask [what kind of character](character_classes.ts) they see. Models are
 * [WordPiece](word_piece.ts), which [is learned](word_piece_training.ts) by ratios, and [a table of whole pieces](word_level.ts), both over
 * [a list of tokens](vocabulary.ts). [Special tokens](special_tokens.ts) are found by means of [a trie](trie.ts), and [a file](file.ts) holds all of it.
 *
 * Sources: Jacob Devlin et al. 2019, *BERT: Pre-training of Deep Bidirectional Transformers for Language Understanding*; Mike Schuster and Kaisuke
 * Nakajima 2012, *Japanese and Korean Voice Search*; the four parts are those of Hugging Face's library *tokenizers*, to whose results tests hold this one.
 *
 * ## What each tokenizer cannot undo
 *
 * The [experiment](../experiments/before_tokens.ts) gives the same sentences to five tokenizers, and looks for texts that come back from
 * their tokens as something else. A normalizer's losses are meant: *The* and *the* become one token and share what is learned. They also mean that such a
 * model cannot write a capital letter.
 *
 * ## On real text
 *
 * The same five learn from the plays of Shakespeare, a little more than a megabyte, and each cuts all of it again.
 *
 * ```picture tokenizers_run Five tokenizers on a megabyte of text: how long they learn, how fast they cut, and what comes back.
 * ```
 *
 * @module
 */

import { checkText } from "../../engine/arguments.ts";
import { checkValue, instance } from "../../engine/options.ts";

export type {
  DecodeOptions,
  EncodeOptions,
  PieceToken,
  SequenceTokenizer,
  TextToken,
  TokenBytes,
  Tokenizer,
  TokenizerFile,
  TokenModel,
} from "./tokenizer.ts";
export { type PipelineParts, type SpecialRole, TokenizerPipeline } from "./pipeline.ts";
export { type AlignedText, alignText, type Edit } from "./aligned_text.ts";
export { type Normalizer, normalizerSequence, type PreTokenizer, preTokenizerSequence } from "./pre_tokenizer.ts";
export {
  bertNormalizer,
  type BertNormalizerOptions,
  isolateChinese,
  lowerCase,
  nfc,
  nfd,
  nfkc,
  nfkd,
  prepend,
  replace,
  strip,
  stripAccents,
  type StripOptions,
} from "./normalizers.ts";
export {
  cl100kPattern,
  gpt2Pattern,
  llama3Pattern,
  o200kPattern,
  type Pattern,
  patterns,
  qwen2Pattern,
} from "./patterns.ts";
export {
  bertPreTokenizer,
  byPattern,
  byteLevel,
  type ByteLevelOptions,
  characters,
  digits,
  type DigitsOptions,
  punctuation,
  type SplitBehavior,
  splitBy,
  type SplitOptions,
  whitespace,
  whitespaceSplit,
  wordsAndSigns,
} from "./pre_tokenizers.ts";
export { metaspace, type MetaspaceOptions, type PrependScheme } from "./metaspace.ts";
export {
  byteFallbackDecoder,
  byteLevelDecoder,
  type Decoder,
  type DecoderRun,
  decoderSequence,
  fuse,
  metaspaceDecoder,
  type MetaspaceDecoderOptions,
  replaceDecoder,
  stripDecoder,
  type StripDecoderOptions,
  suffixDecoder,
  type TokenWriter,
  wordDecoder,
  wordPieceDecoder,
  type WordPieceDecoderOptions,
} from "./decoders.ts";
export {
  tokenizerOfWords,
  trainWordLevel,
  WordLevel,
  type WordLevelOptions,
  type WordLevelTrainingOptions,
} from "./word_level.ts";
export { WordPiece, type WordPieceOptions } from "./word_piece.ts";
export { trainWordPiece, type WordPieceStep, type WordPieceTrainingOptions } from "./word_piece_training.ts";
export { readTokenizer } from "./file.ts";

/**
 * Cuts a word as WordPiece is defined: the longest token that fits, from the left.
 *
 * It tries every length at every place; {@linkcode WordPiece} walks a tree instead, and cuts alike.
 *
 * @param word a word, without spaces
 * @param vocabulary tokens; those that continue a word begin with `##`
 * @returns tokens, or undefined if some part of the word fits none
 */
export function plainWordPiece(word: string, vocabulary: ReadonlySet<string>): string[] | undefined {
  checkText("cut", "word", word);
  checkValue("cut", "vocabulary", vocabulary, instance(Set<string>));
  const tokens: string[] = [];
  for (let start = 0; start < word.length;) {
    // All that is left of the word, then one letter less, and so on.
    let end = word.length, token = "";
    for (; end > start; end--) {
      token = (start > 0 ? "##" : "") + word.slice(start, end);
      if (vocabulary.has(token)) break;
    }
    if (end === start) return undefined; // not one letter fits: the word is unknown
    tokens.push(token);
    start = end; // what was taken is never given back
  }
  return tokens;
}

// ## Pitfall: places of the wrong text
//
// A search for a token's letters in the given text, or a count of the letters before it, works until the first character that the normalizer
// changes in length. `é` in two characters becomes one, `İ` in lower case becomes two, and from there on every place is wrong. The test "a piece
// says where it stands in the text that was given, after any change" has both in front of a word.

// ## Exercise
//
// A vocabulary has the tokens `un`, `una`, `##able`, `##ble` and `[UNK]`. How is *unable* cut, and which other cut would there be? Which token must be
// removed so that *unable* becomes unknown although two tokens still write it?
//
// **Hint.** The first token takes as much as it can. What is left after `una`?
//
// **Solution.** The longest token at the beginning is `una`, and `##ble` fits the rest. The other cut is `un` and `##able`. `##ble` must be removed.
// `un` and `##able` still write the word, but `una` is taken first and leaves *ble*, and the choice is not taken back. Without one of the other three the word is still cut.
//
// ```ts
// import { plainWordPiece } from "@heed/heed/words";
//
// const tokens = ["un", "una", "##able", "##ble"];
// const cut = (removed?: string): string =>
//   plainWordPiece("unable", new Set(tokens.filter((token) => token !== removed)))?.join(" ") ?? "[UNK]";
// console.log("all:", cut());
// for (const removed of tokens) console.log(`without ${removed}:`, cut(removed));
// ```
//
// ```text
// all: una ##ble
// without un: una ##ble
// without una: un ##able
// without ##able: una ##ble
// without ##ble: [UNK]
// ```
//
// **Digits.** The pattern of GPT-2 keeps a run of digits whole, that of cl100k cuts it into groups of up to three from the left, and that of Qwen into single digits. Cut *12345678* with each. Which of them can learn to add numbers of any length digit by
// digit, and what does it pay?
//
// **Hint.** A piece is what a token cannot cross. How many different pieces of digits are there?
//
// **Solution.** GPT-2 keeps the number whole, and its merges decide. cl100k cuts groups of three from the left, so that the same digit stands at another place of
// its group in a longer number. Qwen cuts every digit, has ten tokens for them, and pays with one token per digit.
//
// ```ts
// import { alignText, byPattern, cl100kPattern, gpt2Pattern, qwen2Pattern } from "@heed/heed/words";
//
// for (const pattern of [gpt2Pattern, cl100kPattern, qwen2Pattern]) {
//   console.log(pattern.name, byPattern(pattern).cut(alignText("12345678")).map(({ text }) => text).join(" "));
// }
// ```
//
// ```text
// gpt2 12345678
// cl100k 123 456 78
// qwen2 1 2 3 4 5 6 7 8
// ```
