/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/**
 * # The live figure
 *
 * Controls, a run in the worker, and figures drawn by the functions that drew the recorded ones. Until the reader
 * changes something, what is shown is the recording, drawn again at the width of this screen.
 *
 * @module
 */

import type { Figure } from "../../core/experiments/figure.ts";
import type { Field } from "../figures.ts";
import { figuresHtml, tableCsv, tablesOf } from "../figures/mod.ts";
import { anchorOf, cardOf, lineWithNotes, numbersIn } from "../note_marks.ts";
import { make } from "./elements.ts";
import type { Answer } from "./protocol.ts";
import { type Run, run } from "./run.ts";
import { pixels, save, standalone } from "./save.ts";
import { say } from "./words.ts";

type Device = "wasm" | "webgpu";

/** The devices that can be chosen, by what a reader calls them. */
const DEVICES: readonly (readonly [Device, string])[] = [["wasm", "CPU (WASM)"], ["webgpu", "GPU (WebGPU)"]];

/** A value as its control shows it. */
const shown = ({ choices }: Field, value: number): string => choices?.[value] ?? String(value);

/** Until a reader runs it. */
const RECORDED = say("as recorded");

/** A time as one reads it. */
const duration = (seconds: number): string => `${seconds < 10 ? seconds.toPrecision(2) : Math.round(seconds)} s`;

/** What computed, in a few words: `CPU, 2 threads`. */
const brief = (device: string): string =>
  [/^\w+/.exec(device)?.[0], /\d+ threads|one thread/.exec(device)?.[0]].filter((part) => part).join(", ");

/** Lets links to the notes open the cards that the page has; a link to a statement that it does not have is its words. */
function openNotes(inside: HTMLElement): void {
  for (const button of inside.querySelectorAll<HTMLElement>("button[data-notes]")) {
    const numbers = numbersIn(button.dataset["notes"]!), card = cardOf(numbers);
    if (!document.getElementById(card)) {
      button.replaceWith(...button.childNodes);
      continue;
    }
    button.removeAttribute("data-notes");
    button.setAttribute("popovertarget", card);
    button.dataset["of"] = numbers.join(", ");
    // What led to the link of the recording leads to this one.
    const anchor = numbers.map(anchorOf).find((id) => !document.getElementById(id));
    if (anchor) button.id = anchor;
  }
}

/** Removes the noise of binary fractions. */
const tidy = (value: number): number => Number(value.toPrecision(12));

/**
 * Brings an experiment to life.
 *
 * @param section what `renderExperiment` made
 */
export function mount(section: HTMLElement): void {
  new Live(section);
}

class Live {
  readonly #section: HTMLElement;
  readonly #name: string;
  readonly #controls: Readonly<Record<string, Field>>;
  readonly #language: string;
  readonly #hues: Readonly<Record<string, number>>;
  readonly #values: Record<string, number> = {};
  readonly #refresh: (() => void)[] = [];
  readonly #figures: HTMLElement;
  readonly #run: HTMLButtonElement;
  readonly #cancel: HTMLButtonElement;
  readonly #progress: HTMLProgressElement;
  readonly #status: HTMLElement;
  readonly #reading: HTMLElement | null;
  /** The reading of the recording, as the build wrote it. */
  readonly #read: readonly Node[];
  #device: Device = "wasm";
  #current: Run | undefined;
  #recorded: readonly Figure[] | undefined;
  #drawn: readonly Figure[] | undefined;
  #width = 0;

