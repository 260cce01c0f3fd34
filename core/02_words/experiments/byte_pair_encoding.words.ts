/**
 * # Subwords that a corpus asks for, in English
 *
 * @module
 */

import type { Words } from "../../experiments/experiment.ts";
import { fixed, percent } from "../../experiments/numbers.ts";
import type { Merges } from "./byte_pair_encoding.ts";

/** Of the merges that the Chinese side makes, some that are no words of the language. */
const NO_WORDS: readonly string[] = ["个星期", "了一", "天早上", "个月"];

/** What the experiment says. */
export const words: Words<Merges> = {
  title: "Subwords that a corpus asks for",
  purpose: "Merges are learned from the English sentences of the translator of " +
    "[chapter](../../05_transformer/mod.ts), and from the Chinese ones. Change how many merges cut the words. " +
    "With 0 a word is its letters. With enough of them a word and its forms share a stem. With all of them most " +
    "words are one token, and few share a subword.",
  controls: {
    merges: { label: "Merges", description: "Length of the list of merges by which the words below are cut" },
  },
  claims: {
    endings: "The endings er, est and ed become tokens",
    pro: "So does pro, the fourth example of [the notes](notes:004.16)",
    related:
      "Cut by as many merges as are set above, most inflected words share a subword of three letters or more with their base form",
    few:
      "Few subwords write many words: with so many merges the vocabulary has fewer tokens than the corpus has different " +
      "words, and still no character is unknown",
    all: "Cut by all merges, where most words are one token, fewer than a quarter still do",
  },
  captions: {
    table({ endings, shown: { total, examples, english, chinese } }) {
      const made = examples.map((name, i) =>
        endings[i] ? `“${name}” is merge ${endings[i]}` : `“${name}” is never made`
      );
      const found = chinese.map(({ pair }) => pair.join("")), parts = found.filter((token) => NO_WORDS.includes(token));
      return `The first ${english.length} of ${total} merges, and those of the Chinese side of the same sentences, ` +
        "where nothing marks a word: the merges find words such as " +
        `${found.slice(0, 3).join(", ")}` +
        `${
          parts.length > 0 ? `, and also ${parts.join(", ")}, which are no words` : ""
        }. Of [the notes’](notes:004.16) examples, ` +
        `${made.join(", ")}. A space is written ␣.`;
    },
    families: ({ shown: { chosen } }) =>
      `Words and their forms after ${chosen} merges; a subword is the darker, the more of these words use it.`,
    related({ merges, related }) {
      const most = Math.max(...related);
      return `Of the inflected words, ${percent(most)} share a subword with their base form after ` +
        `${merges[related.indexOf(most)]} merges, the most of all lengths shown. After ${
          merges.at(-1)
        }, where most words are one token, ` +
        `${percent(related.at(-1)!)} do: what is a token of its own is related to nothing.`;
    },
    lengths: ({ tokensPerWord }) =>
      `Unseen sentences take ${fixed(tokensPerWord[0]!, 1)} tokens per word or sign without a merge and ` +
      `${
        fixed(tokensPerWord.at(-1)!, 2)
      } with all of them. The corpus combines a small number of words, so unseen sentences bring no unseen word; the novel below does.`,
  },
  labels: {
    merge: "merge",
    englishPair: "English pair",
    token: "token",
    count: "count",
    chinesePair: "Chinese pair",
    merges: "merges",
    related: "fraction of inflected words with a subword of their base",
    share: "share a subword with their base",
    tokensPerWord: "tokens per word or sign of the test sentences",
    test: "test sentences",
  },
};
