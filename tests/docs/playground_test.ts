import { assert, assertAlmostEquals, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  createWasmDevice,
  decodeSafetensors,
  EncoderDecoder,
  encodeSafetensors,
  generate,
  memory,
  noGrad,
  Random,
  scope,
  tensor,
  trainBytePairEncoding,
} from "../../mod.ts";
import { setBackend } from "../../core/engine/device.ts";
import { draftOf, guesses } from "../../docs/playground/draft.ts";
import { figuresOf, firstChoice, STAGES } from "../../docs/playground/draw.ts";
import { neighbourhood, unfamiliar } from "../../docs/playground/familiar.ts";
import { look, type View } from "../../docs/playground/look.ts";
import { openTranslator, packTranslator } from "../../docs/playground/pack.ts";
import type { Measured } from "../../docs/playground/page.ts";
import { DEFAULTS, LONGEST_SENTENCE, type Settings } from "../../docs/playground/settings.ts";
import { granted } from "../permissions.ts";

const folder = new URL("../../docs/playground/model/", import.meta.url);
const ignore = !granted("read");
const bytes = ignore ? new Uint8Array() : Deno.readFileSync(new URL("translator.safetensors", folder));
const json = <T>(name: string): T => JSON.parse(Deno.readTextFileSync(new URL(`${name}.json`, folder))) as T;
const sentence = ignore ? "" : json<View>("example").settings.sentence;

setBackend(createWasmDevice());
const translator = ignore ? undefined as never : openTranslator(bytes);

/** A test of the model's files. */
const test = (name: string, body: () => void | Promise<void>): void => Deno.test(name, { ignore }, body);

test("the playground's model is small, and what was measured of it is said of these bytes", () => {
  const { weights, bytes: size } = json<Measured>("measured");
  assert(bytes.length < 600_000);
  assertEquals(size, bytes.length);
  assertEquals(weights, translator.model.parameterCount());
});

test("look() refuses a long sentence before it reads it", async () => {
  let encoded = 0;
  const { source } = translator;
  const counting = { ...source, encode: (text: string) => (encoded++, source.encode(text)) } as typeof source;
  for (const length of [LONGEST_SENTENCE + 1, 1_000_000]) {
    const long = "很".repeat(length);
    await assertRejects(
      () => look({ ...translator, source: counting }, { ...DEFAULTS, sentence: long }),
      RangeError,
      `The sentence has ${length} characters and ${LONGEST_SENTENCE} are the most here`,
    );
  }
  assertEquals(encoded, 0);
});

test("packTranslator() is off by half a step of each row at most", async () => {
  const { source, target } = translator;
  const layout = { vocabSize: target.vocabSize, sourceVocabSize: source.vocabSize, hiddenSize: 16, numHeads: 2 };
  const model = new EncoderDecoder({ ...layout, numLayers: 1 }, new Random(3));
  const packed = openTranslator(await packTranslator({ model, source, target })).model.stateDict();
  for (const [name, before] of model.stateDict()) {
    const wanted = Array.from(await before.read()), found = await packed.get(name)!.read();
    const most = wanted.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
    const step = before.shape.length === 2 ? most / 127 : 0;
    wanted.forEach((x, i) => assert(Math.abs(x - found[i]!) <= step * 0.5001, name));
  }
});

test("packTranslator() writes again what openTranslator() read", async () => {
  assertEquals(await packTranslator(translator), bytes);
});

