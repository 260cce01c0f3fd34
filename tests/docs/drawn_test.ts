import { assert, assertAlmostEquals, assertEquals, assertMatch } from "@std/assert";
import { picture as allAttention } from "../../docs/pictures/all_attention.ts";
import { picture as beamByHand } from "../../docs/pictures/beam_by_hand.ts";
import { picture as cacheRows } from "../../docs/pictures/cache_rows.ts";
import { picture as normAxes } from "../../docs/pictures/norm_axes.ts";
import { picture as referenceDecay } from "../../docs/pictures/reference_decay.ts";
import { picture as sharedHeads } from "../../docs/pictures/shared_heads.ts";
import { picture as trainingAndInference } from "../../docs/pictures/training_and_inference.ts";
import type { Canvas, Picture } from "../../docs/picture.ts";
import { alignmentHtml, alignmentOf } from "../../docs/playground/title.ts";
import type { View } from "../../docs/playground/look.ts";
import { readRun } from "../../docs/runs/recorded_run.ts";
import type { BeamWidthRun } from "../../docs/runs/beam_width.ts";

const read = (path: string): string => Deno.readTextFileSync(new URL(`../../${path}`, import.meta.url));
const canvas = (width: number): Canvas => ({ width, id: "p", hue: () => 1, say: (text) => text, link: (path) => path });

Deno.test("the picture of the beam has the numbers of the page's program", async () => {
  const searches = await beamByHand.measure!();
  const page = read("core/07_generation/greedy_and_beam.ts");
  const printed = page.slice(page.indexOf("```text"), page.indexOf("**Formula.**"));
  for (const { words, logProbability } of searches.flatMap(({ steps }) => steps.flat())) {
    const text = `${words.join(" ")} ${logProbability.toFixed(3)}`;
    assert(printed.includes(text), text);
  }
  // Greedy search misses both sentences that a beam of two finishes.
  const [greedy, beam] = searches.map(({ steps }) =>
    steps.flat().filter(({ words, kept }) => kept && words.at(-1) === "END")
  );
  assertEquals(greedy!.map(({ words }) => words.join(" ")), ["sat away END"]);
  assertEquals(beam!.map(({ words }) => words.join(" ")), ["ran END", "ran away END"]);
  assert(beam!.every(({ logProbability }) => logProbability > greedy![0]!.logProbability));
});

Deno.test("the picture of every attention: rows sum to one, the decoder is causal, and the page says where its heads look", async () => {
  const [encoder, self, cross] = await allAttention.measure!();
  for (const { queries, keys, weights } of [encoder!, self!, cross!]) {
    assertEquals(weights.map(({ length }) => length), [4, 4]);
    for (const rows of weights.flat()) {
      assertEquals([rows.length, rows[0]!.length], [queries.length, keys.length]);
      for (const row of rows) assertAlmostEquals(row.reduce((sum, weight) => sum + weight, 0), 1, 1e-5);
    }
  }
  assert(
    self!.weights.flat().every((rows) => rows.every((row, t) => row.every((weight, s) => s <= t || weight === 0))),
  );
  const most = (query: string, head: number): string => {
    const row = cross!.weights[1]![head - 1]![cross!.queries.indexOf(query)]!;
    return cross!.keys[row.indexOf(Math.max(...row))]!;
  };
  assertEquals(cross!.queries.join(" "), "BEGIN Where is the capital of China ?");
  assertEquals([most("BEGIN", 3), most("BEGIN", 4), most("of", 4)], ["？", "？", "中"]);
  assertEquals([most("BEGIN", 1), most("China", 1)], ["的", "END"]);
});

Deno.test("the picture of norms: one position for LayerNorm and RMSNorm, one feature of all sentences for BatchNorm", async () => {
  const [layer, rms, batch] = (await normAxes.measure!()).map(({ seen }) =>
    seen.flatMap((rows, b) => rows.flatMap((row, t) => row.flatMap((one, e) => one ? [[b, t, e].join()] : [])))
  );
  assertEquals(layer, ["0,1,0", "0,1,1", "0,1,2", "0,1,3", "0,1,4"]);
  assertEquals(rms, layer);
  assertEquals(batch, [0, 1].flatMap((b) => [0, 1, 2, 3].map((t) => `${b},${t},2`)));
});

Deno.test("the picture of the cache: each position passes once, and every pass remembers what it computed", async () => {
  const { passes, positions: [kept, again], allowed } = await cacheRows.measure!();
  assertEquals(kept, allowed.length);
  assertEquals(again, passes.reduce((sum, { to }) => sum + to, 0));
  let before = 0;
  for (const { from, to, remembered } of passes) {
    assertEquals([from, remembered], [before, to]);
    before = to;
  }
});

