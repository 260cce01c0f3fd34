/** The glossary: every term of the notes is there once, and what it leads to speaks of it. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { partsOfBook } from "../../docs/book.ts";
import { entryAnchor, mentions, proseAt, readGlossary, targetOf, withoutEntries } from "../../docs/glossary.ts";
import { granted } from "../permissions.ts";
import { NOTES } from "./notes_terms.ts";

const root = new URL("../../", import.meta.url);
const ignore = !granted("read");
const read = (path: string): string => Deno.readTextFileSync(new URL(path, root));

/** Names in a folder as the generator wants them. */
const list = (folder: string): string[] =>
  [...Deno.readDirSync(new URL(folder, root))].map(({ name, isDirectory }) => isDirectory ? `${name}/` : name).sort();

const glossary = ignore ? [] : readGlossary(read("docs/pages/glossary.md"));

/** Chinese that opens parentheses or stands in them after English words. */
const IN_PARENTHESES = /[(（][^()（）]*?(\p{Script=Han}[\p{Script=Han}\p{P}\s]*\p{Script=Han}|\p{Script=Han})/gu;

/** Pages with prose in this book: their sources and the Chinese terms in parentheses there. */
const pages = ignore ? [] : partsOfBook({ read, list }).flatMap(({ pages }) => pages).flatMap(({ path, language }) => {
  if (!path || language !== "ts") return [];
  const prose = proseAt(read(path), "")!.replace(/^```[\s\S]*?^```/gm, "");
  return [{ path, prose, terms: [...prose.matchAll(IN_PARENTHESES)].map(([, term]) => term!) }];
});

const SOURCE = `/**
 * # A page
 *
 * **Idea.** Search wide (束搜索).
 *
 * ## Width
 *
 * How many beams.
 *
 * @module
 */

/**
 * Takes the best.
 *
 * @returns a *token*
 */
export function greedy(): number {
  return 0;
}

/** Draws. */
export class Die {
  /** Throws it with a temperature. */
  roll(): number {
    return 4;
  }
}

// ## Pitfall: one policy
//
// Sampled policies differ.
`;

Deno.test("readGlossary() reads names, meaning and links, over several lines", () => {
  const text =
    "# Title\n\nWords.\n\n- **beam search; beams** 束搜索; _集束搜索_: Keeps several: beginnings\n  of $n$ tokens.\n" +
    "  [a](../../core/a.ts#b) [c](../../core/c.ts)\n- **BLEU**: A score.\n";
  const [beam, bleu] = readGlossary(text);
  assertEquals(beam!.english, ["beam search", "beams"]);
  assertEquals(beam!.chinese, ["束搜索", "集束搜索"]);
  assertEquals([...beam!.usual], ["集束搜索"]);
  assertEquals(beam!.meaning, "Keeps several: beginnings of $n$ tokens.");
  assertEquals(beam!.links.map(targetOf), [{ path: "core/a.ts", fragment: "b" }, { path: "core/c.ts", fragment: "" }]);
  assertEquals([bleu!.english, bleu!.chinese, bleu!.links], [["BLEU"], [], []]);
  assertEquals(entryAnchor(beam!), "beam-search");
  assertEquals(withoutEntries(text), "# Title\n\nWords.\n\n");
  assertThrows(() => readGlossary("- **beam search** 束搜索\n"), SyntaxError, "Cannot read the term");
});

Deno.test("mentions() finds whole names, in the plural and across lines and hyphens", () => {
  const entry = { english: ["cross-attention", "policy"], chinese: ["交叉注意力"] };
  for (const text of ["two cross attentions", "*Cross*-\nattention", "policies", "(交叉注意力机制)"]) {
    assert(mentions(text, entry), text);
  }
  for (const text of ["attention", "crosswise", "policymaker", "自注意力"]) assert(!mentions(text, entry), text);
});

Deno.test("proseAt() reads a page, a heading, a definition or a member, and nothing else", () => {
  assert(proseAt(SOURCE, "")!.includes("Sampled policies"));
  assertEquals(proseAt(SOURCE, "width"), "## Width\n\nHow many beams.");
  assertEquals(proseAt(SOURCE, "greedy"), "greedy Takes the best.\na *token*");
  assertEquals(proseAt(SOURCE, "Die.roll"), "Die.roll Throws it with a temperature.");
  assertEquals(proseAt(SOURCE, "pitfall-one-policy"), "## Pitfall: one policy\n\nSampled policies differ.");
  assertEquals(proseAt(SOURCE, "height"), undefined);
});

Deno.test("the glossary has every name once", { ignore }, () => {
  const chinese = glossary.flatMap((entry) => entry.chinese), anchors = glossary.map(entryAnchor);
  assertEquals(chinese.filter((name, at) => chinese.indexOf(name) !== at), []);
  assertEquals(anchors.filter((name, at) => anchors.indexOf(name) !== at), []);
  for (const name of chinese) assert(/\p{Script=Han}/u.test(name), name);
});

Deno.test("every link of the glossary leads to prose that speaks of its term", { ignore }, () => {
  const wrong: string[] = [];
  for (const entry of glossary) {
    for (const link of entry.links) {
      const { path, fragment } = targetOf(link);
      const page = pages.find((page) => page.path === path), prose = page && proseAt(read(path), fragment);
      if (prose === undefined || !mentions(prose, entry)) wrong.push(`${entry.english[0]}: ${link}`);
    }
  }
  assertEquals(wrong, []);
});

Deno.test("Chinese in parentheses is in the glossary, from the notes, and beside its English name", { ignore }, () => {
  const wrong: string[] = [];
  for (const { path, prose, terms } of pages.filter(({ path }) => path.startsWith("core/"))) {
    for (const term of terms) {
      const entry = glossary.find(({ chinese }) => chinese.includes(term));
      if (!entry) wrong.push(`${path}: ${term} is missing`);
      else if (entry.usual.has(term)) wrong.push(`${path}: ${term} is not in the notes`);
      else if (!mentions(prose, { english: entry.english, chinese: [] })) {
        wrong.push(`${path}: ${term} without English`);
      }
    }
  }
  assertEquals(wrong, []);
});

Deno.test("Chinese in brackets is the usual translation of a term, and beside its English name", { ignore }, () => {
  const found = pages.flatMap(({ path, prose }) =>
    [...prose.matchAll(/\[(\p{Script=Han}+)\](?!\()/gu)].map(([, term]) => ({ path, prose, term: term! }))
  );
  assert(found.length > 0);
  const wrong = found.filter(({ prose, term }) => {
    const entry = glossary.find(({ usual }) => usual.has(term));
    return !entry || !mentions(prose, { english: entry.english, chinese: [] });
  });
  assertEquals(wrong.map(({ path, term }) => `${path}: ${term}`), []);
});

Deno.test("a section that the glossary links to has the term's Chinese in parentheses", { ignore }, () => {
  const placed = new Set(pages.flatMap(({ terms }) => terms)), wrong: string[] = [];
  for (const { english, chinese, usual, links } of glossary) {
    const ofNotes = chinese.filter((name) => !usual.has(name));
    const inBook = links.some((link) => /^core\/\d\d_/.test(targetOf(link).path));
    if (inBook && ofNotes.length > 0 && !ofNotes.some((name) => placed.has(name))) wrong.push(english[0]!);
  }
  assertEquals(wrong, []);
});

/** Whether two names are one, capitals, hyphens and plurals apart. */
function same(a: string, b: string): boolean {
  return mentions(a, { english: [b], chinese: [] }) && mentions(b, { english: [a], chinese: [] });
}

Deno.test("the glossary has every term of the notes", { ignore }, () => {
  const missing = Object.values(NOTES).flatMap((text) => text.trim().split(/\s*[;\n]\s*/)).filter((term) =>
    !glossary.some(({ english, chinese, usual }) =>
      chinese.includes(term) && !usual.has(term) || english.some((name) => same(term, name))
    )
  );
  assertEquals(missing, []);
});
