/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/** What helps a reader: hints, lights, copying, progress, links to a place. */

import { assert, assertEquals, assertNotEquals, assertStringIncludes } from "../../core/cli/std/assert/mod.ts";
import { type Page, testInBrowser, withTab } from "./browser.ts";

const PAGE = "attention/scaled_dot_product.html", SOURCE = "core/04_attention/scaled_dot_product.ts";

/** What the hint says, nothing if none is shown; and how far it stands out of the window, in pixels. */
const hint = (page: Page): Promise<{ text: string; out: number }> =>
  page.evaluate(() => {
    const card = document.querySelector<HTMLElement>("#hint")!, box = card.getBoundingClientRect();
    if (card.hidden) return { text: "", out: 0 };
    return {
      text: card.innerText,
      out: Math.max(0, -box.left, -box.top, box.right - innerWidth, box.bottom - innerHeight),
    };
  });

/** Points at the first of some elements once the page stands still: scrolling takes hints away. */
async function point(page: Page, selector: string): Promise<void> {
  await page.evaluate((selector) =>
    new Promise<void>((resolve) => {
      document.querySelector(selector)!.scrollIntoView({ block: "center" });
      requestAnimationFrame(() => setTimeout(resolve, 50));
    }), selector);
  await page.hover(selector);
}

/** How many elements are lit. */
const lit = (page: Page): Promise<number> => page.evaluate(() => document.querySelectorAll(".lit").length);

testInBrowser("a hint says name, shape and meaning of a symbol, and goes", async () => {
  await withTab({}, async ({ page, open, complaints }) => {
    await open(PAGE);
    const away = "main h1";
    for (
      const [where, what, says] of [
        ["a symbol in the text", 'main .prose .katex [data-q="1"]', ["query", "[T, D]"]],
        ["a symbol of the formula", 'main .katex-display [data-q="1"]', ["query", "[T, D]"]],
        ["a name in the code", 'main .code pre [data-q="3"]', ["value", "[S, W]"]],
        ["a link in the code", 'main .code pre a[href$="softmax.html#softmax"][title]', [
          "Turns scores into probabilities",
        ]],
      ] as const
    ) {
      // Imports are folded away.
      await page.evaluate(() =>
        document.querySelectorAll("main details").forEach((one) => one.setAttribute("open", ""))
      );
      await point(page, what);
      const { text, out } = await hint(page);
      for (const part of says) assertStringIncludes(text, part, where);
      assertEquals(out, 0, where);
      assertEquals(await page.evaluate(() => document.querySelectorAll("[aria-describedby=hint]").length), 1, where);
      await page.keyboard.press("Escape");
      assertEquals((await hint(page)).text, "", `${where}: Escape`);
      assertEquals(await lit(page), 0, `${where}: Escape`);
      await point(page, away);
      await point(page, what);
      assertNotEquals((await hint(page)).text, "", `${where}: again`);
      await point(page, away);
      assertEquals((await hint(page)).text, "", `${where}: away`);
      assertEquals(await page.evaluate(() => document.querySelectorAll("[aria-describedby=hint]").length), 0, where);
    }
    // By keyboard too.
    const link = 'main .code pre a[data-hint^="Turns scores"], main .code pre a[title^="Turns scores"]';
    await page.evaluate((link) => document.querySelector<HTMLElement>(link)!.focus(), link);
    assertStringIncludes((await hint(page)).text, "Turns scores into probabilities");
    await page.keyboard.press("Tab");
    assert(!(await hint(page)).text.includes("Turns scores"));
    // Out of the window.
    await point(page, 'main .katex-display [data-q="1"]');
    assert(await lit(page) > 0);
    await page.evaluate(() =>
      document.documentElement.dispatchEvent(new PointerEvent("pointerleave", { pointerType: "mouse" }))
    );
    assertEquals([(await hint(page)).text, await lit(page)], ["", 0]);
    assertEquals(complaints(), []);
  });
});

testInBrowser("a tap is enough for a hint and for lights", async () => {
  await withTab({ width: 390 }, async ({ page, open, complaints }) => {
    await open(PAGE);
    await page.tap('main .katex-display [data-q="1"]');
    await page.waitForFunction(() => document.querySelector(".lit"));
    const { text, out } = await hint(page);
    assertStringIncludes(text, "[T, D]");
    assertEquals(out, 0);
    await page.tap("main h1");
    await page.waitForFunction(() => !document.querySelector(".lit"));
    assertEquals((await hint(page)).text, "");
    assertEquals(complaints(), []);
  });
});

