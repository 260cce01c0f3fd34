/**
 * # Prose to HTML
 *
 * **Question.** Doc comments are Markdown with formulas and names. What makes them a printed page?
 *
 * **Idea.** markdown-it reads the Markdown, three rules of this file the rest: `$…$` is set by KaTeX, once, here, so that
 * pages need no script for it; `{@linkcode name}` becomes a link; inline code that is a name of the page links to its
 * definition and takes its quantity's colour. What cannot be set or found is a problem, and problems fail the build.
 *
 * @module
 */

import katex from "katex";
import MarkdownIt, { type Token } from "markdown-it";
import { slug } from "./book.ts";
import type { Context } from "./context.ts";
import { infoOf } from "./followed.ts";
import { linkMark, OPENING, openingMark } from "./note_marks.ts";
import { emphasized, escape } from "./words.ts";
import { chainOf, colourTex, findNames, partsOf, type Quantity } from "./quantities.ts";

/**
 * Sets a formula.
 *
 * @param tex what is between the dollar signs
 * @param display on lines of its own
 * @param quantities what to colour
 * @returns HTML, with MathML for those who listen
 * @throws {SyntaxError} if KaTeX refuses it
 */
export function formula(tex: string, display: boolean, quantities: readonly Quantity[]): string {
  const set = (part: string): string => {
    try {
      const html = katex.renderToString(colourTex(part, quantities), {
        displayMode: display,
        output: "htmlAndMathml",
        strict: false,
        throwOnError: true,
        trust: ({ command }: { command: string }) => command === "\\htmlData",
      });
      // A reader who copies a formula gets it as it was written. HTML knows what is mathematics without a namespace.
      return html.replace(' xmlns="http://www.w3.org/1998/Math/MathML"', "").replace(
        /(<annotation[^>]*>)[\s\S]*?(<\/annotation>)/,
        (_, open, close) => open + escape(part) + close,
      );
    } catch (error) {
      throw new SyntaxError(`Cannot set the formula ${part}: ${(error as Error).message}`);
    }
  };
  if (!display) return set(tex);
  const chained = ([left = "", ...rest]: readonly string[]): string =>
    rest.length === 0
      ? set(left)
      : `<span class="chain">${set(left)}${rest.map((part) => set(`{}${part}`)).join("")}</span>`;
  return `<span class="formula">${partsOf(tex).map((part) => chained(chainOf(part))).join("")}</span>`;
}

/** Inline code: a quantity's colour, or a link. */
export function inlineCode(text: string, context: Context): string {
  const found = findNames(text, context.quantities);
  if (found.length > 0) {
    let html = "", at = 0;
    for (const [start, end, number] of found) {
      html += `${escape(text.slice(at, start))}<span data-q="${number}">${escape(text.slice(start, end))}</span>`;
      at = end;
    }
    return `<code>${html}${escape(text.slice(at))}</code>`;
  }
  const link = context.link(text);
  return link
    ? `<a class="name" href="${link.href}"${link.hint ? ` title="${escape(link.hint)}"` : ""}><code>${
      escape(text)
    }</code></a>`
    : `<code>${escape(text)}</code>`;
}

type Parser = ReturnType<typeof MarkdownIt>;

const HAN = /\p{Script=Han}[\p{Script=Han}\p{P}\s]*\p{Script=Han}|\p{Script=Han}/gu;

