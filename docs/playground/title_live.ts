/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/**
 * # The title page, live
 *
 * A line to write a sentence into, below the recorded translation. Model and worker, those of the playground, are fetched when
 * the reader begins to write.
 *
 * @module
 */

import { make } from "../live/elements.ts";
import { say } from "../live/words.ts";
import { Line, type News } from "./line.ts";
import { DEFAULTS, LONGEST_SENTENCE } from "./settings.ts";
import { alignmentHtml, alignmentOf } from "./title.ts";

const root = document.querySelector<HTMLElement>("#translated")!;
const bytes = Number(root.dataset["bytes"]), size = `${Math.round(bytes / 1000)} kB`;
const drawing = root.querySelector<HTMLElement>(".drawing")!;
const input = make("input", {
  id: "translated-sentence",
  lang: "zh",
  autocomplete: "off",
  spellcheck: "false",
  maxlength: String(LONGEST_SENTENCE),
});
const status = make("p", { class: "status", role: "status" });
const line = new Line({ url: new URL("playground.safetensors", import.meta.url).href, bytes }, hear);

function hear(news: News): void {
  switch (news.kind) {
    case "fetching":
      status.textContent = say("Fetching the model, {}, once …", size);
      return;
    case "ready":
      status.textContent = say("The model is here.");
      return;
    case "computing":
      return;
    case "answer": {
      const { view, seconds } = news.answer, unknown = view.source.tokens.filter((token) => token === "UNK").length;
      drawing.innerHTML = alignmentHtml(alignmentOf(view));
      root.dataset["shown"] = view.settings.sentence;
      status.textContent = say("{} ms in this browser.", (seconds * 1000).toFixed(0)) +
        (unknown > 0 ? ` ${say("The model does not know {} of the tokens (UNK), and guesses there.", unknown)}` : "");
      return;
    }
    case "cancelled":
      status.textContent = "";
      return;
    case "failed":
      status.textContent = `${news.why}.`;
  }
}

let typing: ReturnType<typeof setTimeout> | undefined;
function ask(): void {
  clearTimeout(typing);
  const sentence = input.value.trim();
  if (sentence === "") status.textContent = say("Write a Chinese sentence.");
  else line.ask({ ...DEFAULTS, sentence }, "wasm");
}

const form = make("form", { class: "write", autocomplete: "off" });
input.value = root.dataset["sentence"]!;
input.addEventListener("focus", () => line.prepare());
input.addEventListener("input", () => {
  clearTimeout(typing);
  typing = setTimeout(ask, 300);
});
form.addEventListener("submit", (event) => {
  event.preventDefault();
  ask();
});
form.append(
  make("label", { for: input.id }, say("Your sentence")),
  input,
  make("button", { type: "submit" }, say("translate")),
);
root.querySelector(".trial")!.append(form, status);
root.dataset["live"] = "ready";
