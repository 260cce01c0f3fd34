/// <reference lib="dom" />
/**
 * A text that a model has written: each token can be pointed at and chosen.
 *
 * Keys go from token to token; the one in focus, under the pointer, or chosen shows what could have stood in its place.
 *
 * @module
 */

import { make } from "../live/elements.ts";
import { shown } from "../figures/svg.ts";
import type { Alternative, WrittenToken } from "./protocol.ts";
import { say } from "./say.ts";

/** A probability as a percentage. */
const percent = (p: number): string =>
  p === 0 ? "0 %" : p < 0.001 ? "< 0.1 %" : `${(100 * p).toFixed(p < 0.1 ? 1 : 0)} %`;

/** Hears that a token was chosen: what it is, and how many of the text stand before it. */
export type Choose = (token: WrittenToken, at: number) => void;

/** A text of tokens. */
export class Written {
  /** The tokens. */
  readonly element: HTMLElement;
  readonly #choose: Choose;
  readonly #panel: Alternatives;
  readonly #tokens: WrittenToken[] = [];

  /**
   * Begins an empty text.
   *
   * @param name what it is, for those who listen
   * @param panel where alternatives are shown
   * @param choose hears of a choice
   */
  constructor(name: string, panel: Alternatives, choose: Choose) {
    this.element = make("div", { class: "written", role: "group", "aria-label": name });
    this.#panel = panel;
    this.#choose = choose;
    for (const event of ["pointerover", "focusin"] as const) {
      this.element.addEventListener(event, ({ target }) => this.#look(this.#place(target)));
    }
    this.element.addEventListener("pointerleave", () => this.#panel.back());
    this.element.addEventListener("click", ({ target }) => this.#take(this.#place(target)));
    this.element.addEventListener("keydown", (event) => this.#press(event));
  }

  /** The text. */
  get text(): string {
    return this.#tokens.map(({ piece }) => piece).join("");
  }

  /** Puts a token behind the others. */
  add(token: WrittenToken): void {
    const at = this.#tokens.push(token) - 1, text = token.piece;
    const element = make("span", {
      class: "token",
      role: "button",
      tabindex: at === 0 ? "0" : "-1",
      "aria-pressed": "false",
      "aria-label": `${shown(token.text)}, ${percent(token.model)}`,
      "data-at": String(at),
      style: `--p:${Math.round(50 * token.model) / 100}`,
    }, text === "" ? "" : text);
    if (text === "") element.classList.add("is-part");
    // A line break has no width of its own.
    if (/^\s*\n/.test(text)) element.classList.add("is-line");
    this.element.append(element);
  }

  /** Ids of the tokens. */
  get ids(): number[] {
    return this.#tokens.map(({ id }) => id);
  }

  #elements(): HTMLElement[] {
    return [...this.element.querySelectorAll<HTMLElement>(".token")];
  }

  #place(target: EventTarget | null): number {
    const token = target instanceof Element ? target.closest<HTMLElement>(".token") : null;
    return token ? Number(token.dataset["at"]) : -1;
  }

  #look(at: number): void {
    const token = this.#tokens[at];
    if (token) this.#panel.show(token);
  }

  #take(at: number): void {
    const token = this.#tokens[at];
    if (!token) return;
    const own = this.#elements()[at]!;
    for (const other of document.querySelectorAll('.token[aria-pressed="true"]')) {
      other.setAttribute("aria-pressed", "false");
    }
    own.setAttribute("aria-pressed", "true");
    this.#move(own);
    this.#panel.keep(token);
    this.#choose(token, at);
  }

  #press(event: KeyboardEvent): void {
    const all = this.#elements(), at = this.#place(event.target);
    const steps: Record<string, number> = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: all.length - 1 };
    const next = steps[event.key];
    if (event.key === "Enter" || event.key === " ") this.#take(at);
    else if (next === undefined) return;
    else if (all[next]) {
      this.#move(all[next]);
      all[next].focus();
    }
    event.preventDefault();
  }

  /** Lets the tab key come to a token, and to no other. */
  #move(token: HTMLElement): void {
    this.element.querySelector('[tabindex="0"]')?.setAttribute("tabindex", "-1");
    token.setAttribute("tabindex", "0");
  }
}

/** What could have stood in the place of a token. */
export class Alternatives {
  /** Where it stands. */
  readonly element: HTMLElement = make("div", { class: "alternatives", hidden: "" });
  #kept: WrittenToken | undefined;

  /** Shows a token's alternatives for as long as it is looked at. */
  show(token: WrittenToken): void {
    const rows = token.alternatives.some(({ id }) => id === token.id)
      ? token.alternatives
      : [...token.alternatives, token];
    const head = [say("in its place"), say("the model"), say("under the rules")].map((text) =>
      make("th", { scope: "col" }, text)
    );
    this.element.replaceChildren(
      make(
        "table",
        {},
        make("caption", {}, say("“{}” has {}", shown(token.text), percent(token.model))),
        make("thead", {}, make("tr", {}, ...head)),
        make("tbody", {}, ...rows.map((one) => this.#row(one, one.id === token.id))),
      ),
    );
    this.element.hidden = false;
  }

  /** Shows them until others are chosen. */
  keep(token: WrittenToken): void {
    this.#kept = token;
    this.show(token);
  }

  /** Shows what was chosen again. */
  back(): void {
    if (this.#kept) this.show(this.#kept);
  }

  /** Shows nothing. */
  clear(): void {
    this.#kept = undefined;
    this.element.hidden = true;
  }

  #row({ text, model, shaped }: Alternative, isChosen: boolean): HTMLElement {
    const bar = make("span", { class: "bar", style: `width:${(100 * model).toFixed(1)}%` });
    return make(
      "tr",
      isChosen ? { class: "chosen" } : {},
      make("th", { scope: "row" }, shown(text)),
      make("td", {}, percent(model), bar),
      make("td", {}, percent(shaped)),
    );
  }
}