test("openTranslator() refuses a file whose notes are not what they must be", () => {
  const file = decodeSafetensors(bytes), notes = JSON.parse(file.metadata.get("translator")!);
  const open = (text: string) => () =>
    openTranslator(encodeSafetensors({ ...file, metadata: new Map([["translator", text]]) }));
  const wrong: [notes: string | object, message: string][] = [
    ["null", "the whole is null"],
    ["[".repeat(100_000), "it is nested deeper than"],
    [{ ...notes, layout: { ...notes.layout, numLayers: 200_000 } }, "layout.numLayers is 200000, and it must be"],
    [{ ...notes, layout: { ...notes.layout, hiddenSize: 100_000 } }, "bytes do not hold the"],
    [{ ...notes, layout: { ...notes.layout, vocabSize: 7 } }, "its layout states"],
    [{ ...notes, source: {} }, "Cannot read byte-pair encoding"],
    [{ ...notes, extra: 1 }, "there is a field extra"],
  ];
  for (const [changed, message] of wrong) {
    assertThrows(open(typeof changed === "string" ? changed : JSON.stringify(changed)), SyntaxError, message);
  }
});

test("look() finds the recorded translation", async () => {
  const recorded = json<View>("example"), view = await look(translator, recorded.settings);
  assertEquals([view.text, view.inputs, view.source], [recorded.text, recorded.inputs, recorded.source]);
  assertEquals(view.drawn.text, recorded.drawn.text);
  const close = (found: unknown, wanted: unknown): void => {
    if (typeof wanted === "number") assertAlmostEquals(found as number, wanted, 2e-3 * (1 + Math.abs(wanted)));
    else if (Array.isArray(wanted)) wanted.forEach((x, i) => close((found as unknown[])[i], x));
  };
  for (const key of ["embedded", "placed", "memory", "encoder", "self", "cross"] as const) {
    close(view[key], recorded[key]);
  }
});

test("look() searches as generate() does", async () => {
  const { model, source, target } = translator;
  const ids = [...source.encode(sentence), source.endToken];
  for (const beams of [1, 2, 4]) {
    const { found, tree } = await look(translator, { ...DEFAULTS, sentence, numBeams: beams });
    const encoded = scope(() => noGrad(() => model.encode(tensor(Int32Array.from(ids), [1, ids.length]))));
    const wanted = await generate(model.given(encoded), [target.beginToken], {
      maxNewTokens: 2 * ids.length + 10,
      eosToken: target.endToken,
      numBeams: beams,
    });
    assertEquals(found[0]!.text, target.decode(wanted.tokens).trim());
    assertAlmostEquals(found[0]!.logProbability, wanted.logProbability, 1e-3);
    if (wanted.beams) {
      assertEquals(
        found.map(({ text }) => text),
        wanted.beams.map((b) => target.decode(b.tokens).trim()),
      );
    }
    const end = tree.find(({ label, value }) => label === "END" && value === found[0]!.logProbability);
    assert(end?.kept);
  }
});

test("look() shows weights that sum to one and do not look ahead", async () => {
  const view = await look(translator, { ...DEFAULTS, sentence });
  for (const weights of [view.encoder, view.self, view.cross]) {
    for (const row of weights.flat(2)) assertAlmostEquals(row.reduce((sum, x) => sum + x, 0), 1, 1e-5);
  }
  for (const head of view.self.flat()) head.forEach((row, t) => assert(row.slice(t + 1).every((x) => x === 0)));
});

test("look() shows what temperature and truncation leave", async () => {
  const { steps } = await look(translator, { ...DEFAULTS, sentence, temperature: 2, topK: 3, topP: 1 });
  for (const { likely, kept } of steps) {
    assertEquals(kept, 3);
    assertAlmostEquals(likely.reduce((sum, { shaped }) => sum + shaped, 0), 1, 1e-9);
    assertAlmostEquals(likely[0]!.shaped / likely[1]!.shaped, Math.sqrt(likely[0]!.model / likely[1]!.model), 1e-6);
  }
});

test("look() shows what each rule leaves of what the one before it left", async () => {
  const settings = { ...DEFAULTS, sentence, frequencyPenalty: 1, temperature: 2, topK: 3, topP: 1, minP: 0 };
  const { rules, steps } = await look(translator, settings);
  assertEquals(rules, ["frequency penalty", "temperature", "top-k"]);
  for (const { likely } of steps) {
    for (const { model, after, shaped } of likely) {
      assertEquals([after.length, after.at(-1)], [3, shaped]);
      // A temperature changes every probability but none to 0, a cut those that are left by one factor.
      assert(after[1]! > 0 && (after[2] === 0 || after[2]! >= after[1]!), `${model}`);
    }
  }
  const { rules: none, steps: plain } = await look(translator, { ...DEFAULTS, sentence, temperature: 1, topP: 1 });
  assertEquals([none, plain[0]!.likely[0]!.after], [[], []]);
});

