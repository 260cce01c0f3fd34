/**
 * # What can be found on a page
 *
 * **Question.** A reader searches for a heading, for a name, or for words that stand somewhere on a page. Where are they led?
 *
 * **Idea.** To the block. Each block with a heading or a name is an entry of the search; what the margin says is found under
 * the block above it.
 *
 * @module
 */

import type { Block } from "./blocks.ts";
import type { Page } from "./book.ts";
import { takenOut } from "./passages.ts";
import { plain } from "./words.ts";
import { type Entry, RANK } from "./search.ts";
import { idOf, type Site } from "./site.ts";

/** The file's name as words: `04_attention/scaled_dot_product.ts` is `scaled dot product`. */
const nameOf = (path: string): string =>
  path.replace(/\/mod\.ts$/, "").split("/").at(-1)!.replace(/\.\w+$|^\d+_/g, "").replaceAll("_", " ");

/** Markdown without the code of its programs. */
function searched(text: string): string {
  const { text: rest, beside } = takenOut(text);
  const said = beside.flatMap((one) =>
    one.kind === "program" ? [] : one.kind === "picture" ? [one.caption] : [one.caption, one.steps]
  );
  return [rest, ...said].join("\n\n");
}

/**
 * What the search finds on a page.
 *
 * @param page which one
 * @param blocks what stands on it
 * @param about title and purpose of an experiment
 * @returns entries, the page itself among them
 */
export function entriesOf(
  page: Page,
  blocks: readonly Block[],
  { about, phrases }: Pick<Site, "about" | "phrases">,
): Entry[] {
  const entries: Entry[] = [];
  const path = page.path!, isBook = page.part.kind === "chapter";
  // In the workshop the engine comes first: what devices and programs are about.
  const share = isBook || path.startsWith("core/engine/") ? 1 : .5;
  const add = (anchor: string, title: string, prose: string, rank: number): void => {
    const home = anchor ? `${page.part.title}: ${page.title}` : page.part.title;
    entries.push({
      url: page.url + (anchor ? `#${anchor}` : ""),
      title: plain(title),
      page: isBook ? (page.number ? `${page.number} ` : "") + page.title : home,
      text: plain(searched(prose)),
      ...(anchor ? {} : { names: nameOf(path) }),
      rank: share * rank,
    });
  };
  const openings = blocks.filter((block) => block.kind === "opening");
  for (const { anchor, prose } of openings.slice(1)) add(anchor, prose.heading, prose.text, RANK.heading);
  const header = blocks.find((block) => block.kind === "header");
  add(
    "",
    page.title,
    openings[0]?.prose.text.replace(new RegExp(`^\\*\\*(?:Question|${phrases.question})[.。]\\*\\* `), "") ??
      header?.text ?? "",
    RANK.section,
  );
  for (const block of blocks) {
    if (block.kind === "section" || block.kind === "region") {
      const { heading, text } = block.prose!;
      add(block.anchor, heading, text, block.kind === "region" ? RANK.term : RANK.heading);
    } else if (block.kind === "reference" && block.names.length > 0) {
      add(block.names[0]!, block.names[0]!, block.prose?.text ?? "", RANK.term);
    } else if ((block.kind === "reference" || block.kind === "note") && block.prose?.text) {
      const above = entries.pop()!;
      entries.push({ ...above, text: `${above.text} ${plain(searched(block.prose.text))}` });
    }
  }
  for (const block of blocks) {
    if (block.kind !== "figure") continue;
    const { title, purpose } = about(block.name);
    add(idOf(block.name), title, purpose, RANK.heading);
  }
  return entries;
}
