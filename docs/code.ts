/**
 * # Code with colours and links
 *
 * **Question.** A line of code is coloured by its grammar, linked by its meaning and marked by the page's quantities. How
 * do three views of one line become one?
 *
 * **Idea.** Each view cuts the line at some places and says something about the pieces. The line is cut at all of them, and
 * every piece gets what is said about it.
 *
 * @module
 */

import { createCssVariablesTheme, createHighlighterCore, type HighlighterCore } from "shiki/core";
import { createJavaScriptRegexEngine } from "shiki/engine/javascript";
import bash from "shiki/langs/bash.mjs";
import html from "shiki/langs/html.mjs";
import json from "shiki/langs/json.mjs";
import typescript from "shiki/langs/typescript.mjs";
import wgsl from "shiki/langs/wgsl.mjs";
import { escape } from "./words.ts";

/** Something said about a piece of a text. */
export interface Mark {
  /** Offset of its first character. */
  readonly start: number;
  /** Offset after its last one. */
  readonly end: number;
  /** Where it leads. */
  readonly href?: string | undefined;
  /** What to show when pointed at. */
  readonly hint?: string | undefined;
  /** Number of a quantity. */
  readonly quantity?: number | undefined;
}

/** Classes of the theme: comments, keywords, strings; the rest is plain. */
const CLASSES: Readonly<Record<string, string>> = {
  "var(--token-comment)": "c",
  "var(--token-keyword)": "k",
  "var(--token-string)": "s",
  "var(--token-string-expression)": "s",
};

/** A text cut into lines. */
export class Highlighter {
  readonly #shiki: HighlighterCore;

  private constructor(shiki: HighlighterCore) {
    this.#shiki = shiki;
  }

  /** Loads the grammars. */
  static async create(): Promise<Highlighter> {
    const theme = createCssVariablesTheme({ name: "book", variablePrefix: "--", variableDefaults: {} });
    return new Highlighter(
      await createHighlighterCore({
        engine: createJavaScriptRegexEngine({ forgiving: true }),
        langs: [bash, html, json, typescript, wgsl],
        themes: [theme],
      }),
    );
  }

  /**
   * Colours a text.
   *
   * @param text code
   * @param language `ts`, `wgsl`, `sh`, `json`, `html`; others stay plain
   * @param marks not overlapping those of their kind
   * @returns HTML of each line
   */
  lines(text: string, language: string, marks: readonly Mark[] = []): string[] {
    const known = {
      ts: "typescript",
      typescript: "typescript",
      sh: "bash",
      bash: "bash",
      json: "json",
      wgsl: "wgsl",
      html: "html",
    }[language];
    const lines = known
      ? this.#shiki.codeToTokensBase(text, { lang: known, theme: "book", tokenizeTimeLimit: 0 })
      : text.split("\n").map((content) => [{ content, offset: 0, color: "" }]);
    const out: string[] = [];
    let start = 0, first = 0;
    const sorted = marks.toSorted((a, b) => a.start - b.start);
    for (const tokens of lines) {
      const length = tokens.reduce((sum, { content }) => sum + content.length, 0), end = start + length;
      while (first < sorted.length && sorted[first]!.end <= start) first++;
      const here: Mark[] = [];
      for (let i = first; i < sorted.length && sorted[i]!.start < end; i++) {
        if (sorted[i]!.end > start) here.push(sorted[i]!);
      }
      const cuts = new Set<number>([start, end]);
      for (const mark of here) cuts.add(Math.max(mark.start, start)).add(Math.min(mark.end, end));
      const classes: [number, string][] = [];
      let at = start;
      for (const { content, color } of tokens) {
        const kind = CLASSES[color ?? ""] ?? "";
        if (kind !== (classes.at(-1)?.[1] ?? "")) {
          classes.push([at, kind]);
          cuts.add(at);
        }
        at += content.length;
      }
      const places = [...cuts].toSorted((a, b) => a - b);
      let html = "";
      for (let i = 0; i + 1 < places.length; i++) {
        const [from, to] = [places[i]!, places[i + 1]!];
        const kind = classes.findLast(([at]) => at <= from)?.[1] ?? "";
        const over = here.filter((mark) => mark.start <= from && mark.end >= to);
        html += piece(text.slice(from, to), kind, over);
      }
      out.push(html);
      start = end + 1;
    }
    return out;
  }

  /** A block of code outside of rows. */
  block(text: string, language: string, marks: readonly Mark[] = []): string {
    const plain = text.trimEnd().split("\n");
    const lines = this.lines(text.trimEnd(), language, marks).map((html, at) => {
      const indent = /^ */.exec(plain[at] ?? "")![0].length;
      return `<span class="line"${indent > 0 ? ` style="--i:${indent}"` : ""}>${html}\n</span>`;
    });
    return `<pre><code>${lines.join("")}</code></pre>`;
  }
}

function piece(text: string, kind: string, marks: readonly Mark[]): string {
  const quantity = marks.find((mark) => mark.quantity !== undefined)?.quantity;
  const isText = kind === "c" || kind === "s";
  const href = isText ? undefined : marks.find((mark) => mark.href !== undefined)?.href;
  const hint = isText ? undefined : marks.find((mark) => mark.hint)?.hint;
  const attributes = (quantity === undefined || isText ? "" : ` data-q="${quantity}"`) +
    (hint ? ` title="${escape(hint)}"` : "") + (kind ? ` class="${kind}"` : "");
  if (href !== undefined) return `<a href="${href}"${attributes}>${escape(text)}</a>`;
  if (attributes) return `<span${attributes}>${escape(text)}</span>`;
  // A long chain of calls may break before a call.
  return escape(text).replaceAll(").", ")<wbr>.");
}
