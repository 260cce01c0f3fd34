/** Pictures show the numbers they are given, as SVG and as text, whatever names and numbers those are. */

import { assert, assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { tensor, zeros } from "../../core/engine/mod.ts";
import { attentionMap, heatMap, lossCurve, type Picture } from "../../core/figures/mod.ts";

/** Elements by name, of an SVG whose every element is closed and whose every text is escaped. */
function elementsOf({ svg }: Picture): Map<string, number> {
  const counts = new Map<string, number>(), open: string[] = [];
  let rest = svg;
  while (rest !== "") {
    const [whole, end, name] = /^(?:<(\/?)(\w+)(?: [\w:-]+="[^"<>]*")*>|(?:[^<>&]|&(?:amp|lt|gt|quot);)+)/.exec(rest) ??
      [];
    assert(whole, `${rest.slice(0, 60)} is no SVG`);
    if (end) assertEquals(open.pop(), name);
    else if (name) {
      open.push(name);
      counts.set(name, (counts.get(name) ?? 0) + 1);
    }
    rest = rest.slice(whole.length);
  }
  assertEquals(open, []);
  return counts;
}

Deno.test("attentionMap() draws a cell for each weight of each head, with the names beside them", async () => {
  const weights = tensor([[[1, 0], [0.5, 0.5]], [[0, 1], [0, 1]], [[1, 0], [1, 0]]]);
  const map = await attentionMap(weights, { rows: ["the", '<&">'], columns: [" cat", "\n"] });
  assertEquals(elementsOf(map).get("rect"), 12);
  for (const word of ["head 3", "the", "&lt;&amp;&quot;&gt;", "·cat", "⏎"]) assertStringIncludes(map.svg, word);
  assertEquals(
    String(map).split("\n\n")[0],
    ["head 1", "     ·cat ⏎", " the ████", '<&"> ▒▒▒▒ ▒▒▒▒'].join("\n"),
  );
});

Deno.test("attentionMap() of one head has no title, and numbers where no names are given", async () => {
  const map = await attentionMap(tensor([[0.25, 0.75]]));
  assertEquals(String(map), "  0  1\n0 ░░ ██");
  await assertRejects(() => attentionMap(zeros([2])), TypeError, "Cannot draw attention of shape [2]");
  await assertRejects(
    () => attentionMap(zeros([2, 3]), { columns: ["a"] }),
    RangeError,
    "Cannot draw attention with 1 columns: 3 are needed",
  );
});

Deno.test("heatMap() tells negative numbers apart, and bears zeros, NaN, infinity and nothing at all", async () => {
  const map = await heatMap(tensor([[2, -1], [0, -2]]));
  assertEquals(String(map), "  0  1\n0 ██ −▒\n1    −█");
  assertEquals(elementsOf(await heatMap(tensor([[NaN, Infinity], [-Infinity, 1]]))).get("rect"), 4);
  assertEquals(String(await heatMap(zeros([1, 2]))), "  0  1\n0");
  assertEquals(elementsOf(await heatMap(zeros([0, 0]))).get("rect"), undefined);
  await assertRejects(() => heatMap(zeros([2])), TypeError, "Cannot draw a matrix of shape [2]");
});

Deno.test("heatMap() draws infinity as the darkest shade and NaN as a frame", async () => {
  const map = await heatMap(tensor([[NaN, Infinity, -Infinity, 1]]));
  assertEquals(String(map), "  0  1  2  3\n0 ?  ██ −█ ██");
  assertEquals(map.svg.match(/fill-opacity="1"/g)?.length, 3);
  assertEquals(map.svg.match(/stroke-dasharray/g)?.length, 1);
  assertEquals(String(await heatMap(tensor([[Infinity, NaN]]))), "  0  1\n0 ██ ?");
});

Deno.test("names of wide characters keep the columns of a picture straight", async () => {
  const map = await heatMap(tensor([[1, 1], [1, 1]]), { rows: ["图书馆", "a"], columns: ["😀", "我们"] });
  assertEquals(String(map), ["       😀   我们", "图书馆 ████ ████", "     a ████ ████"].join("\n"));
});

Deno.test("pictures hold no character that XML forbids or a terminal obeys", async () => {
  const names = ["\u0000", "\u001b[31m", "\r", "\ud800", "\u007f", "\u009b", "\uffff"];
  const map = await heatMap(zeros([7, 1]), { rows: names });
  const curve = lossCurve([{ ...report(1, 2), evaluation: { "\u001b[2J": 1 } }], { measure: "\u001b[2J" });
  for (const text of [map.svg, String(map), curve.svg, String(curve)]) {
    // deno-lint-ignore no-control-regex -- they are what is looked for
    assert(!/[\x00-\x09\x0b-\x1f\x7f-\x9f\ufffe\uffff]/.test(text) && text.isWellFormed(), text);
  }
  for (const word of ["␀", "␛[31m", "␍", "␡"]) assertStringIncludes(String(map), word);
});

Deno.test("a matrix as large as is drawn is drawn, and a larger one is refused before it is read", async () => {
  assertEquals((await heatMap(zeros([512, 512]))).svg.match(/<rect/g)?.length, 512 * 512);
  await assertRejects(
    () => heatMap(zeros([512, 513])),
    RangeError,
    "Cannot draw a matrix of shape [512, 513]: at most 262144 numbers are drawn, so take a slice",
  );
  await assertRejects(
    () => attentionMap(zeros([65, 64, 64])),
    RangeError,
    "Cannot draw attention of shape [65, 64, 64]",
  );
});

Deno.test("lossCurve() shows a single report as a dot, and bears the whole range of float64", () => {
  const placesIn = ({ svg }: Picture): number[][] =>
    /points="([^"]*)"/.exec(svg)![1]!.split(" ").map((point) => point.split(",").map(Number));
  const single = lossCurve([report(1, 2)]), [from, to, ...more] = placesIn(single);
  assertEquals([from, more], [to, []]);
  assertStringIncludes(single.svg, 'stroke-linecap="round"');
  const wide = lossCurve([1.5e308, 0, -1.5e308].map((loss, i) => report(i, loss)));
  const [[x0, y0], [x1, y1], [x2, y2]] = placesIn(wide) as [[number, number], [number, number], [number, number]];
  assertEquals([x1, y1], [(x0 + x2) / 2, (y0 + y2) / 2]);
  assertEquals(x0 < x2 && y0 < y2, true);
});

