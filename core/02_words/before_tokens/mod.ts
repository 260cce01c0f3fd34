/**
 * # Before the tokens
 *
 * **Question.** Every way to cut texts begins with a text and ends with ids. What happens before the first token is cut, and what
 * must all of them offer, so that a model does not notice which one it has?
 *
 * **Idea.** A tokenizer is a row of four parts. The normalizer changes the text, the pre-tokenizer cuts it into pieces, the
 * model cuts each piece into tokens, and the decoder goes back from tokens to text. One [contract](tokenizer.ts) stands for whatever is
 * made of them.
 *
 * **The parts.** [Tokenizer](tokenizer.ts) is the contract, [pipeline](pipeline.ts) the tokenizer made of parts,
 * [aligned text](aligned_text.ts) a text that remembers where it comes from.
 * [Pre-tokenizer](pre_tokenizer.ts) says what a step is; [metaspace](metaspace.ts) is one of them. [Decoders](decoders.ts) go back.
 * [Special tokens](special_tokens.ts) are found by means of a [trie](trie.ts).
 *
 * @module
 */

export type {
  DecodeOptions,
  EncodeOptions,
  PieceToken,
  TextToken,
  Tokenizer,
  TokenizerFile,
  TokenModel,
} from "./tokenizer.ts";
export { type AlignedText, alignText, type Edit } from "./aligned_text.ts";
export { type Normalizer, normalizerSequence, type PreTokenizer, preTokenizerSequence } from "./pre_tokenizer.ts";
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
  wordPieceDecoder,
  type WordPieceDecoderOptions,
} from "./decoders.ts";
export { type PipelineParts, type SpecialRole, TokenizerPipeline } from "./pipeline.ts";
