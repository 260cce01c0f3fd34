/**
 * # A small language in a large mixture, in English
 *
 * @module
 */

import type { Words } from "../../experiments/experiment.ts";
import { fixed, number } from "../../experiments/numbers.ts";
import { SEED_WORDS } from "../../experiments/seed.words.ts";
import type { Multilingual } from "./multilingual.ts";

const large = (temperature: number): string => `T = ${number(temperature)}`;

/** What the experiment says. */
export const words: Words<Multilingual> = {
  title: "A small language in a large mixture",
  purpose:
    "One vocabulary is learned from five languages of very different size, at several temperatures. Unseen sentences of each are then cut with it. " +
    "Change the size of the vocabulary: where it has room for everybody, the temperature hardly matters.",
  controls: {
    vocabSize: { label: "Tokens", description: "Size of the vocabulary that all languages share" },
    method: {
      label: "Learned by",
      description: "How the vocabulary is learned",
      choices: { pairs: "byte pairs", unigram: "unigram model" },
    },
    seed: SEED_WORDS,
  },
  claims: {
    smaller: "As the texts occur, of the languages with letters a smaller one takes more tokens for each character",
    warmer: "At the higher temperature each of the small languages takes fewer",
    price: "English and Chinese, the large ones, take more then",
  },
  captions: {
    tokens: ({ tokensPerCharacter, temperatures, warm, sizes, shown: { languages, vocabSize } }) => {
      const last = languages.length - 1;
      return `Tokens for each character of unseen sentences, with ${number(vocabSize)} tokens for all. ${
        languages[last]
      }, of ${sizes[last]} sentences, goes from ` +
        `${fixed(tokensPerCharacter[last]![0]!, 2)} at ${large(1)} to ${
          fixed(tokensPerCharacter[last]![warm]!, 2)
        } at ${large(temperatures[warm]!)}, ${languages[0]} from ${fixed(tokensPerCharacter[0]![0]!, 2)} to ${
          fixed(tokensPerCharacter[0]![warm]!, 2)
        }. One token for each character means that nothing is joined.`;
    },
    drawn: ({ temperatures }) =>
      "How often a sentence of the mixture comes from each language: the formula of the page. " +
      `At ${large(temperatures.at(-1)!)} the languages are nearly, but not quite, equal.`,
    cut: () => "A sentence of each language at both temperatures; the longer a token, the darker it is.",
  },
  reading: ({ tokensPerCharacter: rows, temperatures, warm, shown: { languages } }) => {
    const change = (i: number): string => `${languages[i]} ${fixed(rows[i]![warm]! / rows[i]![0]!, 2)}`;
    return [
      `Tokens at ${large(temperatures[warm]!)}, divided by those at ${large(1)}: ${
        languages.map((_, i) => change(i)).join(", ")
      }. ` +
      "A number below 1 is what a language gains, one above 1 what it pays.",
      "The test sentences of the small languages hold no unseen words, since short grammars made them. Real ones do, and gain less: the run below.",
    ];
  },
  labels: {
    temperature: "temperature",
    tokensPerCharacter: "tokens for each character",
    language: "language",
    sentences: "sentences",
    at: large,
    names: {},
  },
};
