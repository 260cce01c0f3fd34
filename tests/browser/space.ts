/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/** The space of a page: how much of each column has something in it. */

import { assert, assertEquals } from "../../core/cli/std/assert/mod.ts";
import { type Page, testInBrowser, withTab } from "./browser.ts";

/** Ink of one column. */
export interface Ink {
  /** The part of its height that has something in it, as a reader sees it who scrolls through the page. */
  readonly share: number;
  /** The same of the page as it lies, where nothing goes along. */
  readonly still: number;
  /** Pixels of the longest stretch without anything, as it lies. */
  readonly gap: number;
  /** Places at which a whole screen of it is empty. */
  readonly empty: readonly number[];
}

/**
 * Measures both columns of a page. Lines of text that follow each other, and what stands a line apart, are one piece of ink.
 *
 * @param page that is open, in a window of two columns
 * @returns the height of the page and the ink at the left and at the right
 */
export async function inkOf(page: Page): Promise<{ height: number; columns: [Ink, Ink] }> {
  return await page.evaluate(async () => {
    const LINE = 30, STEPS = 3;
    const main = document.querySelector<HTMLElement>("main > .page")!, high = innerHeight;
    const split = innerWidth / 2;
    const head = document.querySelector("header")!.getBoundingClientRect().bottom;
    /** Pieces of ink of a column between two heights of the window. */
    const pieces = (side: number, from: number, to: number): [number, number][] => {
      const found: [number, number][] = [];
      const add = (rects: Iterable<DOMRect>): void => {
        for (const { left, right, top, bottom } of rects) {
          const overlap = side === 0 ? Math.min(right, split) - left : right - Math.max(left, split);
          if (overlap < 12 || bottom - top < 3 || bottom <= from || top >= to) continue;
          found.push([Math.max(from, top), Math.min(to, bottom)]);
        }
      };
      const walk = document.createTreeWalker(main, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT, (node) => {
        if (node instanceof Element && node.matches(".katex-mathml, [hidden], title, desc")) {
          return NodeFilter.FILTER_REJECT;
        }
        return NodeFilter.FILTER_ACCEPT;
      });
      for (let node = walk.nextNode(); node; node = walk.nextNode()) {
        if (node instanceof Text) {
          if (node.data.trim() === "" || node.parentElement!.closest("svg")) continue;
          const range = document.createRange();
          range.selectNodeContents(node);
          add(range.getClientRects());
        } else if ((node as Element).matches("svg, img, canvas, input, select, progress")) {
          add([(node as Element).getBoundingClientRect()]);
        }
      }
      const joined: [number, number][] = [];
      for (const [top, bottom] of found.sort(([a], [b]) => a - b)) {
        const last = joined.at(-1);
        if (last && top <= last[1] + LINE) last[1] = Math.max(last[1], bottom);
        else joined.push([top, bottom]);
      }
      return joined;
    };
    const sum = (parts: readonly [number, number][]): number => parts.reduce((all, [a, b]) => all + b - a, 0);
    scrollTo(0, 0);
    const box = main.getBoundingClientRect(), height = box.height;
    const start = box.top, end = box.bottom;
    const still = [0, 1].map((side) => {
      const parts = pieces(side, start, end);
      const bounds = [[start, start] as [number, number], ...parts, [end, end] as [number, number]];
      return { share: sum(parts) / height, gap: Math.max(...bounds.slice(1).map(([a], i) => a - bounds[i]![1])) };
    });
    const seen = [0, 0], of = [0, 0], empty: number[][] = [[], []];
    for (let y = 0; y + high <= end; y += Math.round((high - head) / STEPS)) {
      scrollTo({ top: y, behavior: "instant" });
      await new Promise(requestAnimationFrame);
      const { top, bottom } = main.getBoundingClientRect();
      const from = Math.max(head, top), to = Math.min(high, bottom);
      for (const side of [0, 1]) {
        const ink = sum(pieces(side, from, to));
        seen[side]! += ink;
        of[side]! += to - from;
        if (ink === 0) empty[side]!.push(y);
      }
    }
    const column = (side: number): Ink => ({
      share: seen[side]! / of[side]!,
      still: still[side]!.share,
      gap: Math.round(still[side]!.gap),
      empty: empty[side]!,
    });
    return { height: Math.round(document.documentElement.scrollHeight), columns: [column(0), column(1)] };
  });
}

/** Pages that show how a page is made; others follow as their chapters are completed. */
const PAGES = [
  "attention/scaled_dot_product",
  "attention/positions",
  "transformer/encoder_decoder",
  "training/optimizers",
  "generation/greedy_and_beam",
];

/** How much of each column has to have something in it. */
const LEAST = 2 / 3;

for (const width of [1440, 1920]) {
  testInBrowser(`both columns are used at ${width} pixels, and neither is empty for a screen`, async () => {
    const problems: string[] = [];
    for (const name of PAGES) {
      await withTab({ width }, async ({ page, open }) => {
        await open(`${name}.html`);
        const { height, columns } = await inkOf(page);
        columns.forEach(({ share, still, gap, empty }, i) => {
          const what = `${name}, ${i === 0 ? "left" : "right"}: ${share.toFixed(2)} of ${height} px, still ${
            still.toFixed(2)
          }, longest gap ${gap} px`;
          console.log(what);
          if (share < LEAST || empty.length > 0) problems.push(`${what}, empty at ${empty.join()}`);
        });
      });
    }
    assertEquals(problems, []);
  });
}

testInBrowser("a table of symbols stands beside its formula or directly below it, on a phone below it", async () => {
  for (const [width, beside] of [[1440, true], [390, false]] as const) {
    await withTab({ width }, async ({ page, open }) => {
      for (const name of ["attention/scaled_dot_product", "training/optimizers"]) {
        await open(`${name}.html`);
        const { formula, table, between } = await page.evaluate(() => {
          const table = document.querySelector<HTMLElement>(".symbols")!, row = table.closest<HTMLElement>(".row")!;
          const formulas = [...row.querySelectorAll<HTMLElement>(".prose .formula")];
          const formula = formulas.findLast((one) =>
            one.compareDocumentPosition(table) & Node.DOCUMENT_POSITION_FOLLOWING
          )!;
          const box = (element: Element): number[] => {
            const { left, right, top, bottom } = element.getBoundingClientRect();
            return [left, right, top, bottom];
          };
          return {
            formula: box(formula),
            table: box(table),
            between: table.getBoundingClientRect().top - formula.getBoundingClientRect().bottom,
          };
        });
        // Where a program has the other column, the table is the next thing below.
        if (beside && between >= 0) assert(between < 60 && table[0]! < formula[1]!, `${name}: ${between} px below`);
        else if (beside) assert(table[0]! > formula[1]! && table[2]! < formula[3]! && formula[2]! < table[3]!, name);
        else assert(between > 0 && between < 844, `${name}: ${between} px below`);
      }
    });
  }
});
