/**
 * # A translator, calibrated, shown
 *
 * @module
 */

import { fixed, number, percent } from "../../core/experiments/numbers.ts";
import type { RunFigures } from "../picture.ts";
import type { Calibrated, CalibratedModel, CalibrationRun } from "../runs/calibration.ts";

/** What the run says. */
export interface CalibrationWords {
  readonly confidence: string;
  readonly accuracy: string;
  readonly diagonal: string;
  /** A line of the diagram: the smoothing, and whether the temperature is applied. */
  readonly line: (smoothing: number, temperature?: number) => string;
  /** Heads of the table. */
  readonly columns: readonly string[];
  readonly caption: Readonly<Record<"diagram" | "table", (run: CalibrationRun) => string>>;
  readonly reading: (run: CalibrationRun) => readonly string[];
}

/** An interval in percent points. */
const points = ([low, high]: readonly [number, number]): string =>
  `${signed(low)} to ${signed(high)} percentage points`;

const signed = (value: number): string => (value >= 0 ? "+" : "") + fixed(100 * value, 1);

/** Whether a model is more often sure than right, less often, or neither, by the whole interval. */
function direction({ gap }: Calibrated): "more" | "less" | "neither" {
  return gap[0] > 0 ? "more" : gap[1] < 0 ? "less" : "neither";
}

const SAID = {
  more: "more sure than right",
  less: "more often right than sure",
  neither: "as sure as right, as far as the interval tells",
} as const;

const about = ({ labelSmoothing }: CalibratedModel): string =>
  labelSmoothing > 0 ? `With label smoothing of ${labelSmoothing}` : "Without label smoothing";

const words: CalibrationWords = {
  confidence: "confidence",
  accuracy: "accuracy",
  diagonal: "calibrated",
  line: (smoothing, temperature) =>
    `smoothing ${smoothing}${temperature === undefined ? "" : `, temperature ${fixed(temperature, 2)}`}`,
  columns: [
    "smoothing",
    "temperature",
    "accuracy",
    "mean confidence",
    "error, equal width",
    "error, equal mass",
    "Brier",
    "loss",
  ],
  caption: {
    diagram: ({ tokens, bins }) =>
      `Reliability diagrams of ${number(tokens)} tokens of unseen translations, in ${bins} bins of equally many.`,
    table: ({ fitted, sentences }) =>
      `The two translators before and after their temperature, which was fitted on ${
        number(fitted)
      } tokens of other sentences. ` +
      `Accuracy is that of the most probable token after the right ones before it, on translations of ${sentences} sentences.`,
  },
  reading({ models, pairs, steps, hiddenSize, numLayers, draws, sentences }) {
    return [
      ...models.map((model) => {
        const { before, after, temperature } = model;
        return `${about(model)} the translator is ${SAID[direction(before)]}: confidence minus accuracy is ${
          points(before.gap)
        } in a 95 % interval. The fitted temperature is ${
          fixed(temperature, 2)
        }; by it the calibration error goes from ${fixed(before.error, 3)} to ${
          fixed(after.error, 3)
        } and the loss from ${fixed(before.loss, 3)} to ${fixed(after.loss, 3)}, ` +
          `while the accuracy stays at ${percent(after.accuracy, 3)}.`;
      }),
      ...models.some(({ before, after }) => after.loss < before.loss && after.error > before.error)
        ? [
          "The loss and the calibration error do not always agree. The temperature is fitted on the loss, which judges the probability of the right token wherever it " +
          "stands; the calibration error looks at the most probable token alone. Smoothed labels leave mass on all other tokens; to take it away lowers the loss, and makes " +
          "the most probable token too certain.",
        ]
        : [],
      `Both models have ${numLayers} layers of encoder and decoder each and width ${hiddenSize}, and learned from ${
        number(pairs)
      } pairs in ${steps} steps, with dropout. Intervals hold 95 % of ${
        number(draws)
      } draws of the ${sentences} sentences with replacement; one model of each kind was trained.`,
    ];
  },
};

/** The recorded run. */
export const run: RunFigures<CalibrationRun, CalibrationWords> = {
  words,
  before: ({ training }) => training.join("\n"),
  figures(findings, { confidence, accuracy, diagonal, line, columns, caption }) {
    const unit = { domain: [0, 1] } as const;
    return [
      {
        kind: "line",
        caption: caption.diagram(findings),
        x: { title: confidence, ...unit },
        y: { title: accuracy, ...unit },
        series: [
          ...findings.models.flatMap(({ labelSmoothing, temperature, before, after }) => [
            { label: line(labelSmoothing), points: before.diagram },
            { label: line(labelSmoothing, temperature), points: after.diagram },
          ]),
          { label: diagonal, points: [[0, 0], [1, 1]], dashed: true },
        ],
      },
      {
        kind: "table",
        caption: caption.table(findings),
        columns,
        rows: findings.models.flatMap(({ labelSmoothing, temperature, before, after }) =>
          ([[1, before], [temperature, after]] as const).map(([t, judged]) => [
            labelSmoothing,
            number(t, 3),
            fixed(judged.accuracy, 3),
            fixed(judged.confidence, 3),
            fixed(judged.error, 3),
            fixed(judged.massError, 3),
            fixed(judged.brier, 3),
            fixed(judged.loss, 3),
          ])
        ),
      },
    ];
  },
  reading: (findings, _, { reading }) => reading(findings),
};
