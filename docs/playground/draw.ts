/**
 * # The stages of a translation
 *
 * What each stage of the playground shows, as figures. The build draws the recorded translation with it, the page its reader's.
 *
 * @module
 */

import type { Figure } from "../../core/experiments/figure.ts";
import type { View, Weights } from "./look.ts";

/** Which part of a stage is shown. */
export interface Choice {
  /** Layer of the encoder, from 0. */
  readonly encoderLayer: number;
  /** Layer of the decoder, from 0. */
  readonly decoderLayer: number;
  /** Position of the translation, from 0. */
  readonly step: number;
}

/** The last layers, and the word that the model is least sure of. */
export function firstChoice({ encoder, cross, steps }: View): Choice {
  const surest = steps.map(({ likely }) => likely[0]!.model);
  return {
    encoderLayer: encoder.length - 1,
    decoderLayer: cross.length - 1,
    step: surest.indexOf(Math.min(...surest)),
  };
}

/** Names of the stages, in order. */
export const STAGES = [
  "tokens",
  "embeddings",
  "encoder",
  "decoder",
  "softmax",
  "sampling",
  "drafted",
  "beams",
] as const;

/** One of them. */
export type Stage = (typeof STAGES)[number];

function heat(view: View, values: readonly (readonly number[])[], caption: string): Figure {
  const columns = values[0]!.map((_, i) => String(i));
  return {
    kind: "heatMap",
    rows: view.source.tokens,
    columns,
    values,
    columnTitle: "dimension",
    diverging: true,
    caption,
  };
}

function attention(
  weights: Weights,
  layer: number,
  from: readonly string[],
  to: readonly string[],
  caption: string,
): Figure {
  return { kind: "attention", from, to, weights: weights[layer]!, caption: `${caption} Layer ${layer + 1}.` };
}

/**
 * The figures of a stage.
 *
 * @param view what was looked at
 * @param stage which stage
 * @param choice which layer, which word
 */
export function figuresOf(view: View, stage: Stage, choice: Choice): Figure[] {
  const { source, inputs, steps, settings: { numBeams = 1 } } = view;
  const step = Math.min(choice.step, steps.length - 1), before = inputs.slice(0, step + 1).join(" ");
  switch (stage) {
    case "tokens":
      return [{
        kind: "tokens",
        rows: [
          { label: "tokens", tokens: source.tokens.map((text) => ({ text })) },
          { label: "ids", tokens: source.ids.map((id) => ({ text: String(id) })) },
        ],
        caption:
          "The sentence as pieces of the vocabulary, and the number of each. END tells the encoder where it stops.",
      }];
    case "embeddings":
      return [
        heat(view, view.embedded, "The row of the table for each token: equal tokens have equal rows."),
        heat(view, view.placed, "Rows times √E plus the code of their position: what the encoder is given."),
      ];
    case "encoder":
      return [
        attention(
          view.encoder,
          choice.encoderLayer,
          source.tokens,
          source.tokens,
          "Who looks at whom in the sentence; the lines of a token sum to one.",
        ),
        heat(view, view.memory, "What leaves the encoder: a vector per token that knows its neighbours."),
      ];
    case "decoder":
      return [
        attention(
          view.cross,
          choice.decoderLayer,
          inputs,
          source.tokens,
          "Cross-attention: where in the sentence each position looks to choose the word after it.",
        ),
        attention(
          view.self,
          choice.decoderLayer,
          inputs,
          inputs,
          "Masked self-attention: no line leads to a later word.",
        ),
      ];
    case "softmax": {
      const { likely, kept } = steps[step]!;
      const bars = (key: "model" | "shaped", caption: string): Figure => ({
        kind: "bars",
        y: { title: "probability", domain: [0, 1] },
        bars: likely.map((one) => ({ label: one.token, value: one[key] })),
        caption,
      });
      return [
        bars("model", `What the model says after “${before}”: the ${likely.length} most probable tokens.`),
        bars(
          "shaped",
          `The same under the rules: ${kept} ${kept === 1 ? "token" : "tokens"} can be drawn.`,
        ),
        {
          kind: "heatMap",
          rows: ["model", ...view.rules],
          columns: likely.map(({ token }) => token),
          values: ["model", ...view.rules].map((_, r) => likely.map((one) => r === 0 ? one.model : one.after[r - 1]!)),
          rowTitle: "after",
          columnTitle: "token",
          domain: [0, 1],
          caption: view.rules.length === 0
            ? "No rule is used: the distribution is the model's."
            : `The same rule by rule, in the order in which they apply: what each leaves of the row above it.`,
        },
      ];
    }
    case "sampling":
      return [{
        kind: "tokens",
        rows: [{ tokens: view.drawn.tokens }],
        domain: [0, 1],
        caption: `${
          view.drawn.isGreedy
            ? "Nothing is left to chance, the most probable token each time"
            : `Drawn with seed ${view.settings.seed}`
        }: “${view.drawn.text}”. Colour: the probability that the model gave the token.`,
      }];
    case "drafted": {
      const { drafted } = view;
      if (!drafted) {
        return [{
          kind: "tree",
          nodes: [{ id: 0, label: "BEGIN", kept: true }],
          caption: "Nothing is proposed: the model is called once for each token.",
        }];
      }
      const { tree, text, tokens, calls, proposed, accepted } = drafted;
      return [{
        kind: "tree",
        nodes: tree,
        looks: { best: "accepted", kept: "the model's own", dropped: "rejected" },
        caption:
          `“${text}”: ${tokens} tokens in ${calls} calls of the model; ${accepted} of ${proposed} proposals are accepted. ` +
          "With each token: its probability after the rules. A rejected proposal stands beside the token that took its place; those behind it were not looked at.",
      }];
    }
    case "beams":
      return [
        {
          kind: "tree",
          nodes: view.tree,
          caption:
            `Search with ${numBeams} ${
              numBeams === 1 ? "beam, which is greedy search" : "beams"
            }. With each token: the log-probability of the text up to it. Strong: the best text. Faint: what came near ` +
            "and was pruned, or how many.",
        },
        {
          kind: "table",
          columns: ["found", "log-probability", "per token"],
          rows: view.found.map(({ text, logProbability, score }) => [
            text,
            Number(logProbability.toFixed(3)),
            Number(score.toFixed(3)),
          ]),
          caption: "Texts that the search finished, best first.",
        },
      ];
  }
}
