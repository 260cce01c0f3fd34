/**
 * # The tail of a trained model, shown
 *
 * @module
 */

import { fixed, number, percent } from "../../core/experiments/numbers.ts";
import type { RunFigures } from "../picture.ts";
import type { Band, SamplingRun } from "../runs/sampling.ts";
import { modelOf } from "../runs/texts_table.ts";

const bandName = ({ from, to }: Band, vocabSize: number): string =>
  from === to ? `rank ${from}` : `${from}–${to ?? vocabSize}`;

/** The recorded run. */
export const run: RunFigures<SamplingRun> = {
  before: ({ training }) => training,
  figures: ({ bands, tails, places, vocabSize, lengths }) => [
    {
      kind: "bars",
      caption: `Probability mass by rank, the mean over ${
        number(places)
      } places of the plays, and how often the plays go on with a token of that rank.`,
      y: { title: "fraction" },
      bars: bands.flatMap((band) => [
        { group: bandName(band, vocabSize), label: "model", value: band.model },
        { group: bandName(band, vocabSize), label: "plays", value: band.plays },
      ]),
    },
    {
      kind: "table",
      caption:
        "Tokens below a probability: how many there are at a place, their mass together, how often the plays go on with one, and the probability that a drawn text has none, if the mass were the same at each of its places.",
      columns: [
        "probability below",
        "tokens",
        "mass",
        "plays",
        ...lengths.map((length) => length === 1 ? "none in 1 token" : `none in ${length}`),
      ],
      rows: tails.map(({ threshold, tokens, mass, plays, clean }) => [
        number(threshold),
        fixed(tokens, 0),
        percent(mass, 3),
        percent(plays, 3),
        ...clean.map((one) => percent(one, 3)),
      ]),
    },
  ],
  reading(findings) {
    const { tails: [tail], vocabSize, bands: [first] } = findings;
    return [
      `Of ${number(vocabSize)} tokens ${fixed(tail!.tokens, 0)} have a probability below ${
        percent(tail!.threshold)
      } at a place. Together they have ${percent(tail!.mass, 3)} of the mass, and the plays go on with one of them ${
        percent(tail!.plays, 3)
      } of the time. ${
        Math.abs(tail!.mass - tail!.plays) < 0.1 * tail!.plays
          ? "The tail is as heavy as it should be: what is wrong is not that a token of it is taken, but which one."
          : tail!.mass > tail!.plays
          ? "The model's tail is heavier than that of the plays: a sample takes a token of it too often."
          : "The model's tail is lighter than that of the plays: on what it never saw, the model is too sure of its first tokens."
      }`,
      `The most probable token has ${percent(first!.model, 3)} of the mass, and is the right one ${
        percent(first!.plays, 3)
      } of the time. ${modelOf(findings)}`,
    ];
  },
};
