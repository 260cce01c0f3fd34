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

import { partsOfBook, urlOf } from "../book.ts";
import { figureHtml, STATIC_WIDTH } from "../figures/mod.ts";
import { escape } from "../figures/svg.ts";
import type { Extra } from "../extra.ts";
import { CONTROLS, FIELDS } from "./controls.ts";
import { figuresOf, firstChoice, type Stage, STAGES } from "./draw.ts";
import type { View } from "./look.ts";
import { titleHtml } from "./title.ts";

/** A sentence that the model has never seen, and how a person translated it. */
export interface Example {
  readonly sentence: string;
  readonly meaning: string;
}

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
  /** Sentence patterns of the corpus. */
  readonly patterns: number;
  /** Those of the sentences from which a training sentence differs in at most `nearest` characters. */
  readonly near: number;
  readonly nearest: number;
  readonly bleu: { readonly greedy: number; readonly beams: number };
  readonly examples: readonly Example[];
}

/** A line of the book: what it makes, where it stands, and how it begins. */
type Source = readonly [makes: string, path: string, line: string];

/** A stage in words. */
interface Telling {
  readonly title: string;
  readonly text: string;
  /** For each figure, the lines that its numbers come from. */
  readonly made: readonly (readonly Source[])[];
}

const BYTE_PAIR = "core/02_words/byte_pair_encoding/encoding.ts", EMBEDDINGS = "core/02_words/embeddings.ts";
const SOFTMAX = "core/02_words/softmax.ts", POSITIONS = "core/04_attention/positions/absolute.ts";
const SCALED = "core/04_attention/scaled_dot_product.ts", HEADS = "core/04_attention/multi_head.ts";
const ENCODER = "core/05_transformer/encoder.ts", DECODER = "core/05_transformer/decoder.ts";
const MODEL = "core/05_transformer/encoder_decoder.ts", SAMPLING = "core/07_generation/sampling.ts";
const TEMPERATURE = "core/07_generation/temperature.ts", TRUNCATION = "core/07_generation/truncation.ts";
const SPECULATIVE = "core/07_generation/speculative.ts", RULES = "core/07_generation/rules.ts";
const BEAM = "core/07_generation/greedy_and_beam.ts", SEQUENCES = "core/07_generation/sequences.ts";

const ATTENTION: readonly Source[] = [
  ["scores", SCALED, "  let scores = compareAllowed("],
  ["weights", SCALED, "  return softmax(scores);"],
  ["of each head", HEADS, "    const weights = attentionWeights(query, key, options);"],
];

