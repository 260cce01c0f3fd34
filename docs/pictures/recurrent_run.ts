/**
 * # Recurrent models on Shakespeare, shown
 *
 * @module
 */

import { fixed, number } from "../../core/experiments/numbers.ts";
import type { RunFigures } from "../picture.ts";
import type { RecurrentRun } from "../runs/recurrent.ts";

/** The recorded run. */
export const run: RunFigures<RecurrentRun> = {
  figures({ models, steps, batch, length, characters }) {
    return [{
      kind: "table",
      caption:
        `Perplexity per character on the last tenth of ${
          number(characters)
        } characters after ${steps} steps of ${batch} windows of ${length}. ` +
        "Lower is better. Seconds are those of training, on one core.",
      columns: ["model", "width", "weights", "seconds", "perplexity in windows", "with the state carried on"],
      rows: models.map(({ name, hiddenSize, weights, seconds, perplexity, carried }) => [
        name,
        hiddenSize,
        weights,
        fixed(seconds, 0),
        fixed(perplexity, 2),
        carried === undefined ? "–" : fixed(carried, 2),
      ]),
    }];
  },
  reading({ models, steps }) {
    const order = models.toSorted((a, b) => a.perplexity - b.perplexity);
    const quickest = models.reduce((a, b) => b.seconds < a.seconds ? b : a);
    const helped = models.filter(({ carried, perplexity }) => carried !== undefined && carried < perplexity);
    return [
      `After ${steps} steps the order is ${
        order.map(({ name, perplexity }) => `${name} (${fixed(perplexity, 2)})`).join(", ")
      }. One seed was trained of each, so that small differences mean little. The quickest to train was the ${quickest.name}.`,
      helped.length === 0
        ? "A state that is carried on from window to window does not help any of the models that have one."
        : `A state that is carried on from window to window helps ${
          helped.map(({ name }) => `the ${name}`).join(", ")
        }, though each was trained on windows that begin with nothing.`,
    ];
  },
};
