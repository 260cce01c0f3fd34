/**
 * # One text through five tokenizers, in English
 *
 * @module
 */

import type { Words } from "../../experiments/experiment.ts";
import { fixed, percent } from "../../experiments/numbers.ts";
import { type Five, KINDS } from "./before_tokens.ts";

const NAMES = {
  characters: "characters",
  words: "words",
  wordPiece: "WordPiece",
  pairs: "BPE of characters",
  bytes: "BPE of bytes",
} as const;

/** What the experiment says. */
export const words: Words<Five> = {
  title: "One text through five tokenizers",
  purpose:
    "Five tokenizers learn from the English sentences of the translator of [chapter](../../05_transformer/mod.ts), and cut unseen ones. " +
    "Change the size of their vocabularies. Look at how many tokens each makes, and at what does not come back from the tokens.",
  controls: {
    vocabulary: { label: "Vocabulary", description: "Tokens of each vocabulary at most" },
  },
  claims: {
    bytes: "Byte-pair encoding of bytes brings every text back, and has no unknown token",
    others: "Each of the four others loses something",
    length: "Subwords make fewer tokens than characters, and more than words",
    ratio: "WordPiece makes more tokens than byte-pair encoding of characters, from a vocabulary of the same size",
    unknown: "A table of words does not know some words of the unseen sentences; WordPiece cuts all of them",
  },
  captions: {
    pieces: ({ shown: { cuts } }) =>
      `The same text, cut: ${
        cuts.map(({ kind, pieces }) => `${NAMES[kind]} ${pieces.length}`).join(", ")
      } tokens. A space is ` +
      "written ␣, by the bytes Ġ.",
    lengths: (findings) =>
      `Tokens of ${findings.shown.sentences} unseen sentences, divided by their characters: ` +
      `${KINDS.map((kind) => `${NAMES[kind]} ${fixed(findings[kind].perCharacter, 2)}`).join(", ")}.`,
    losses: (findings) =>
      `What short texts become again; � stands for an unknown token. Of the unseen sentences, these come back unchanged: ` +
      `${KINDS.map((kind) => `${NAMES[kind]} ${percent(findings[kind].undone)}`).join(", ")}.`,
  },
  reading: (findings) => [
    `The vocabulary of words makes ${fixed(findings.words.perCharacter, 2)} tokens per character, and ${
      percent(findings.words.unknown)
    } of them say no more than that the word is unknown. WordPiece makes ${
      fixed(findings.wordPiece.perCharacter / findings.pairs.perCharacter, 1)
    } times as many tokens as byte-pair encoding of characters: its ratio prefers pairs whose parts are rare, and frequent ` +
    "words stay in pieces. The trainer that Hugging Face calls WordPiece counts pairs as byte-pair encoding does.",
    "What is lost was lost before the first token was looked up. The words drop white space with their pre-tokenizer. BERT's normalizer also " +
    "drops case and accents, which is intended: “The” and “the” share what is learned. Tokenizers that start from characters lose a character that did not occur in training.",
    `Byte-pair encoding of bytes loses none of the ${findings.shown.probes.length} texts. It pays with tokens where the training had no such characters: ` +
    "each of those is as many tokens as it has bytes.",
  ],
  labels: {
    ...NAMES,
    perCharacter: "tokens per character",
    kept: "✓",
    text: "text",
    case: "case",
    spaces: "two spaces",
    lines: "line end",
    signs: "signs",
    accents: "accent",
    unseen: "unseen",
  },
};
