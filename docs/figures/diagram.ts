/**
 * # Diagrams of a model
 *
 * **Question.** A model is a stack of steps. What has to be written down for it to be drawn?
 *
 * **Idea.** The stack. A block of code of the kind `diagram` in a page's beginning lists it line by line, the output
 * first and the input last, as it is drawn: data flows upwards. Stacks stand side by side, an empty line between them.
 *
 * | line                   | is drawn as                                                        |
 * | ---------------------- | ------------------------------------------------------------------ |
 * | `[step](file.ts)`      | a box that links to a page; without parentheses, a box              |
 * | `+ [step](file.ts)`    | the same with a detour around it, added at the end                  |
 * | `[step] <- m`          | the same, fed from the side by what another stack calls `m`         |
 * | `+:`, and lines in it  | a detour around several steps                                       |
 * | `name, times:`, and lines in it | a frame around what is repeated                            |
 * | anything else          | a word on the line: what passes there                               |
 *
 * @module
 */

import { type Drawing, el, escape, label, px, textWidth, tint } from "./svg.ts";

/** A line of a diagram, with the lines in it. */
interface Item {
  readonly kind: "box" | "frame" | "detour" | "word";
  readonly text: string;
  readonly href?: string | undefined;
  /** How often a frame is repeated. */
  readonly times?: string;
  /** What feeds a box from the side. */
  readonly from?: string | undefined;
  /** From the top. */
  readonly items: readonly Item[];
}

/** One line without what is in it. */
function itemOf(text: string, items: readonly Item[]): Item {
  const plus = /^\+ *(.*)$/.exec(text);
  if (plus) return { kind: "detour", text: "", items: plus[1] === ":" ? items : [itemOf(plus[1]!, [])] };
  const box = /^\[([^\]]+)\](?:\(([^)]+)\))?(?:, ([^:]+))?(:)?(?: <- (.+))?$/.exec(text);
  if (box?.[4]) return { kind: "frame", text: box[1]!, href: box[2], times: box[3] ?? "", items };
  if (box) return { kind: "box", text: box[1]!, href: box[2], from: box[5], items: [] };
  return { kind: "word", text, items: [] };
}

/** The items of lines that are indented alike. */
function itemsOf(lines: readonly string[]): Item[] {
  const items: Item[] = [];
  for (let at = 0; at < lines.length;) {
    let end = at + 1;
    while (end < lines.length && /^ /.test(lines[end]!)) end++;
    items.push(itemOf(lines[at]!.trim(), itemsOf(lines.slice(at + 1, end).map((line) => line.replace(/^ {2}/, "")))));
    at = end;
  }
  return items;
}

/** Sizes in pixels: boxes, what stands between them, and what a detour and a frame need beside them. */
const WIDE = 152, HIGH = 30, GAP = 18, WORD = 28, SIDE = 24, PADDING = 12, HEAD = 24, PLUS = 7;

/** What is drawn of a stack so far. */
interface Stack {
  /** Middle of its boxes. */
  readonly x: number;
  readonly parts: string[];
  /** Heights of words, and of boxes that are fed from the side. */
  readonly words: Map<string, number>;
  readonly fed: { readonly from: string; readonly y: number }[];
}

/** A text with symbols of the page in their colours. */
function words(text: string, attributes: Readonly<Record<string, string | number>>, drawing: Drawing): string {
  const parts = text.split(/\$([^$]+)\$/).map((part, at) => {
    if (at % 2 === 0) return escape(part);
    const color = tint(drawing, part, 0);
    const upright = /^\\mathrm\{(\w+)\}$/.exec(part)?.[1];
    const shown = (upright ?? part).replaceAll("'", "′"), style = upright ? "" : "symbol";
    return color["data-q"]
      ? el("tspan", { ...color, class: `${color.class} ${style}` }, escape(shown))
      : el("tspan", { class: style }, escape(shown));
  });
  return el("text", attributes, ...parts);
}

const line = (x: number, from: number, to: number, arrow = false): string =>
  from - to < 1
    ? ""
    : el("path", { class: "flow", d: `M${px(x)} ${px(from)}V${px(to)}${arrow ? "m-3 5l3-5l3 5" : ""}` });

/** Height of items, one above the other. */
function heightOf(items: readonly Item[]): number {
  return items.reduce((sum, item) => {
    if (item.kind === "word") return sum + WORD;
    if (item.kind === "box") return sum + HIGH + GAP;
    if (item.kind === "detour") return sum + heightOf(item.items) + 2 * PLUS + GAP - 6;
    return sum + heightOf(item.items) + HEAD + 2 * PADDING - 6;
  }, 0);
}

