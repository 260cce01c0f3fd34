/**
 * # Trees of prefixes
 *
 * **Question.** A search of ten steps looks at a hundred prefixes. How do they fit on half a screen, and stay readable?
 *
 * **Idea.** A step is a column, and what goes on best stays in its row, so that a sequence reads from left to right. What was let
 * go stands below what was chosen instead of it, in rows that are free anyway. Where that is too high, it is counted and not
 * named; where columns do not fit, as on a phone, texts are set as lines that branch. The table has everything.
 *
 * @module
 */

import type { Figure, TreeNode } from "../../core/experiments/figure.ts";
import { type Drawing, el, filled, fitted, label, number, picture, px, shown, textWidth, tip } from "./svg.ts";

/** A tree higher than this, in pixels, counts what was let go. */
const HIGH = 520;

/** Height of a row whose values stand beside the names, and of one whose values stand below. */
const BESIDE = 20, BELOW = 32;

/** Size of the letters of values. */
const SMALL = 11;

/** Least and largest space between columns. */
const GAPS = [22, 60] as const;

/** A picture narrower than this does not break a tree into bands. */
const NARROW = 480;

/** Where lines meet a name, below the top of its row. */
const MIDDLE = 9;

/** A prefix as it is drawn, or how many were let go. */
interface Branch {
  readonly name: string;
  readonly value: string;
  /** `missed` is the best where the search let it go. */
  readonly look: "best" | "missed" | "kept" | "dropped" | "count";
  /** What the look means. */
  readonly fate?: string | undefined;
  /** How many this stands for, if it is none itself. */
  readonly count?: number;
  readonly next: readonly Branch[];
}

/** What looks are called, where they have other names than those of a search. */
type Names = Partial<Record<Branch["look"], string>>;

/** Continuations by the number of what they continue. */
type Children = ReadonlyMap<number | undefined, readonly TreeNode[]>;

/** How the values of a tree are written: with as many decimals everywhere. */
function valuesOf(nodes: readonly TreeNode[]): (value: number) => string {
  const decimals = nodes.some(({ value = 0 }) => Math.abs(value) > 1) ? 2 : 3;
  return (value) => {
    const text = value.toFixed(decimals);
    return value !== 0 && Number(text) === 0 ? number(value, 1) : text.replace("-", "−");
  };
}

/** Stands for what was let go. */
const countOf = (count: number): Branch => ({ name: `+${count}`, value: "", look: "count", count, next: [] });

/** The same in words. */
const spelled = (branch: Branch): Branch => branch.count ? { ...branch, name: `${branch.name} pruned` } : branch;

/** A prefix and what followed: the best first. Of what was let go nothing follows, unless it is the best. */
function branchOf(
  node: TreeNode,
  children: Children,
  write: (value: number) => string,
  counted: boolean,
  names: Names = {},
): Branch {
  const isRoot = node.parent === undefined, isKept = node.kept || isRoot;
  const all = children.get(node.id) ?? [], dropped = isKept ? all.filter(({ kept, best }) => !kept && !best) : [];
  const live = [...all.filter(({ best }) => best), ...all.filter(({ kept, best }) => kept && !best)];
  const [first, ...others] = live.map((child) => branchOf(child, children, write, counted, names));
  const faint = counted && dropped.length > 0
    ? [countOf(dropped.length)]
    : dropped.map((child) => branchOf(child, new Map(), write, counted, names));
  const look = node.best ? isKept ? "best" : "missed" : isKept ? "kept" : "dropped";
  return {
    name: shown(node.label),
    value: node.value === undefined || isRoot ? "" : write(node.value),
    look,
    fate: names[look],
    next: [...first ? [first] : [], ...faint, ...others],
  };
}

/** Width of a name; that of the best is set bolder. */
const nameWidth = ({ name, look }: Branch): number => textWidth(name) * (look === "best" ? 1.03 : 1);
const valueWidth = ({ value }: Branch): number => textWidth(value, { size: SMALL });

