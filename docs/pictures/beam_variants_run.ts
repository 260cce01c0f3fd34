/**
 * # Four texts of one model, shown
 *
 * @module
 */

import { fixed, number, percent } from "../../core/experiments/numbers.ts";
import type { RunFigures } from "../picture.ts";
import type { VariantsRun } from "../runs/beam_variants.ts";

/** The recorded run. */
export const run: RunFigures<VariantsRun> = {
  before: ({ training }) => training,
  figures: ({ rows, lines, count, length, seeds, before }) => [
    {
      kind: "bars",
      caption: `Of the pairs of neighbouring tokens in ${number(count)} texts of ${
        number(length)
      } tokens, the fraction that is different: the mean over ${
        number(lines)
      } lines, and where chance takes part over ${number(seeds)} seeds, with the lowest and the highest.`,
      y: { title: "fraction of pairs", domain: [0, 1] },
      bars: rows.map(({ name, different, differentRange }) => ({
        label: name,
        value: different,
        range: differentRange,
      })),
    },
    {
      kind: "table",
      isWide: true,
      caption: `What the ${
        number(count)
      } texts cost, in nats for each token, how many of them are different texts, and what each search writes after “${before}”; a stroke stands for a line break.`,
      columns: ["search", "nats", "different texts", "after the first line"],
      rows: rows.map(({ name, surprisal, texts, first }) => [
        name,
        fixed(surprisal, 2),
        fixed(texts, 1),
        first.map((text, i) => `${i + 1}. ${text}`).join("  "),
      ]),
    },
  ],
  reading({ rows, count, weights }) {
    const named = (name: string) => rows.find((row) => row.name === name)!;
    const beam = named("beam search"), drawn = named("stochastic beams"), free = named("independent samples");
    const groups = rows.filter(({ name }) => name.includes("groups"));
    return [
      `The ${number(count)} beams of a beam search have ${percent(beam.different)} different pairs, groups of beams ${
        groups.map(({ different }) => percent(different)).join(" and ")
      }, stochastic beams ${percent(drawn.different)}, and independent samples ${percent(free.different)}.`,
      `By and large what is more different costs more: ${fixed(beam.surprisal, 2)} nats a token for the beam, ${
        groups.map(({ surprisal }) => fixed(surprisal, 2)).join(" and ")
      } for the groups, ${fixed(drawn.surprisal, 2)} and ${
        fixed(free.surprisal, 2)
      } for what is drawn. Whether more variety is better is for the reader of the texts to say. The model is a Transformer of ${
        number(weights)
      } weights.`,
    ];
  },
};
