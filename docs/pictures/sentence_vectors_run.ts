/**
 * # What a similarity of sentences sees, shown
 *
 * @module
 */

import { fixed, number } from "../../core/experiments/numbers.ts";
import type { RunFigures } from "../picture.ts";
import type { SentenceVectorsRun } from "../runs/sentence_vectors.ts";

/** The recorded run. */
export const run: RunFigures<SentenceVectorsRun> = {
  figures({ sentences, cosines, weights, layers, width }) {
    const places = sentences.map((_, i) => String(i + 1));
    return [
      {
        kind: "table",
        caption: `The sentences, and the cosine of each with the first one. The model has ${number(weights)} weights, ${
          number(layers)
        } layers of width ${number(width)}.`,
        columns: ["", "sentence", "cosine with 1"],
        rows: sentences.map((sentence, i) => [places[i]!, sentence, fixed(cosines[0]![i]!, 2)]),
      },
      {
        kind: "heatMap",
        caption: "The cosines of all pairs.",
        rows: places,
        columns: places,
        rowTitle: "sentence",
        columnTitle: "sentence",
        values: cosines,
        domain: [-1, 1],
        diverging: true,
      },
    ];
  },
  reading({ cosines }) {
    const of = (a: number, b: number): string => fixed(cosines[a - 1]![b - 1]!, 2);
    return [
      `What the vectors see is the subject: other words for the same scene have ${
        of(1, 2)
      }, and the two questions about a lost password, which have hardly a word in common, ${
        of(7, 8)
      }. The bank that lends and the bank of the river have ${of(9, 10)} although they are one word.`,
      `What they hardly see is who does what to whom, and whether it is so at all: the negation has ${
        of(1, 3)
      }, and the sofa that sleeps on the cat ${of(1, 4)}. A dog in place of the cat has ${
        of(1, 5)
      }, so all three are nearer than the same scene in other words. The model was trained on English: the German sentence, which means the same, has ${
        of(1, 6)
      }.`,
    ];
  },
};