test("look() bans and forces words, and says what it cannot", async () => {
  const ask = (words: NonNullable<Settings["words"]>) =>
    look(translator, { ...DEFAULTS, sentence, temperature: 0, words });
  const plain = await ask({ bannedWords: " " });
  const banned = await ask({ bannedWords: "library" }), begun = await ask({ prefix: "He" });
  assert(plain.drawn.text.includes("library"));
  assert(!banned.drawn.text.includes("library") && !banned.drafted!.text.includes("library"));
  assert(begun.drawn.text.startsWith("He"));
  assertEquals(banned.rules, ["banned words", "most probable"]);
  await assertRejects(() => ask({ bannedWords: "☃" }), RangeError, "Cannot use banned words with");
  await assertRejects(() => ask({ forcedFirstToken: "in the library" }), RangeError, "one is needed");
  // A part of a rule that is not used.
  assertEquals((await ask({ dryBreakers: "library" })).drawn.text, plain.drawn.text);
});

test("look() writes the same with a draft where nothing is left to chance, in fewer calls", async () => {
  for (const proposals of [1, 4, 8]) {
    const { drawn, drafted } = await look(translator, { ...DEFAULTS, sentence, temperature: 0, proposals });
    const { text, tree, tokens, calls, proposed, accepted } = drafted!;
    assertEquals(text, drawn.text);
    assertEquals(tokens, calls + accepted);
    assert(accepted > 0 && accepted <= proposed);
    assertEquals(tree.filter(({ best, parent }) => best && parent !== undefined).length, accepted);
    // What is kept is the text; a rejected proposal stands beside the token that took its place.
    const kept = tree.filter(({ kept }) => kept);
    assertEquals(kept.length, 1 + tokens);
    for (const { kept, parent } of tree) assert(kept || tree.some((other) => other.kept && other.parent === parent));
  }
  assertEquals((await look(translator, { ...DEFAULTS, sentence, proposals: 0 })).drafted, undefined);
});

test("guesses() keeps what followed most often, and draftOf() proposes it", async () => {
  // 1 2 3 four times, 1 2 4 once; 5 2 4 five times: after 2 comes 4 as a rule, after 1 2 not.
  const sentences = [...Array(5).fill([1, 2, 3, 0]), [1, 2, 4, 0], ...Array(7).fill([5, 2, 4, 0])];
  const draft = draftOf(guesses(sentences, 6), 4);
  const drafter = draft.begin({ vocabSize: 6, rules: [], random: undefined, eosToken: 0 });
  const propose = async (tokens: number[], count = 4) =>
    (await drafter.propose(tokens, count)).map(({ token }) => token);
  assertEquals(await propose([1, 2]), [3, 0]);
  assertEquals(await propose([5]), [2, 4, 0]);
  assertEquals(await propose([2], 1), [4]);
  assertEquals(await propose([0]), []);
});

test("unfamiliar() names characters, tokens and neighbours that training never held", async () => {
  const training = ["ab c", "b c", "ca"];
  const source = await trainBytePairEncoding(training, { vocabSize: 50, level: "characters", minFrequency: 9 });
  const tokens = training.map((sentence) => [...source.encode(sentence), source.endToken]);
  const held = neighbourhood(tokens, source.vocabSize);
  for (const sentence of training) {
    assertEquals(unfamiliar(sentence, source, held), { characters: [], tokens: [], pairs: [] }, sentence);
  }
  const { characters, pairs } = unfamiliar("bax", source, held);
  assertEquals([characters, pairs], [["x"], [["b", "a"]]]);
  assertEquals(unfamiliar("ab", source, held).pairs, [["b", "the end"]]);
  const without = neighbourhood(tokens.slice(2), source.vocabSize);
  assertEquals([...unfamiliar("ab c", source, without).tokens].sort(), [" ", "b"]);
});

