/**
 * # Finding a sentence by a few of its words, in English
 *
 * @module
 */

import type { Words } from "../../../experiments/experiment.ts";
import { number, percent } from "../../../experiments/numbers.ts";
import { SEED_WORDS } from "../../../experiments/seed.words.ts";
import { written } from "../../../experiments/seeds.ts";
import type { Retrieval } from "./tf_idf.ts";

/** What the experiment says. */
export const words: Words<Retrieval> = {
  title: "Finding a sentence by a few of its words",
  purpose:
    "A query is two words of a sentence and some that the asker adds, most of them frequent. The sentence is wanted. Counts alone and tf–idf rank all sentences " +
    "by their cosine to the query. Change the number of sentences. See what added words cost each way, and what a synonym costs.",
  controls: {
    sentences: { label: "Sentences", description: "Sentences among which one is wanted" },
    seed: SEED_WORDS,
  },
  constants: {
    seeds: "seeds",
    queries: "queries of each kind",
    own: "words of the sentence in a query",
    among: "sentences that are looked at",
    synonyms: "pairs of synonyms",
  },
  claims: {
    better: "With four or more words added, tf–idf finds more than counts alone do, by 5 points at least",
    alone: "With none added, the two are less than 10 points apart",
    synonyms: "One synonym in a query of two words costs tf–idf more than half of what it finds",
  },
  captions: {
    found: ({ counts, tfIdf, shown: { sentences, queries, seeds, more, among } }) => {
      const write = (one: number): string => percent(one);
      return `Fraction of ${queries} queries whose sentence is among the first ${among} of ${
        number(sentences)
      }: the line is the lowest of ${seeds} seeds, the band reaches up to the highest. With ${
        more.at(-1)
      } words added: counts ${written(counts.at(-1)!, write)}, tf–idf ${written(tfIdf.at(-1)!, write)}.`;
    },
    synonyms: ({ same, replaced, shown: { among, seeds } }) =>
      `Queries of two words, one of which has a synonym: how often tf–idf has the sentence among the first ${among}, over ${seeds} seeds. With the word of the sentence ${
        written(same, (one) => percent(one))
      }, with its synonym ${written(replaced, (one) => percent(one))}.`,
    examples: ({ shown: { own } }) =>
      `Queries of ${own} words of a sentence and three others that tf–idf answers rightly and counts wrongly: what is wanted, and what each ranks first.`,
  },
  reading: ({ counts, tfIdf, same, replaced }) => {
    const ways = [tfIdf.at(-1)![0] > counts.at(-1)![1], replaced[1] < same[0]];
    return [
      "Counts take “the” for as good a word as any. A short sentence of frequent words is close to every query that has them. " +
      (ways[0]
        ? "tf–idf follows the rarest word of the query, and that is mostly the one that says what the sentence is about."
        : "With so few sentences nearly every word is rare, and the weights change little."),
      "With none added there is little to weigh: a sentence that has both words is ahead of all that have one of them, in either way.",
      (ways[1]
        ? "For a table of counts a synonym is a different word like any other. Query and sentence then share only the other word, and the rarer one, which would have identified the sentence, no longer matches. "
        : "") +
      "Vectors of words can say that two words are used alike. A table of counts cannot.",
    ];
  },
  labels: {
    counts: "counts",
    tfIdf: "tf–idf",
    more: "words added",
    found: "found",
    same: "its own word",
    replaced: "a synonym",
    query: "query",
    wanted: "wanted",
  },
};
