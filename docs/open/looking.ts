/// <reference lib="dom" />
/**
 * The parts that are figures: where a position looked, the tokens of a text, how near sentences are.
 *
 * What draws is fetched with the first figure.
 *
 * @module
 */

import type { Figure } from "../../core/experiments/figure.ts";
import { shown } from "../figures/svg.ts";
import { make } from "../live/elements.ts";
import { slider } from "../live/slider.ts";
import type { ModelLine } from "./line.ts";
import type { Attention, WrittenToken } from "./protocol.ts";
import { say, short } from "./say.ts";
import { Status } from "./status.ts";
import type { ChosenToken } from "./writing.ts";

/** Widest figure, in pixels. */
const WIDEST = 760;

/** Draws a figure; what was open stays open. */
async function draw(place: HTMLElement, figure: Figure, id: string): Promise<void> {
  const [{ figureHtml }, { say }] = await Promise.all([import("../figures/mod.ts"), import("../live/words.ts")]);
  const isOpen = place.querySelector("details")?.open ?? false;
  const width = Math.max(260, Math.min(WIDEST, place.clientWidth || WIDEST));
  place.innerHTML = figureHtml(figure, { width, id, say });
  const details = place.querySelector("details");
  if (details) details.open = isOpen;
}

const texts = (tokens: Attention["tokens"]): string[] => tokens.map(({ text }) => text);

/** The part that shows attention; returns what hears of a chosen token. */
export function attentionPart(section: HTMLElement, line: ModelLine): ChosenToken {
  const status = new Status(), strip = make("div", { class: "drawing" }), lines = make("div", { class: "drawing" });
  const trial = section.querySelector<HTMLElement>(".trial")!;
  let attention: Attention | undefined, token: WrittenToken | undefined, layer = 0, head = 0, asked = 0;
  const layers = slider("open-layer", say("layer"), { min: 1, max: 1, value: 1 }, String, (at) => {
    layer = at - 1;
    show();
  });
  const headName = (at: number): string => at === 0 ? say("mean of all") : String(at);
  const heads = slider("open-head", say("head"), { min: 0, max: 1, value: 0 }, headName, (at) => {
    head = at;
    show();
  });
  layers.element.hidden = heads.element.hidden = true;
  trial.append(layers.element, heads.element);
  status.say(say("Choose a token that the model has written."));
  section.querySelector(".shown")!.append(status.element, strip, lines);

  const chosenHead = (all: readonly Float32Array[]): Float32Array =>
    head === 0 ? all[0]!.map((_, i) => all.reduce((sum, one) => sum + one[i]!, 0) / all.length) : all[head - 1]!;

  function show(): void {
    if (!attention || !token) return;
    const { tokens, rows, squares, side } = attention,
      row = chosenHead(rows[layer]!),
      square = chosenHead(squares[layer]!);
    const where = head === 0
      ? say("Layer {}, mean of all heads.", layer + 1)
      : say("Layer {}, head {}.", layer + 1, head);
    void draw(strip, {
      kind: "tokens",
      rows: [{ tokens: tokens.map(({ text }, i) => ({ text, value: row[i]! })) }],
      caption: `${
        say("The text before “{}”. Colour: how much the last of these tokens looked at each.", token.text)
      } ${where}`,
    }, "open-strip");
    const recent = texts(tokens).slice(-side);
    void draw(lines, {
      kind: "attention",
      from: recent,
      to: recent,
      weights: [Array.from({ length: side }, (_, t) => [...square.slice(t * side, (t + 1) * side)])],
      caption: `${say("The last {} tokens: who looks at whom.", side)} ${where}`,
    }, "open-lines");
    section.dataset["shown"] = `${layer + 1} ${head}`;
  }

  return (chosen, before) => {
    const own = ++asked;
    const run = line.ask({ kind: "attention", ids: before }, (answer) => {
      if (own !== asked) return;
      if (answer.kind === "attention") {
        ({ attention } = answer);
        token = chosen;
        layers.input.max = String(attention.rows.length);
        heads.input.max = String(attention.rows[0]!.length);
        if (layers.element.hidden) {
          layers.input.value = String(attention.rows.length);
          layer = attention.rows.length - 1;
        }
        layer = Math.min(layer, attention.rows.length - 1);
        head = Math.min(head, attention.rows[0]!.length);
        layers.element.hidden = heads.element.hidden = false;
        layers.tell();
        heads.tell();
        status.say("");
        show();
      } else if (answer.kind === "cancelled") status.say(say("Cancelled; shown is what was there before."));
      else if (answer.kind === "error") status.say(`${answer.message}.`, { isError: true });
    });
    status.say(say("Reading the text before “{}” again …", shown(chosen.text)), { cancel: () => run.cancel() });
  };
}

