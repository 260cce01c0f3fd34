/** The notes: every statement is there once, in both languages, and opens where prose refers to it. */

import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { linkMark, numbersIn, OPENING, openingMark } from "../../docs/note_marks.ts";
import {
  addressOfStatement,
  answersTo,
  mentioned,
  type NoteSet,
  readNotes,
  setHtml,
  statementsOf,
  unopened,
  withStatements,
} from "../../docs/notes.ts";
import { ENGLISH } from "../../docs/phrases.ts";
import { CHINESE_PHRASES } from "../../docs/zh/phrases.ts";
import { granted } from "../permissions.ts";

const root = new URL("../../", import.meta.url);
const ignore = !granted("read");

/** How many statements each set has. */
const SIZES: Readonly<Record<string, number>> = { "000": 38, "001": 44, "002": 23, "003": 58, "004": 129 };

const sets: readonly NoteSet[] = ignore
  ? []
  : Object.keys(SIZES).map((name) => readNotes(Deno.readTextFileSync(new URL(`docs/notes/${name}.md`, root))));

const SET = `# 007 · 一组笔记

Some notes.

一些笔记。

## 007.1 · 1 注意力

Attention looks _everywhere_, at cost $n^2$.

注意力哪里都看，
代价是 $n^2$。

See: 04_attention/masks.ts, 04_attention/mod.ts

## 007.2 · 1 注意力

Masks are 0.

掩码是 0。

Truth: They are −∞.

更正：是 −∞。

Partly: 04_attention/masks.ts
`;

const read = readNotes(SET), statements = statementsOf([read]);

/** Formulas as they are written. */
const formula = (tex: string): string => `<math>${tex}</math>`;

/** A page with marks, printed. */
function printed(body: string, phrases = ENGLISH): { html: string; problems: string[] } {
  const problems: string[] = [], home = (url: string) => phrases === ENGLISH ? url : `zh/${url}`;
  const page = { url: home("attention/masks.html"), statements, phrases, formula, home };
  return { html: withStatements(body, { ...page, problem: (text) => problems.push(text) }), problems };
}

Deno.test("readNotes() reads statements in both languages, their places, truths and answers", () => {
  assertEquals([read.number, read.title, read.about], ["007", "一组笔记", { en: "Some notes.", zh: "一些笔记。" }]);
  const [first, second] = read.statements;
  assertEquals(first, {
    number: "007.1",
    place: "1 注意力",
    said: { en: "Attention looks _everywhere_, at cost $n^2$.", zh: "注意力哪里都看，代价是 $n^2$。" },
    sees: ["core/04_attention/masks.ts", "core/04_attention/mod.ts"],
    partly: false,
  });
  assertEquals(second?.truth, { en: "They are −∞.", zh: "是 −∞。" });
  assert(second?.partly);
});

Deno.test("readNotes() refuses a number out of order, and a statement in one language", () => {
  assertThrows(() => readNotes(SET.replace("## 007.2", "## 007.3")), SyntaxError, "it must be 007.2");
  assertThrows(() => readNotes(SET.replace("## 007.2", "## 006.2")), SyntaxError, "it must be 007.2");
  assertThrows(() => readNotes(SET.replace("\n掩码是 0。\n", "")), SyntaxError, "Cannot read 007.2");
  assertThrows(() => readNotes(SET.replace("Masks are 0.", "掩码为 0。")), SyntaxError, "Cannot read 007.2");
  assertThrows(() => readNotes(SET.replace("\n更正：是 −∞。\n", "")), SyntaxError, "the truth of 007.2");
  assertThrows(() => readNotes(SET.replace("# 007 · ", "")), SyntaxError, "no number and title");
});

Deno.test("the notes have every statement once, in English and in Chinese", { ignore }, () => {
  assertEquals(Object.fromEntries(sets.map(({ number, statements }) => [number, statements.length])), SIZES);
  assertEquals(statementsOf(sets).size, 292);
  for (const { number, said, truth } of statementsOf(sets).values()) {
    for (const { en, zh } of [said, ...truth ? [truth] : []]) {
      assert(/[.?)]$/.test(en) && en.length > 20 && en.length < 420, `${number}: ${en}`);
      assert(/[。？]$/.test(zh) && zh.length > 5 && zh.length < 200, `${number}: ${zh}`);
    }
  }
});

Deno.test("no two statements of the notes are the same", { ignore }, () => {
  const all = [...statementsOf(sets).values()].flatMap(({ said: { en, zh } }) => [en, zh]);
  assertEquals(all.filter((text, at) => all.indexOf(text) !== at), []);
});

Deno.test("what the notes are said to be answered by is there", { ignore }, () => {
  for (const { sees } of statementsOf(sets).values()) for (const path of sees) Deno.statSync(new URL(path, root));
});

Deno.test("OPENING and numbersIn() read one number and several", () => {
  const list = (text: string) => numbersIn(OPENING.exec(text)?.[1] ?? "");
  assertEquals(list("**The notes, 007.1.** So it is."), ["007.1"]);
  assertEquals(list("**The notes, 007.1, 007.2 and 007.10.** So it is."), ["007.1", "007.2", "007.10"]);
  assertEquals(list("**笔记 007.1、007.2。**不对。"), ["007.1", "007.2"]);
  assertEquals(list("**The notes say.** So it is."), []);
  assertEquals(numbersIn("007.1,007.2"), ["007.1", "007.2"]);
});