/** Name and value, and a line that leads to them. */
function drawn(branch: Branch, x: number, y: number, beside: boolean, line = ""): string {
  const { name, value, look, count } = branch;
  const fate = branch.fate ??
    { best: "best", missed: "best, pruned", kept: "kept", dropped: "pruned", count: "" }[look];
  return el(
    "g",
    { class: look },
    tip(count ? `${count} pruned` : [value ? `${name}: ${value}` : name, fate].filter(Boolean).join(", ")),
    line,
    label(name, { class: "name", x, y: y + MIDDLE + 4 }),
    value === ""
      ? ""
      : label(value, { class: "value", x: beside ? x + nameWidth(branch) + 5 : x, y: y + MIDDLE + (beside ? 4 : 16) }),
  );
}

/** A line from a prefix to what follows: straight on, or down at `trunk` and then to the right. */
function edge(fromX: number, fromY: number, trunk: number, x: number, y: number): string {
  const r = Math.min(6, x - trunk);
  const bend = (x: number, y: number, toX: number, toY: number): string => `Q${px(x)} ${px(y)} ${px(toX)} ${px(toY)}`;
  const down = fromX < trunk ? `H${px(trunk - r)}${bend(trunk, fromY, trunk, fromY + r)}` : "";
  const path = fromY === y ? "" : `${down}V${px(y - r)}${bend(trunk, y, trunk + r, y)}`;
  return el("path", { class: "edge", d: `M${px(fromX)} ${px(fromY)}${path}H${px(x)}` });
}

/** What was drawn, and how high it is. */
interface Drawn {
  readonly parts: readonly string[];
  readonly height: number;
}

/** What is drawn last lies above the rest: the best. */
const ORDER: readonly Branch["look"][] = ["count", "dropped", "kept", "missed", "best"];

const inOrder = (parts: readonly (readonly [Branch, string])[]): string[] =>
  parts.toSorted(([a], [b]) => ORDER.indexOf(a.look) - ORDER.indexOf(b.look)).map(([, part]) => part);

// ## Columns

/** A branch and its place. */
interface Placed {
  readonly branch: Branch;
  readonly depth: number;
  readonly row: number;
  readonly parent: Placed | undefined;
}

/** A subtree, by columns: its first row, the last with a name, and the last that a line to continuations crosses. */
interface Subtree {
  readonly branch: Branch;
  readonly first: readonly number[];
  readonly names: readonly number[];
  readonly lines: readonly number[];
  readonly next: readonly (readonly [row: number, Subtree])[];
}

/**
 * Packs a subtree: the first continuation stands in the row of its prefix, each further one in the highest that is free.
 *
 * Right of a column, lines run down from prefixes to their last continuations. A name without continuation does not
 * meet them.
 */
function pack(branch: Branch): Subtree {
  const first = [0], names = [0], lines = [0], next: [number, Subtree][] = [];
  for (const child of branch.next.map(pack)) {
    const isLeaf = child.next.length === 0;
    const least = next.length > 0 ? lines[0]! + 1 : 0;
    const row = child.first.reduce((row, top, i) => {
      const taken = Math.max(names[i + 1] ?? -1, isLeaf ? -1 : lines[i + 1] ?? -1);
      return Math.max(row, taken + 1 - top);
    }, least);
    child.first.forEach((top, i) => {
      first[i + 1] = Math.min(first[i + 1] ?? Infinity, row + top);
      names[i + 1] = Math.max(names[i + 1] ?? -1, row + child.names[i]!);
      lines[i + 1] = Math.max(lines[i + 1] ?? -1, row + child.lines[i]!);
    });
    lines[0] = row;
    next.push([row, child]);
  }
  return { branch, first, names, lines, next };
}

/** Everything in a subtree with its place. */
function placed({ branch, next }: Subtree, depth: number, row: number, parent?: Placed): Placed[] {
  const here = { branch, depth, row, parent };
  return [here, ...next.flatMap(([down, child]) => placed(child, depth + 1, row + down, here))];
}

