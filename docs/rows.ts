/**
 * # From blocks to rows
 *
 * **Question.** A block is words and lines of code. What is it on the page?
 *
 * **Idea.** A row for each block: prose, and what it is said about. Tables, diagrams and pictures of the page's beginning have the
 * paragraph before them as their prose, experiments are across both columns. How rows fill the page is the next step,
 * [arrange.ts](arrange.ts).
 *
 * @module
 */

import { openingRows, type Part, type Row } from "./arrange.ts";
import type { Block, Prose, TextBlock } from "./blocks.ts";
import type { Page } from "./book.ts";
import { drawDiagram } from "./figures/diagram.ts";
import { relative } from "./layout.ts";
import { codeHtml, type Lines } from "./lines.ts";
import type { Context } from "./context.ts";
import {
  type Beside,
  type ExercisePart,
  exerciseParts,
  isProgram,
  paragraphsOf,
  passagesOf,
  type PicturePassage,
  type ProgramPassage,
  type Table,
  takenOut,
} from "./passages.ts";
import { ENGLISH, type Phrases } from "./phrases.ts";
import { isPortable } from "./programs.ts";
import { render, renderInline } from "./prose.ts";
import { escape, plain } from "./words.ts";
import { withTests } from "./proofs.ts";
import type { Quantity } from "./quantities.ts";
import { headerHtml, sentence } from "./shader_header.ts";
import type { Site } from "./site.ts";
import { tablesHtml } from "./tables.ts";

/** What a page's blocks are printed with. */
export interface View {
  readonly page: Page;
  readonly site: Site;
  /** What has a colour on the page. */
  readonly quantities: readonly Quantity[];
  /** What its prose refers to. */
  readonly context: Context;
  /** Prints its code. */
  readonly lines: Lines;
  /** The figure of an experiment. */
  readonly figure: (name: string) => string;
}

/** A title does not break within a word. */
const unbroken = (html: string): string =>
  html.replace(/[\p{L}\d]+(?:-[\p{L}\d]+)+/gu, `<span class="unbroken">$&</span>`);

/** The language of prose, where it is not that of its page. */
function languageOf(prose: Prose | undefined, { phrases }: Site): string {
  const language = prose?.language ?? ENGLISH.language;
  return prose && language !== phrases.language ? language : "";
}

/** The heading of a part of the page. */
function headingHtml(heading: string, anchor: string, context: Context): string {
  return `<h2 id="${anchor}">${
    renderInline(heading, context)
  }<a class="anchor" href="#${anchor}" aria-label="¶">¶</a></h2>`;
}

/** The title of the page. */
function titleHtml({ number }: Page, title: string, context: Context): string {
  const name = unbroken(renderInline(title, context));
  return number ? `<h1><span class="number">${number}</span> <span>${name}</span></h1>` : `<h1>${name}</h1>`;
}

/** A diagram with its caption. */
function diagramHtml(caption: string, steps: string, { quantities, context }: View): string {
  const numbers = new Map(quantities.flatMap(({ number, symbols }) => symbols.map((tex) => [tex, number])));
  const linked = steps.replace(/\]\(([^)]+)\)/g, (_, href: string) => `](${context.target(href)})`);
  const picture = drawDiagram(linked, plain(caption), { width: 0, id: "", hue: (symbol) => numbers.get(symbol) });
  return `<figure class="figure kind-diagram"><div class="canvas" tabindex="0">${picture}</div><figcaption>${
    renderInline(caption, context)
  }</figcaption></figure>`;
}

/** A picture with its caption, in the language of its prose. */
function pictureHtml(
  { name, caption }: PicturePassage,
  prose: Prose,
  { page, site, quantities, context }: View,
): string {
  const numbers = new Map(
    quantities.flatMap(({ number, symbols, names }) => [...symbols, ...names].map((one) => [one, number])),
  );
  const html = site.pictures.html(name, page.path!, {
    caption: renderInline(caption, context),
    language: prose.language ?? ENGLISH.language,
    phrases: site.phrases,
    hue: (symbol) => numbers.get(symbol),
    link: (path) => {
      const home = site.pages.get(path);
      if (!home) context.problem(`The picture ${name} links to ${path}, which has no page`);
      return home ? relative(page.url, home.url) : "";
    },
  });
  const language = languageOf(prose, site);
  return language ? html.replace("<figure", `<figure lang="${language}"`) : html;
}

/** A program with what it prints; the script of the page adds what runs it. */
function programHtml({ code, shown }: ProgramPassage, { page, site, context }: View): string {
  const found = site.programs.get(page.path!)?.find((program) => program.code === code);
  const name = found && isPortable(code) ? found.name : "";
  // Its names lead to their pages; what they are stands there.
  const html = context.code(code, "ts").replace(/ title="[^"]*"/g, "");
  return `<div class="program"${name ? ` data-program="${name}"` : ""}>${html}<div class="output">${
    context.code(shown, "txt")
  }</div></div>`;
}

