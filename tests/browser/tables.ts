/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/** Tables of the library's pages: whole where there is room, and scrollable in themselves where there is none. */

import { assert, assertEquals } from "../../core/cli/std/assert/mod.ts";
import { testInBrowser, withTab } from "./browser.ts";

/** A table: where its box ends, what it needs beyond that, and whether the box scrolls. */
interface Measured {
  readonly head: string;
  readonly end: number;
  readonly beyond: number;
  readonly scrolls: boolean;
}

const tables = (): Measured[] =>
  [...document.querySelectorAll(".plain-page .table")].map((box) => ({
    head: box.querySelector("tr")!.textContent.trim().slice(0, 40),
    end: box.getBoundingClientRect().right,
    beyond: box.scrollWidth - box.clientWidth,
    scrolls: getComputedStyle(box).overflowX === "auto",
  }));

for (const [name, width] of [["a desktop", 1400], ["a phone", 390]] as const) {
  testInBrowser(`tables of the library's pages are whole on ${name}, or scroll in themselves`, async () => {
    await withTab({ width }, async ({ page, open, complaints }) => {
      let count = 0;
      for (const url of ["library.html", "library/coming_from.html", "library/tour.html"]) {
        await open(url);
        for (const { head, end, beyond, scrolls } of await page.evaluate(tables)) {
          count++;
          assert(end <= width, `${url}: ${head} ends at ${end}`);
          if (width > 1000) assertEquals(beyond, 0, `${url}: ${head} hides ${beyond} px`);
          else assert(beyond === 0 || scrolls, `${url}: ${head} cannot be scrolled`);
        }
        assert(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), url);
      }
      assert(count > 5, `${count} tables`);
      assertEquals(complaints(), []);
    });
  });
}