/** Draws steps as columns, if they fit. What is too long for one band goes on in another, if it may. */
function drawColumns(root: Branch, width: number, beside: boolean, mayBreak = false): Drawn | undefined {
  const end = (branch: Branch): number => nameWidth(branch) + (beside && branch.value ? 5 + valueWidth(branch) : 0);
  const pitch = beside ? BESIDE : BELOW, parts: [Branch, string][] = [];
  let top = 0;
  for (let roots: readonly Branch[] = [root]; roots.length > 0;) {
    const widths: number[] = [];
    const measure = (branch: Branch, depth: number): void => {
      widths[depth] = Math.max(widths[depth] ?? 0, end(branch), valueWidth(branch));
      branch.next.forEach((child) => measure(child, depth + 1));
    };
    roots.forEach((branch) => measure(branch, 0));
    let used = 0;
    const tooFar = widths.findIndex((column, depth) => (used += column + (depth && GAPS[0])) > width);
    if (tooFar === 0 || tooFar > 0 && !(mayBreak && tooFar > 2)) return undefined;
    const depths = tooFar < 0 ? widths.length : tooFar, columns = widths.slice(0, depths);
    const gap = Math.min(GAPS[1], (width - columns.reduce((a, b) => a + b)) / Math.max(1, depths - 1));
    const starts = columns.map((_, depth) => columns.slice(0, depth).reduce((sum, column) => sum + column + gap, 0));

    const later: Branch[] = [];
    const cut = (branch: Branch, depth: number): Branch => {
      const goesOn = branch.next.length > 0 && depth === depths - 1;
      if (goesOn) later.push({ ...branch, name: `… ${branch.name}` });
      return { ...branch, next: goesOn ? [] : branch.next.map((child) => cut(child, depth + 1)) };
    };
    const [, ...all] = placed(pack({ ...countOf(0), next: roots.map((branch) => cut(branch, 0)) }), -1, 0);
    for (const { branch, depth, row, parent } of all) {
      const x = starts[depth]!, y = top + row * pitch;
      const line = depth === 0 ? "" : edge(
        starts[depth - 1]! + end(parent!.branch) + 5,
        top + parent!.row * pitch + MIDDLE,
        x - 14,
        x - 4,
        y + MIDDLE,
      );
      const words = spelled(branch);
      parts.push([branch, drawn(nameWidth(words) <= columns[depth]! ? words : branch, x, y, beside, line)]);
    }
    top += (1 + Math.max(...all.map(({ row }) => row))) * pitch;
    if (later.length > 0) top += BESIDE / 2;
    roots = later;
  }
  return { parts: inOrder(parts), height: top };
}

// ## Lines that branch

/**
 * Draws what goes on in one way only as a line of text, and indents where there are several.
 *
 * Prefixes that nothing continues share a line.
 */
function drawLines(root: Branch, width: number): Drawn {
  const parts: [Branch, string][] = [];
  const alive = ({ next }: Branch): readonly Branch[] => next.filter(({ look }) => look !== "count");
  const levels = (branch: Branch): number => {
    const live = alive(branch);
    return Math.max(0, ...live.map((child) => levels(child) + Number(live.length > 1)));
  };
  const indent = Math.min(16, Math.max(0, width - 160) / Math.max(1, levels(root)));
  let y = 0;
  const set = (line: readonly Branch[], left: number, from?: { readonly x: number; readonly y: number }): void => {
    let x = left, high = BESIDE;
    line.forEach((all, i) => {
      const branch: Branch = { ...all, name: fitted(all.name, width - left - 10), next: [] };
      const wide = Math.max(nameWidth(branch), valueWidth(branch));
      if (x > left && x + wide > width) [x, y, high] = [left, y + high, BESIDE];
      const edgeTo = i === 0 && from ? edge(from.x, from.y, from.x, left - 4, y + MIDDLE) : "";
      parts.push([branch, drawn(branch, x, y, false, edgeTo)]);
      x += wide + 10;
      if (branch.value) high = BELOW;
    });
    y += high;
  };
  const grow = (start: Branch, left: number, from?: { readonly x: number; readonly y: number }): void => {
    const line: Branch[] = [start];
    let pruned = 0, live = alive(start);
    for (let at = start;; at = live[0]!, live = alive(at), line.push(at)) {
      for (const { count = 0 } of at.next) pruned += count;
      if (live.length !== 1) break;
    }
    set([...line, ...pruned > 0 ? [spelled(countOf(pruned))] : []], left, from);
    const trunk = { x: left + 4, y: y - 3 },
      ends = live.filter(({ next, look }) => next.length === 0 && look !== "best");
    for (const child of live) {
      if (!ends.includes(child)) grow(child, left + indent, trunk);
      else if (child === ends[0]) {
        const or: Branch = { name: "|", value: "", look: "count", next: [] };
        set(ends.flatMap((end, i) => i === 0 ? [end] : [or, end]), left + indent, trunk);
      }
    }
  };
  grow(root, 0);
  return { parts: inOrder(parts), height: y };
}