/** What stands beside prose. */
function drawnHtml(passage: Beside, prose: Prose, view: View): string {
  if (passage.kind === "picture") return pictureHtml(passage, prose, view);
  return passage.kind === "program" ? programHtml(passage, view) : diagramHtml(passage.caption, passage.steps, view);
}

/** A picture across both columns. */
const wideHtml = (picture: PicturePassage, prose: Prose, view: View): string =>
  `<div class="${view.site.pictures.isRun(picture.name) ? "wide" : "across"}">${
    pictureHtml(picture, prose, view)
  }</div>`;

/** The page's beginning, or a part of it: its tables, diagrams and pictures stand beside their paragraphs. */
function openingParts({ prose, anchor }: Extract<Block, { kind: "opening" }>, view: View): Part[] {
  const { page, site, quantities, context } = view, language = languageOf(prose, site);
  const heading = anchor ? headingHtml(prose.heading, anchor, context) : titleHtml(page, prose.heading, context) +
    // A page in another language than its edition says so at its head.
    (language ? `<p class="note" lang="${site.phrases.language}">${site.phrases.untranslated}</p>` : "");
  const pictureIn = (text: string): PicturePassage | undefined => {
    const [first] = takenOut(text).beside;
    return first?.kind === "picture" ? first : undefined;
  };
  const rows = openingRows(prose.text, {
    isShown: (text) => /^(\||```(diagram|picture)\b)/.test(text) || isProgram(text),
    isWide: (text) => text.startsWith("```picture") && site.pictures.isWide(pictureIn(text)?.name ?? ""),
    heading: anchor ? 45 : 90,
    height: (text) => {
      const picture = text.startsWith("```picture") ? pictureIn(text) : undefined;
      const [, high] = /at-beside[^>]*? height="([\d.]+)"/.exec(picture ? pictureHtml(picture, prose, view) : "") ?? [];
      return high === undefined ? undefined : Number(high) + 80;
    },
  });
  // A table of symbols that found room below its formula is one there too.
  const goingOn = (text: string): string =>
    paragraphsOf(text).map((one) => {
      const [, table] = passagesOf(one);
      return table && "lines" in table ? tablesHtml([table], quantities, context) : textHtml(prose, one, view);
    }).join("");
  if (!rows[0]) rows.push({ text: "", aside: "", more: "", side: "" });
  return rows.flatMap(({ text, aside, more, side, wide }, at): Part[] => {
    const passages = passagesOf(aside);
    const tables = passages.filter((passage): passage is Table => "lines" in passage);
    const shown = passages.flatMap((passage) =>
      passage.kind === "text" || "lines" in passage ? [] : [drawnHtml(passage, prose, view)]
    );
    const row: Row = {
      kind: (anchor ? "section top" : "opening") + (at > 0 ? " continues" : ""),
      prose: (at === 0 ? heading : "") + textHtml(prose, text, view),
      code: shown.join("") + tablesHtml(tables, quantities, context),
      more: more && goingOn(more),
      side: side && textHtml(prose, side, view),
      language,
      isAside: aside !== "",
    };
    const picture = wide === undefined ? undefined : pictureIn(wide);
    return picture ? [row, wideHtml(picture, prose, view)] : [row];
  });
}

/** Prose whose tests are named with their places. */
function textHtml({ tests }: Pick<Prose, "tests">, text: string, { page, site, context }: View): string {
  return render(
    withTests(text, tests, site, (name) => site.problem(page.path!, `No test is named "${name}"`)),
    context,
  );
}

/** Tags of a doc comment as a list. */
function tagsHtml({ tags }: Pick<Prose, "tags">, context: Context, phrases: Phrases): string {
  const item = (term: string, text: string): string =>
    `<dt>${term}</dt><dd>${renderInline(text.replace(/\s+/g, " "), context)}</dd>`;
  const found = tags.flatMap(({ kind, name, text }) => {
    if (kind === "param") return [item(renderInline(`\`${name.replace(/^\[|\]$/g, "")}\``, context), text)];
    if (kind === "typeParam") return [item(`<code>${escape(name)}</code>`, text)];
    if (kind === "returns") return [item(phrases.returns, text)];
    if (kind === "throws") return [item(`${phrases.throws} ${name ? `<code>${escape(name)}</code>` : ""}`, text)];
    return [];
  });
  const examples = tags.filter(({ kind }) => kind === "example")
    .map(({ text }) =>
      `<details class="example"><summary>${phrases.example}</summary>${render(text, context)}</details>`
    );
  const others = tags.filter(({ kind }) => kind === "deprecated" || kind === "see")
    .map(({ kind, text }) => `<p>${kind}: ${renderInline(text, context)}</p>`);
  return (found.length > 0 ? `<dl class="tags">${found.join("")}</dl>` : "") + others.join("") + examples.join("");
}

/** An exercise changes the page's file and runs something. */
function exerciseHtml({ path, url }: Page, { home, phrases: { thisFile, tryIt } }: Site): string {
  return `<p class="note">${thisFile(`<code>${escape(path!)}</code>`)} <a href="${
    relative(url, `${home("library.html")}#try-an-exercise`)
  }">${tryIt}</a></p>`;
}