  constructor(section: HTMLElement) {
    this.#section = section;
    this.#name = section.dataset["experiment"]!;
    this.#language = section.dataset["language"]!;
    this.#controls = JSON.parse(section.dataset["controls"]!);
    this.#hues = JSON.parse(section.dataset["hues"] ?? "{}");
    this.#figures = section.querySelector<HTMLElement>(".figures")!;
    this.#reading = section.querySelector<HTMLElement>(".reading");
    this.#read = [...this.#reading?.childNodes ?? []];
    this.#run = make("button", { type: "submit", class: "run" }, say("Run"));
    this.#cancel = make("button", { type: "button", class: "cancel", hidden: "" }, say("Cancel"));
    this.#progress = make("progress", { max: "1", value: "0", hidden: "", "aria-label": say("How much is done") });
    this.#status = make("p", { class: "status", role: "status" });
    const state = make("div", { class: "state" }, this.#progress, this.#status);
    section.querySelector(".trial")!.append(this.#form(), state);
    this.#say(RECORDED);
    this.#set(this.#defaults());
    this.#addSaving();
    section.dataset["live"] = "ready";
    new ResizeObserver(() => this.#fit()).observe(section);
    void this.#load();
  }

  #defaults(): Record<string, number> {
    return Object.fromEntries(Object.entries(this.#controls).map(([key, control]) => [key, control.default]));
  }

  /** The recording, so that it can be drawn at this screen's width; without it the drawn one stays. */
  async #load(): Promise<void> {
    try {
      const response = await fetch(new URL(`recorded/${this.#language}/${this.#name}.json`, import.meta.url));
      if (!response.ok) return;
      this.#recorded = await response.json() as readonly Figure[];
      this.#drawn ??= this.#recorded;
      this.#fit();
    } catch {
      // A page opened from a disk may not read files; what the build drew is there.
    }
  }

  #form(): HTMLFormElement {
    const form = make(
      "form",
      { class: "controls" },
      make("p", { class: "about" }, say("Changing a control runs the experiment.")),
    );
    for (const [key, control] of Object.entries(this.#controls)) form.append(this.#field(key, control));
    const reset = make("button", { type: "button", class: "reset" }, say("Reset"));
    reset.addEventListener("click", () => this.#reset());
    this.#cancel.addEventListener("click", () => this.#current?.cancel());
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#start();
    });
    form.append(this.#deviceField(), make("div", { class: "actions" }, this.#run, this.#cancel, reset));
    return form;
  }

  /** A slider, a list of choices, or a number with a button for another seed. */
  #field(key: string, control: Field): HTMLElement {
    const id = `${this.#section.id}-${key}`, step = control.step ?? 1;
    const change = (value: number): void => {
      // What is no number gives way to the one that was there.
      if (!Number.isFinite(value)) return this.#refresh.forEach((f) => f());
      this.#values[key] = tidy(Math.min(control.max, Math.max(control.min, value)));
      this.#refresh.forEach((f) => f());
      this.#start();
    };
    const name = make("label", { for: id }, control.label), described = { id, "aria-describedby": `${id}-about` };
    const about = make("span", { id: `${id}-about`, class: "about" }, control.description);
    if (control.choices) {
      const select = make(
        "select",
        described,
        ...control.choices.map((choice, i) => make("option", { value: String(i) }, choice)),
      );
      select.addEventListener("change", () => change(Number(select.value)));
      this.#refresh.push(() => select.value = String(this.#values[key]));
      return make("div", { class: "control" }, name, select, about);
    }
    if (key === "seed" || (control.max - control.min) / step > 5000) {
      const bounds = { min: String(control.min), max: String(control.max), step: String(step) };
      const input = make("input", { ...described, type: "number", ...bounds });
      input.addEventListener("change", () => change(input.valueAsNumber));
      this.#refresh.push(() => input.value = String(this.#values[key]));
      const field = make("div", { class: "control number" }, name, input);
      if (key === "seed") {
        const another = make("button", { type: "button", class: "seed" }, say("another seed"));
        another.addEventListener("click", () => {
          const next = this.#values[key]! + 1;
          change(next > control.max ? control.min : next);
        });
        field.append(another);
      }
      field.append(about);
      return field;
    }
    const bounds = { min: String(control.min), max: String(control.max), step: String(step) };
    const input = make("input", { ...described, type: "range", ...bounds }), output = make("output", { for: id });
    input.addEventListener("input", () => output.value = shown(control, tidy(input.valueAsNumber)));
    input.addEventListener("change", () => change(input.valueAsNumber));
    this.#refresh.push(() => {
      input.value = String(this.#values[key]);
      output.value = shown(control, this.#values[key]!);
    });
    return make("div", { class: "control" }, name, output, input, about);
  }

  #deviceField(): HTMLElement {
    const id = `${this.#section.id}-device`, hasGpu = "gpu" in navigator;
    const options = DEVICES.map(([value, text]) =>
      make("option", { value, ...value === "webgpu" && !hasGpu ? { disabled: "" } : {} }, text)
    );
    const select = make("select", { id }, ...options);
    select.addEventListener("change", () => {
      this.#device = select.value as Device;
      this.#start();
    });
    return make("div", { class: "control device" }, make("label", { for: id }, say("Computed on")), select);
  }

  #set(values: Readonly<Record<string, number>>): void {
    Object.assign(this.#values, values);
    this.#refresh.forEach((f) => f());
  }

  /** Stops what runs without a word: what comes next says more. */
  #drop(): void {
    const run = this.#current;
    this.#current = undefined;
    run?.cancel();
  }

  #reset(): void {
    this.#drop();
    this.#busy(false);
    this.#set(this.#defaults());
    if (!this.#recorded) return this.#start();
    this.#say(RECORDED);
    this.#drawn = this.#recorded;
    this.#draw();
    this.#reading?.replaceChildren(...this.#read);
    this.#judge(undefined);
  }

  #say(text: string, isError = false, title = ""): void {
    this.#status.textContent = text;
    this.#status.title = title;
    this.#status.classList.toggle("error", isError);
  }

  #start(): void {
    this.#drop();
    const mine: Run = run(
      { name: this.#name, controls: { ...this.#values }, language: this.#language, device: this.#device },
      (answer) => {
        if (this.#current === mine) this.#hear(answer);
      },
    );
    this.#current = mine;
    this.#busy(true);
    this.#say(say("running …"));
  }

  #busy(busy: boolean): void {
    this.#section.dataset["live"] = busy ? "running" : "ready";
    this.#section.setAttribute("aria-busy", String(busy));
    this.#cancel.hidden = !busy;
    this.#progress.hidden = !busy;
    if (busy) this.#progress.removeAttribute("value");
  }