/** Text with Chinese marked as such. */
function withChinese(text: string, context: Context, before: string): string {
  let html = "", at = 0;
  for (const match of text.matchAll(HAN)) {
    const start = match.index, end = start + match[0].length;
    const lead = (before + text.slice(0, start)).slice(-80);
    const isTerm = /[(（[][^()（）[\]]*$/.test(lead);
    const anchor = isTerm ? context.term(match[0], lead) : undefined;
    html += escape(text.slice(at, start)) + `<span lang="zh"${anchor ? ` id="${anchor}"` : ""}>${match[0]}</span>`;
    at = end;
  }
  return html + escape(text.slice(at));
}

function makeParser(): Parser {
  const md = new MarkdownIt({ html: false, linkify: false, typographer: false });
  md.inline.ruler.before("escape", "formula", (state, silent) => {
    const { src, pos } = state;
    if (src[pos] !== "$") return false;
    const sign = src[pos + 1] === "$" ? "$$" : "$";
    const start = pos + sign.length;
    let end = src.indexOf(sign, start);
    while (end > 0 && src[end - 1] === "\\") end = src.indexOf(sign, end + 1);
    if (end < 0 || end === start || /^\s/.test(src.slice(start)) && sign === "$") return false;
    if (!silent) {
      const token = state.push("formula", "", 0);
      token.content = src.slice(start, end).replace(/\s+/g, " ").trim();
      token.meta = { display: sign === "$$" };
    }
    state.pos = end + sign.length;
    return true;
  });
  md.inline.ruler.before("link", "reference", (state, silent) => {
    const match = /^\{@link(?:code)? ([^}|]+)(?:\|([^}]*))?\}/.exec(state.src.slice(state.pos));
    if (!match) return false;
    if (!silent) {
      const token = state.push("reference", "", 0);
      token.content = match[1]!.trim();
      token.meta = { label: match[2]?.trim() };
    }
    state.pos += match[0].length;
    return true;
  });
  // The word and its number stay together, on one line of the source and on one of the page.
  md.core.ruler.before("inline", "numbers", (state) => {
    for (const token of state.tokens) {
      if (token.type === "inline") {
        token.content = token.content.replace(/\b((?:[Ss]ection|[Cc]hapter)s?)\s+(?=\d)/g, "$1\u00a0");
      }
    }
  });
  md.core.ruler.before("inline", "emphasized", (state) => {
    for (const token of state.tokens) if (token.type === "inline") token.content = emphasized(token.content);
  });
  // A paragraph that begins with a statement of the notes is the verdict on it.
  md.core.ruler.before("inline", "statements", (state) => {
    state.tokens = state.tokens.flatMap((token, at, all) => {
      const inside = all[at + 1], [opening = "", list = ""] = OPENING.exec(inside?.content ?? "") ?? [];
      if (token.type !== "paragraph_open" || !inside || !list) return [token];
      inside.content = inside.content.slice(opening.length);
      const mark = new state.Token("html_block", "", 0);
      mark.content = openingMark(list);
      return [mark, token];
    });
  });
  // A short formula stays on the line of the bracket before it and of the comma after it.
  md.core.ruler.push("unbroken", (state) => {
    for (const { children } of state.tokens) {
      children?.forEach((token, at) => {
        if (token.type !== "formula" || token.content.length > 24 || (token.meta as { display: boolean }).display) {
          return;
        }
        const [left, right] = [children[at - 1], children[at + 1]];
        const before = left?.type === "text" ? /[(\[“（]$/.exec(left.content)?.[0] ?? "" : "";
        const after = right?.type === "text" ? /^[.,;:!?)\]”，。；：！？）、]+/.exec(right.content)?.[0] ?? "" : "";
        if (before) left!.content = left!.content.slice(0, -before.length);
        if (after) right!.content = right!.content.slice(after.length);
        token.meta = { display: false, before, after };
      });
    }
  });
  const rules = md.renderer.rules;
  /** Adds a rule that knows the page. */
  const rule = (
    name: string,
    make: (token: Token, env: Context, tokens: readonly Token[], at: number) => string,
  ): void => {
    rules[name] = (tokens, at, _options, env) => make(tokens[at]!, env as unknown as Context, tokens, at);
  };
  rule("formula", ({ content, meta }, env) => {
    try {
      const { display, before = "", after = "" } = meta as { display: boolean; before?: string; after?: string };
      const html = formula(content, display, env.quantities);
      return before || after ? `<span class="unbroken">${escape(before)}${html}${escape(after)}</span>` : html;
    } catch (error) {
      env.problem((error as Error).message);
      return `<code>${escape(content)}</code>`;
    }
  });
  rule("reference", ({ content, meta }, env) => {
    const link = env.link(content) ?? env.link(`${content}()`), given = (meta as { label?: string }).label;
    if (!link) env.problem(`Unknown symbol {@linkcode ${content}}`);
    const label = given ? escape(given) : `<code>${escape(content)}</code>`;
    return link ? `<a class="name" href="${link.href}" title="${escape(link.hint)}">${label}</a>` : label;
  });
  // A link holds no other link.
  rule("code_inline", ({ content }, env, tokens, at) => {
    const html = inlineCode(content, env);
    const before = tokens.slice(0, at), last = before.findLast(({ type }) => /^link_(open|close)$/.test(type));
    return last?.type === "link_open" ? html.replace(/<\/?a\b[^>]*>/g, "") : html;
  });
  rule("fence", ({ content, info }, env) => {
    const { language, name } = infoOf(info), code = env.code(content, language);
    if (name !== undefined) return `<div class="file"><p><code>${name}</code></p>${code}</div>`;
    return language === "txt" ? `<div class="printed">${code}</div>` : code;
  });
  rule("code_block", ({ content }, env) => env.code(content, ""));
  rule("text", ({ content }, env, tokens, at) => {
    const before = tokens.slice(Math.max(0, at - 4), at).map(({ content, type }) =>
      type === "text" || type === "code_inline" ? content : " "
    ).join("");
    return withChinese(content, env, before);
  });
  const notesOf = (token: Token | undefined): string | undefined =>
    /^notes:(.*)$/.exec(String(token?.attrGet("href") ?? ""))?.[1];
  rule("link_open", (token, env) => {
    const list = notesOf(token);
    return list === undefined
      ? `<a href="${escape(env.target(String(token.attrGet("href") ?? "")))}">`
      : linkMark(list);
  });
  rules.link_close = (tokens, at) => {
    const open = tokens.slice(0, at).findLast(({ type }) => type === "link_open");
    return notesOf(open) === undefined ? "</a>" : "</button>";
  };
  rules.softbreak = () => "\n";
  rules.table_open = () => `<div class="table"><table>\n`;
  rules.table_close = () => `</table></div>\n`;
  rules.heading_open = (tokens, at) => {
    const { tag } = tokens[at]!;
    const text = tokens[at + 1]?.content ?? "";
    return `<${tag} id="${slug(text)}">`;
  };
  rules.heading_close = (tokens, at) => {
    const id = slug(tokens[at - 1]?.content ?? "");
    return `<a class="anchor" href="#${id}" aria-label="¶">¶</a></${tokens[at]!.tag}>\n`;
  };
  // A bold beginning that ends like a sentence is a run-in heading.
  rules.strong_open = (tokens, at) => {
    const end = tokens.findIndex(({ type }, i) => i > at && type === "strong_close"), last = tokens[end - 1];
    // A formula takes the full stop after it.
    const ending = last?.content || (tokens[end - 2]?.meta as { after?: string } | null)?.after || "";
    return at <= 1 && /[.?:]$/.test(ending) ? `<strong class="runin">` : "<strong>";
  };
  return md;
}

const parser = makeParser();

/**
 * Renders Markdown.
 *
 * @param text Markdown with formulas and names
 * @param context what it refers to
 * @returns HTML
 */
export function render(text: string, context: Context): string {
  return parser.render(text, context as unknown as Record<string, unknown>);
}

/** Renders Markdown that is part of a line. */
export function renderInline(text: string, context: Context): string {
  return parser.renderInline(text, context as unknown as Record<string, unknown>);
}

/** The section of a Markdown file under a heading, without it. */
export function sectionOf(text: string, heading: string): string {
  const lines = text.split("\n");
  const start = lines.findIndex((line) => /^#+ /.test(line) && line.replace(/^#+ /, "") === heading);
  if (start < 0) throw new Error(`Cannot include "${heading}": there is no such heading`);
  const level = /^#+/.exec(lines[start]!)![0].length;
  let fenced = false;
  const end = lines.findIndex((line, at) => {
    if (at <= start) return false;
    if (line.startsWith("```")) fenced = !fenced;
    return !fenced && /^#+ /.test(line) && /^#+/.exec(line)![0].length <= level;
  });
  return lines.slice(start + 1, end < 0 ? undefined : end).join("\n").trim();
}
