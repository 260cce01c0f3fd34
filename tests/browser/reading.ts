/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/** What a reader does: search, keys, switches, pointing; and reading without scripts. */

import { assert, assertEquals, assertNotEquals, assertStringIncludes } from "../../core/cli/std/assert/mod.ts";
import { EXPERIMENTS } from "../../core/experiments/registry.ts";
import { address, type Page, SITE, testInBrowser, withTab } from "./browser.ts";

const PAGE = "attention/scaled_dot_product.html";

/** A question of any length costs what a short one does. */
const PASTED = {
  "one word": "a".repeat(100_000),
  "words": Array.from({ length: 20_000 }, (_, i) => `word${i}`).join(" "),
  "Chinese": "注意力机制让每个词都能看见其他词".repeat(6000),
  "no words": ".,;:!? ".repeat(15_000),
};

testInBrowser("what is pasted into the search is cut before it is searched, in both halves", async () => {
  await withTab({}, async ({ page, open, complaints }) => {
    await open(PAGE);
    await page.keyboard.press("/");
    await search(page, "dropout");
    await page.click("dialog[open] .more");
    await page.waitForFunction(() => document.querySelector("dialog[open] .results .side"));
    await page.evaluate(() => {
      type Search = (query: string, options: { tokenize(query: string): string[] }) => unknown;
      const { MiniSearch } = globalThis as unknown as { MiniSearch: { prototype: { search: Search } } };
      const of = MiniSearch.prototype, plain = of.search, counted: number[][] = [];
      Object.assign(globalThis, { counted });
      of.search = function (query, options) {
        const terms = options.tokenize(query);
        counted.push([terms.length, Math.max(0, ...terms.map(({ length }) => length))]);
        return plain.call(this, query, options);
      };
    });
    const counted = (): Promise<number[][]> =>
      page.evaluate(() => (globalThis as unknown as { counted: number[][] }).counted.splice(0));
    for (const [name, text] of Object.entries(PASTED)) {
      await search(page, text);
      const searches = await counted();
      // Both halves, each for all terms and, where nothing has them all, for any.
      assert(searches.length >= 2 && searches.length <= 4, `${name}: ${searches.length}`);
      for (const [terms, longest] of searches) assert(terms! <= 32 && longest! <= 200, `${name}: ${terms} ${longest}`);
    }
    // Keys that follow one another are one question.
    await page.evaluate(() => {
      const input = document.querySelector<HTMLInputElement>("dialog[open] input")!;
      for (const letter of "attention is all you need") {
        input.value = input.value.length > 100 ? letter : input.value + letter;
        input.dispatchEvent(new Event("input"));
      }
    });
    await page.waitForFunction(() =>
      document.querySelector<HTMLElement>("dialog[open] .results")?.dataset["question"]?.endsWith("need")
    );
    assert((await counted()).length <= 4);
    assertEquals(complaints(), []);
  });
});

interface Result {
  readonly url: string;
  readonly text: string;
}

/** What the search answers, best first. */
async function search(page: Page, question: string): Promise<Result[]> {
  await page.fill("dialog[open] input", question);
  // Older answers stay until the new ones are there.
  await page.waitForFunction(
    (question) => document.querySelector<HTMLElement>("dialog[open] .results")?.dataset["question"] === question,
    question.slice(0, 200).trim(),
  );
  return await page.evaluate(() => {
    const root = new URL(document.documentElement.dataset["root"]!.replace(/\/?$/, "/"), location.href).href;
    return [...document.querySelectorAll<HTMLAnchorElement>("dialog[open] .results a")].map((link) => ({
      url: link.href.slice(root.length),
      text: link.textContent ?? "",
    }));
  });
}

/** A sentence of a page: what is written, without markup. */
const SENTENCE = "dot product of independent terms has variance";