Deno.test("the picture of shared heads: the cache shrinks by the number of heads that share", async () => {
  const sharings = await sharedHeads.measure!(), [whole] = sharings;
  assertEquals(whole!.groups, whole!.heads);
  for (const { heads, groups, bytes } of sharings) assertEquals(whole!.bytes / bytes, heads / groups);
});

Deno.test("the picture of training: what is asked at one position is fed at the next", async () => {
  const { inputs, targets } = await trainingAndInference.measure!();
  assertEquals(targets.slice(0, -1), inputs.slice(1));
  assertEquals([inputs[0], targets.at(-1)], ["BEGIN", "END"]);
});

Deno.test("the picture of decays: all fall, and halve the reference at about one step", async () => {
  for (const { name, points } of await referenceDecay.measure!()) {
    for (let i = 1; i < points.length; i++) assert(points[i]![1] <= points[i - 1]![1], name);
    assertAlmostEquals(points.find(([step]) => step === 500)![1], 0.5, 0.01, name);
  }
});

Deno.test("pictures have no element outside of their width", async () => {
  const all = {
    allAttention,
    beamByHand,
    cacheRows,
    normAxes,
    referenceDecay,
    sharedHeads,
    trainingAndInference,
  } as unknown as Readonly<Record<string, Picture<unknown>>>;
  for (const [name, picture] of Object.entries(all)) {
    const numbers = await picture.measure!();
    for (const width of [1080, 560, 320]) {
      const drawn = picture.draw(canvas(width), numbers);
      assert(drawn.width <= width, name);
      for (const [, x, wide] of drawn.parts.join("").matchAll(/<rect [^>]*x="([-\d.]+)"[^>]* width="([\d.]+)"/g)) {
        assert(Number(x) >= 0 && Number(x) + Number(wide) <= width + 0.5, `${name} at ${width}: ${x} + ${wide}`);
      }
    }
  }
});

Deno.test("the recorded beams: wider ones find more probable and shorter translations, and a penalty makes them longer", () => {
  const { settings, widths, alphas, examples, sentences } = readRun<BeamWidthRun>("beam_width").findings;
  const at = (alpha: number, width: number) => settings.find((one) => one.alpha === alpha && one.width === width)!;
  assertEquals(settings.length, widths.length * alphas.length);
  for (let i = 1; i < widths.length; i++) {
    const [narrow, wide] = [at(0, widths[i - 1]!), at(0, widths[i]!)];
    assert(wide.logProbability > narrow.logProbability && wide.length < narrow.length, `${widths[i]}`);
    for (let j = 1; j < alphas.length; j++) {
      assert(at(alphas[j]!, widths[i]!).length > at(alphas[j - 1]!, widths[i]!).length, `${alphas[j]} ${widths[i]}`);
    }
  }
  // What the reading says: a beam is better than greedy search, by more than the interval.
  for (const alpha of alphas) assert(at(alpha, widths.at(-1)!).gain[0] > 0);
  assert(sentences >= 500);
  for (const { attribution, translations } of examples) {
    assertMatch(attribution, /tatoeba\.org #\d+ .* & #\d+/);
    const probable = translations.map(({ logProbability }) => logProbability);
    assertEquals(probable, [...probable].sort((a, b) => a - b));
  }
});

Deno.test("the title page shows a word for each token of the recorded translation, with weights that sum to one", () => {
  const view = JSON.parse(read("docs/playground/model/example.json")) as View, alignment = alignmentOf(view);
  assertEquals(alignment.weights.length, alignment.target.length);
  for (const row of alignment.weights) {
    assertEquals(row.length, alignment.source.length);
    // The recording has four digits.
    assertAlmostEquals(row.reduce((a, b) => a + b, 0), 1, 2e-3);
  }
  const html = alignmentHtml(alignment), [wide, phone] = html.split("<svg ").slice(1);
  for (const svg of [wide!, phone!]) {
    assertEquals([...svg.matchAll(/class="word/g)].length, alignment.target.length);
    const width = Number(/viewBox="0 0 ([\d.]+)/.exec(svg)![1]);
    for (const [, x] of svg.matchAll(/<text [^>]*x="([-\d.]+)"/g)) assert(Number(x) > 0 && Number(x) < width, x);
  }
  // A sentence that has no room in a line goes from top to bottom.
  const long = {
    source: Array(31).fill("图书馆"),
    target: Array(31).fill(" grandfather"),
    weights: Array(31).fill(Array(31).fill(1 / 31)),
  };
  assert(Number(/viewBox="0 0 [\d.]+ ([\d.]+)/.exec(alignmentHtml(long))![1]) > 900);
});