/** Draws items upwards from `y`; returns where they end. */
function draw(items: readonly Item[], y: number, stack: Stack, drawing: Drawing): number {
  const { x, parts } = stack;
  for (const item of items.toReversed()) {
    const bottom = y;
    if (item.kind === "word") {
      stack.words.set(item.text.replaceAll("$", ""), y - 17);
      if (parts.length > 0) parts.push(line(x, y, y - 7));
      parts.push(words(item.text, { class: "word", x, y: y - 12, "text-anchor": "middle" }, drawing));
      y -= WORD;
    } else if (item.kind === "box") {
      const top = y - GAP - HIGH;
      parts.push(line(x, y, top + HIGH, true));
      const box = el("rect", { class: "step", x: x - WIDE / 2, y: top, width: WIDE, height: HIGH, rx: 3 }) +
        words(item.text, { class: "ink", x, y: top + HIGH / 2 + 4.5, "text-anchor": "middle" }, drawing);
      parts.push(item.href ? el("a", { href: item.href }, box) : box);
      if (item.from) stack.fed.push({ from: item.from, y: top + HIGH / 2 });
      y = top;
    } else if (item.kind === "detour") {
      parts.push(line(x, y, y - GAP / 2));
      y = draw(item.items, y, stack, drawing);
      const plus = y - GAP + 6 - PLUS, right = x + WIDE / 2 + SIDE / 2, start = bottom - 7;
      parts.push(line(x, y, plus + PLUS, true));
      parts.push(el("path", {
        class: "flow",
        d: `M${px(x)} ${px(start)}H${px(right - 6)}q6 0 6-6V${px(plus + 6)}q0-6-6-6H${px(x + PLUS)}m5-3l-5 3l5 3`,
      }));
      parts.push(
        el("circle", { class: "step", cx: x, cy: plus, r: PLUS }),
        el("path", { class: "flow", d: `M${px(x - 3.5)} ${px(plus)}h7m-3.5-3.5v7` }),
      );
      y = plus - PLUS;
    } else {
      y = draw(item.items, y - PADDING + 2, stack, drawing);
      const top = y - HEAD + 2, left = x - WIDE / 2 - PADDING, width = WIDE + 2 * PADDING + SIDE;
      const head = label(item.text, { class: "ink title", x: left + 8, y: top + 17 });
      parts.push(
        line(x, bottom, bottom - PADDING + 2),
        el("rect", { class: "frame", x: left, y: top, width, height: bottom - top - 8, rx: 6 }),
        item.href ? el("a", { href: item.href }, head) : head,
        words(item.times ?? "", { x: left + width - 8, y: top + 17, "text-anchor": "end" }, drawing),
        line(x, y, top - PADDING + 2),
      );
      y = top - PADDING + 2;
    }
  }
  return y;
}

/** Symbols as words. */
const named = (text: string): string => text.replace(/\\mathrm\{(\w+)\}/g, "$1").replaceAll("$", "");

/** What a diagram shows, as a sentence for those who listen. */
function spoken(items: readonly Item[]): string {
  return items.toReversed().map(({ kind, text, times, from, items }) => {
    const inner = items.length > 0 ? spoken(items) : "";
    if (kind === "detour") return `${items.length > 1 ? `(${inner})` : inner}, added to its input`;
    if (kind === "frame") return `${named(text)}${times ? `, ${named(times)}` : ""} (${inner})`;
    return named(text) + (from ? `, which also reads ${from}` : "");
  }).join("; then ");
}

/**
 * Draws the stacks of a diagram side by side.
 *
 * @param text lines as above
 * @param caption what it shows, for those who listen
 * @param drawing its id, and whose colours; the width is its own
 * @returns SVG
 */
export function drawDiagram(text: string, caption: string, drawing: Drawing): string {
  const stacks = text.replace(/\s+$/, "").split(/\n\s*\n/).map((block) =>
    itemsOf(block.split("\n").filter((line) => line))
  );
  const framed = stacks.map((items) => items.some(({ kind }) => kind === "frame"));
  const height = Math.max(...stacks.map(heightOf)) + 6;
  let left = 1;
  const drawn = stacks.map((items, i): Stack => {
    const margin = framed[i] ? PADDING : 0, fed = /<- /.test(text) && stacks.length === 1 ? 46 : 0;
    const stack: Stack = { x: left + fed + margin + WIDE / 2, parts: [], words: new Map(), fed: [] };
    draw(items, height + 4, stack, drawing);
    left += fed + WIDE + 2 * margin + SIDE + 40;
    return stack;
  });
  const width = left - 40 + 1, cross: string[] = [];
  drawn.forEach((stack, i) => {
    for (const { from, y } of stack.fed) {
      const source = drawn.slice(0, i).find(({ words }) => words.has(from)), end = stack.x - WIDE / 2;
      if (!source) {
        const start = end - 44;
        cross.push(
          words(`$${from}$`, { class: "word", x: start, y: y + 4 }, drawing),
          el("path", { class: "flow", d: `M${px(start + 8 + textWidth(from))} ${px(y)}H${px(end)}m-5-3l5 3l-5 3` }),
        );
        continue;
      }
      const at = source.words.get(from)!, start = source.x + textWidth(from) / 2 + 5;
      const turn = end - PADDING - 20, bend = Math.sign(y - at) * Math.min(6, Math.abs(y - at) / 2);
      cross.push(el("path", {
        class: "flow",
        d: `M${px(start)} ${px(at)}H${px(turn - 6)}q6 0 6 ${px(bend)}V${px(y - bend)}q0 ${px(bend)} 6 ${px(bend)}H${
          px(end)
        }m-5-3l5 3l-5 3`,
      }));
    }
  });
  const description = stacks.map((items) => `From the bottom: ${spoken(items)}.`).join(" ");
  return el(
    "svg",
    {
      class: "picture p-diagram",
      xmlns: "http://www.w3.org/2000/svg",
      viewBox: `0 0 ${px(width)} ${px(height)}`,
      width,
      height,
      // A picture with links in it is a group: its links can be reached.
      role: "group",
      "aria-label": `${caption} ${description}`,
    },
    ...drawn.flatMap(({ parts }) => parts),
    ...cross,
  );
}
