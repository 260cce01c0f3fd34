/**
 * # What the notes say
 *
 * **Question.** The book answers five sets of study notes in Chinese, which are not part of it. A page writes that they claim
 * something. How does a reader see what, and where?
 *
 * **Idea.** `notes/` has a file for each set: its statements by number, each restated in English and in Chinese, with its place
 * in the set and, where the set errs, the truth. Prose refers to them in two ways:
 *
 * | in the source | on the page |
 * | --- | --- |
 * | `[the notes](notes:004.27)` | a button, which opens the statement; several numbers have commas between them |
 * | a paragraph that begins `**The notes, 004.27.**` | the statement, then the paragraph as the verdict |
 *
 * The first also stands in captions of pictures, figures and runs, in their readings, and in the claims and the purpose of an experiment.
 *
 * Both work without a script. Prose leaves a mark in the HTML ([note_marks.ts](note_marks.ts)); once a page is whole, its marks
 * are replaced here, so that each statement stands on it once. The pages of the notes list all statements with the places that answer them.
 *
 * @module
 */

import { relative } from "./layout.ts";
import { anchorOf, cardOf, numbersIn, OPENING } from "./note_marks.ts";
import type { Phrases } from "./phrases.ts";
import { escape } from "./words.ts";

/** The same in both languages. */
export interface Bilingual {
  readonly en: string;
  readonly zh: string;
}

/** Something that the notes say or ask. */
export interface Statement {
  /** The set and its place there: `004.27`. */
  readonly number: string;
  /** The section of the notes. */
  readonly place: string;
  /** In the book's words. */
  readonly said: Bilingual;
  /** What is so instead, where the notes err. */
  readonly truth?: Bilingual;
  /** Pages that answer it without saying so. */
  readonly sees: readonly string[];
  /** Whether the book answers only a part of it. */
  readonly partly: boolean;
}

/** A set of notes. */
export interface NoteSet {
  /** Such as `004`. */
  readonly number: string;
  /** As the notes call themselves. */
  readonly title: string;
  /** What they are about, whose they are. */
  readonly about: Bilingual;
  readonly statements: readonly Statement[];
}

const count = (text: string, letters: RegExp): number => [...text.matchAll(letters)].length;

/** Whether a text is English, though it may name Chinese words. */
const isEnglish = (text: string): boolean => count(text, /[A-Za-z]/g) > count(text, /\p{Script=Han}/gu);

/** Paragraphs, each on a line. */
const paragraphs = (text: string): string[] =>
  text.split(/\n\s*\n/).map((paragraph) =>
    paragraph.trim().replace(/([\p{Script=Han}\p{P}])\s*\n\s*(?=[\p{Script=Han}“（])/gu, "$1").replace(/\s*\n\s*/g, " ")
  ).filter((paragraph) => paragraph !== "");

/** A paragraph in English and one in Chinese. */
function bilingual(name: string, [en, zh, ...more]: readonly string[]): Bilingual {
  if (en === undefined || zh === undefined || more.length > 0 || !isEnglish(en)) {
    throw new SyntaxError(`Cannot read ${name}: it must be a paragraph in English and one in Chinese`);
  }
  if (!/\p{Script=Han}/u.test(zh)) throw new SyntaxError(`Cannot read ${name}: its second paragraph must be Chinese`);
  return { en, zh };
}

/**
 * Reads a set.
 *
 * @param text `# 004 · title`, what it is; for each statement `## 004.27 · place`, English, Chinese, where the notes err
 * `Truth: …` and `更正：…`, and where the answer is, `See: …` or `Partly: …` with files of `core`
 * @returns the set
 * @throws {SyntaxError} if it is anything else, or a number is not the next one
 */
