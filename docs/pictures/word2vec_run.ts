/**
 * # word2vec on plays, shown
 *
 * @module
 */

import { fixed, number, percent } from "../../core/experiments/numbers.ts";
import type { RunFigures } from "../picture.ts";
import type { Word2vecRun } from "../runs/word2vec.ts";

const NAMES: Readonly<Record<string, string>> = { "skip-gram": "skip-gram", cbow: "CBOW" };

/** The recorded run. */
export const run: RunFigures<Word2vecRun> = {
  figures({ recipe, words, vocabulary, asked, pairs, questions, results }) {
    return [
      {
        kind: "table",
        isWide: true,
        caption: `Nearest words, the nearest first. ${number(words)} words of text, ${recipe.epochs} epochs; the ${
          number(vocabulary)
        } words that occur at least ${recipe.minCount} times have a vector of ${recipe.hiddenSize} numbers.`,
        columns: ["word", ...results.map(({ model }) => NAMES[model]!)],
        rows: asked.map((word, i) => [word, ...results.map(({ near }) => near[i]!.join(", "))]),
      },
      {
        kind: "bars",
        caption: `Fraction of ${questions} analogies of gender that are right, from ${pairs.length} pairs: ${
          pairs.map((pair) => pair.join(" and ")).join(", ")
        }.`,
        y: { title: "fraction right", domain: [0, 1] },
        bars: results.flatMap(({ model, right }) =>
          ["question left out", "question included", "third word alone"].map((label, i) => ({
            label,
            group: NAMES[model]!,
            value: right[i]!,
          }))
        ),
      },
    ];
  },
  reading({ words, recipe, results, questions }) {
    const [skip, bag] = results as [Word2vecRun["results"][number], Word2vecRun["results"][number]];
    return [
      `Skip-gram reads ${number(skip.speed, 2)} words a second on one core and CBOW ${
        number(bag.speed, 2)
      }, with vectors of ${recipe.hiddenSize} numbers, a window of up to ${recipe.window} words and ${recipe.numNegatives} negatives. Words are counted before frequent ones are skipped at random.`,
      `Of ${questions} analogies skip-gram answers ${percent(skip.right[0])} right and CBOW ${
        percent(bag.right[0])
      }. With the words of the question among the answers they answer ${percent(skip.right[1])} and ${
        percent(bag.right[1])
      }, and the third word alone finds ${percent(skip.right[2])} and ${
        percent(bag.right[2])
      }. The mean cosine of the differences is ${fixed(skip.parallel, 2)} and ${fixed(bag.parallel, 2)}.`,
      `${
        number(words)
      } words are few for this. The vectors that were published with word2vec learned from about a hundred billion words of news. This is one seed and one recipe, and it says nothing of such vectors.`,
    ];
  },
};
