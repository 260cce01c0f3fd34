/**
 * # Recall over a long distance, shown
 *
 * @module
 */

import { number, percent } from "../../core/experiments/numbers.ts";
import type { RunFigures } from "../picture.ts";
import type { RecallRun } from "../runs/recall.ts";

/** The networks as the figure names them, in the order of the run. */
const NAMES = ["recurrent network", "LSTM, bias 1", "LSTM, bias ln d", "GRU, bias ln d", "attention"];

/** The recorded run. */
export const run: RunFigures<RecallRun> = {
  figures({ distances, accuracy, seeds, signs, tests }) {
    return [{
      kind: "line",
      caption:
        `Fraction of right answers on ${tests} unseen texts by the distance, mean of ${seeds} seeds; the bands are their range. ` +
        `A guess is right in one of ${signs} cases.`,
      x: { title: "distance d, in words", logarithmic: true },
      y: { title: "fraction right", domain: [0, 1] },
      series: NAMES.map((label, i) => ({
        label,
        points: distances.map((distance, j): readonly [number, number] => [
          distance,
          accuracy[i]![j]!.reduce((a, b) => a + b, 0) / seeds,
        ]),
        ranges: distances.map((_, j): readonly [number, number] => [
          Math.min(...accuracy[i]![j]!),
          Math.max(...accuracy[i]![j]!),
        ]),
      })),
    }];
  },
  reading({ distances, accuracy, steps, seeds, width, batch, vocabulary, weights, signs }) {
    const worst = (i: number, j: number): number => Math.min(...accuracy[i]![j]!);
    // A distance counts only if all shorter ones do.
    const reach = accuracy.map((_, i) =>
      distances.filter((_, j) => distances.slice(0, j + 1).every((_, k) => worst(i, k) > 2 / signs)).at(-1)
    );
    const say = (i: number): string => reach[i] === undefined ? "at none of the distances" : `up to ${reach[i]} words`;
    const far = (i: number, j: number): string => accuracy[i]![j]!.map((value) => percent(value)).join(" and ");
    const last = distances.length - 1, attention = NAMES.length - 1, furthest = reach[attention] ?? 0;
    const lowest = distances.reduce((least, _, j) => worst(attention, j) < worst(attention, least) ? j : least, 0);
    const paragraphs = [
      `Each network is trained for ${steps} steps of ${batch} texts at each distance, with ${seeds} seeds, on the ${
        number(vocabulary)
      } most frequent words of the file. States and vectors are ${width} numbers wide; the recurrent network has ${
        number(weights[0]!)
      } weights, each LSTM ${number(weights[1]!)}, the GRU ${number(weights[3]!)}, attention ${number(weights[4]!)}.`,
      `Which networks are right more than twice as often as a guess, with every seed? The recurrent network ${
        say(0)
      }; the LSTM with the usual bias ${say(1)}; the LSTM whose forget gates start at a bias of ln d ${
        say(2)
      }; the GRU with the same bias ${say(3)}; attention ${say(attention)}. At ${
        distances[last]
      } words the fractions are ${NAMES.map((name, i) => `${far(i, last)} (${name})`).join(", ")}.`,
    ];
    // So few steps do not always suffice, and luck decides where they do not.
    if (lowest < last && worst(attention, lowest) < worst(attention, last)) {
      paragraphs.push(
        `Attention is worst at ${distances[lowest]} words, with ${
          far(attention, lowest)
        }, and not at the longest distance. ` +
          `${steps} steps do not always suffice for it either, and these fractions say what was learned in them, not what a network can hold.`,
      );
    }
    if (reach[1] !== reach[2] && Math.max(reach[1] ?? 0, reach[2] ?? 0) < furthest) {
      paragraphs.push(
        "The distance at which an LSTM fails is therefore no constant. It depends on how its gates start. With the same number of steps it fails earlier than attention.",
      );
    }
    return paragraphs;
  },
};
