/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/**
 * # The playground in the page
 *
 * Controls, a worker that translates, and figures drawn by the functions that drew the recorded translation. A question asked
 * while another is being answered waits; only the last one does.
 *
 * @module
 */

import { figureHtml } from "../figures/mod.ts";
import { type Choice, figuresOf, firstChoice, type Stage } from "./draw.ts";
import type { Settings, View } from "./look.ts";
import type { Question, Reply } from "./protocol.ts";

/** An element with attributes and children. */
function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Readonly<Record<string, string>> = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

const root = document.querySelector<HTMLElement>(".playground")!;
const stages = [...root.querySelectorAll<HTMLElement>("[data-stage]")];
const model = new URL("playground.safetensors", import.meta.url).href;
let settings = JSON.parse(root.dataset["settings"]!) as Settings;
let view: View | undefined, choice: Choice | undefined, device: "wasm" | "webgpu" = "wasm";
let worker: Worker | undefined, asked = 0, busy = false, waiting = false, drawnAt = 0;

const sentence = make("input", { id: "play-sentence", lang: "zh", autocomplete: "off", spellcheck: "false" });
const status = make("p", { class: "status", role: "status" });

/** Asks the worker, or remembers to. */
function ask(change: Partial<Settings> = {}): void {
  settings = { ...settings, ...change };
  if (busy) {
    waiting = true;
    return;
  }
  busy = true;
  status.className = "status";
  if (!view) status.textContent = "Fetching the model…";
  else {
    // A quick answer needs no announcement.
    const run = asked + 1;
    setTimeout(() => {
      if (busy && asked === run) status.textContent = device === "webgpu" ? "Computing on the GPU…" : "Computing…";
    }, 400);
  }
  if (!worker) {
    worker = new Worker(new URL("./playground_worker.js", import.meta.url), { type: "module" });
    worker.onmessage = ({ data }: MessageEvent<Reply>) => hear(data);
    worker.onerror = (event) => {
      event.preventDefault();
      worker = undefined;
      hear({ run: asked, error: event.message || "The browser could not load the worker" });
    };
  }
  worker.postMessage({ run: ++asked, settings, device, model } satisfies Question);
}

function hear(reply: Reply): void {
  busy = false;
  show(reply);
  if (waiting) {
    waiting = false;
    ask();
  }
}

/** Puts an answer on the page. */
function show(reply: Reply): void {
  if ("error" in reply) {
    status.textContent = reply.error;
    status.className = "status error";
    return;
  }
  const isNew = view?.settings.sentence !== reply.view.settings.sentence;
  view = reply.view;
  choice = choice && !isNew ? { ...choice, step: Math.min(choice.step, view.steps.length - 1) } : {
    ...firstChoice(view),
    ...(choice && { encoderLayer: choice.encoderLayer, decoderLayer: choice.decoderLayer }),
  };
  const said = root.querySelector<HTMLElement>(".translation")!;
  if (said.textContent !== view.text) said.textContent = view.text;
  status.className = "status";
  status.textContent = `${(reply.seconds * 1000).toFixed(0)} ms. ${reply.device}`;
  refreshChoices.forEach((f) => f());
  draw();
}

/** Draws stages again; heads that were chosen stay chosen. */
function draw(only?: Stage): void {
  if (!view || !choice) return;
  root.dataset["live"] = "ready";
  for (const section of stages) {
    const stage = section.dataset["stage"] as Stage;
    if (only && stage !== only) continue;
    const place = section.querySelector<HTMLElement>(".figures")!;
    const heads = [...place.querySelectorAll(".heads")].map((group) =>
      [...group.querySelectorAll("input")].findIndex(({ checked }) => checked)
    );
    const opened = [...place.querySelectorAll("details")].map(({ open }) => open);
    const width = Math.max(280, Math.min(760, place.clientWidth));
    place.innerHTML = figuresOf(view, stage, choice).map((figure, i) =>
      figureHtml(figure, { width, id: `play-${stage}-${i + 1}` })
    ).join("");
    place.querySelectorAll(".heads").forEach((group, i) => {
      const input = group.querySelectorAll("input")[heads[i] ?? 0];
      if (input) input.checked = true;
    });
    place.querySelectorAll("details").forEach((details, i) => details.open = opened[i] ?? false);
  }
  drawnAt = root.clientWidth;
}

