/**
 * # The page "Open a model"
 *
 * **Question.** What stands on the page before any script has run, in each language?
 *
 * **Idea.** What can be done there, and the parts that appear once a model is open: what each of them is, and where the book explains
 * it. Everything that moves is made by the script.
 *
 * @module
 */

import { partsOfBook } from "../book.ts";
import { escape } from "../figures/svg.ts";
import { filled } from "../figures/svg.ts";
import type { Extra } from "../extra.ts";
import { relative } from "../layout.ts";
import { CONTROLS } from "../playground/controls.ts";
import { CHINESE_OPEN } from "../zh/open.ts";
import { type PartName, PARTS } from "./parts.ts";

/** Programs of the page, for the bundler. */
export const ENTRIES: Readonly<Record<string, URL>> = {
  open: new URL("main.ts", import.meta.url),
  open_worker: new URL("worker.ts", import.meta.url),
};

/** Files that the page loads, from the root of the site. */
export const FILES: ReadonlyMap<string, URL> = new Map([["assets/open.css", new URL("open.css", import.meta.url)]]);

/** Where the page is. */
const URL_OF_PAGE = "open.html";

/** A part in words. */
interface Telling {
  readonly title: string;
  readonly text: string;
  /** Pages of the book that explain it. */
  readonly explained: readonly string[];
}

const TELLINGS: Readonly<Record<PartName, Telling>> = {
  tokens: {
    title: "Tokens",
    text: "The tokenizer of the model cuts a text into the pieces that the model was trained with.",
    explained: ["core/08_pretrained/tokenizer_files/mod.ts"],
  },
  complete: {
    title: "Continue a text",
    text:
      "The model writes token by token. Colour is the probability that it gave each one. Point at a token, or choose it, and see what " +
      "could have stood there.",
    explained: ["core/07_generation/generate.ts", "core/07_generation/sampling.ts"],
  },
  chat: {
    title: "Chat",
    text:
      "A conversation is one text in the form that the model was trained with. What was read for one answer stays in the cache for the next.",
    explained: ["core/07_generation/prompt_cache.ts"],
  },
  attention: {
    title: "Where it looked",
    text:
      "When the chosen token was written, each head of each layer looked back at the text. The figures show one head, or the mean of all.",
    explained: ["core/04_attention/multi_head.ts", "core/04_attention/scaled_dot_product.ts"],
  },
  compare: {
    title: "Similar sentences",
    text:
      "Each sentence becomes a vector; the cosine of two vectors says how near their meanings are. Write one sentence a line.",
    explained: ["core/08_pretrained/sentence_vectors.ts"],
  },
};

const root = new URL("../../", import.meta.url);

/** Pages of the book by their sources. */
const book = new Map(
  partsOfBook({
    read: (path) => Deno.readTextFileSync(new URL(path, root)),
    list: (folder) =>
      [...Deno.readDirSync(new URL(folder, root))].map(({ name, isDirectory }) => isDirectory ? `${name}/` : name)
        .sort(),
  }).flatMap(({ pages }) => pages).map((page) => [page.path, page]),
);

/** What differs between languages: words, where pages are, what they are called. */
export interface Speech {
  readonly say: (english: string, ...values: readonly (string | number)[]) => string;
  readonly link: (path: string) => string;
}

function partHtml(part: PartName, { say, link }: Speech): string {
  const { title, text, explained } = TELLINGS[part], id = `open-${part}`;
  const from = explained.map((path) => {
    const { number, title } = book.get(path)!;
    return `<a href="${escape(link(path))}">${number || escape(title)}</a>`;
  }).join(", ");
  return `<section class="experiment" id="${id}" data-part="${part}" aria-labelledby="${id}-title" hidden>
<div class="experiment-side">
<h2 id="${id}-title">${say(title)}</h2>
<p class="prose-of">${say(text)}</p>
<div class="trial"></div>
<p class="explained">${say("Explained in {}", from)}</p>
</div>
<div class="shown"></div>
</section>`;
}

function bodyOf(speech: Speech, words: Readonly<Record<string, string>> | undefined): string {
  const { say, link } = speech;
  const data = (key: string, value: unknown): string => ` data-${key}="${escape(JSON.stringify(value))}"`;
  const sliders = CONTROLS.filter(({ stage }) => stage === "softmax");
  const formats = `<a href="${escape(link("core/08_pretrained/files/mod.ts"))}">safetensors</a>, <a href="${
    escape(link("core/08_pretrained/files/gguf.ts"))
  }">GGUF</a>`;
  return `<div class="playground open-model"${data("controls", sliders)}${words ? data("say", words) : ""}>
<div class="experiment">
<div class="experiment-side">
<h1>${say("Open a model")}</h1>
<p>${
    say(
      "Drop the folder of a model, or a GGUF file, on this page. It cuts texts into tokens, continues them, chats, or compares sentences, here.",
    )
  }</p>
<p class="facts">${
    say(
      "Nothing leaves this machine: the files are read by the page, and no server is asked. They are forgotten with the page unless you keep them.",
    )
  }</p>
<p class="facts">${
    say(
      "Folders are those of Hugging Face: config.json, tokenizer.json and weights as {}. Known are {}.",
      formats,
      knownHtml(link),
    )
  }</p>
</div>
<div class="ask">
<noscript><p>${say("This page needs scripts: it computes.")}</p></noscript>
</div>
</div>
${PARTS.map((part) => partHtml(part, speech)).join("\n")}
</div>`;
}

/** The layouts that are known, each with its page. */
function knownHtml(link: Speech["link"]): string {
  return [["GPT-2", "core/08_pretrained/gpt2.ts"], ["Llama, SmolLM2, Mistral", "core/08_pretrained/llama.ts"], [
    "BERT, MiniLM",
    "core/08_pretrained/bert.ts",
  ]]
    .map(([name, path]) => `<a href="${escape(link(path!))}">${name}</a>`).join(", ");
}

const ENGLISH: Speech["say"] = (english, ...values) => filled(english, ...values);

/** The page, in English and in Chinese. */
export function pages(): readonly Extra[] {
  const english = { say: ENGLISH, link: (path: string) => book.get(path)!.url };
  const chinese: Speech = {
    say(text, ...values) {
      const words = CHINESE_OPEN[text];
      if (words === undefined) throw new Error(`Cannot say ${text} in Chinese: docs/zh/open.ts has no words for it`);
      return filled(words, ...values);
    },
    link: (path) => relative(`zh/${URL_OF_PAGE}`, `zh/${book.get(path)!.url}`),
  };
  return [{
    url: URL_OF_PAGE,
    title: "Open a model",
    description:
      "Drop a model on the page: it continues texts, chats and shows where it looked, and nothing leaves the machine",
    body: bodyOf(english, undefined),
    named: "the page that opens a model",
    shows: [
      { path: "core/08_pretrained/mod.ts", id: "content", title: "a model of your own" },
      ...PARTS.flatMap((part) =>
        TELLINGS[part].explained.map((path) => ({ path, id: `open-${part}`, title: TELLINGS[part].title }))
      ),
    ],
    assets: ["assets/figures.css", "assets/playground.css", "assets/open.css", "assets/open.js"],
    spoken: {
      zh: {
        description: "把模型拖到页面上：它在这里续写、对话，并显示它在看哪里，数据不离开本机",
        body: bodyOf(chinese, CHINESE_OPEN),
      },
    },
  }];
}
