/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/**
 * # The playground in the page
 *
 * Controls, a worker that translates, and figures drawn by the functions that drew the recorded translation. The recorded one
 * is shown until the reader asks for another; model and worker are fetched when a control is first touched.
 *
 * @module
 */

import type { Figure } from "../../core/experiments/figure.ts";
import { figureHtml } from "../figures/mod.ts";
import { make } from "../live/elements.ts";
import { type Bounds, slider as sliderOf } from "../live/slider.ts";
import { type Choice, figuresOf, firstChoice, type Stage } from "./draw.ts";
import type { Unfamiliar } from "./familiar.ts";
import { Line, type News } from "./line.ts";
import type { View } from "./look.ts";
import type { Example } from "./page.ts";
import type { Device } from "./protocol.ts";
import { type Control, type Field, LONGEST_SENTENCE, MOST_PROPOSALS, placeOf, type Settings } from "./settings.ts";

const root = document.querySelector<HTMLElement>(".playground")!;
const stages = [...root.querySelectorAll<HTMLElement>("[data-stage]")];
const bytes = Number(root.dataset["bytes"]), size = `${Math.round(bytes / 1000)} kB`;
let settings = JSON.parse(root.dataset["settings"]!) as Settings;
let view: View | undefined, choice: Choice | undefined, device: Device = "wasm", drawnAt = 0;

const sentence = make("input", { id: "play-sentence", lang: "zh", autocomplete: "off", spellcheck: "false" });
const status = make("p", { class: "status", role: "status" });
const progress = make("progress", { max: "1", value: "0", hidden: "", "aria-label": "How much of the model is here" });
const cancel = make("button", { type: "button", class: "cancel", hidden: "" }, "cancel");
const again = make("button", { type: "button", class: "again", hidden: "" }, "Try again");
const said = root.querySelector<HTMLElement>(".translation")!;

// ## Asking

const line = new Line({ url: new URL("playground.safetensors", import.meta.url).href, bytes }, hear);

/** Asks for what is set. */
function ask(change: Partial<Settings> = {}): void {
  settings = { ...settings, ...change };
  const { length } = settings.sentence.trim();
  if (length > 0 && length <= LONGEST_SENTENCE) return line.ask(settings, device);
  line.cancel();
  if (length === 0) fail("Write a sentence to translate", false);
  else fail(`The sentence has ${length} characters and ${LONGEST_SENTENCE} are the most here`, false);
}

let late: ReturnType<typeof setTimeout> | undefined;

/** Says what goes on; what can be done about it stands beside. */
function say(
  text: string,
  can: { readonly cancel?: boolean; readonly again?: boolean; readonly isError?: boolean } = {},
): void {
  clearTimeout(late);
  if (status.textContent !== text) status.textContent = text;
  status.classList.toggle("error", can.isError ?? false);
  cancel.hidden = !can.cancel;
  again.hidden = !can.again;
  progress.hidden = true;
}

function fail(why: string, mayTryAgain: boolean): void {
  const below = view && view.settings.sentence !== sentence.value.trim()
    ? `; shown is still ${view.settings.sentence}`
    : "";
  say(`${why}${below}.`, { isError: true, again: mayTryAgain });
  said.classList.toggle("old", below !== "");
}

function hear(news: News): void {
  switch (news.kind) {
    case "fetching":
      say(`Fetching the model, ${size}, once …`, { cancel: true });
      progress.hidden = false;
      progress.value = news.share;
      return;
    case "ready":
      return say("The model is here.");
    case "computing":
      // A quick answer needs no announcement.
      clearTimeout(late);
      late = setTimeout(
        () => say(device === "webgpu" ? "Computing on the GPU …" : "Computing …", { cancel: true }),
        250,
      );
      return;
    case "answer": {
      const { view, unfamiliar, seconds, device } = news.answer;
      show(view);
      return say(`${warning(unfamiliar)}${(seconds * 1000).toFixed(0)} ms. ${device}`);
    }
    case "cancelled":
      return say("Cancelled; shown is what was there before.");
    case "failed":
      return fail(news.why, news.again);
  }
}

