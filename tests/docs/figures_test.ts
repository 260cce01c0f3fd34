import { assert, assertEquals, assertMatch } from "@std/assert";
import { Random } from "../../core/engine/random.ts";
import type { Figure, TreeNode } from "../../core/experiments/figure.ts";
import { drawPicture, figureHtml, figuresHtml, tableCsv, tablesOf } from "../../docs/figures/mod.ts";
import { deflate, greyPng } from "../../docs/figures/png.ts";
import { fitted, shown, textWidth, wrapped } from "../../docs/figures/svg.ts";
import { fixed, number, percent } from "../../core/experiments/numbers.ts";

const x = { title: "step" }, y = { title: "loss, nats" };
const caption = 'What to see: <nothing> & "more".';

/** A matrix of a function of row and column. */
const matrix = (rows: number, columns: number, f: (r: number, c: number) => number): number[][] =>
  Array.from({ length: rows }, (_, r) => Array.from({ length: columns }, (_, c) => f(r, c)));
const names = (count: number): string[] => Array.from({ length: count }, (_, i) => `n${i}`);

/** At least one figure of every kind, awkward ones among them. */
const FIGURES: readonly (readonly [string, Figure])[] = [
  ["line", {
    kind: "line",
    caption,
    x,
    y,
    series: [{ label: "a", points: [[0, 4], [1, 2], [2, 1.5]], quantity: "Z" }],
  }],
  ["line of one point", { kind: "line", caption, x, y, series: [{ label: "a", points: [[3, 3]] }] }],
  ["level line", {
    kind: "line",
    caption,
    x,
    y,
    series: [{ label: "a", points: [[0, 0], [1, 0]] }, { label: "b", points: [[0, 0], [1, 0]], dashed: true }],
  }],
  ["logarithmic line", {
    kind: "line",
    caption,
    x: { ...x, logarithmic: true },
    y: { ...y, logarithmic: true },
    series: [{ label: "a", points: [[1, 1e-6], [1000, 1e6]] }],
  }],
  ["line with a band", {
    kind: "line",
    caption,
    x,
    y,
    series: [
      { label: "a", points: [[0, 4], [1, 2]], ranges: [[3, 6], [2, 2]] },
      { label: "b", points: [[0, 4], [1, 2]] },
    ],
  }],
  ["long line", {
    kind: "line",
    caption,
    x,
    y,
    series: [1, 2, 3].map((k) => ({
      label: `series ${k}`,
      points: Array.from({ length: 1000 }, (_, i) => [i, Math.sin(i / 9 / k)] as const),
    })),
  }],
  ["scatter", {
    kind: "scatter",
    caption,
    x,
    y,
    series: [{ label: "words", points: [[1, 2], [-1, -3], [1, 2.01]], names: ["apple", "苹果", "<pad>"] }],
  }],
  ["bars", { kind: "bars", caption, y, bars: [{ label: "a", value: 2 }, { label: "b", value: -1 }] }],
  ["bars in groups", {
    kind: "bars",
    caption,
    y: { ...y, logarithmic: true },
    bars: ["short", "long"].flatMap((group, i) =>
      ["greedy", "beam"].map((label) => ({ label, group, value: 10 ** i }))
    ),
  }],
  ["bars with ranges", {
    kind: "bars",
    caption,
    y,
    bars: [{ label: "a", value: 2, range: [1, 3] }, { label: "b", value: -1, range: [-2, -1] }],
  }],
  ["bars of zero", { kind: "bars", caption, y, bars: [{ label: "a", value: 0 }] }],
  ["heat map", {
    kind: "heatMap",
    caption,
    rows: ["I", "saw", " a", "\n"],
    columns: ["I", "saw", " a", "\n"],
    values: matrix(4, 4, (r, c) => c > r ? 0 : 1 / (r + 1)),
    rowTitle: "query",
    columnTitle: "key",
    quantity: "A",
  }],
  ["heat map of one value", { kind: "heatMap", caption, rows: ["a"], columns: ["b"], values: [[0.5]] }],
  ["large heat map of two signs", {
    kind: "heatMap",
    caption,
    rows: names(100),
    columns: names(64),
    values: matrix(100, 64, (r, c) => Math.cos(r / (c + 1))),
  }],
  ["attention", {
    kind: "attention",
    caption,
    from: ["the", "cat", "sat"],
    to: ["猫", "坐"],
    weights: [matrix(3, 2, (r, c) => (r + c) % 2), matrix(3, 2, () => 0.5)],
    heads: ["left", "both"],
  }],
  ["attention of one head that sees nothing", { kind: "attention", caption, from: ["a"], to: ["b"], weights: [[[0]]] }],
  ["histogram", {
    kind: "histogram",
    caption,
    x,
    series: [{ label: "scaled", edges: [-1, 0, 1, 2], counts: [1, 5, 0] }, {
      label: "plain",
      edges: [0, 4],
      counts: [7],
    }],
  }],
  ["tree", {
    kind: "tree",
    caption,
    nodes: [
      { id: 0, label: "<s>", kept: true },
      { id: 1, parent: 0, label: "the", value: -0.3, kept: true },
      { id: 2, parent: 0, label: "a", value: -1.5 },
      { id: 3, parent: 1, label: "cat", value: -0.9 },
    ],
  }],
  ["tree whose best text was let go", {
    kind: "tree",
    caption,
    nodes: [
      { id: 0, label: "BEGIN", kept: true, best: true },
      { id: 1, parent: 0, label: "a", value: 0.6, kept: true },
      { id: 2, parent: 0, label: "b", value: 0.4, best: true },
      { id: 3, parent: 2, label: "b", value: 0.4, best: true },
      { id: 4, parent: 1, label: "a", value: 0.0003, kept: true },
    ],
  }],
  ["table", { kind: "table", caption, columns: ["model", "accuracy"], rows: [["bag & words", 0.71], ["CBOW", 12345]] }],
  ["tokens", {
    kind: "tokens",
    caption,
    rows: [
      { label: "BPE", tokens: [{ text: "un", value: -1 }, { text: " related", value: 0.5 }, { text: "" }] },
      { tokens: [..."机器翻译"].map((text) => ({ text })) },
    ],
  }],
  ["text", { kind: "text", caption, text: "To be, or <not>\nto be" }],
];