export function readNotes(text: string): NoteSet {
  const [head = "", ...parts] = text.split(/^## /m);
  const [, number = "", title = ""] = /^# (\d{3}) · (.+)\n/.exec(head) ?? [];
  if (number === "") throw new SyntaxError(`Cannot read ${JSON.stringify(head.slice(0, 40))}: no number and title`);
  const statements = parts.map((part, at): Statement => {
    const [, own = "", place = ""] = /^(\d{3}\.\d+) · (.+)\n/.exec(part) ?? [];
    if (own !== `${number}.${at + 1}`) {
      throw new SyntaxError(`Cannot read ${JSON.stringify(part.slice(0, 40))}: it must be ${number}.${at + 1}`);
    }
    const found = paragraphs(part.slice(part.indexOf("\n")));
    const LABEL = /^(Truth: |更正：|See: |Partly: )/;
    const labelled = (...labels: readonly string[]): string[] =>
      found.filter((paragraph) => labels.includes(LABEL.exec(paragraph)?.[1] ?? "")).map((paragraph) =>
        paragraph.replace(LABEL, "")
      );
    const truth = labelled("Truth: ", "更正："), partly = labelled("Partly: ");
    return {
      number: own,
      place,
      said: bilingual(own, labelled("")),
      ...truth.length > 0 ? { truth: bilingual(`the truth of ${own}`, truth) } : {},
      sees: [...labelled("See: "), ...partly].flatMap((list) => list.split(", ")).map((path) => `core/${path}`),
      partly: partly.length > 0,
    };
  });
  return { number, title, about: bilingual(number, paragraphs(head.slice(head.indexOf("\n")))), statements };
}

/** All statements by number. */
export function statementsOf(sets: readonly NoteSet[]): ReadonlyMap<string, Statement> {
  return new Map(sets.flatMap(({ statements }) => statements).map((statement) => [statement.number, statement]));
}

/** Where a statement is: its page and its anchor. */
export function addressOfStatement(number: string): string {
  return `notes/${number.split(".")[0]}.html#n${number.replace(".", "-")}`;
}

const MARK = /<!--notes ([\d.,]*)-->|<button class="says" data-notes="([^"]*)">/g;

/** Numbers that a page refers to, each once. */
export function mentioned(body: string): Set<string> {
  return new Set([...body.matchAll(MARK)].flatMap(([, opening, link]) => numbersIn(opening ?? link ?? "")));
}

/** Sets a formula: KaTeX, where pages are made. */
export type SetFormula = (tex: string) => string;

/** Text with formulas and code. */
const set = (text: string, formula: SetFormula): string => {
  const parts = text.split(/(\$[^$]+\$|`[^`]+`|(?<!\w)_[^_]+_(?!\w))/);
  return parts.map((part, at) => {
    if (at % 2 === 0) return escape(part);
    const inner = part.slice(1, -1);
    if (part[0] === "$") {
      // A formula stays on the line of the comma after it.
      const [after = ""] = /^[.,;:?)。，；：？）]+/.exec(parts[at + 1] ?? "") ?? [];
      parts[at + 1] = parts[at + 1]!.slice(after.length);
      return after ? `<span class="unbroken">${formula(inner)}${escape(after)}</span>` : formula(inner);
    }
    return part[0] === "`" ? `<code>${escape(inner)}</code>` : `<em>${escape(inner)}</em>`;
  }).join("");
};

/** A paragraph in each language, that of the page first. */
function inBoth(
  { en, zh }: Bilingual,
  { phrases: { language }, formula }: Pick<Printed, "phrases" | "formula">,
  lead = { en: "", zh: "" },
): string {
  const english = `<p${language === "en" ? "" : ` lang="en"`}>${lead.en}${set(en, formula)}</p>`;
  const chinese = `<p${language === "zh" ? "" : ` lang="zh"`}>${lead.zh}${set(zh, formula)}</p>`;
  return language === "zh" ? chinese + english : english + chinese;
}

const LEAD: Bilingual = {
  en: `<strong class="runin">In truth.</strong> `,
  zh: `<strong class="runin">更正。</strong>`,
};

/** A statement: what is said, and what is so. */
export function statementHtml({ said, truth }: Statement, printed: Pick<Printed, "phrases" | "formula">): string {
  return inBoth(said, printed) + (truth ? `<div class="truth">${inBoth(truth, printed, LEAD)}</div>` : "");
}