/** Some things by name, the first three. */
function named(things: readonly string[]): string {
  return `${things.slice(0, 3).join(", ")}${things.length > 3 ? " …" : ""}`;
}

/** What to know of a sentence that is unlike those of the training. */
function warning({ characters, tokens, pairs }: Unfamiliar): string {
  const unknown = characters.length > 0 ? [`the model does not know ${named(characters)} and reads UNK`] : [];
  const rare = tokens.length > 0 ? [`no training sentence has the token ${named(tokens)}`] : [];
  const apart = pairs.length > 0
    ? [`no training sentence has ${named(pairs.map(([first, second]) => `${first} before ${second}`))}`]
    : [];
  const all = [...unknown, ...rare, ...apart].join("; ");
  return all === "" ? "" : `${all[0]!.toUpperCase()}${all.slice(1)}: the translation may be a guess. `;
}

/** Puts a translation and its figures on the page. */
function show(next: View): void {
  const isNew = view?.settings.sentence !== next.settings.sentence;
  view = next;
  choice = choice && !isNew ? { ...choice, step: Math.min(choice.step, view.steps.length - 1) } : {
    ...firstChoice(view),
    ...(choice && { encoderLayer: choice.encoderLayer, decoderLayer: choice.decoderLayer }),
  };
  if (said.textContent !== view.text) said.textContent = view.text;
  said.classList.remove("old");
  root.dataset["shown"] = view.settings.sentence;
  refreshChoices.forEach((f) => f());
  draw();
}

/** Widest figure of a kind, in pixels: text across a tree may be longer than elsewhere. */
const widest = ({ kind }: Figure): number => kind === "tree" ? 1040 : 760;

/** Draws stages again; heads that were chosen stay chosen. */
function draw(only?: Stage): void {
  if (!view || !choice) return;
  for (const section of stages) {
    const stage = section.dataset["stage"] as Stage;
    if (only && stage !== only) continue;
    const places = section.querySelectorAll<HTMLElement>(".drawing");
    figuresOf(view, stage, choice).forEach((figure, i) => {
      const place = places[i]!;
      const head = [...place.querySelectorAll(".heads input")].findIndex((input) =>
        (input as HTMLInputElement).checked
      );
      const isOpen = place.querySelector("details")?.open ?? false;
      const width = Math.max(260, Math.min(widest(figure), place.clientWidth));
      place.innerHTML = figureHtml(figure, { width, id: `play-${stage}-${i + 1}` });
      const input = place.querySelectorAll<HTMLInputElement>(".heads input")[head];
      if (input) input.checked = true;
      const details = place.querySelector("details");
      if (details) details.open = isOpen;
    });
  }
  drawnAt = root.clientWidth;
  root.dataset["live"] = "ready";
}

// ## Controls

const refreshChoices: (() => void)[] = [];

/** Where the controls of a stage stand. */
const trialOf = (stage: Stage): HTMLElement => root.querySelector<HTMLElement>(`[data-stage="${stage}"] .trial`)!;

/** A slider of a stage. */
function slider(
  stage: Stage,
  name: string,
  bounds: Bounds,
  read: (value: number) => string,
  change: (value: number) => void,
): HTMLInputElement {
  const { element, input, tell } = sliderOf(`play-${stage}-${name.replace(/\W/g, "-")}`, name, bounds, read, change);
  refreshChoices.push(tell);
  trialOf(stage).append(element);
  return input;
}

/** A slider over what the last translation has. */
function chooser(
  stage: Stage,
  name: string,
  key: keyof Choice,
  count: (view: View) => number,
  read: (at: number) => string,
): void {
  const input = slider(stage, name, { min: 0, max: 1, value: 0 }, read, (at) => {
    if (!choice) return ask();
    choice = { ...choice, [key]: at };
    draw(stage);
  });
  refreshChoices.unshift(() => {
    input.max = String(count(view!) - 1);
    input.value = String(choice![key]);
  });
}

