/**
 * # Marks of a language
 *
 * **Question.** Prose marks its Chinese words, so that a browser chooses their font and a voice their sounds. On a page in
 * Chinese nearly every word is one, and every mark says what the page says already. Who takes them out?
 *
 * **Idea.** The whole page is read once, tag by tag. A mark that has nothing but the language of what it stands in goes. Inside
 * emphasis it stays, for the style puts dots below the Chinese words only.
 *
 * @module
 */

/** Elements that have no end. */
const VOID = new Set(["br", "hr", "img", "input", "link", "meta", "wbr"]);

/** A tag, or an element whose text is no HTML. */
const TAG = /<(?:(script|style)\b[^>]*>[\s\S]*?<\/\1>|\/([\w-]+)>|([a-zA-Z][\w-]*)((?:\s[^<>]*?)?)(\/?)>)/g;

/** An element that is open. */
interface Open {
  readonly name: string;
  readonly language: string;
  /** Whether it is emphasis, or inside of it. */
  readonly isStressed: boolean;
  readonly isMark: boolean;
}

/**
 * Takes out the marks of a language that say nothing.
 *
 * @param html a page, or a part of one
 * @param language of what it stands in
 * @returns the same without `<span lang="…">` where that is the language already
 * @throws {SyntaxError} if an element ends that is not open
 */
export function withoutMarks(html: string, language = ""): string {
  const open: Open[] = [{ name: "", language, isStressed: false, isMark: false }];
  return html.replace(TAG, (tag: string, text?: string, ended?: string, name = "", attributes = "", closed = "") => {
    if (text !== undefined) return tag;
    if (ended !== undefined) {
      const last = open.length > 1 ? open.pop()! : undefined;
      if (last?.name !== ended) throw new SyntaxError(`Cannot read a page: </${ended}> ends what is not open`);
      return last.isMark ? "" : tag;
    }
    const outer = open.at(-1)!, own = /\slang="([^"]*)"/.exec(attributes)?.[1];
    const isMark = name === "span" && attributes === ` lang="${outer.language}"` && !outer.isStressed;
    if (!closed && !VOID.has(name)) {
      open.push({ name, language: own ?? outer.language, isStressed: outer.isStressed || name === "em", isMark });
    }
    return isMark ? "" : tag;
  });
}
