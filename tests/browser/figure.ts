/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/**
 * A live figure as a test handles it.
 *
 * @module
 */

import type { Page } from "./browser.ts";

/** Milliseconds a run may take on a busy machine; the longest trains for a quarter of a minute on an idle one. */
const TIMEOUT = 240_000;

/** One experiment of a page. */
export class LiveFigure {
  readonly #page: Page;
  readonly #name: string;
  /** Selects it. */
  readonly selector: string;

  /**
   * @param page where it is
   * @param name the experiment
   */
  constructor(page: Page, name: string) {
    this.#page = page;
    this.#name = name;
    this.selector = `#experiment-${name.replace(/\W/g, "-")}`;
  }

  /** Scrolls to it and waits until it is awake and shows the recording. */
  async wake(): Promise<void> {
    await this.#page.evaluate((figure) => document.querySelector(figure)!.scrollIntoView(), this.selector);
    await this.#ready();
    await this.#page.waitForFunction(
      (file) => performance.getEntriesByType("resource").some(({ name }) => name.endsWith(file)),
      `/${this.#name}.json`,
    );
    await this.#page.waitForTimeout(200);
  }

  /** Sets a control as a reader does who drops a slider. */
  set(control: string, value: number | string): Promise<void> {
    return this.#page.evaluate(([selector, value]) => {
      const input = document.querySelector<HTMLInputElement | HTMLSelectElement>(selector)!;
      input.value = String(value);
      input.dispatchEvent(new Event("input", { bubbles: true }));
      input.dispatchEvent(new Event("change", { bubbles: true }));
    }, [`${this.selector}-${control}`, value] as const);
  }

  /** What a control is set to. */
  value(control: string): Promise<string> {
    return this.#page.evaluate(
      (selector) => document.querySelector<HTMLInputElement>(selector)!.value,
      `${this.selector}-${control}`,
    );
  }

  /** Presses one of its buttons: run, cancel, reset, seed. */
  press(button: string): Promise<void> {
    return this.#page.click(`${this.selector} button.${button}`);
  }

  /** Waits until a run has ended. */
  async ended(): Promise<void> {
    await this.#ready();
    await this.#page.waitForFunction(
      (selector) => document.querySelector(selector)?.textContent !== "running …",
      `${this.selector} .status`,
      { timeout: TIMEOUT },
    );
  }

  /** The text of a part. */
  text(part: string): Promise<string> {
    return this.#page.evaluate(
      (selector) => document.querySelector(selector)?.textContent ?? "",
      `${this.selector} ${part}`,
    );
  }

  /** What it draws. */
  drawn(): Promise<string> {
    return this.#page.evaluate((selector) => document.querySelector(selector)!.innerHTML, `${this.selector} .figures`);
  }

  #ready(): Promise<unknown> {
    return this.#page.waitForFunction(
      (figure) => document.querySelector<HTMLElement>(figure)?.dataset["live"] === "ready",
      this.selector,
      { timeout: TIMEOUT },
    );
  }
}
