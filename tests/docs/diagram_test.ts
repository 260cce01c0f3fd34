import { assert, assertEquals, assertMatch } from "@std/assert";
import { drawDiagram } from "../../docs/figures/diagram.ts";

Deno.test("drawDiagram() draws boxes that link, detours, frames, and what feeds a box from the side", () => {
  const text = `m
[encoder](encoder.html), $L$ layers:
  + [self-attention](self.html)
source

next <word>
+:
  [cross-attention] <- m
  [$F$]
$y$`;
  const drawing = { width: 0, id: "", hue: (symbol: string) => symbol === "y" ? 2 : undefined };
  const svg = drawDiagram(text, "A model", drawing);
  assertEquals(svg.match(/<rect class="step"/g)?.length, 3);
  assertEquals(svg.match(/<rect class="frame"/g)?.length, 1);
  assertEquals(svg.match(/<circle/g)?.length, 2);
  assertEquals([...svg.matchAll(/<a href="([^"]+)"/g)].map(([, href]) => href), ["self.html", "encoder.html"]);
  assert(svg.includes('data-q="2">y</tspan>') && svg.includes("next &lt;word&gt;"));
  // Read from the bottom, as it is drawn.
  assertMatch(
    svg,
    /aria-label="A model From the bottom: source; then encoder, L layers \(self-attention, added to its input\); then m\./,
  );
  assertMatch(svg, /y; then \(F; then cross-attention, which also reads m\), added to its input; then next/);
  // Nothing stands outside.
  const [, width, height] = /viewBox="0 0 (\S+) (\S+)"/.exec(svg)!.map(Number);
  for (const [, x] of svg.matchAll(/ x="([-\d.]+)"/g)) assert(Number(x) >= 0 && Number(x) <= width!, x);
  for (const [, y] of svg.matchAll(/ y="([-\d.]+)"/g)) assert(Number(y) >= 0 && Number(y) <= height!, y);
});