testInBrowser("any sight of a quantity lights up all: formula, code, symbol table, figure", async () => {
  await withTab({}, async ({ page, open }) => {
    for (const url of [PAGE, "training/optimizers.html", "generation/greedy_and_beam.html", "words/softmax.html"]) {
      await open(url);
      const numbers = await page.evaluate(
        () => [
          ...new Set([...document.querySelectorAll<HTMLElement>("main [data-q]")].map(({ dataset }) => dataset["q"]!)),
        ],
      );
      assert(numbers.length > 2, url);
      const wrong = await page.evaluate((numbers) =>
        numbers.filter((number) => {
          // A hint has symbols of its own, and is there for a moment.
          const all = [...document.querySelectorAll(`[data-q="${number}"]`)].filter((one) => !one.closest("#hint"));
          return all.some((one) => {
            document.querySelector("main h1")!.dispatchEvent(new PointerEvent("pointerover", { bubbles: true }));
            one.dispatchEvent(new PointerEvent("pointerover", { bubbles: true }));
            return all.some((other) => !other.classList.contains("lit")) ||
              [...document.querySelectorAll(".lit")].filter((lit) => !lit.closest("#hint")).length !== all.length;
          });
        }), numbers);
      assertEquals(wrong, [], url);
    }
    // A series of a figure is one of the sights.
    await open("words/softmax.html");
    assert(await page.evaluate(() => document.querySelectorAll("main figure svg [data-q]").length) > 0);
  });
});

testInBrowser("copied code is the source's", async () => {
  await withTab({}, async ({ page, open, complaints }) => {
    await open(PAGE);
    const source = await Deno.readTextFile(new URL(`../../${SOURCE}`, import.meta.url));
    // Programs stand in comments.
    const bare = source.replace(/^(?: \*|\/\/) ?/gm, "");
    const count = await page.evaluate(() => document.querySelectorAll("main .copy").length);
    assert(count > 3);
    let lines = 0;
    for (let i = 0; i < count; i++) {
      await page.evaluate((i) => document.querySelectorAll<HTMLElement>("main .copy")[i]!.click(), i);
      await page.waitForFunction((i) => document.querySelectorAll("main .copy")[i]!.textContent === "copied", i);
      const text = await page.evaluate(() => navigator.clipboard.readText());
      assert(source.includes(text) || bare.includes(text), `not in the source:\n${text}`);
      lines += text.split("\n").length - 1;
    }
    assert(lines > 40, `${lines} lines`);
    // The button says so for a moment.
    await page.waitForFunction(() =>
      [...document.querySelectorAll("main .copy")].every(({ textContent }) => textContent === "copy")
    );
    assertEquals(complaints(), []);
  });
});

testInBrowser("the contents know which pages were read to their end", async () => {
  await withTab({}, async ({ page, open, complaints }) => {
    const read = (): Promise<string[]> =>
      page.evaluate(() => {
        const site = new URL(`${document.documentElement.dataset["root"]}/`, location.href).href;
        return [...document.querySelectorAll<HTMLAnchorElement>(".tree a.read")].map(({ href }) =>
          href.replace(site, "")
        );
      });
    await open(PAGE);
    await page.waitForTimeout(200);
    assertEquals(await read(), []);
    await page.evaluate(() => document.querySelector("footer")!.scrollIntoView());
    await page.waitForFunction(() => document.querySelector(".tree a.read"));
    assertEquals(await read(), [PAGE]);
    await open(PAGE);
    assertEquals(await read(), [PAGE]);
    await open("attention/masks.html");
    assertEquals(await read(), [PAGE]);
    await page.evaluate(() => document.querySelector("footer")!.scrollIntoView());
    await page.waitForFunction(() => document.querySelectorAll(".tree a.read").length === 2);
    await open("index.html");
    assertEquals((await read()).sort(), ["attention/masks.html", PAGE]);
    assertEquals(complaints(), []);
  });
});

testInBrowser("a link to a place shows it below the header", async () => {
  const source = await Deno.readTextFile(new URL(`../../${SOURCE}`, import.meta.url));
  const line = `L${source.split("\n").findIndex((text) => text.startsWith("export function attentionWeights")) + 1}`;
  for (const width of [390, 1400]) {
    await withTab({ width }, async ({ page, open, complaints }) => {
      for (
        const place of [
          "attentionWeights",
          "AttentionOptions.mask",
          "pitfall-masking-after-the-softmax",
          "exercise",
          line,
        ]
      ) {
        await open("index.html");
        await open(`${PAGE}#${place}`);
        await page.waitForTimeout(100);
        const seen = await page.evaluate((place) => {
          const target = document.getElementById(place)!, header = document.querySelector("header")!;
          const { top, bottom } = (target.getClientRects().length > 0 ? target : target.parentElement!)
            .getBoundingClientRect();
          const sticks = getComputedStyle(header).position === "sticky" ? header.getBoundingClientRect().bottom : 0;
          const atEnd = scrollY + innerHeight >= document.documentElement.scrollHeight - 2;
          return { top, bottom, sticks, height: innerHeight, atEnd, hash: decodeURIComponent(location.hash) };
        }, place);
        const says = `${place} at ${width}: ${JSON.stringify(seen)}`;
        assertEquals(seen.hash, `#${place}`);
        assert(
          seen.top > seen.sticks - 1 && (seen.top < seen.height / 2 || seen.atEnd) && seen.top < seen.height,
          says,
        );
      }
      assertEquals(complaints(), []);
    });
  }
});