// ## Controls

const refreshChoices: (() => void)[] = [];

/** Where the controls of a stage stand. */
const trialOf = (stage: Stage): HTMLElement => root.querySelector<HTMLElement>(`[data-stage="${stage}"] .trial`)!;

/** A slider with what it says. */
function slider(
  stage: Stage,
  name: string,
  bounds: { readonly min: number; readonly max: number; readonly step?: number; readonly value: number },
  say: (value: number) => string,
  change: (value: number) => void,
): HTMLInputElement {
  const id = `play-${stage}-${name.replace(/\W/g, "-")}`, output = make("output", { for: id });
  const input = make("input", { id, type: "range", step: String(bounds.step ?? 1) });
  input.min = String(bounds.min);
  input.max = String(bounds.max);
  input.value = String(bounds.value);
  const tell = (): void => {
    output.textContent = say(input.valueAsNumber);
    input.setAttribute("aria-valuetext", output.textContent);
  };
  input.addEventListener("input", () => {
    tell();
    change(input.valueAsNumber);
  });
  tell();
  refreshChoices.push(tell);
  trialOf(stage).append(make("div", { class: "control" }, make("label", { for: id }, name), output, input));
  return input;
}

/** A slider over what the last translation has. */
function chooser(
  stage: Stage,
  name: string,
  key: keyof Choice,
  count: (view: View) => number,
  say: (at: number) => string,
): void {
  const input = slider(stage, name, { min: 0, max: 1, value: 0 }, say, (at) => {
    if (!choice) return;
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
const { temperature, topK, topP, seed, beams } = settings;
slider(
  "softmax",
  "temperature",
  { min: 0.1, max: 3, step: 0.1, value: temperature },
  (x) => x.toFixed(1),
  (temperature) => ask({ temperature }),
);
slider(
  "softmax",
  "top-k",
  { min: 0, max: 20, value: topK },
  (k) => k === 0 ? "all" : String(k),
  (topK) => ask({ topK }),
);
slider(
  "softmax",
  "top-p",
  { min: 0.05, max: 1, step: 0.05, value: topP },
  (p) => p === 1 ? "all" : p.toFixed(2),
  (topP) => ask({ topP }),
);
slider("sampling", "seed", { min: 1, max: 100, value: seed }, String, (seed) => ask({ seed }));
slider(
  "beams",
  "beams",
  { min: 1, max: 8, value: beams },
  (n) => n === 1 ? "1, greedy" : String(n),
  (beams) => ask({ beams }),
);

const form = make("form", { class: "write" });
sentence.value = settings.sentence;
const choices = make("select", { id: "play-example" }, make("option", { value: "" }, "a sentence it has never seen…"));
for (const text of JSON.parse(root.dataset["examples"]!) as string[]) {
  choices.append(make("option", { value: text, lang: "zh" }, text));
}
choices.addEventListener("change", () => {
  if (choices.value === "") return;
  sentence.value = choices.value;
  ask({ sentence: choices.value });
});
const devices = make(
  "select",
  { id: "play-device" },
  make("option", { value: "wasm" }, "CPU (WASM)"),
  make("option", { value: "webgpu" }, "GPU (WebGPU)"),
);
devices.addEventListener("change", () => {
  device = devices.value as typeof device;
  ask();
});
let typing: ReturnType<typeof setTimeout> | undefined;
sentence.addEventListener("input", () => {
  clearTimeout(typing);
  typing = setTimeout(() => ask({ sentence: sentence.value }), 250);
});
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
root.querySelector(".translation")!.after(status);
new ResizeObserver(() => {
  if (root.clientWidth !== drawnAt) draw();
}).observe(root);
ask();
