/// <reference lib="dom" />
/**
 * One line that says what goes on, with what can be done about it.
 *
 * @module
 */

import { make } from "../live/elements.ts";
import { say } from "./say.ts";

/** What can be done about it. */
export interface Doing {
  /** Stops it. */
  readonly cancel?: () => void;
  /** A button: what it is called, and what it does. */
  readonly next?: readonly [name: string, act: () => void];
  readonly isError?: boolean;
  /** How much is done. */
  readonly done?: number;
}

/** A line of status. */
export class Status {
  /** Where it stands. */
  readonly element: HTMLElement;
  readonly #text = make("p", { class: "status", role: "status" });
  readonly #progress = make("progress", { max: "1", value: "0", hidden: "", "aria-label": say("How much is done") });
  readonly #cancel = make("button", { type: "button", class: "cancel", hidden: "" }, say("cancel"));
  readonly #next = make("button", { type: "button", class: "next", hidden: "" });
  #doing: Doing = {};

  /** Says nothing yet. */
  constructor() {
    this.#cancel.addEventListener("click", () => this.#doing.cancel?.());
    this.#next.addEventListener("click", () => this.#doing.next?.[1]());
    this.element = make("div", { class: "state" }, this.#text, this.#progress, this.#cancel, this.#next);
  }

  /** Says something. */
  say(text: string, doing: Doing = {}): void {
    this.#doing = doing;
    if (this.#text.textContent !== text) this.#text.textContent = text;
    this.#text.classList.toggle("error", doing.isError ?? false);
    this.#cancel.hidden = !doing.cancel;
    this.#next.hidden = !doing.next;
    this.#next.textContent = doing.next?.[0] ?? "";
    this.#progress.hidden = doing.done === undefined;
    this.#progress.value = doing.done ?? 0;
  }
}