  #hear(answer: Answer): void {
    if (answer.kind === "progress") {
      this.#progress.value = answer.done;
      return;
    }
    this.#current = undefined;
    this.#busy(false);
    if (answer.kind === "cancelled") this.#say(say("cancelled"));
    else if (answer.kind === "error") this.#say(say("Cannot run this: ") + answer.message, true);
    else if (answer.kind === "outcome") {
      this.#drawn = answer.figures;
      this.#draw();
      if (this.#reading) {
        this.#reading.innerHTML = answer.reading.map((text) => `<p>${lineWithNotes(text)}</p>`).join("");
        openNotes(this.#reading);
      }
      this.#judge(answer.holds);
      this.#say(`${duration(answer.seconds)} · ${brief(answer.device)}`, false, answer.device);
    }
  }

  /** What the claims say of the reader's own run; of the recorded one, what the build wrote. */
  #judge(holds: readonly boolean[] | undefined): void {
    this.#section.querySelectorAll<HTMLElement>(".claims li").forEach((item, i) => {
      item.dataset["recorded"] ??= item.className;
      const recorded = item.dataset["recorded"];
      const verdict = holds === undefined
        ? recorded
        : holds[i]
        ? "holds"
        : recorded === "refuted"
        ? "refuted"
        : "fails";
      this.#section.querySelector(".settings")!.textContent = say(holds === undefined ? "default" : "chosen");
      item.className = verdict;
      item.querySelector(".verdict")!.textContent = say(verdict!);
    });
  }

  /** Draws again when the width has changed. */
  #fit(): void {
    const width = this.#measure();
    if (this.#drawn && Math.abs(width - this.#width) > 8) this.#draw();
  }

  /** Width of figures. */
  #measure(): number {
    // The list of figures is no box of its own.
    const width = this.#figures.querySelector(".figure")?.clientWidth || this.#section.clientWidth;
    return Math.round(Math.max(260, Math.min(760, width)));
  }

  #draw(): void {
    const figures = this.#drawn;
    if (!figures) return;
    this.#width = this.#measure();
    const before = this.#section.getBoundingClientRect();
    const open = [...this.#figures.querySelectorAll("details")].map((details) => details.open);
    const heads = [...this.#figures.querySelectorAll<HTMLInputElement>(".heads input:checked")].map(({ id }) => id);
    const drawing = { width: this.#width, id: this.#section.id, hue: (symbol: string) => this.#hues[symbol], say };
    this.#figures.innerHTML = figuresHtml(figures, drawing).join("");
    openNotes(this.#figures);
    this.#figures.querySelectorAll("details").forEach((details, i) => details.open = open[i] ?? false);
    for (const id of heads) {
      const input = document.getElementById(id) as HTMLInputElement | null;
      if (input) input.checked = true;
    }
    this.#addSaving();
    // What a reader reads below stays where it is; most browsers see to that themselves.
    if (before.bottom < 0 && !CSS.supports("overflow-anchor", "auto")) {
      scrollBy(0, this.#section.getBoundingClientRect().height - before.height);
    }
  }

  /** Buttons that hand a figure over as SVG, PNG or CSV. */
  #addSaving(): void {
    this.#figures.querySelectorAll<HTMLElement>("figure").forEach((figure, i) => {
      const name = `${this.#name.replaceAll("/", "-")}-${i + 1}`;
      const picture = (): SVGSVGElement | undefined =>
        [...figure.querySelectorAll<SVGSVGElement>("svg.picture")].find((svg) => svg.getClientRects().length > 0);
      const row = make("div", { class: "saving" });
      const add = (text: string, act: () => void | Promise<void>): void => {
        const button = make("button", { type: "button", "aria-label": say("save figure {} as {}", i + 1, text) }, text);
        button.addEventListener("click", async () => {
          try {
            await act();
          } catch (error) {
            this.#say(say("Cannot save the figure: ") + (error instanceof Error ? error.message : error), true);
          }
        });
        row.append(button);
      };
      if (picture()) {
        add("SVG", () => save(`${name}.svg`, new Blob([standalone(picture()!)], { type: "image/svg+xml" })));
        add("PNG", async () => save(`${name}.png`, await pixels(picture()!)));
      }
      const data = (): Figure | undefined => this.#drawn?.[i];
      add("CSV", () => {
        const found = data();
        if (!found) throw new Error(say("its numbers could not be read"));
        const text = found.kind === "text" ? found.text : tablesOf(found, true).map(tableCsv).join("\n");
        save(`${name}.${found.kind === "text" ? "txt" : "csv"}`, new Blob([text], { type: "text/csv" }));
      });
      figure.querySelector(".tools")!.append(row);
    });
  }
}
