/**
 * # The playground's page
 *
 * **Question.** What stands on the page before any script has run?
 *
 * **Idea.** One translation, recorded by [recipe.ts](recipe.ts), with all its figures, and for each stage the lines of the book
 * that make its numbers. The lines are found by their text, so that a link that has lost its line fails the build.
 *
 * @module
 */

import { urlOf } from "../book.ts";
import { figureHtml, STATIC_WIDTH } from "../figures/mod.ts";
import { escape } from "../figures/svg.ts";
import { figuresOf, firstChoice, type Stage, STAGES } from "./draw.ts";
import type { View } from "./look.ts";

/** What was measured when the model was packed. */
export interface Measured {
  readonly hiddenSize: number;
  readonly steps: number;
  readonly weights: number;
  readonly bytes: number;
  /** Pairs that it learned from. */
  readonly pairs: number;
  /** Sentences that BLEU was measured on. */
  readonly sentences: number;
  readonly bleu: { readonly greedy: number; readonly beams: number };
  readonly examples: readonly string[];
}

/** A line of the book: what it does, where, and how it begins. */
type Source = readonly [says: string, path: string, line: string];

/** A stage in words. */
interface Telling {
  readonly title: string;
  /** HTML. */
  readonly text: string;
  readonly lines: readonly Source[];
}

const WORDS = "core/02_words", ATTENTION = "core/04_attention";
const TRANSFORMER = "core/05_transformer", GENERATION = "core/07_generation";

const TELLINGS: Readonly<Record<Stage, Telling>> = {
  tokens: {
    title: "Tokens",
    text: "Byte-pair encoding cuts the sentence into the pieces that its training merged. A character that training " +
      "never saw is UNK.",
    lines: [["text to ids", `${WORDS}/byte_pair_encoding.ts`, "  encode(text: string): number[] {"]],
  },
  embeddings: {
    title: "Embeddings and positions",
    text:
      "An id chooses a row of the table. A row does not know where its token stands; the sine and cosine waves that " +
      "are added say so.",
    lines: [
      ["a row per id", `${WORDS}/embeddings.ts`, "export class Embedding "],
      ["waves", `${ATTENTION}/positions.ts`, "export class SinusoidalPositions "],
      ["times √E, plus waves", `${TRANSFORMER}/encoder_decoder.ts`, "    const embedded = embedding.forward(tokens)"],
    ],
  },
  encoder: {
    title: "The encoder attends",
    text: "In each layer every token asks all others. A head is one kind of question; thick lines are large weights.",
    lines: [
      ["weights", `${ATTENTION}/scaled_dot_product.ts`, "export function attentionWeights("],
      ["heads", `${ATTENTION}/multi_head.ts`, "      const weights = attentionWeights(query, key, options);"],
      ["a layer", `${TRANSFORMER}/encoder.ts`, "    hidden = this.attentionResidual.forward(hidden, read, random);"],
      ["the stack", `${TRANSFORMER}/encoder_decoder.ts`, "  encode(source: Tensor,"],
    ],
  },
  decoder: {
    title: "The decoder attends",
    text:
      "The decoder asks the sentence, by cross-attention, and what it has written itself. A mask hides what it has " +
      "not yet written.",
    lines: [
      ["what may be seen", `${ATTENTION}/masks.ts`, "export function causalMask("],
      ["self and cross", `${TRANSFORMER}/decoder.ts`, "      this.selfAttention.forward(x, { causal: true"],
      ["scores of the words", `${TRANSFORMER}/encoder_decoder.ts`, "  decode(target: Tensor, memory: Tensor,"],
    ],
  },
  softmax: {
    title: "The next word",
    text:
      "Softmax turns the scores into a distribution. Temperature flattens or sharpens it; top-k and top-p cut off its " +
      "tail.",
    lines: [
      ["softmax", `${WORDS}/softmax.ts`, "export function softmax("],
      ["on one row", `${GENERATION}/sampling.ts`, "export function toProbabilities("],
      ["temperature", `${GENERATION}/temperature.ts`, "export function temperatureRule("],
      ["top-k", `${GENERATION}/truncation.ts`, "export function topKRule("],
      ["top-p", `${GENERATION}/truncation.ts`, "export function topPRule("],
    ],
  },
  sampling: {
    title: "Drawn by chance",
    text: "The same seed draws the same tokens. Another seed, or a higher temperature, gives another sentence.",
    lines: [
      ["a draw", `${GENERATION}/sampling.ts`, "export function sample("],
      ["token by token", `${GENERATION}/generate.ts`, "export async function* stream("],
    ],
  },
  beams: {
    title: "Searched",
    text:
      "The translation above is the best text that this search found. With one beam it takes the likeliest token at " +
      "every step.",
    lines: [
      ["greedy", `${GENERATION}/greedy_and_beam.ts`, "export function greedy("],
      ["a step of the beams", `${GENERATION}/greedy_and_beam.ts`, "  extend(logProbabilities"],
      ["length penalty", `${GENERATION}/greedy_and_beam.ts`, "export function powerLengthPenalty("],
    ],
  },
};