/** What the statements of a page are printed with. */
export interface Printed {
  /** Where the page is, from the root of the site. */
  readonly url: string;
  readonly statements: ReadonlyMap<string, Statement>;
  readonly phrases: Phrases;
  readonly formula: SetFormula;
  /** Where a page of the English book is in this one. */
  readonly home: (url: string) => string;
  /** Hears of numbers that there are not. */
  readonly problem: (text: string) => void;
}

/**
 * Replaces the marks of a page.
 *
 * @param body HTML with marks
 * @param printed what they stand for
 * @returns HTML whose statements open; those of links stand at its end
 */
export function withStatements(body: string, printed: Printed): string {
  const { url, statements, phrases, formula, home, problem } = printed;
  const seen = new Set<string>(), opened = new Map<string, readonly Statement[]>();
  const find = (list: string): Statement[] =>
    numbersIn(list).flatMap((number) => {
      const found = statements.get(number);
      if (!found) problem(`No statement of the notes has the number ${number}`);
      return found ?? [];
    });
  /** The anchor of a page's first reference. */
  const anchor = (number: string): string => {
    if (seen.has(number)) return "";
    seen.add(number);
    return ` id="${anchorOf(number)}"`;
  };
  const place = ({ number, place }: Statement): string =>
    `<p class="place"><a href="${
      relative(url, home(`notes/${number.slice(0, 3)}.html`) + addressOfStatement(number).replace(/^[^#]*/, ""))
    }">${phrases.notes.of(number)}</a> <span>${escape(place)}</span></p>`;
  const which = `<p class="note">${phrases.notes.which(relative(url, home("notes.html")))}</p>`;
  // Said beside the first verdict, and in the first card.
  let explained = false;
  const html = body.replace(MARK, (_, opening?: string, link?: string) => {
    if (opening !== undefined) {
      const before = explained ? "" : which;
      explained = true;
      return before + find(opening).map((statement) => {
        const { said, number } = statement,
          [own, other] = phrases.language === "zh" ? ["zh", "en"] as const : ["en", "zh"] as const;
        return `<details class="said"${anchor(number)}><summary><strong class="runin">${
          phrases.notes.say(number)
        }</strong> ${set(said[own], formula)}</summary><p lang="${other}">${set(said[other], formula)}</p>${
          place(statement)
        }</details>`;
      }).join("");
    }
    const found = find(link!), id = cardOf(found.map(({ number }) => number));
    if (found.length === 0) return `<button class="says">`;
    opened.set(id, found);
    // A button has one name; further anchors stand before it.
    const [first = "", ...more] = found.map(({ number }) => anchor(number)).filter((id) => id !== "");
    return `${more.map((id) => `<a${id}></a>`).join("")}<button class="says" popovertarget="${id}" data-of="${
      found.map(({ number }) => number).join(", ")
    }"${first}>`;
  });
  // A verdict stays with the statement before it where a column ends.
  const whole = html.replace(
    /<details class="said"(?:(?!<\/details>)[\s\S])*<\/details>\s*<p\b[\s\S]*?<\/p>/g,
    (verdict) => `<div class="verdict">${verdict}</div>`,
  );
  const cards = [...opened].map(([id, found], at) =>
    `<div class="card-of-notes" id="${id}" popover>${at === 0 ? which : ""}${
      found.map((statement) => place(statement) + statementHtml(statement, printed)).join("")
    }</div>`
  );
  return cards.length === 0 ? whole : `${whole}\n<div class="cards">${cards.join("\n")}</div>`;
}

/** The style of statements, for the pages that have some. */
export const STYLE: string = "assets/notes.css";

/** A page that answers a statement. */
export interface Answer {
  /** From the root of the site, in English. */
  readonly url: string;
  readonly title: string;
}

/**
 * Answers to the statements: what pages say, and where they do not say it, what the sets name.
 *
 * @param sets of notes
 * @param found on pages, by number
 * @param pageOf the page of a source
 * @param problem hears of sources that are none
 * @returns answers by number
 */
