/**
 * # Marks for what the notes say
 *
 * **Question.** Prose refers to statements of the notes by number. What stands in its HTML until the page is whole?
 *
 * **Idea.** A mark with the numbers, where the statement is to be, and a button with them, where a link is. [notes.ts](notes.ts)
 * finds both.
 *
 * @module
 */

import { escape } from "./words.ts";

/** Numbers of a reference: `004.27,004.28`, in a heading also with spaces and *and*. */
export function numbersIn(list: string): string[] {
  return list.split(/,\s*(?:and\s+)?|\s+and\s+|、|和/).map((number) => number.trim()).filter((number) => number !== "");
}

/** A paragraph's beginning that names statements. */
export const OPENING: RegExp = /^\*\*(?:The notes, |笔记 ?)([\d.,、和\sand]+?)[.。]\*\*\s*/;

/** The mark that prose leaves for such a paragraph. */
export const openingMark = (list: string): string => `<!--notes ${numbersIn(list).join(",")}-->`;

/** The mark that it leaves for a link, which ends with `</button>`. */
export const linkMark = (list: string): string => `<button class="says" data-notes="${escape(list)}">`;

const LINK = /\[([^\]]+)\]\(notes:([\d.,]+)\)/g;

/** A line of text in which links to the notes are their words. */
export const withoutNotes = (text: string): string => text.replace(LINK, "$1");

/** The id of the card that shows statements, of which a page has one. */
export const cardOf = (numbers: readonly string[]): string =>
  `says-${numbers.map((number) => number.replace(".", "-")).join("-")}`;

/** The id of a page's first reference to a statement. */
export const anchorOf = (number: string): string => `at-${number.replace(".", "-")}`;

/** A line of text whose references to the notes are to be links; nothing else of it is Markdown. */
export function lineWithNotes(text: string): string {
  return escape(text).replace(LINK, (_, words, list) => `${linkMark(list)}${words}</button>`);
}