/** The first tag that is closed by another, if any; SVG and the HTML around it are written as XML would be. */
function unbalanced(markup: string): string | undefined {
  const open: string[] = [];
  const withoutText = markup.replace(/<input[^>]*>/g, "");
  for (
    const [tag, end, name, alone] of withoutText.matchAll(
      /<(\/?)([a-zA-Z]+)(?:\s+[\w-]+="[^"<]*"|\s+checked)*\s*(\/?)>/g,
    )
  ) {
    if (end) { if (open.pop() !== name) return tag; }
    else if (!alone) open.push(name!);
  }
  return open.pop();
}

const hue = (symbol: string): number | undefined => ({ Z: 3, A: 9 })[symbol];

for (const [name, figure] of FIGURES) {
  Deno.test(`figureHtml() draws a ${name} at any width, with a name, a description and a table`, () => {
    for (const width of [260, 560, 760]) {
      const html = figureHtml(figure, { width, id: "f", hue });
      assertEquals(html.match(/NaN|undefined|Infinity|\[object/), null);
      assertEquals(unbalanced(html), undefined);
      // Every angle bracket belongs to a tag.
      assertEquals(html.replace(/<\/?[a-zA-Z][^<>]*>/g, "").match(/[<>]/), null);
      assert(html.includes("<figcaption>What to see: &lt;nothing&gt; &amp; &quot;more&quot;.</figcaption>"));
      assertEquals(html, figureHtml(figure, { width, id: "f", hue }), "the same data make the same picture");
      const ids = [...html.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
      assertEquals(new Set(ids).size, ids.length);
      if (figure.kind === "text") continue;
      assertMatch(html, /<table>.*<th scope="col"/);
      if (figure.kind === "table") continue;
      assertMatch(html, /<svg class="picture [^>]* role="img" aria-labelledby="f[-\d]*-t f[-\d]*-d">/);
      assertMatch(html, /<title id="f[-\d]*-t">[^<]+<\/title><desc id="f[-\d]*-d">[^<]+<\/desc>/);
      for (const [, value] of html.matchAll(/ (?:width|height)="(-?[\d.]+)"/g)) assert(Number(value) >= 0, value);
    }
  });
}

/** A search of `steps` steps that keeps `beams` beginnings and shows two more; some end early. */
function searchOf(beams: number, steps: number, seed: number): TreeNode[] {
  const random = new Random(seed), below = (n: number): number => Math.floor(random.next() * n);
  const nodes: TreeNode[] = [{ id: 0, label: "BEGIN", value: 0, kept: true, best: true }];
  let live = [0];
  for (let step = 1; step <= steps; step++) {
    const next: number[] = [];
    for (let place = 0; place < beams + 2; place++) {
      const parent = live[place === 0 ? 0 : below(live.length)]!, id = nodes.length, kept = place < beams;
      const label = place > 0 && kept && random.next() < 0.1 ? "END" : "homework".slice(0, 1 + below(8));
      nodes.push({ id, parent, label, value: -step - place / 8, kept, best: place === 0 });
      if (kept && label !== "END") next.push(id);
    }
    live = next;
  }
  return nodes;
}

Deno.test("drawPicture() sets a tree within its width, no name upon another, and counts what it does not name", () => {
  for (const [beams, steps] of [[1, 1], [1, 30], [2, 4], [3, 9], [3, 16], [8, 12], [20, 5]] as const) {
    for (const width of [260, 350, 480, 560, 936]) {
      const nodes = searchOf(beams, steps, beams + steps);
      const svg = drawPicture({ kind: "tree", caption, nodes }, { width, id: "t" });
      const texts = [...svg.matchAll(/<text class="(\w+)" x="([\d.]+)" y="([\d.]+)">([^<]*)</g)];
      const boxes = texts.map(([, kind, x, y, text]) => {
        const size = kind === "value" || text!.startsWith("+") ? 11 : 13;
        return {
          text: text!,
          left: Number(x),
          right: Number(x) + textWidth(text!, { size }),
          top: Number(y) - size + 3,
          y: Number(y),
        };
      });
      const [, high] = /viewBox="0 0 [\d.]+ ([\d.]+)"/.exec(svg)!;
      boxes.forEach((box, i) => {
        assert(box.right <= width + 1 && box.y <= Number(high), `${box.text} is outside at ${width}`);
        for (const other of boxes.slice(0, i)) {
          const apart = box.left >= other.right || other.left >= box.right || box.top >= other.y || other.top >= box.y;
          assert(apart, `${box.text} and ${other.text} overlap at ${width}`);
        }
      });
      const names = texts.filter(([, kind]) => kind === "name").length;
      assert(names >= nodes.filter(({ kept }) => kept).length, "every survivor is named");
      const counted = [...svg.matchAll(/>\+(\d+)(?: pruned)?</g)].reduce((sum, [, count]) => sum + Number(count), 0);
      const dropped = svg.match(/<g class="dropped">/g)?.length ?? 0;
      assertEquals(dropped + counted, nodes.filter(({ kept }) => !kept).length, "the others are named or counted");
    }
  }
});

Deno.test("drawPicture() gives a quantity the number that its page gives it", () => {
  const [, line] = FIGURES[0]!;
  assertMatch(drawPicture(line, { width: 560, id: "f", hue }), /<g class="q-3" data-q="3">/);
  assertMatch(drawPicture(line, { width: 560, id: "f" }), /<g class="s1">/);
  const map = FIGURES.find(([name]) => name === "heat map")![1];
  assertMatch(drawPicture(map, { width: 560, id: "f", hue }), /class="s1 q-9" data-q="9"/);
});

Deno.test("drawPicture() shows 512×512 weights in less than 60 kB, their table in less than 10 kB", () => {
  // Causal weights that fall with distance.
  const values = matrix(512, 512, (r, c) => c > r ? 0 : Math.exp((c - r) / 40));
  const figure: Figure = { kind: "heatMap", caption, rows: names(512), columns: names(512), values, domain: [0, 1] };
  const picture = drawPicture(figure, { width: 560, id: "f" });
  assert(picture.length < 60_000, String(picture.length));
  assert(figureHtml(figure, { width: 560, id: "f" }).length - picture.length < 10_000);
  assertEquals(tablesOf(figure, true)[0]!.rows.length, 512);
});

Deno.test("deflate() is undone by the decompressor of the platform", async () => {
  let state = 1;
  const noise = Uint8Array.from({ length: 5000 }, () => (state = state * 1103515245 + 12345 >>> 0) >>> 16);
  const long = new Uint8Array(70_000).map((_, i) => i % 300 < 250 ? 7 : i >> 8);
  for (
    const data of [new Uint8Array(0), Uint8Array.of(1), Uint8Array.of(1, 1, 1, 1), noise, long, new Uint8Array(999)]
  ) {
    const packed = new Blob([Uint8Array.from(deflate(data))]).stream().pipeThrough(
      new DecompressionStream("deflate-raw"),
    );
    assertEquals(new Uint8Array(await new Response(packed).arrayBuffer()), data);
  }
  assert(deflate(new Uint8Array(100_000)).length < 1000);
});

Deno.test("greyPng() is a picture of its size", () => {
  const bytes = Uint8Array.from(atob(greyPng(3, 2, new Uint8Array(6)).split(",")[1]!), (c) => c.charCodeAt(0));
  assertEquals([...bytes.slice(0, 8)], [137, 80, 78, 71, 13, 10, 26, 10]);
  const view = new DataView(bytes.buffer);
  assertEquals([view.getUint32(16), view.getUint32(20)], [3, 2]);
  // The last chunk of every such file, with its known sum.
  assertEquals([...bytes.slice(-8)], [73, 69, 78, 68, 0xae, 0x42, 0x60, 0x82]);
});

Deno.test("number() writes as books do", () => {
  const written = [0, 1234, 12345, -1234567, 0.125, 1e-5, 2.5e9, -1 / 3, 1e-4, 1e15].map((value) => number(value));
  assertEquals(written, [
    "0",
    "1234",
    "12\u202f345",
    "−1\u202f234\u202f567",
    "0.125",
    "10⁻⁵",
    "2\u202f500\u202f000\u202f000",
    "−0.3333",
    "0.0001",
    "10¹⁵",
  ]);
  assertEquals([1364, 1364.4, 0.0868, -2.5e-6].map((value) => number(value, 3)), [
    "1364",
    "1364",
    "0.0868",
    "−2.5·10⁻⁶",
  ]);
});

Deno.test("percent() and fixed() keep their signs and do not break", () => {
  assertEquals([0.25, 0.076, 0, 1].map((share) => percent(share)), [
    "25\u202f%",
    "7.6\u202f%",
    "0\u202f%",
    "100\u202f%",
  ]);
  assertEquals(percent(0.00234, 2), "0.23\u202f%");
  assertEquals([-0.891, -0.001, 4.3].map((value) => fixed(value, 2)), ["−0.89", "0.00", "4.30"]);
});

Deno.test("shown() drops the space that starts a word and keeps those of a label", () => {
  assertEquals([" cat", "brown cat, eating", " ", "  ", "\n", ""].map(shown), [
    "cat",
    "brown cat, eating",
    "·",
    "·",
    "⏎",
    "∅",
  ]);
});

/** The places of all elements of a class, by an attribute. */
const places = (svg: string, pattern: RegExp): number[] => [...svg.matchAll(pattern)].map(([, x]) => Number(x));

Deno.test("figuresHtml() gives the plots of an experiment one left and one right edge", () => {
  const line = (label: string, most: number): Figure => ({
    kind: "line",
    caption,
    x,
    y,
    series: [label, "b"].map((label, i) => ({ label, points: [[0, 0], [1, most + i]] })),
  });
  const both = figuresHtml([line("a", 1), line("a much longer name", 1e5)], { width: 700, id: "f" });
  const bases = both.map((html) =>
    places(html, /class="base" x1="([\d.]+)"/g).concat(places(html, /class="base" x1="[\d.]+" x2="([\d.]+)"/g))
  );
  assertEquals(bases[0], bases[1]);
  assertEquals(bases[0]!.length, 2);
});

Deno.test("figuresHtml() sets narrow pictures of one kind side by side, in pairs", () => {
  const map: Figure = { kind: "heatMap", caption, rows: ["a"], columns: ["b"], values: [[1]] };
  const html = figuresHtml([map, map, map], { width: 700, id: "f" });
  assertEquals(html.map((figure) => /kind-heatMap( \w+)?"/.exec(figure)![1]), [" half", " half", " narrow"]);
  assertEquals(figuresHtml([map, map], { width: 350, id: "f" }).map((figure) => figure.includes(" half")), [
    false,
    false,
  ]);
});

Deno.test("drawPicture() makes points of bars on a logarithmic axis, and says so", () => {
  const bars: Figure = {
    kind: "bars",
    caption,
    y: { title: "words", logarithmic: true },
    bars: [1, 40, 753].map((value) => ({ label: String(value), value })),
  };
  const svg = drawPicture(bars, { width: 700, id: "f" });
  assertEquals([svg.includes("<rect"), svg.match(/<circle/g)!.length], [false, 3]);
  assertMatch(svg, />words \(log\)</);
  const [a, b, c] = places(svg, /<circle [^>]*cx="([\d.]+)"/g);
  assert(Math.abs((b! - a!) / (c! - a!) - Math.log(40) / Math.log(753)) < 0.01);
});

Deno.test("drawPicture() puts the bars of many groups into one row each", () => {
  const words = ["the", "a", "my", "this"];
  const bars: Figure = {
    kind: "bars",
    caption,
    y,
    bars: words.flatMap((group) => ["before", "after"].map((label, i) => ({ label, group, value: 1 + i }))),
  };
  const svg = drawPicture(bars, { width: 700, id: "f" });
  assertEquals([...svg.matchAll(/>before</g)].length, 1);
  assertEquals(places(svg, /<text class="label" [^>]*y="([\d.]+)"/g).length, words.length);
});

Deno.test("drawPicture() draws a circle round where both axes show the same interval", () => {
  const axis = (title: string) => ({ title, domain: [-1, 1] as const });
  const points = Array.from({ length: 8 }, (_, i) => [Math.cos(i * Math.PI / 4), Math.sin(i * Math.PI / 4)] as const);
  const circle: Figure = {
    kind: "scatter",
    caption,
    x: axis("cosine"),
    y: axis("sine"),
    series: [{ label: "p", points }],
  };
  const svg = drawPicture(circle, { width: 700, id: "f" });
  const at = [...svg.matchAll(/class="mark" transform="translate\(([\d.]+) ([\d.]+)\)"/g)];
  const spread = (side: number): number => {
    const values = at.map((match) => Number(match[side]));
    return Math.max(...values) - Math.min(...values);
  };
  assertEquals(at.length, 8);
  assert(Math.abs(spread(1) - spread(2)) < 0.5);
});

Deno.test("drawPicture() shows lines that lie on each other, and what is below a logarithmic axis at its end", () => {
  const points = [[0, 1], [1, 3], [2, 2]] as const;
  const same: Figure = { kind: "line", caption, x, y, series: ["a", "b", "c"].map((label) => ({ label, points })) };
  const svg = drawPicture(same, { width: 700, id: "f" });
  const widths = places(svg, /stroke-width:([\d.]+)/g);
  assertEquals(widths.length, 2);
  assert(widths[0]! > widths[1]! && widths[1]! > 2);
  assertEquals([...svg.matchAll(/stroke-dasharray/g)].length, 1);
  const log: Figure = {
    ...same,
    y: { title: "height", logarithmic: true },
    series: [{ label: "a", points: [[0, 1], [1, 0]] }],
  };
  const end = /d="M[\d.]+ [\d.]+L[\d.]+ ([\d.]+)"/.exec(drawPicture(log, { width: 700, id: "f" }))![1];
  assertEquals(
    end,
    /class="base" x1="[\d.]+" x2="[\d.]+" y1="([\d.]+)"/.exec(drawPicture(log, { width: 700, id: "f" }))![1],
  );
});

/** A map of two signs whose cells are −1, 0 and 1 in turn, so many rows and columns. */
const signs = (size: number, quantity?: string, value = (r: number, c: number): number => (r + c) % 3 - 1): Figure => ({
  kind: "heatMap",
  caption,
  rows: names(size),
  columns: names(size),
  values: matrix(size, size, value),
  ...(quantity === undefined ? {} : { quantity }),
});

/** What is filled with what: the attributes of groups that have a fill, each once. */
const fills = (svg: string): string[] => [
  ...new Set([...svg.matchAll(/<g ([^>]*fill="[^"]*")/g)].map(([, all]) => all!)),
];

Deno.test("drawPicture() gives a heat map one scale at any size: signs have the same fills in cells and in a raster", () => {
  for (const quantity of [undefined, "Z"]) {
    const [small, large] = [4, 40].map((size) => drawPicture(signs(size, quantity), { width: 560, id: "f", hue }));
    assertEquals([small!.includes("<image"), large!.includes("<image")], [false, true]);
    assertEquals(fills(small!).toSorted(), fills(large!).toSorted());
    assertEquals(fills(small!).length, 2, "above and below zero");
    // Nothing is paper: no cell and no pixel of either sign has colour at zero.
    const rows = signs(4, undefined, (r) => r === 0 ? -1 : r === 1 ? 1 : 0);
    const zero = drawPicture(rows, { width: 560, id: "f" });
    assertEquals(places(zero, /fill-opacity="([\d.]+)"><title>/g), [
      ...Array(4).fill(1),
      ...Array(8).fill(0),
      1,
      1,
      1,
      1,
    ]);
    // The bar below says the same: paper in its middle.
    for (const svg of [small!, large!]) assertMatch(svg, />−1<.*stop-opacity="1".*stop-opacity="0".*>1</);
  }
});

Deno.test("drawPicture() leaves hues to quantities: below zero is another colour, and hatched", () => {
  const map: Figure = { kind: "heatMap", caption, rows: ["a"], columns: ["b", "c"], values: [[-1, 1]], quantity: "Z" };
  const svg = drawPicture(map, { width: 560, id: "f", hue: () => 4 });
  assertMatch(svg, /<g class="q-4" data-q="4" fill="currentColor"><rect/);
  assertMatch(svg, /<g class="negative" fill="url\(#f-hatch\)"><rect/);
  assertEquals([...svg.matchAll(/data-q="(\d)"/g)].every(([, number]) => number === "4"), true);
  // Beside a warm hue it is blue.
  assertMatch(drawPicture(map, { width: 560, id: "f", hue: () => 5 }), /class="negative cool" fill/);
});

/** Curves that are told apart by nothing but their heights. */
const curvesOf = (heights: readonly (readonly number[])[], quantities: readonly string[] = []): Figure => ({
  kind: "line",
  caption,
  x,
  y,
  series: heights.map((points, i) => ({
    label: `series ${"abcdefgh"[i]}`,
    points: points.map((h, at) => [at, h] as const),
    ...(quantities[i] === undefined ? {} : { quantity: quantities[i] }),
  })),
});

Deno.test("drawPicture() gives series hues and marks of their own, no hue that a quantity among them has", () => {
  const eight = Array.from({ length: 8 }, (_, i) => [i, i + 1, i + 2]);
  const svg = drawPicture(curvesOf(eight), { width: 700, id: "f", hue });
  const colours = [...svg.matchAll(/<g class="(c\d)">/g)].map(([, name]) => name);
  assertEquals(new Set(colours).size, 8);
  const marks = [...svg.matchAll(/class="(mark[^"]*)"[^>]*? d="([^"]*)"/g)].map(([, kind, d]) => `${kind} ${d}`);
  assertEquals(new Set(marks).size, 8);
  // A series alone is ink; a quantity has its hue, which the others leave to it.
  assertMatch(drawPicture(curvesOf([[1, 2]]), { width: 700, id: "f", hue }), /<g class="s1">/);
  const some = drawPicture(curvesOf([[1, 2], [2, 3], [3, 4], [4, 5]], ["Z"]), { width: 700, id: "f", hue });
  assertMatch(some, /<g class="q-3" data-q="3">/);
  assertEquals([...some.matchAll(/<g class="c(\d)">/g)].filter(([, number]) => number === "3"), []);
});

Deno.test("drawPicture() puts names at their lines: at the end, or along the line with nothing through them", () => {
  const bundle = Array.from(
    { length: 8 },
    (_, i) => [0, 1, 2, 3, 4].map((at) => at === 4 ? i / 100 : Math.sin(i) * (4 - at)),
  );
  for (const figure of [curvesOf(bundle), curvesOf([[0, 1], [3, 1.01], [5, 1.02]])]) {
    const svg = drawPicture(figure, { width: 760, id: "f" });
    const groups = svg.split(/<g class="c\d">/).slice(1);
    assert(groups.length > 2);
    const lines = groups.map((group) =>
      [.../ d="M([^"]*)"/.exec(group)![1]!.matchAll(/([\d.]+) ([\d.]+)/g)].map(([, x, y]) => [Number(x), Number(y)])
    );
    groups.forEach((group, i) => {
      const [, left, baseline] = /<text class="name" x="([\d.]+)" y="([\d.]+)"/.exec(group)!.map(Number);
      const end = lines[i]!.at(-1)!, middle = baseline! - 4;
      if (left! > end[0]!) {
        // At the end, or led there.
        const leader = /class="leader" d="M([\d.]+) ([\d.]+)L([\d.]+) ([\d.]+)"/.exec(group)?.slice(1).map(Number);
        assert(
          leader
            ? Math.abs(leader[1]! - end[1]!) < 1 && Math.abs(leader[3]! - middle) < 6
            : Math.abs(middle - end[1]!) < 8,
        );
        return;
      }
      const crossed = lines.flatMap((line) => line).filter(([x, y]) =>
        x! > left! && x! < left! + 50 && y! > baseline! - 10 && y! < baseline! + 2
      );
      assertEquals(crossed, []);
    });
  }
});

Deno.test("textWidth() has the widths of the font, upright and italic", () => {
  // Advances of Source Serif 4: m 955, a 541, n 643 and 869, 554, 596 of 1000.
  assertEquals(Math.round(textWidth("man", { size: 1000 })), 2139);
  assertEquals(Math.round(textWidth("man", { size: 1000, italic: true })), 2019);
  assertEquals(wrapped("entropy of the smoothed answer", 120), ["entropy of the", "smoothed answer"]);
});

Deno.test("fitted() shortens what is too long and counts Chinese characters as wide", () => {
  assertEquals(fitted("attention", 1000), "attention");
  assert(fitted("attention", 40).endsWith("…"));
  assert(textWidth("注意力") > textWidth("att"));
});

Deno.test("tableCsv() quotes what needs it", () => {
  assertEquals(
    tableCsv({ columns: ["a", "b"], rows: [["x,y", 1], ['say "no"', ""]] }),
    'a,b\n"x,y",1\n"say ""no""",\n',
  );
});

Deno.test("drawPicture() draws a band from the lowest to the highest value, below all lines, and has room for it", () => {
  const figure = (ranges?: readonly (readonly [number, number])[]): Figure => ({
    kind: "line",
    caption: "",
    x,
    y: { title: "y" },
    series: [
      { label: "a", points: [[0, 4], [1, 2], [2, 1]], ...ranges && { ranges } },
      { label: "b", points: [[0, 1], [1, 1], [2, 3]] },
    ],
  });
  const drawn = (ranges?: readonly (readonly [number, number])[]) =>
    drawPicture(figure(ranges), { width: 560, id: "f" });
  const svg = drawn([[2, 40], [2, 3], [0, 1]]), [, path] = /<path class="band" d="M([^"]*)z">/.exec(svg)!;
  const corners = path!.split("L").map((corner) => corner.split(" ").map(Number));
  // Along the upper edge, and back along the lower one.
  assertEquals(corners.length, 6);
  const [x0, x1, x2] = corners.map(([x]) => x!);
  assert(x0! < x1! && x1! < x2!);
  assertEquals(corners.slice(3).map(([x]) => x), [x2, x1, x0]);
  const heights = corners.map(([, y]) => y!);
  for (const i of [0, 1, 2]) assert(heights[i]! < heights[5 - i]!, "the highest value stands above the lowest");
  // The lines come later, so that they are drawn over it.
  assert(svg.indexOf('class="band"') < svg.indexOf('class="curve"'));
  // The axis reaches the highest of all values, and the curve's own points do not say so.
  assertMatch(svg, />40</);
  assert(!drawn().includes('class="band"') && !/>40</.test(drawn()));
  const [table] = tablesOf(figure([[2, 40], [2, 3], [0, 1]]));
  assertEquals(table!.columns, ["step", "a", "a, lowest", "a, highest", "b"]);
  assertEquals(table!.rows[0], [0, 4, 2, 40, 1]);
});

Deno.test("figureHtml() marks a link to the notes in a caption, and names the picture without it", () => {
  const text = "As [the notes](notes:002.22,004.27) say, 1 = 1.";
  const html = figureHtml({ kind: "line", caption: text, x, y, series: [{ label: "a", points: [[0, 1], [1, 2]] }] }, {
    width: 560,
    id: "f",
  });
  assertMatch(
    html,
    /<figcaption>As <button class="says" data-notes="002.22,004.27">the notes<\/button> say, 1\u00a0=\u00a01/,
  );
  assertMatch(html, /<title id="f-t">As the notes say, 1 = 1\.<\/title>/);
});

Deno.test("figuresHtml() gives a wide table the whole width, and each of its cells the head of its column", () => {
  const table = {
    kind: "table",
    columns: ["source", "100 & more"],
    rows: [["猫", "a cat"], ["狗", ""]],
    caption,
  } as const;
  const [plain, wide] = figuresHtml([table, { ...table, isWide: true }], { width: 560, id: "t" });
  assert(!/is-whole|data-head/.test(plain!));
  assert(wide!.startsWith('<figure class="figure kind-table is-whole">'));
  assertMatch(wide!, /<th scope="row">猫<\/th><td class="t" data-head="100 &amp; more">a cat<\/td>/);
  assertEquals(tablesOf({ ...table, isWide: true }).map(tableCsv), tablesOf(table).map(tableCsv));
});