test("look() leaves the most probable token at temperature 0, top-k 1 and top-p 0, and draws it", async () => {
  const greedy = await look(translator, { ...DEFAULTS, sentence, numBeams: 1 });
  for (const end of [{ temperature: 0 }, { topK: 1 }, { topP: 0 }]) {
    const { steps, drawn } = await look(translator, { ...DEFAULTS, sentence, ...end });
    for (const { likely, kept } of steps) assertEquals([kept, likely[0]!.shaped], [1, 1]);
    assertEquals(drawn.text, greedy.text);
  }
});

test("look() shows what the encoder is given and what leaves it", async () => {
  const { placed, memory: left } = await look(translator, { ...DEFAULTS, sentence });
  const given = tensor(Float32Array.from(placed.flat()), [1, placed.length, placed[0]!.length]);
  const found = await scope(() => noGrad(() => translator.model.encoder.forward(given))).read();
  left.flat().forEach((x, i) => assertAlmostEquals(x, found[i]!, 1e-4));
});

test("look() marks the best text in the tree of its search", async () => {
  for (const beams of [1, 3, 8]) {
    const { tree, inputs, found } = await look(translator, { ...DEFAULTS, sentence, numBeams: beams });
    const best = tree.filter((node) => node.best);
    assertEquals(best.map(({ label }) => label), [...inputs, "END"]);
    best.forEach(({ parent, kept }, i) => assert(kept && parent === best[i - 1]?.id));
    assertEquals(best.at(-1)!.value, found[0]!.logProbability);
  }
});

test("look() stops between two tokens, and leaves nothing behind", async () => {
  const before = memory().tensors;
  const reason = new Error("enough"), signal = AbortSignal.abort(reason);
  const error = await assertRejects(() => look(translator, { ...DEFAULTS, sentence }, signal), Error);
  assertEquals(error, reason);
  assert(memory().tensors <= before);
});

test("look() answers what it does not know at all", async () => {
  const view = await look(translator, { ...DEFAULTS, sentence: "qqq ☃ 龘龘" });
  assertEquals(view.source.tokens, [...Array(8).fill("UNK"), "END"]);
  assert(view.found.length > 0);
});

test("look() refuses nothing and too much", async () => {
  await assertRejects(() => look(translator, { ...DEFAULTS, sentence: "  " }), RangeError, "nothing to translate");
  await assertRejects(() => look(translator, { ...DEFAULTS, sentence: "我".repeat(60) }), RangeError, "tokens");
});

test("the playground's page traces every stage to lines and says what was measured", async () => {
  // The page reads its sources when it is loaded.
  const { FILES, pages } = await import("../../docs/playground/page.ts");
  const [page] = pages(), { bleu } = json<Measured>("measured");
  const sections = page!.body.split("<section ").slice(1);
  assertEquals(sections.length, STAGES.length);
  for (const section of sections) {
    const figures = section.split("<figure").length - 1, traced = section.split('<ul class="made"').length - 1;
    assert(figures > 0);
    assertEquals(traced, figures);
    for (const list of section.split('<ul class="made"').slice(1)) assert(/href="[\w/]+\.html#L\d+"/.test(list));
  }
  assert(page!.body.includes(`BLEU</a> ${bleu.greedy.toFixed(1)}`));
  for (const file of FILES.values()) assert(Deno.statSync(file).isFile);
});

test("stages have figures for every layer and word", () => {
  const view = json<View>("example"), first = firstChoice(view);
  for (const stage of STAGES) {
    for (let step = 0; step <= view.steps.length; step++) {
      assert(figuresOf(view, stage, { ...first, step, encoderLayer: 0, decoderLayer: 0 }).length > 0);
    }
  }
});