const report = (step: number, loss: number, right?: number) => ({
  step,
  steps: 9,
  loss,
  secondsLeft: 0,
  ...(right !== undefined && { evaluation: { right } }),
});

Deno.test("lossCurve() has a point for each report, or for each that has the measure", () => {
  const history = [report(1, 4), report(2, 3, 10), report(3, 2), report(4, 1, 30)];
  const points = ({ svg }: Picture): number => /points="([^"]*)"/.exec(svg)![1]!.split(" ").length;
  const loss = lossCurve(history), right = lossCurve(history, { measure: "right" });
  assertEquals([points(loss), points(right)], [4, 2]);
  assertEquals(elementsOf(loss).get("polyline"), 1);
  assertEquals(
    String(loss),
    "loss from 4 to 1, steps 1 to 4\n█\n█\n█▃\n██\n██\n██▅\n███\n███▁",
  );
  assertStringIncludes(String(right), "right from 10 to 30, steps 2 to 4");
  elementsOf(lossCurve([report(1, 2)]));
  elementsOf(lossCurve([report(1, 2), report(2, NaN), report(3, 2)]));
});

Deno.test("lossCurve() refuses what has nothing to draw", () => {
  assertThrows(() => lossCurve([]), RangeError, "Cannot draw a curve of the loss");
  assertThrows(() => lossCurve([report(1, 1)], { measure: "right" }), RangeError, "Cannot draw a curve of right");
  assertThrows(() => lossCurve([1] as never), TypeError, "reports of train()");
});

Deno.test("a picture shows itself in a notebook as SVG and in a terminal as text", async () => {
  const map = await heatMap(tensor([[1]]));
  const display = (map as unknown as Record<symbol, () => Record<string, string>>)[Symbol.for("Jupyter.display")]!;
  assertEquals(display.call(map), { "image/svg+xml": map.svg, "text/plain": "  0\n0 ██" });
  assertEquals(Deno.inspect(map), "  0\n0 ██");
});