chooser("encoder", "layer", "encoderLayer", ({ encoder }) => encoder.length, (at) => String(at + 1));
chooser("decoder", "layer", "decoderLayer", ({ cross }) => cross.length, (at) => String(at + 1));
chooser(
  "softmax",
  "word",
  "step",
  ({ steps }) => steps.length,
  (at) => view ? view.inputs[at + 1]?.trim() ?? "END" : String(at + 1),
);
/** A slider over a setting; touching it fetches the model. */
function setting(
  stage: Stage,
  label: string,
  bounds: Bounds,
  read: (value: number) => string,
  change: (value: number) => Partial<Settings>,
): HTMLInputElement {
  const input = slider(stage, label, bounds, read, (value) => ask(change(value)));
  input.addEventListener("focus", () => line.prepare());
  return input;
}

for (const control of JSON.parse(root.dataset["controls"]!) as Control[]) {
  const { stage, label, name, none, help } = control;
  const bounds = { ...control, value: (settings as unknown as Record<string, number | undefined>)[name] ?? none };
  setting(stage, label, bounds, (place) => placeOf(control, place), (place) => ({ [name]: place })).title = help;
}
for (const { name, label, help } of JSON.parse(root.dataset["fields"]!) as Field[]) {
  const id = `play-softmax-${label.replace(/\W/g, "-")}`,
    input = make("input", { id, type: "text", autocomplete: "off" });
  let waiting: ReturnType<typeof setTimeout> | undefined;
  input.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => ask({ words: { ...settings.words, [name]: input.value } }), 250);
  });
  input.addEventListener("focus", () => line.prepare());
  const control = make("div", { class: "control" }, make("label", { for: id }, label), input);
  control.title = help;
  trialOf("softmax").append(control);
}
setting(
  "drafted",
  "proposals",
  { min: 0, max: MOST_PROPOSALS, value: settings.proposals ?? 0 },
  (count) => count === 0 ? "0, not used" : String(count),
  (proposals) => ({ proposals }),
);
setting("sampling", "seed", { min: 1, max: 100, value: settings.seed }, String, (seed) => ({ seed }));

const choices = make("select", { id: "play-example" }, make("option", { value: "" }, "a sentence it has never seen …"));
for (const { sentence, meaning } of JSON.parse(root.dataset["examples"]!) as Example[]) {
  choices.append(make("option", { value: sentence, lang: "zh" }, `${sentence} ${meaning}`));
}
choices.addEventListener("change", () => {
  if (choices.value === "") return;
  clearTimeout(typing);
  sentence.value = choices.value;
  ask({ sentence: sentence.value });
});
const devices = make(
  "select",
  { id: "play-device" },
  make("option", { value: "wasm" }, "CPU (WASM)"),
  make("option", { value: "webgpu", ...!("gpu" in navigator) && { disabled: "" } }, "GPU (WebGPU)"),
);
devices.addEventListener("change", () => {
  device = devices.value as Device;
  ask();
});
let typing: ReturnType<typeof setTimeout> | undefined;
sentence.value = settings.sentence;
sentence.addEventListener("input", () => {
  clearTimeout(typing);
  choices.value = "";
  typing = setTimeout(() => ask({ sentence: sentence.value }), 250);
});
for (const control of [sentence, choices, devices]) control.addEventListener("focus", () => line.prepare());
cancel.addEventListener("click", () => line.cancel());
again.addEventListener("click", () => ask({ sentence: sentence.value }));
const form = make("form", { class: "write", autocomplete: "off" });
form.addEventListener("submit", (event) => {
  event.preventDefault();
  clearTimeout(typing);
  ask({ sentence: sentence.value });
});
form.append(
  make("label", { for: "play-sentence" }, "Chinese sentence"),
  sentence,
  make("label", { for: "play-example" }, "or choose"),
  choices,
  make("label", { for: "play-device" }, "runs on"),
  devices,
  make("button", { type: "submit" }, "translate"),
);
root.querySelector(".asked")!.replaceWith(form);
said.after(make("div", { class: "state" }, status, progress, cancel, again));
new ResizeObserver(() => {
  if (root.clientWidth !== drawnAt) draw();
}).observe(root);

// The recorded translation, drawn again at the width of this screen; without it what the build drew stays.
say(`Recorded when this page was built. Change something: the model, ${size}, is fetched then and runs here.`);
fetch(new URL("playground.json", import.meta.url)).then(async (response) => {
  if (response.ok && !view) show(await response.json() as View);
}).catch(() => {});
