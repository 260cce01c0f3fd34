/// <reference lib="dom" />
/**
 * The two parts in which a model writes: a text that it continues, and a conversation.
 *
 * @module
 */

import { make } from "../live/elements.ts";
import { slider } from "../live/slider.ts";
import type { Run } from "../live/runs.ts";
import { type Control, placeOf } from "../playground/settings.ts";
import type { ModelLine } from "./line.ts";
import type { Pace, Start, Turn, WrittenToken } from "./protocol.ts";
import { say, short, size } from "./say.ts";
import { Status } from "./status.ts";
import { Alternatives, Written } from "./written.ts";

/** Hears which token was chosen, as the ids of all that stands before it. */
export type ChosenToken = (token: WrittenToken, before: readonly number[]) => void;

/** How texts are written. */
export class WritingControls {
  readonly #places: Record<string, number> = {};
  #seed = 1;
  #maxNewTokens = 64;

  /**
   * Makes the controls.
   *
   * @param controls the sliders of the table of options
   * @param place where they stand
   */
  constructor(controls: readonly Control[], place: HTMLElement) {
    const tokens = slider("open-length", say("most tokens"), { min: 1, max: 1024, value: 64 }, String, (value) => {
      this.#maxNewTokens = value;
    });
    const seed = slider(
      "open-seed",
      say("seed"),
      { min: 1, max: 100, value: 1 },
      String,
      (value) => this.#seed = value,
    );
    const rules = make("details", { class: "rules" }, make("summary", {}, say("How tokens are chosen")));
    for (const control of controls) {
      const { name, label, likeliest, none, help } = control;
      // Nothing is left to chance until the reader wants it.
      const value = name === "temperature" ? likeliest ?? none : none;
      this.#places[name] = value;
      const { element } = slider(`open-${name}`, label, { ...control, value }, (at) => placeOf(control, at), (at) => {
        this.#places[name] = at;
      });
      element.title = help;
      rules.append(element);
    }
    rules.append(seed.element);
    place.append(tokens.element, rules);
  }

  /** As they are set. */
  get writing(): { readonly places: Record<string, number>; readonly seed: number; readonly maxNewTokens: number } {
    return { places: { ...this.#places }, seed: this.#seed, maxNewTokens: this.#maxNewTokens };
  }
}

/** How fast a text was written, in words. */
function told({ prompt, cached, first, tokens, rate, memory, caches }: Pace): string {
  const parts = [
    rate === undefined ? say("{} tokens", tokens) : say("{} tokens, {} a second", tokens, short(rate)),
    cached > 0
      ? say("first after {} s, of {} before it {} were in the cache", short(first), prompt, cached)
      : say("first after {} s, with {} before it", short(first), prompt),
    say("memory {}, of it {} for keys and values", size(memory), size(caches)),
  ];
  return `${parts.join(" · ")}.`;
}

/** What happens to a text that is being written. */
interface Events {
  readonly begun: (ids: readonly number[]) => void;
  readonly ended: (end: "written" | "cancelled" | "error") => void;
}

/** Asks for a text and shows it as it comes. */
function write(
  line: ModelLine,
  start: Start,
  controls: WritingControls,
  into: Written,
  status: Status,
  { begun, ended }: Events,
): Run {
  let count = 0, first = 0;
  const doing = { cancel: () => run.cancel() };
  status.say(say("Reading …"), doing);
  const run = line.ask({ kind: "write", start, writing: controls.writing }, (answer) => {
    switch (answer.kind) {
      case "progress":
        return status.say(say("Reading …"), { ...doing, done: answer.done });
      case "started":
        return begun(answer.ids);
      case "token": {
        into.add(answer.token);
        if (count++ === 0) first = performance.now();
        const seconds = (performance.now() - first) / 1000;
        // A line that changes with every token would be read aloud without end.
        if (count % 8 === 0 && seconds > 0) {
          status.say(say("Writing, {} tokens a second …", short((count - 1) / seconds)), doing);
        }
        return;
      }
      case "written":
        status.say(told(answer.pace));
        into.element.dataset["text"] = answer.text;
        return ended("written");
      case "cancelled":
        status.say(say("Stopped; what is written stays."));
        return ended("cancelled");
      case "error":
        status.say(`${answer.message}.`, { isError: true });
        return ended("error");
    }
  });
  return run;
}

/** A large field that sends with the return key where that is asked for. */
function field(
  id: string,
  label: string,
  rows: number,
): { readonly element: HTMLElement; readonly input: HTMLTextAreaElement } {
  const input = make("textarea", { id, rows: String(rows), spellcheck: "false" });
  return { element: make("div", { class: "field" }, make("label", { for: id }, label), input), input };
}

/** The part that continues a text. */
export function completePart(
  section: HTMLElement,
  line: ModelLine,
  controls: WritingControls,
  chosen: ChosenToken,
): void {
  const { element, input } = field("open-prompt", say("Text to continue"), 3);
  input.value = say("The capital of France is");
  const go = make("button", { type: "submit", class: "go" }, say("continue")),
    status = new Status(),
    panel = new Alternatives();
  const form = make("form", { class: "writing" }, element, make("p", { class: "actions" }, go)),
    result = make("div", { class: "result" });
  let before: readonly number[] = [], running: Run | undefined;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (running) return;
    const text = new Written(
      say("What the model wrote"),
      panel,
      (token, at) => chosen(token, [...before, ...text.ids.slice(0, at)]),
    );
    panel.clear();
    result.replaceChildren(make("span", { class: "given" }, input.value), text.element);
    go.disabled = true;
    running = write(line, { prompt: input.value }, controls, text, status, {
      begun: (ids) => before = ids,
      ended: () => {
        running = undefined;
        go.disabled = false;
      },
    });
  });
  section.querySelector(".shown")!.append(form, status.element, result, panel.element);
}