/** What an exercise goes on with: further tasks, and hints and solutions, which are folded. */
function answerParts(prose: Prose, parts: readonly ExercisePart[], view: View): Part[] {
  const language = languageOf(prose, view.site), { phrases } = view.site;
  return parts.flatMap(({ kind, text }): Part[] => {
    const { text: rest, beside } = takenOut(text);
    const code = beside.map((one) => drawnHtml(one, prose, view)).join("");
    const row = { kind: "section", prose: textHtml(prose, rest, view), code, language, isAside: code !== "" };
    if (kind === "task") return [row];
    const head = `<summary><h3>${phrases[kind]}</h3></summary>`;
    return [`<details class="region answer">${head}`, row, "</details>"];
  });
}

/** Prose beside code. */
function besideParts({ kind, prose, code, anchor }: TextBlock, view: View): Part[] {
  const { page, context, lines, site } = view, { phrases } = site;
  // A link to what a doc comment describes leads to the comment, not past it.
  const id = kind === "reference" ? anchor : "";
  const written = page.language === "wgsl" ? sentence(prose?.text ?? "") : prose?.text ?? "";
  const isExercise = kind === "section" && /^exercises?(-\d+)?$/.test(anchor);
  const labels = { hint: [ENGLISH.hint, phrases.hint], solution: [ENGLISH.solution, phrases.solution] };
  const [task, ...answers] = isExercise
    ? exerciseParts(written, labels)
    : [{ kind: "task", text: written } satisfies ExercisePart];
  const { text, beside: all } = takenOut(task!.text);
  const isWide = (one: Beside): one is PicturePassage => one.kind === "picture" && site.pictures.isWide(one.name);
  if (all.some((one) => one.kind === "picture") && kind !== "section") {
    context.problem("A picture stands in the beginning of a page or below a heading, not in a comment of the code");
  }
  const html = (kind === "section" ? headingHtml(prose!.heading, anchor, context) : "") +
    (prose ? textHtml(prose, text, view) : "") +
    (isExercise ? exerciseHtml(page, site) : "");
  const first = code[0]?.text ?? "";
  const isTop = kind === "section" || kind === "reference" && !/^\s/.test(first);
  const opens = /^(export )?(abstract )?(class|interface) /.test(first) && code.length < 4;
  const tags = prose ? tagsHtml(prose, context, phrases) : "";
  const beside = all.filter((one) => !isWide(one)).map((one) => drawnHtml(one, prose!, view)).join("");
  return [
    {
      kind: kind + (isTop ? " top" : "") + (opens ? " opens" : ""),
      id,
      prose: html,
      tags,
      code: beside + codeHtml(code, lines, id, phrases),
      language: languageOf(prose, site),
      isAside: beside !== "",
    },
    ...all.filter(isWide).map((one) => wideHtml(one, prose!, view)),
    ...prose ? answerParts(prose, answers, view) : [],
  ];
}

/** Names that the line of a closed region has room for. */
const NAMED = 6;

/** Where a region begins: its title at the left, what it holds at the right; then its introduction. */
function regionParts({ prose, anchor, names, lines }: Extract<Block, { kind: "region" }>, view: View): Part[] {
  const { context, site } = view, language = languageOf(prose, site), lang = language && ` lang="${language}"`;
  const listed = names.slice(0, NAMED).map((name) => `<code>${escape(name)}</code>`).join(", ");
  const held = site.phrases.lines(lines) + (listed && `: ${listed}${names.length > NAMED ? ", …" : ""}`);
  return [
    `<details class="region"><summary><h2 id="${anchor}"${lang}>${renderInline(prose.heading, context)}</h2>` +
    `<span>${held}</span></summary>`,
    ...prose.text ? [{ kind: "section", prose: textHtml(prose, prose.text, view), code: "", language }] : [],
  ];
}

/** A block as rows of its page. */
export function partsOf(block: Block, view: View): Part[] {
  if (block.kind === "region") return regionParts(block, view);
  if (block.kind === "endregion") return ["</details>"];
  if (block.kind === "opening") return openingParts(block, view);
  if (block.kind === "header") {
    const [prose, code] = headerHtml(view.page, block.text, view.context);
    return [{ kind: "opening", prose, code, isAside: code !== "" }];
  }
  if (block.kind === "figure") return [`<div class="wide">${view.figure(block.name)}</div>`];
  return besideParts(block, view);
}