const root = new URL("../../", import.meta.url);
const read = (path: string): string => Deno.readTextFileSync(new URL(path, root));
const json = <T>(name: string): T =>
  JSON.parse(Deno.readTextFileSync(new URL(`model/${name}.json`, import.meta.url))) as T;

/**
 * Where a line of the book stands on the site.
 *
 * @throws {Error} if no line of the file begins so
 */
function link([says, path, line]: Source): string {
  const at = read(path).split("\n").findIndex((text) => text.startsWith(line));
  if (at < 0) throw new Error(`Cannot trace "${says}": ${path} has no line "${line}"`);
  return `<li>${escape(says)}: <a href="${urlOf(path)}#L${at + 1}"><code>${path.split("/").slice(1).join("/")}:${
    at + 1
  }</code></a></li>`;
}

/** A stage as it stands on the page. */
function stageHtml(view: View, stage: Stage): string {
  const { title, text, lines } = TELLINGS[stage], id = `play-${stage}`;
  const figures = figuresOf(view, stage, firstChoice(view)).map((figure, i) =>
    figureHtml(figure, { width: STATIC_WIDTH, id: `${id}-${i + 1}` })
  );
  return `<section class="experiment" id="${id}" data-stage="${stage}" aria-labelledby="${id}-title">
<div class="experiment-side">
<h2 id="${id}-title">${title}</h2>
<p class="prose-of">${text}</p>
<div class="trial"></div>
<ul class="lines" aria-label="Lines of the book">${lines.map(link).join("")}</ul>
</div>
<div class="figures">
${figures.join("\n")}
</div>
</section>`;
}

/** Files that the page loads, from the root of the site. */
export const FILES: ReadonlyMap<string, URL> = new Map([
  ["assets/playground.css", new URL("playground.css", import.meta.url)],
  ["assets/playground.safetensors", new URL("model/translator.safetensors", import.meta.url)],
]);

/** Programs of the page, for the bundler. */
export const ENTRIES: Readonly<Record<string, URL>> = {
  playground: new URL("main.ts", import.meta.url),
  playground_worker: new URL("worker.ts", import.meta.url),
};

/** The page. */
export function pages(): readonly {
  readonly url: string;
  readonly title: string;
  readonly description: string;
  readonly body: string;
  readonly assets: readonly string[];
}[] {
  const view = json<View>("example"), measured = json<Measured>("measured");
  const { weights, bytes, pairs, sentences, bleu, hiddenSize, steps } = measured;
  const count = (x: number): string => x.toLocaleString("en").replaceAll(",", "\u202f");
  const data = (key: string, value: unknown): string => ` data-${key}="${escape(JSON.stringify(value))}"`;
  const body = `<div class="playground"${data("settings", view.settings)}${data("examples", measured.examples)}>
<h1>Playground</h1>
<p>A Chinese sentence becomes English, and the numbers on the way are shown. The model is the one that
<code>deno task start</code> trains, made smaller: width ${hiddenSize}, ${count(steps)} steps, ${
    count(weights)
  } weights, a byte each,
${Math.round(bytes / 1000)} kB. On ${count(sentences)} sentences that it has never seen it reaches
<a href="${urlOf("core/06_training/bleu.ts")}">BLEU</a> ${bleu.greedy.toFixed(1)} by greedy search and
${bleu.beams.toFixed(1)} with ${view.settings.beams} beams. It learned from ${
    count(pairs)
  } pairs and knows their words, no others.</p>
<p class="asked" lang="zh">${escape(view.settings.sentence)}</p>
<p class="translation" role="status" aria-live="polite" aria-label="Translation">${escape(view.text)}</p>
${STAGES.map((stage) => stageHtml(view, stage)).join("\n")}
</div>`;
  return [{
    url: "playground.html",
    title: "Playground",
    description: "Type a sentence and see it tokenized, attended to and translated",
    body,
    assets: ["assets/figures.css", "assets/playground.css", "assets/playground.js"],
  }];
}