/** The part that chats. */
export function chatPart(section: HTMLElement, line: ModelLine, controls: WritingControls, chosen: ChosenToken): void {
  const { element, input } = field("open-message", say("Your message"), 2);
  const send = make("button", { type: "submit", class: "go" }, say("send"));
  const anew = make("button", { type: "button", class: "anew", hidden: "" }, say("begin anew"));
  const status = new Status(), panel = new Alternatives(), list = make("ol", { class: "turns" });
  const form = make("form", { class: "writing" }, element, make("p", { class: "actions" }, send, anew));
  const turns: { readonly turn: () => Turn; readonly item: HTMLElement }[] = [];
  let running: Run | undefined;

  const put = (role: Turn["role"], content: Node, read: () => string): HTMLElement => {
    const item = make(
      "li",
      { class: role },
      make("span", { class: "who" }, say(role === "user" ? "You" : "Model")),
      content,
    );
    turns.push({ turn: () => ({ role, content: read() }), item });
    list.append(item);
    return item;
  };
  const takeBack = (): void => {
    const { item } = turns.pop()!;
    item.remove();
  };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const message = input.value;
    if (running || message.trim() === "") return;
    put("user", make("p", {}, message), () => message);
    const start = { turns: turns.map(({ turn }) => turn()) };
    let before: readonly number[] = [];
    const text = new Written(
      say("What the model answered"),
      panel,
      (token, at) => chosen(token, [...before, ...text.ids.slice(0, at)]),
    );
    put("assistant", text.element, () => text.element.dataset["text"] ?? text.text);
    panel.clear();
    input.value = "";
    send.disabled = anew.disabled = true;
    running = write(line, start, controls, text, status, {
      begun: (ids) => before = ids,
      ended: (end) => {
        running = undefined;
        send.disabled = anew.disabled = false;
        if (end === "error" || end === "cancelled" && text.ids.length === 0) {
          // Nothing was answered: the message is the reader's again.
          takeBack();
          takeBack();
          if (input.value === "") input.value = message;
        }
        anew.hidden = turns.length === 0;
      },
    });
  });
  input.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    form.requestSubmit();
  });
  anew.addEventListener("click", () => {
    turns.length = 0;
    list.replaceChildren();
    panel.clear();
    anew.hidden = true;
    status.say("");
    input.focus();
  });
  section.querySelector(".shown")!.append(list, panel.element, form, status.element);
}