const TELLINGS: Readonly<Record<Stage, Telling>> = {
  tokens: {
    title: "Tokens",
    text: "Byte-pair encoding cuts the sentence into the pieces that its training merged. A character that training " +
      "never saw is UNK.",
    made: [[
      ["ids", BYTE_PAIR, "    this.#read(text, options, (piece) => {"],
      ["names", BYTE_PAIR, "    const letters = Array.from(ids, (id) => this.#lettersOf(id, withSpecial))"],
    ]],
  },
  embeddings: {
    title: "Embeddings and positions",
    text:
      "An id chooses a row of the table. A row does not know where its token stands; the sine and cosine waves that " +
      "are added say so.",
    made: [
      [["rows", EMBEDDINGS, "    const embedded = this.weight.rows(tokens);"]],
      [
        ["times √E", MODEL, "  const embedded = embedding.forward(tokens)"],
        ["waves", POSITIONS, "      rows[t * hiddenSize + coordinate] = coordinate % 2 === 0 ? Math.sin"],
        ["their sum", POSITIONS, "    return hidden.add(rowsFrom(codes"],
      ],
    ],
  },
  encoder: {
    title: "The encoder attends",
    text: "In each layer every token asks all others. A head is one kind of question; thick lines are large weights.",
    made: [ATTENTION, [
      ["a layer", ENCODER, "    hidden = this.attentionResidual.forward(hidden, read);"],
      ["all layers", ENCODER, "    const top = this.layers.reduce("],
      ["what leaves", MODEL, "  const memory = model.encoder.forward(input,"],
    ]],
  },
  decoder: {
    title: "The decoder attends",
    text:
      "The decoder asks the sentence, by cross-attention, and what it has written itself. A mask hides what it has " +
      "not yet written.",
    made: [
      [["asks the sentence", DECODER, "      this.crossAttention.forward(x, {"], ...ATTENTION.slice(1, 2)],
      [
        ["asks itself", DECODER, "      this.selfAttention.forward(x, { mask, bias, causal,"],
        ["the mask", SCALED, "  if (allowed) scores = scores.where("],
        ...ATTENTION.slice(1, 2),
      ],
    ],
  },
  softmax: {
    title: "The next word",
    text:
      "Softmax turns the scores into a distribution. Temperature flattens or sharpens it; top-k, top-p and their kin cut " +
      "off its tail; others look at what was said before, forbid or force. They act on what is sampled and drafted below, not on the search.",
    made: [
      [
        ["scores", MODEL, "  return model.head ? model.head.forward(hidden)"],
        ["probabilities", SAMPLING, "    total += probabilities[token] = exponential("],
        ["as a formula", SOFTMAX, "    const exponentials = shifted.exp();"],
      ],
      [
        ["temperature", TEMPERATURE, "      for (let token = 0; token < row.length; token++) row[token] ="],
        ["top-k", TRUNCATION, "      if (k < row.length) leftOf(row)"],
        ["top-p", TRUNCATION, "      for (let i = 0; i < left.count; i++) left.keys[i] ="],
      ],
      [["one after the other", RULES, "    const allowed = applyAll(rules, logits, context);"]],
    ],
  },
  sampling: {
    title: "Sampled",
    text: "The same seed samples the same tokens, under the rules of the stage above. Another seed, " +
      "or a higher temperature, gives another sentence.",
    made: [[
      ["a draw", SAMPLING, "  const token = random.categorical(probabilities);"],
      ["token by token", SEQUENCES, "    const token = this.#search.onHost("],
      ["its probability", SAMPLING, "  return logits[token]! - logSum(logits);"],
    ]],
  },
  drafted: {
    title: "Drafted and checked",
    text:
      "A table of what followed most often in the training sentences proposes several tokens at once, and the model checks all of them in one " +
      "call, under the rules above. What is accepted costs no call of its own.",
    made: [[
      ["accepted or not", SPECULATIVE, "  if (random.next() * q < p) return"],
      ["in its place", SPECULATIVE, "  return { token: random.categorical(residual("],
    ]],
  },
  beams: {
    title: "Searched",
    text:
      "The translation above is the best hypothesis of this search. With one beam it takes the most probable token at " +
      "every step.",
    made: [
      [
        ["log-probability", BEAM, "      const logProbability = before + row[token]!,"],
        ["the best survive", BEAM, "      if (best.length > numBeams) best.pop();"],
      ],
      [["per token", BEAM, "    const score = logProbability / this.#penalty("]],
    ],
  },
};

const root = new URL("../../", import.meta.url);
const read = (path: string): string => Deno.readTextFileSync(new URL(path, root));
const json = <T>(name: string): T =>
  JSON.parse(Deno.readTextFileSync(new URL(`model/${name}.json`, import.meta.url))) as T;

/** Pages of the book by their sources. */
const book = new Map(
  partsOfBook({
    read,
    list: (folder) =>
      [...Deno.readDirSync(new URL(folder, root))].map(({ name, isDirectory }) => isDirectory ? `${name}/` : name)
        .sort(),
  }).flatMap(({ pages }) => pages).map((page) => [page.path, page]),
);

/**
 * Where a line of the book stands on the site.
 *
 * @throws {Error} unless one line of the file begins so
 */
function link([makes, path, line]: Source): string {
  const lines = read(path).split("\n"), found = lines.flatMap((text, at) => text.startsWith(line) ? [at] : []);
  if (found.length !== 1) throw new Error(`Cannot trace "${makes}": ${path} has ${found.length} lines "${line}"`);
  const [at = 0] = found, { url, number } = book.get(path)!;
  return `<li><span>${escape(makes)}</span> <a href="${url}#L${at + 1}"><code>${
    escape(lines[at]!.trim().replace(/;$/, ""))
  }</code></a> <span class="where">${number || path.split("/").at(-1)}, line ${at + 1}</span></li>`;
}

/** Sources of a stage, without repetition. */
const pathsOf = (stage: Stage): string[] => [...new Set(TELLINGS[stage].made.flat().map(([, path]) => path))];

