/// <reference lib="dom" />
/**
 * A slider with a label and with what its place says.
 *
 * @module
 */

import { make } from "./elements.ts";

/** Where a slider can stand, and where it does. */
export interface Bounds {
  readonly min: number;
  readonly max: number;
  readonly step?: number;
  readonly value: number;
}

/** A slider on a page. */
export interface ShownSlider {
  /** Label, what the place says, and the slider. */
  readonly element: HTMLElement;
  readonly input: HTMLInputElement;
  /** Says again what the place means. */
  tell(): void;
}

/**
 * Makes a slider.
 *
 * @param id of its input
 * @param name beside it
 * @param bounds where it can stand
 * @param read what a place says
 * @param change hears of every other place
 */
export function slider(
  id: string,
  name: string,
  bounds: Bounds,
  read: (value: number) => string,
  change: (value: number) => void,
): ShownSlider {
  const output = make("output", { for: id });
  const input = make("input", { id, type: "range", autocomplete: "off", step: String(bounds.step ?? 1) });
  input.min = String(bounds.min);
  input.max = String(bounds.max);
  input.value = String(bounds.value);
  const tell = (): void => {
    output.textContent = read(input.valueAsNumber);
    input.setAttribute("aria-valuetext", output.textContent);
  };
  input.addEventListener("input", () => {
    tell();
    change(input.valueAsNumber);
  });
  tell();
  const element = make("div", { class: "control" }, make("label", { for: id }, name), output, input);
  return { element, input, tell };
}
