/**
 * # The playground's model
 *
 * **Question.** The model that `deno task start` trains is 2 MB of weights and more. What does the page carry instead?
 *
 * **Idea.** The same program with a smaller width and more steps, then a byte per weight ([pack.ts](pack.ts)). BLEU on the
 * sentences that were kept apart is measured with the packed weights and written beside them, and one translation is recorded,
 * which the page shows before any script has run.
 *
 * `deno task playground` writes `model/translator.safetensors`, `model/measured.json` and `model/example.json`.
 * With `--keep` it packs nothing anew and only records and measures.
 *
 * @module
 */

import { bleu, createWasmDevice } from "../../mod.ts";
import { setBackend } from "../../core/engine/device.ts";
import { flag } from "../../core/cli/arguments.ts";
import { readCorpus } from "../../core/cli/corpus.ts";
import { kind } from "../../core/cli/kinds/translator.ts";
import { openModel, readTranslationOf } from "../../core/cli/models.ts";
import { translateAll, Translator } from "../../core/cli/translator.ts";
import { PATTERNS } from "../../core/corpora/chinese_english/patterns.ts";
import { readTask } from "../arguments.ts";
import { neighbourhood } from "./familiar.ts";
import { guesses } from "./draft.ts";
import { openTranslator, packTranslator } from "./pack.ts";
import { DEFAULTS } from "./settings.ts";

const folder = new URL("model/", import.meta.url);

/** How it is trained; everything else is as in `deno task start`. */
const RECIPE = { hiddenSize: 64, steps: 1200 };

/** What is shown before the reader writes: from the sentences kept apart. */
const EXAMPLE = "她昨天在图书馆做作业了";

/** Characters by which a test sentence may differ from a training sentence that counts as near. */
const NEAR = 3;

/** Characters to insert, delete or replace so that one sentence becomes another: the edit distance. */
function distance(one: string, other: string): number {
  const [a, b] = [[...one], [...other]];
  if (Math.abs(a.length - b.length) > NEAR) return Infinity;
  let before = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (const [i, character] of a.entries()) {
    const row = [i + 1];
    for (const [j, wanted] of b.entries()) {
      row.push(Math.min(before[j + 1]! + 1, row[j]! + 1, before[j]! + Number(character !== wanted)));
    }
    before = row;
  }
  return before.at(-1)!;
}

/** Trains in a program of its own, as a reader would. */
async function train(): Promise<Uint8Array> {
  const out = await Deno.makeTempDir({ dir: "docs/playground/model" });
  try {
    const options = ["--hidden-size", `${RECIPE.hiddenSize}`, "--steps", `${RECIPE.steps}`, "--out", out];
    const { success } = await new Deno.Command("deno", {
      args: [
        "run",
        "--no-prompt",
        `--allow-read=core,deno.json,${out}`,
        `--allow-write=${out}`,
        "mod.ts",
        "train",
        "translator",
        ...options,
      ],
      cwd: new URL("../../", import.meta.url),
    }).spawn().status;
    if (!success) throw new Error("Training failed");
    const saved = await readTranslationOf(kind, out, "translator");
    const { source, target } = saved.notes;
    return await packTranslator({ model: openModel(saved), source, target });
  } finally {
    await Deno.remove(out, { recursive: true });
  }
}

/** Four significant digits; the page shows fewer. */
const text = (value: unknown): string =>
  `${
    JSON.stringify(
      value,
      (_, x: unknown) => typeof x === "number" && !Number.isInteger(x) ? Number(x.toPrecision(4)) : x,
    )
  }\n`;

if (import.meta.main) {
  const { values } = await readTask({
    name: "playground",
    summary: "Train and pack the playground's model, measure it and record a translation.",
    options: { keep: flag("Keep the packed model that is there; measure and record only") },
  });
  const path = new URL("translator.safetensors", folder);
  await Deno.mkdir(folder, { recursive: true });
  setBackend(createWasmDevice());
  if (!values.keep) await Deno.writeFile(path, await train());
  const bytes = await Deno.readFile(path);
  const packed = openTranslator(bytes);
  const { training, test } = await readCorpus("", "1,2", 1);
  const translator = new Translator(packed.model, packed.source, packed.target);
  const sentences = test.map(({ source }) => source), wanted = test.map(({ targets }) => targets);
  const score = async (numBeams: number): Promise<number> =>
    bleu(await translateAll(translator, sentences, { numBeams }, 64), wanted, { tokenizer: "13a" }).score;
  const measured = {
    ...RECIPE,
    weights: packed.model.parameterCount(),
    bytes: bytes.length,
    pairs: training.length,
    sentences: test.length,
    patterns: PATTERNS.trim().split("\n").length,
    near: test.filter(({ source }) => training.some((pair) => distance(source, pair.source) <= NEAR)).length,
    nearest: NEAR,
    bleu: { greedy: await score(1), beams: await score(DEFAULTS.numBeams!) },
    examples: test.filter((_, i) => i % Math.ceil(test.length / 12) === 0)
      .map(({ source, targets }) => ({ sentence: source, meaning: targets[0]! })),
  };
  const { vocabSize } = packed.source;
  const tokens = training.map(({ source }) => [...packed.source.encode(source), packed.source.endToken]);
  const { beginToken, endToken } = packed.target;
  const targets = training.map(({ target }) => [beginToken, ...packed.target.encode(target), endToken]);
  await Deno.writeTextFile(new URL("guesses.json", folder), text(guesses(targets, packed.target.vocabSize)));
  // It reads what was just written.
  const { look } = await import("./look.ts");
  await Deno.writeTextFile(new URL("neighbours.json", folder), text(neighbourhood(tokens, vocabSize)));
  await Deno.writeTextFile(new URL("measured.json", folder), text(measured));
  await Deno.writeTextFile(
    new URL("example.json", folder),
    text(await look(packed, { ...DEFAULTS, sentence: EXAMPLE })),
  );
  console.log(measured);
}