Deno.test("withStatements() opens a link's statement once, at the end of the page", () => {
  const link = `${linkMark("007.1")}the notes</button>`;
  const { html, problems } = printed(`<p>${link} and ${link}</p>`);
  assertEquals(problems, []);
  assertEquals(html.match(/popovertarget="says-007-1"/g)?.length, 2);
  assertEquals(html.match(/id="says-007-1" popover/g)?.length, 1);
  assertEquals(html.match(/id="at-007-1"/g)?.length, 1);
  assertStringIncludes(html, `href="../notes/007.html#n007-1"`);
  assertStringIncludes(html, "<em>everywhere</em>");
  assertStringIncludes(html, `cost <span class="unbroken"><math>n^2</math>.</span></p>`);
  assert(html.indexOf("Attention looks") < html.indexOf("注意力哪里都看"));
});

Deno.test("withStatements() shows a statement before its verdict, the other language and the truth behind it", () => {
  const { html } = printed(`${openingMark("007.2")}<p>No.</p>`);
  assert(
    /<details class="said" id="at-007-2"><summary>.*Masks are 0\.<\/summary>.*掩码是 0。.*<\/details><p>No\./s.test(
      html,
    ),
  );
  const { html: chinese } = printed(`${openingMark("007.2")}<p>不对。</p>`, CHINESE_PHRASES);
  assert(/<summary>.*掩码是 0。<\/summary>.*Masks are 0\..*<\/details>/s.test(chinese));
  assertStringIncludes(chinese, `href="../notes/007.html#n007-2"`);
});

Deno.test("withStatements() says once beside the verdicts what the notes are, and once in the cards", () => {
  const link = `${linkMark("007.1")}the notes</button>`, verdict = `${openingMark("007.2")}<p>No.</p>`;
  const { html } = printed(`<p>${link}</p>${verdict}${verdict}`);
  const [prose = "", cards = ""] = html.split('<div class="cards">');
  const said = 'The notes are <a href="../notes.html">';
  assertEquals(prose.split(said).length, 2);
  assert(prose.indexOf(said) < prose.indexOf("<details"));
  assertEquals(cards.split(said).length, 2);
  assert(!printed("<p>None.</p>").html.includes(said));
});

Deno.test("withStatements() complains about a number that no statement has", () => {
  for (const body of [openingMark("007.9"), `${linkMark("007.1,007.9")}the notes</button>`, linkMark("007")]) {
    assert(/^No statement of the notes has the number 007/.test(printed(body).problems.join()), body);
  }
});

Deno.test("mentioned() finds the numbers of a page, and answersTo() adds what the notes name themselves", () => {
  const body = `${openingMark("007.2")}<p>${linkMark("007.1,007.2")}the notes</button></p>`;
  assertEquals([...mentioned(body)], ["007.2", "007.1"]);
  const pages = new Map([["core/04_attention/masks.ts", { url: "attention/masks.html", title: "4.5 Masks" }]]);
  const found = new Map([["007.2", [{ url: "attention/masks.html#at-007-2", title: "4.5 Masks" }]]]);
  const missing: string[] = [];
  const answers = answersTo([read], found, (path) => pages.get(path), (text) => missing.push(text));
  assertEquals(answers.get("007.1"), [{ url: "attention/masks.html", title: "4.5 Masks" }]);
  assertEquals(answers.get("007.2"), found.get("007.2"));
  assertEquals(missing, ["007.1 is answered by core/04_attention/mod.ts, which is no page"]);
});

Deno.test("setHtml() lists statements under their places with what answers them", () => {
  const answers = new Map([["007.2", [{ url: "attention/masks.html#at-007-2", title: "4.5 Masks" }]]]);
  const html = setHtml(read, { url: "notes/007.html", phrases: ENGLISH, formula, home: (url) => url, answers });
  assertEquals(html.match(/<h2/g)?.length, 1);
  for (const { number } of read.statements) {
    assertStringIncludes(html, `id="${addressOfStatement(number).split("#")[1]}"`);
  }
  assertStringIncludes(html, `Partly answered in <a href="../attention/masks.html#at-007-2">4.5 Masks</a>.`);
  assertStringIncludes(html, ENGLISH.notes.open);
});

Deno.test("unopened() finds what speaks of the notes and opens nothing, in pages of the book", () => {
  const found = (text: string, path = "core/04_attention/masks.ts") => unopened(path, text);
  assertEquals(found("As the notes say, it is so."), ["the notes say, it is so"]);
  assertEquals(found("**The notes, 007.1.** No.\n\nThe notes err."), ["The notes err"]);
  assertEquals(found("The notes' example. And the\nnotes again."), ["The notes'", "the\nnotes again"]);
  for (
    const text of [
      "[The notes](notes:007.1) say so.",
      "**The notes, 007.1 and 007.2.** The notes err.",
      "It notes the sum; [the notes](../../docs/pages/notes.md) claim much.",
      "```ts\n// the notes\n```\n\n`the notes`",
    ]
  ) assertEquals(found(text), [], text);
  assertEquals(found("The notes of a file.", "core/06_training/checkpoints.ts"), []);
  assertEquals(found("The notes say so.", "docs/build.ts"), []);
});