/** A stage as it stands on the page. */
function stageHtml(view: View, stage: Stage): string {
  const { title, text, made } = TELLINGS[stage], id = `play-${stage}`;
  const figures = figuresOf(view, stage, firstChoice(view)).map((figure, i) =>
    `<div class="shown"><div class="drawing">${
      figureHtml(figure, { width: STATIC_WIDTH, id: `${id}-${i + 1}` })
    }</div><ul class="made" aria-label="Computed by">${made[i]!.map(link).join("")}</ul></div>`
  );
  const from = pathsOf(stage).map((path) => {
    const { url, number, title } = book.get(path)!;
    return `<a href="${url}">${number} ${escape(title)}</a>`;
  });
  return `<section class="experiment" id="${id}" data-stage="${stage}" aria-labelledby="${id}-title">
<div class="experiment-side">
<h2 id="${id}-title">${title}</h2>
<p class="prose-of">${text}</p>
<div class="trial"></div>
<p class="explained">Explained in ${from.join(", ")}</p>
</div>
<div class="figures">
${figures.join("\n")}
</div>
</section>`;
}

/** Files that the page loads, from the root of the site. */
export const FILES: ReadonlyMap<string, URL> = new Map([
  ["assets/playground.css", new URL("playground.css", import.meta.url)],
  ["assets/title.css", new URL("title.css", import.meta.url)],
  ["assets/playground.json", new URL("model/example.json", import.meta.url)],
  ["assets/playground.safetensors", new URL("model/translator.safetensors", import.meta.url)],
]);

/** Programs of the page and of the title page, for the bundler. */
export const ENTRIES: Readonly<Record<string, URL>> = {
  playground: new URL("main.ts", import.meta.url),
  title: new URL("title_live.ts", import.meta.url),
  playground_worker: new URL("worker.ts", import.meta.url),
};

/** Style and script of the title page. */
export const TITLE_ASSETS: readonly string[] = ["assets/title.css", "assets/title.js"];

/** The recorded translation as the title page shows it, with a caption. */
export function titleFigure(caption: string): string {
  return titleHtml(json<View>("example"), { bytes: json<Measured>("measured").bytes, caption });
}

/** The page. */
export function pages(): readonly Extra[] {
  const view = json<View>("example"), measured = json<Measured>("measured");
  const { weights, bytes, pairs, sentences, patterns, near, nearest, bleu, hiddenSize, steps } = measured;
  const count = (x: number): string => x.toLocaleString("en").replaceAll(",", "\u202f");
  const data = (key: string, value: unknown): string => ` data-${key}="${escape(JSON.stringify(value))}"`;
  const attributes = data("settings", view.settings) + data("controls", CONTROLS) + data("fields", FIELDS) +
    data("examples", measured.examples) + data("bytes", bytes);
  const body = `<div class="playground"${attributes}>
<div class="experiment">
<div class="experiment-side">
<h1>Playground</h1>
<p>A Chinese sentence becomes English. Each number on the way is shown, with the line of the book that computes it.</p>
<p class="facts">The model is the one that <code>deno task start</code> trains, made smaller: width ${hiddenSize}, ${
    count(steps)
  } steps, ${count(weights)} weights, a byte each. It learned from ${count(pairs)} pairs. On ${
    count(sentences)
  } sentences that it has never seen it reaches
<a href="${urlOf("core/06_training/bleu.ts")}">BLEU</a> ${bleu.greedy.toFixed(1)} by greedy search and
${bleu.beams.toFixed(1)} with ${view.settings.numBeams} beams.</p>
<p class="facts">The score is high because the sentences are alike. Training and test sentences come from the same
${patterns} patterns, and ${near} of the ${sentences} differ from a training sentence in at most ${nearest} characters. The model
guesses at other sentences; a warning then names what training never held. Try <span lang="zh">我没有钱</span>.</p>
</div>
<div class="ask">
<p class="asked" lang="zh">${escape(view.settings.sentence)}</p>
<p class="translation" role="status" aria-live="polite" aria-label="Translation">${escape(view.text)}</p>
</div>
</div>
${STAGES.map((stage) => stageHtml(view, stage)).join("\n")}
</div>`;
  return [{
    url: "playground.html",
    title: "Playground",
    named: "the playground",
    description: "Type a sentence and see it tokenized, attended to and translated",
    body,
    assets: ["assets/figures.css", "assets/playground.css", "assets/playground.js"],
    shows: STAGES.flatMap((stage) =>
      pathsOf(stage).map((path) => ({ path, id: `play-${stage}`, title: TELLINGS[stage].title }))
    ),
  }];
}