export function answersTo(
  sets: readonly NoteSet[],
  found: ReadonlyMap<string, readonly Answer[]>,
  pageOf: (path: string) => Answer | undefined,
  problem: (text: string) => void,
): Map<string, readonly Answer[]> {
  const answers = new Map(found);
  for (const { number, sees } of statementsOf(sets).values()) {
    const said = answers.get(number) ?? [];
    const more = sees.flatMap((path) => {
      const page = pageOf(path);
      if (!page) problem(`${number} is answered by ${path}, which is no page`);
      return page && !said.some(({ title }) => title === page.title) ? [page] : [];
    });
    if (more.length > 0) answers.set(number, [...said, ...more]);
  }
  return answers;
}

/** What the lists of statements are made with. */
export interface Listed extends Pick<Printed, "url" | "phrases" | "formula" | "home"> {
  /** By number. */
  readonly answers: ReadonlyMap<string, readonly Answer[]>;
}

/** The language of a title, on a page in another one. */
const inChinese = (title: string, { language }: Phrases): string =>
  language !== "zh" && /\p{Script=Han}/u.test(title) ? ` lang="zh"` : "";

/** A set as a list of its statements. */
export function setHtml({ title, number, about, statements }: NoteSet, listed: Listed): string {
  const { phrases, url, home, answers } = listed;
  let above = "",
    html = `<h1><span class="number">${number}</span> <span${inChinese(title, phrases)}>${escape(title)}</span></h1>${
      inBoth(about, listed)
    }`;
  html += `<p class="note"><a href="${relative(url, home("notes.html"))}">${phrases.notes.all}</a></p>`;
  for (const statement of statements) {
    if (statement.place !== above) {
      html += `${above ? "</dl>" : ""}<h2${inChinese(statement.place, phrases)}>${
        escape(statement.place)
      }</h2><dl class="statements">`;
      above = statement.place;
    }
    const found = (answers.get(statement.number) ?? []).map((answer) => {
      const [page = "", anchor = ""] = answer.url.split("#");
      return `<a href="${relative(url, home(page) + (anchor && `#${anchor}`))}">${escape(answer.title)}</a>`;
    });
    html += `<div id="n${statement.number.replace(".", "-")}"><dt>${statement.number}</dt><dd>${
      statementHtml(statement, listed)
    }<p class="note">${
      found.length > 0 ? phrases.notes.answered(found.join(phrases.notes.comma), statement.partly) : phrases.notes.open
    }</p></dd></div>`;
  }
  return `${html}</dl>`;
}

/** The sets with the numbers of their statements, of those that are answered, and of those that err. */
export function setsHtml(sets: readonly NoteSet[], listed: Listed): string {
  const { phrases, url, home, answers } = listed;
  return sets.map(({ number, title, about, statements }) => {
    const answered = statements.filter((statement) => answers.has(statement.number)).length;
    const wrong = statements.filter(({ truth }) => truth).length;
    return `<section id="set-${number}"><h2><span class="number">${number}</span> <a${
      inChinese(title, phrases)
    } href="${relative(url, home(`notes/${number}.html`))}">${escape(title)}</a></h2>${
      inBoth(about, listed)
    }<p class="note">${phrases.notes.count(statements.length, answered, wrong)}</p></section>`;
  }).join("\n");
}

/** Sources of the book in which notes are something else: a checkpoint's own. */
const OTHER_NOTES = /^core\/06_training\/(checkpoints|safetensors|loop)\.ts$/;

/**
 * Looks for references to the notes that open nothing.
 *
 * @param path of the source
 * @param text Markdown
 * @returns the first words of each
 */
export function unopened(path: string, text: string): string[] {
  if (!/^core\/(\d\d_|experiments)/.test(path) || OTHER_NOTES.test(path)) return [];
  const rest = text.replace(/^```[\s\S]*?^```/gm, "").replace(/`[^`]*`|\btests? "[^"]*"/g, "").replace(
    /\[[^\]]*\]\((?:notes:|[^)]*\/notes\.md)[^)]*\)/g,
    "",
  )
    .split(/\n\n/).filter((paragraph) => !OPENING.test(paragraph.trim())).join("\n\n");
  return [...rest.matchAll(/\bthe\s+notes\b(?:['’]|[^.!?\n]{0,40})/gi)].map(([words]) => words);
}