/** A field whose figure follows what is written. */
function asked(
  section: HTMLElement,
  id: string,
  label: string,
  value: string,
  ask: (text: string, status: Status, figure: HTMLElement) => void,
): () => void {
  const input = make("textarea", { id, rows: "3", spellcheck: "false" }), status = new Status();
  const figure = make("div", { class: "drawing" });
  let typing: ReturnType<typeof setTimeout> | undefined;
  input.value = value;
  input.addEventListener("input", () => {
    clearTimeout(typing);
    typing = setTimeout(() => ask(input.value, status, figure), 300);
  });
  const place = section.querySelector(".shown")!;
  place.append(make("div", { class: "field" }, make("label", { for: id }, label), input), status.element, figure);
  return () => ask(input.value, status, figure);
}

/** Longest text that is drawn token by token. */
const LONGEST = 4000;

/** The part that cuts a text; returns what does it again. */
export function tokensPart(section: HTMLElement, line: ModelLine): () => void {
  let last = 0;
  return asked(section, "open-text", say("Text to cut"), say("Attention is all you need."), (text, status, figure) => {
    const own = ++last;
    if (text.length > LONGEST) {
      return status.say(say("The text has {} characters, and {} are the most here.", text.length, LONGEST), {
        isError: true,
      });
    }
    line.ask({ kind: "tokens", text }, (answer) => {
      if (own !== last) return;
      if (answer.kind === "error") return status.say(`${answer.message}.`, { isError: true });
      if (answer.kind !== "tokens") return;
      status.say(say("{} characters, {} tokens.", [...text].length, answer.tokens.length));
      if (answer.tokens.length === 0) return figure.replaceChildren();
      void draw(figure, {
        kind: "tokens",
        rows: [
          { label: say("tokens"), tokens: answer.tokens.map(({ text }) => ({ text })) },
          { label: say("ids"), tokens: answer.tokens.map(({ id }) => ({ text: String(id) })) },
        ],
        caption: say("The text as pieces of the vocabulary, and the number of each."),
      }, "open-pieces");
    });
  });
}

/** Most sentences, and how much of one stands beside the matrix. */
const MOST_SENTENCES = 40, NAME = 32;

/** The part that compares sentences; returns what does it again. */
export function comparePart(section: HTMLElement, line: ModelLine): () => void {
  const first = [
    say("A cat sleeps on the sofa."),
    say("A kitten is napping on the couch."),
    say("The train to Shanghai was late."),
  ];
  let last = 0;
  return asked(section, "open-sentences", say("Sentences"), first.join("\n"), (text, status, figure) => {
    const own = ++last, sentences = text.split("\n").map((one) => one.trim()).filter((one) => one !== "");
    if (sentences.length === 0) return status.say(say("Write one sentence a line."), { isError: true });
    if (sentences.length > MOST_SENTENCES) {
      return status.say(say("There are {} sentences, and {} are the most here.", sentences.length, MOST_SENTENCES), {
        isError: true,
      });
    }
    const run = line.ask({ kind: "compare", texts: sentences }, (answer) => {
      if (own !== last) return;
      if (answer.kind === "cancelled") return status.say(say("Cancelled; shown is what was there before."));
      if (answer.kind === "error") return status.say(`${answer.message}.`, { isError: true });
      if (answer.kind !== "compared") return;
      status.say(say("{} sentences in {} s.", sentences.length, short(answer.seconds)));
      void draw(figure, {
        kind: "heatMap",
        rows: sentences.map((one, i) => `${i + 1} ${one.length > NAME ? `${one.slice(0, NAME)}…` : one}`),
        columns: sentences.map((_, i) => String(i + 1)),
        values: answer.matrix,
        domain: [0, 1],
        caption: say("Cosine of each pair of sentences."),
      }, "open-matrix");
    });
    status.say(say("Computing …"), { cancel: () => run.cancel() });
  });
}