// ## The legend

/** What each look means, in the order of the legend. */
const LOOKS: readonly (readonly [Branch["look"], string])[] = [
  ["best", "best"],
  ["missed", "best, pruned"],
  ["kept", "kept"],
  ["dropped", "pruned"],
];

/** Draws the looks that a tree has, from `y` downwards, in lines of at most a width. */
function legend(
  parts: readonly string[],
  y: number,
  { width, say = filled }: Drawing,
  names: Names = {},
): Drawn {
  const used = LOOKS.filter(([look]) => parts.some((part) => part.startsWith(`<g class="${look}"`)));
  const drawn: string[] = [];
  let x = 0, top = y + BESIDE / 2;
  for (const [look, english] of used) {
    const text = say(names[look] ?? english), wide = 34 + textWidth(text, { size: SMALL });
    if (x > 0 && x + wide > width) [x, top] = [0, top + BESIDE];
    drawn.push(el(
      "g",
      { class: `${look} key` },
      el("path", { class: "edge", d: `M${px(x)} ${px(top + MIDDLE)}h26` }),
      label(text, { class: "value", x: x + 32, y: top + MIDDLE + 4 }),
    ));
    x += wide + 18;
  }
  return { parts: drawn, height: top + BESIDE };
}

/** Draws a tree, at most as wide as asked for. */
export function drawTree(figure: Figure & { readonly kind: "tree" }, drawing: Drawing): string {
  const children = new Map<number | undefined, TreeNode[]>();
  for (const node of figure.nodes) children.set(node.parent, [...children.get(node.parent) ?? [], node]);
  const write = valuesOf(figure.nodes);
  const [whole, counted] = [false, true].map((counted) =>
    branchOf(figure.nodes[0]!, children, write, counted, figure.looks)
  );
  const settings = (figure.looks ? [whole] : [whole, counted]).flatMap((root) =>
    [true, false].map((beside) => drawColumns(root!, drawing.width, beside))
  ).filter((found) => found !== undefined);
  // What is told of each node has to be seen: such a tree is never counted.
  const last = figure.looks ? whole! : counted!;
  const { parts, height } = settings.find(({ height }) => height <= HIGH) ?? settings.at(-1) ??
    (drawing.width < NARROW ? undefined : drawColumns(last, drawing.width, false, true)) ??
    drawLines(last, drawing.width);
  const kept = figure.nodes.filter((node) => node.kept).length;
  const best = figure.nodes.filter((node) => node.best).map((node) => shown(node.label)).join(" ");
  const { say = filled } = drawing;
  const sum = say("{} prefixes; {} were kept.", figure.nodes.length, kept);
  const description = best && !figure.looks ? `${sum} ${say("Best: {}.", best)}` : sum;
  const key = legend(parts, height, drawing, figure.looks);
  return picture(
    drawing,
    { kind: "tree", height: key.height, title: figure.caption, description },
    ...parts,
    ...key.parts,
  );
}
