import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import {
  linearScaling,
  llama3Scaling,
  ntkScaling,
  positionSchemes,
  rotary,
  rotaryAngles,
  rotaryFrequencies,
  RotaryPositions,
  type RotaryScaling,
  rotaryScalings,
  yarnScaling,
} from "../../../core/04_attention/positions/mod.ts";
import { readPart, writePart } from "../../../core/engine/part.ts";
import { assertClose, normal, onEveryBackend, onReference } from "../../support.ts";
import golden from "../../goldens/rotary_scaling.json" with { type: "json" };

Deno.test("rotary scalings have the frequencies of their published programs", () => {
  for (const { scheme, width, base, options, frequencies, magnitude } of golden.cases) {
    const scaling: RotaryScaling = readPart("a scaling", { word: scheme, ...options }, rotaryScalings);
    const found = scaling.frequencies(width, base), name = `${scheme} ${width}`;
    assertEquals(found.length, width / 2, name);
    frequencies.forEach((frequency, i) => assertAlmostEquals(found[i]! / frequency, 1, 1e-12, name));
    assertAlmostEquals(scaling.magnitude ?? 1, magnitude ?? 1, 1e-12, name);
  }
});

Deno.test("rotary scalings by a factor of 1 change nothing", () => {
  const plain = rotaryFrequencies(16, 10000), trainedLength = 512;
  for (
    const scaling of [
      linearScaling({ factor: 1 }),
      ntkScaling({ factor: 1 }),
      yarnScaling({ factor: 1, trainedLength }),
      llama3Scaling({ factor: 1, trainedLength }),
    ]
  ) {
    assertEquals(
      scaling.frequencies(16, 10000).map((x, i) => Math.abs(x / plain[i]! - 1)).every((x) => x < 1e-12),
      true,
    );
    assertEquals(scaling.magnitude ?? 1, 1);
  }
});

Deno.test("ntkScaling() keeps the fastest pair and divides the slowest by the factor", () => {
  const plain = rotaryFrequencies(32, 10000), scaled = ntkScaling({ factor: 4 }).frequencies(32, 10000);
  assertEquals(scaled[0], plain[0]);
  assertAlmostEquals(scaled.at(-1)!, plain.at(-1)! / 4, 1e-12);
});

onReference("linearScaling() places every position at its share of the distance", async () => {
  const scaled = rotaryAngles(9, 8, { scaling: linearScaling({ factor: 4 }) });
  const plain = rotaryAngles(3, 8);
  for (const part of ["cosine", "sine"] as const) {
    await assertClose(scaled[part].slice(0, 0, 9, 4), plain[part], { atol: 1e-12 });
  }
});

onEveryBackend("RotaryPositions() with yarnScaling() multiplies queries and keys by its magnitude", async () => {
  const scaling = yarnScaling({ factor: 4, trainedLength: 64 }), x = normal(1, 1, 2, 5, 8);
  const turned = new RotaryPositions(8, { scaling }).mark(x, 3);
  const lengths = x.square().sum(-1).mul((0.1 * Math.log(4) + 1) ** 2);
  await assertClose(turned.square().sum(-1), lengths, { rtol: 1e-5 });
});

onEveryBackend("RotaryPositions() with a share leaves the other coordinates alone", async () => {
  const x = normal(1, 1, 2, 5, 8), half = new RotaryPositions(8, { share: 0.5, base: 500 }).mark(x, 7);
  await assertClose(half.slice(-1, 4), x.slice(-1, 4), { tolerance: 0 });
  const alone = new RotaryPositions(4, { base: 500 }).mark(x.slice(-1, 0, 4), 7);
  await assertClose(half.slice(-1, 0, 4), alone, { tolerance: 0 });
  assert(await half.sub(x).abs().max().item() > 1e-3);
});

Deno.test("rotary scalings refuse what they are not told or cannot be", () => {
  assertThrows(() => linearScaling({ factor: 0.5 }), RangeError, "factor must be a number of at least 1");
  assertThrows(() => readPart("a scaling", { word: "yarn", factor: 2 }, rotaryScalings), TypeError, "trainedLength");
  assertThrows(() => readPart("a scaling", "dynamic", rotaryScalings), TypeError, "one of linear, ntk, yarn, llama3");
  const backwards = { factor: 2, trainedLength: 64, lowFrequencyFactor: 4, highFrequencyFactor: 1 };
  assertThrows(() => llama3Scaling(backwards), RangeError, "low must be below high");
  assertThrows(() => rotary({ share: 0 }), RangeError, "share must be a number greater than 0 and at most 1");
  assertThrows(() => new RotaryPositions(6, { share: 0.5 }), RangeError, "headSize must be even");
});

Deno.test("position schemes are found by their words, with what they were made with", () => {
  for (const [word, make] of Object.entries(positionSchemes)) assertEquals(make({} as never).word, word);
  const scheme = rotary({ base: 500000, scaling: llama3Scaling({ factor: 8, trainedLength: 8192 }) });
  const written = JSON.parse(JSON.stringify(writePart(scheme)));
  assertEquals(writePart(readPart("positions", written, positionSchemes)), written);
  assertEquals(writePart(rotary()), "rotary");
});