/** What readers look for, and what the first answers must contain. */
const QUESTIONS: readonly (readonly [question: string, among: number, url: RegExp])[] = [
  ["注意力", 10, /^(attention\/|glossary)/],
  ["束搜索", 5, /^(generation\/greedy_and_beam|glossary)/],
  ["top-p", 5, /^generation\/truncation/],
  ["topP", 10, /^(generation|api)\//],
  ["scaledDotProductAttention", 3, /^(attention\/scaled_dot_product|api\/)/],
  ["scaled dot-product attention", 5, /^attention\/scaled_dot_product/],
  [SENTENCE, 5, /^attention\/scaled_dot_product/],
  // The book comes first, then what can be imported; how it is made is another index.
  ["softmax", 1, /^words\/softmax\.html$/],
  ["attention", 1, /^attention\/index\.html$/],
  // The notes' own questions lead to what answers them, or to the statement where nothing does yet.
  ["为什么要除以", 1, /^(attention\/scaled_dot_product\.html#|notes\/002\.html#n002-20$)/],
  ["为什么要用多头", 2, /^(attention\/multi_head\.html#at-002-15$|notes\/002\.html#n002-15$)/],
  ["为什么需要位置编码", 1, /^attention\/positions/],
  ["残差的作用", 1, /^transformer\/residual/],
  ["beam search", 1, /^generation\/greedy_and_beam\.html$/],
  ["temperature", 1, /^generation\/temperature\.html$/],
  ["dropout", 1, /^api\/engine\.html#dropout$/i],
  ["gelu", 1, /^transformer\/feed_forward\/activations\.html#gelu$/],
];

testInBrowser("search finds words, names, Chinese and sentences, from any page", async () => {
  for (const path of ["index.html", PAGE]) {
    await withTab({}, async ({ page, open, complaints, requests }) => {
      await open(path);
      assert(!requests().some((url) => /\/search\w*\.js$/.test(url)), "the index was loaded before it was needed");
      await page.keyboard.press("/");
      assert(await page.isVisible("dialog[open] input"));
      for (const [question, among, url] of QUESTIONS) {
        const found = (await search(page, question)).slice(0, among);
        assert(found.some((result) => url.test(result.url)), `${question}: ${found.map(({ url }) => url).join(" ")}`);
        // What is shown is text: no tables, no TeX, no half words.
        for (const { text } of found) assert(!/---|\\|\$|[_^]\{/.test(text), text);
      }
      assertEquals((await search(page, "qqqxyzzy")).length, 0);
      const [first] = await search(page, "束搜索");
      await page.keyboard.press("Enter");
      await page.waitForURL(await address() + first!.url);
      assertEquals(complaints(), []);
    });
  }
});

testInBrowser("how it is made is searched when it is asked for, and first by those who are there", async () => {
  await withTab({}, async ({ page, open, complaints, requests }) => {
    const fetched = (side: string): boolean => requests().some((url) => url.endsWith(`/search_${side}.js`));
    const more = async (): Promise<Result[]> => {
      await page.click("dialog[open] .more");
      await page.waitForFunction(() => document.querySelector("dialog[open] .side"));
      return await search(page, "dropout");
    };
    await open(PAGE);
    await page.keyboard.press("/");
    const book = await search(page, "dropout");
    assert(fetched("book") && !fetched("workshop"));
    const both = await more();
    assert(fetched("workshop"));
    assertEquals(both.slice(0, book.length), book);
    assert(both.slice(book.length).some(({ url }) => url.startsWith("engine/dropout.html")));
    await page.keyboard.press("Escape");

    await open("engine/dropout.html");
    await page.keyboard.press("/");
    const own = await search(page, "dropout");
    assertEquals(own[0]!.url, "engine/dropout.html");
    assert(own.every(({ url }) => !/^(api|attention)\//.test(url) || url.includes("/experiments/")));
    assert((await more()).some(({ url }) => url.startsWith("api/engine.html")));
    assertEquals(complaints(), []);
  });
});

testInBrowser("the contents are those of the half that the reader is in, and both lead to the other", async () => {
  for (const width of [390, 1440]) {
    await withTab({ width }, async ({ page, open }) => {
      const shown = (): Promise<{ links: string[]; now: string | undefined }> =>
        page.evaluate(() => {
          const root = new URL(document.documentElement.dataset["root"]!.replace(/\/?$/, "/"), location.href).href;
          const links = [...document.querySelectorAll<HTMLAnchorElement>(".tree ol a")].map(({ href }) => href);
          const sides = [...document.querySelectorAll<HTMLElement>(".sides [aria-current]")];
          return {
            links: links.map((href) => href.slice(root.length)),
            now: sides.find((side) => side.getBoundingClientRect().width > 0)?.textContent ?? undefined,
          };
        });
      await open(PAGE);
      await page.click("details.tree summary");
      const book = await shown();
      assert(book.links.includes("attention/masks.html") && !book.links.some((url) => url.startsWith("wasm/")));
      assertEquals(book.now, "the book");
      await open("wasm/matmul.html");
      await page.click("details.tree summary");
      const workshop = await shown();
      assert(workshop.links.includes("engine/index.html") && !workshop.links.includes("attention/masks.html"));
      assertEquals(workshop.now, "how it is made");
    });
  }
});

testInBrowser("a page on a disk is read and searched", async () => {
  await withTab({}, async ({ page }) => {
    await page.goto(new URL(PAGE, SITE).href);
    await page.keyboard.press("/");
    const found = await search(page, "束搜索");
    assert(found.length > 0);
  });
});

testInBrowser("keys turn pages and go from section to section", async () => {
  await withTab({}, async ({ page, open, complaints }) => {
    await open(PAGE);
    const links = await page.evaluate(() =>
      ["prev", "next"].map((rel) => document.querySelector<HTMLAnchorElement>(`a[rel=${rel}]`)!.href)
    );
    await page.keyboard.press("]");
    await page.waitForURL(links[1]!);
    await page.keyboard.press("[");
    await page.waitForURL(await address() + PAGE);
    await page.keyboard.press("[");
    await page.waitForURL(links[0]!);
    await page.keyboard.press("]");
    await page.waitForURL(await address() + PAGE);

    // Where a section stands changes while fonts and figures arrive; which one is at the top does not.
    const atTop = (): Promise<string> =>
      page.evaluate(() => {
        const sections = [...document.querySelectorAll<HTMLElement>("main h1, main h2[id], .row.top")];
        const far = (section: HTMLElement): number => {
          const moved = section.closest<HTMLElement>(".row") ?? section;
          return Math.abs(
            moved.getBoundingClientRect().top - 66 - (parseFloat(getComputedStyle(moved).scrollMarginTop) || 0),
          );
        };
        return sections.reduce((a, b) => far(b) < far(a) ? b : a).textContent!.slice(0, 80);
      });
    const press = async (key: "j" | "k"): Promise<string> => {
      const before = await page.evaluate(() => scrollY);
      await page.keyboard.press(key);
      await page.waitForFunction(([key, y]) => key === "j" ? scrollY > y : scrollY < y, [key, before] as const);
      return await atTop();
    };
    const places = [await press("j"), await press("j"), await press("j")];
    assertEquals(new Set(places).size, 3);
    assertEquals([await press("k"), await press("k")], [places[1], places[0]]);
    // Keys are letters where something is written.
    await page.keyboard.press("/");
    await page.keyboard.type("j/k[]");
    assertEquals(
      await page.evaluate(() => document.querySelector<HTMLInputElement>("dialog[open] input")!.value),
      "j/k[]",
    );
    await page.keyboard.press("Escape");
    assert(!await page.isVisible("dialog[open]"));
    await page.keyboard.press("?");
    assert(await page.isVisible("dialog[open] kbd"));
    assertEquals(complaints(), []);
  });
});

/** Height of what stays at the top. */
const HEADER = 49;

/** Where an element stands in the window, once the page has come to rest. */
async function restingPlace(page: Page, id: string): Promise<number> {
  // Figures above a target are drawn again when they come into view.
  await page.waitForTimeout(1500);
  return await page.evaluate((id) => document.getElementById(id)!.getBoundingClientRect().top, id);
}

for (const [name, width] of [["a desktop", 1440], ["a phone", 390]] as const) {
  testInBrowser(`a link lands on what it names on ${name}, below the header`, async () => {
    await withTab({ width }, async ({ page, open }) => {
      await open("attention/positions.html");
      // Behind the last figure, whose height changes, and on a page without figures.
      const first = await page.evaluate(() => document.querySelector(".wide ~ .row[id], .wide ~ .flow .row[id]")!.id);
      for (const [url, id] of [["", first], ["/rotary", "RotaryPositions"], ["/rotary", "applyRotary"]] as const) {
        await open("index.html");
        await open(`attention/positions${url}.html#${id}`);
        const top = await restingPlace(page, id);
        assert(Math.abs(top - HEADER) <= 2, `${id} is ${top} px below the top`);
      }
      const seen = await page.evaluate(() => {
        const row = document.getElementById("applyRotary")!;
        return { row: row.className, prose: row.querySelector(".prose")!.textContent };
      });
      assertStringIncludes(seen.row, "row");
      assertStringIncludes(seen.prose ?? "", "Turns each pair of coordinates");

      // A reader who moves is let go.
      await page.evaluate(() => scrollBy(0, -300));
      await page.waitForTimeout(400);
      const away = await page.evaluate(() => document.getElementById("RotaryPositions")!.getBoundingClientRect().top);
      assert(away > 300, `${away} px`);

      // So do links within a page.
      await page.evaluate(() => document.querySelector<HTMLElement>('a[href="#applyRotary"]')!.click());
      const top = await restingPlace(page, "applyRotary");
      assert(Math.abs(top - HEADER) <= 2, `after a click ${top} px below the top`);
    });
  });
}

testInBrowser("the contents open where the reader is", async () => {
  await withTab({ width: 390 }, async ({ page, open }) => {
    await open("generation/kv_cache.html");
    await page.click("details.tree summary");
    await page.waitForTimeout(200);
    const [top, bottom] = await page.evaluate(() => {
      const { top, bottom } = document.querySelector(".tree [aria-current]")!.getBoundingClientRect();
      return [top, bottom] as const;
    });
    assert(top > 50 && bottom < 844, `${top} to ${bottom} px`);
  });
});

testInBrowser("the list of experiments leads to every one of them", async () => {
  await withTab({}, async ({ page, open }) => {
    await open("experiments.html");
    const names = await page.evaluate(() =>
      [...document.querySelectorAll<HTMLAnchorElement>(".list a")].map(({ href }) => href.split("#")[1])
    );
    assertEquals(names, EXPERIMENTS.map(({ name }) => `experiment-${name.replace(/\W/g, "-")}`));
  });
});

testInBrowser("the reader's choices of theme and colours last", async () => {
  await withTab({}, async ({ page, open }) => {
    await open(PAGE);
    const paper = (): Promise<string> => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const light = await paper();
    await page.keyboard.press("t");
    assertEquals(await paper(), light);
    await page.keyboard.press("t");
    const dark = await paper();
    assertNotEquals(dark, light);
    const ink = (): Promise<string[]> =>
      page.evaluate(() =>
        [...document.querySelectorAll("main [data-q]")].map((element) => getComputedStyle(element).color)
      );
    const colours = new Set(await ink()).size;
    assert(colours > 4, `${colours} colours`);
    await page.keyboard.press("c");
    assert(new Set(await ink()).size < colours);
    await open("index.html");
    assertEquals(await paper(), dark);
    assert(await page.evaluate(() => document.documentElement.classList.contains("plain")));
  });
});

testInBrowser("a quantity has one colour, and pointing at it lights up all of it", async () => {
  await withTab({}, async ({ page, open }) => {
    await open(PAGE);
    const colours = await page.evaluate(
      () => [
        ...new Set(
          [...document.querySelectorAll<HTMLElement>('main [data-q="1"]')].map((element) =>
            getComputedStyle(element).color
          ),
        ),
      ],
    );
    assertEquals(colours.length, 1, colours.join());
    await page.hover('main .code [data-q="1"]');
    const lit = await page.evaluate(() => ({
      lit: document.querySelectorAll(".lit").length,
      all: document.querySelectorAll('[data-q="1"]').length,
      formula: document.querySelectorAll(".katex .lit").length,
    }));
    assertEquals(lit.lit, lit.all);
    assert(lit.formula > 0);
  });
});

testInBrowser("the hint of a quantity has each formula once, as the symbol table has it", async () => {
  await withTab({}, async ({ page, open }) => {
    await open("training/optimizers.html");
    const texts = await page.evaluate(() => {
      // What is seen of a cell or of the hint: formulas without what is there to be heard.
      const seen = (element: Element): string => {
        const copy = element.cloneNode(true) as Element;
        for (const heard of copy.querySelectorAll(".katex-mathml")) heard.remove();
        return copy.textContent!.trim();
      };
      return [...document.querySelectorAll<HTMLElement>(".symbols tr[data-of]")].flatMap((row) => {
        const number = row.dataset["of"]!.split(" ")[0];
        const quantity = document.querySelector(`main .prose [data-q="${number}"]:not(.symbols *)`);
        if (!quantity) return [];
        quantity.dispatchEvent(new PointerEvent("pointerover", { bubbles: true }));
        const hint = document.querySelector<HTMLElement>(".card")!;
        const cells = [...row.children].slice(1).map(seen).join(" · ");
        return [
          [
            seen(hint),
            cells,
            hint.querySelectorAll(".katex").length,
            row.querySelectorAll("td:not(:first-child) .katex").length,
          ] as const,
        ];
      });
    });
    assert(texts.length > 1 && texts.some(([, , formulas]) => formulas > 0), JSON.stringify(texts));
    for (const [hint, cells, shown, there] of texts) {
      assertEquals(hint, cells);
      assertEquals(shown, there);
    }
  });
});

testInBrowser("a machine without a Chinese font gets the letters of the terms, others ask for none", async () => {
  await withTab({}, async ({ page, open, requests, complaints }) => {
    await open(PAGE);
    const term = await page.evaluate(async () => {
      const families = getComputedStyle(document.body).fontFamily.split(", ");
      // The fonts that the site brings, without those that a machine may have.
      const own = families.filter((name) => /^"?(Source Serif 4|Han( 2)?)"?$/.test(name)).join(", ");
      document.body.style.fontFamily = own;
      const term = document.querySelector<HTMLElement>("main .prose :lang(zh)")!;
      term.id = "term";
      await document.fonts.load(`16px ${own}`, term.textContent!);
      await document.fonts.ready;
      return {
        own,
        text: term.textContent!,
        loaded: [...document.fonts].filter(({ status }) => status === "loaded").length,
      };
    });
    assertStringIncludes(term.own, "Han");
    assert(
      requests().some((url) => url.endsWith("/chapters.woff2")) &&
        !requests().some((url) => url.endsWith("/others.woff2")),
    );
    // What the browser draws the term with.
    const session = await page.context().newCDPSession(page);
    await session.send("DOM.enable");
    await session.send("CSS.enable");
    const { root } = await session.send("DOM.getDocument");
    const { nodeId } = await session.send("DOM.querySelector", { nodeId: root.nodeId, selector: "#term" });
    const { fonts } = await session.send("CSS.getPlatformFontsForNode", { nodeId });
    const drawn = fonts.filter(({ isCustomFont }) => isCustomFont).reduce((sum, { glyphCount }) => sum + glyphCount, 0);
    assertEquals(drawn, [...term.text].length, JSON.stringify(fonts));
    assertEquals(complaints(), []);
  });
});

testInBrowser("without scripts a page is complete", async () => {
  for (const width of [390, 1400]) {
    await withTab({ scripts: false, width }, async ({ page, open, complaints }) => {
      await open(PAGE);
      const seen = await page.evaluate(() => {
        const visible = (element: Element): boolean => {
          const { width, height } = element.getBoundingClientRect();
          return width > 40 && height > 20 && getComputedStyle(element).visibility === "visible";
        };
        const count = (selector: string): number => [...document.querySelectorAll(selector)].filter(visible).length;
        return {
          text: (document.querySelector("main") as HTMLElement).innerText,
          pictures: count(".experiment figure svg"),
          captions: count(".experiment figcaption"),
          code: count("pre"),
          formulas: count(".katex-display"),
          claims: count(".claims li"),
          buttons: [...document.querySelectorAll("button, .trial input")].filter(visible).length,
          wide: document.documentElement.scrollWidth - document.documentElement.clientWidth,
        };
      });
      assertStringIncludes(seen.text, "Queries and keys are vectors of the same space");
      assert(seen.pictures > 0 && seen.captions > 0 && seen.code > 0 && seen.formulas > 0 && seen.claims > 0);
      assertEquals(seen.buttons, 0, "a button that does nothing");
      assertEquals(seen.wide, 0);
      assertEquals(complaints(), []);
    });
  }
});

testInBrowser("screen readers get MathML, captions and the numbers of each figure", async () => {
  await withTab({}, async ({ page, open }) => {
    await open(PAGE);
    const bare = await page.evaluate(() => ({
      formulas: [...document.querySelectorAll(".katex")].filter((formula) => !formula.querySelector("math")).length,
      figures: [...document.querySelectorAll(".experiment figure")].filter((figure) =>
        !figure.querySelector("figcaption")?.textContent?.trim() || !figure.querySelector("table")
      ).length,
    }));
    assertEquals(bare, { formulas: 0, figures: 0 });
  });
});

testInBrowser("on paper there is the page and nothing to press", async () => {
  await withTab({}, async ({ page, open }) => {
    await open(PAGE);
    await page.emulateMedia({ media: "print" });
    assert(await page.isVisible("main h1"));
    assert(!await page.isVisible("header button"));
    assert(!await page.isVisible(".controls button"));
  });
});
