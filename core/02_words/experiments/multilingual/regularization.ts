/**
 * # Cut by chance, and misspelt
 *
 * [The notes](notes:004.20) say that sampled segmentations *reduce* robustness. This trains a classifier that names the base of an inflected word, from the sum of the embeddings of its
 * pieces. Without sampling a word is always cut the same way; with it, in another way at each step. Then the words are misspelt.
 *
 * @module
 */

import { chineseEnglish } from "../../../corpora/chinese_english.ts";
import { noGrad } from "../../../engine/autograd.ts";
import { tensor } from "../../../engine/create.ts";
import { Random } from "../../../engine/random.ts";
import { scope } from "../../../engine/scope.ts";
import { mean } from "../../../experiments/arithmetic.ts";
import type { Experiment, Labels, Parts, RunOptions } from "../../../experiments/experiment.ts";
import { fit } from "../../../experiments/learning.ts";
import { SEED } from "../../../experiments/seed.ts";
import { overSeeds, type Range, rangesOf } from "../../../experiments/seeds.ts";
import { crossEntropy } from "../../../06_training/loss.ts";
import { type BytePairEncoding, splitWords, trainBytePairEncoding } from "../../byte_pair_encoding/mod.ts";
import { BagOfWordsClassifier, padTokens } from "../../embeddings.ts";
import { trainUnigram, type Unigram } from "../../unigram/mod.ts";

const ENDINGS = ["s", "ed", "er", "est", "ing"];
/** Size of both vocabularies: most words are one piece or two. */
const TOKENS = 500;
/** How everything is trained, and with how many seeds. */
const STEPS = 100, RATE = 0.02, WIDTH = 32, SEEDS = 3;
/** Misspellings of each word. */
const MISSPELT = 4;
const LETTERS = "abcdefghijklmnopqrstuvwxyz";

/** Ways to cut a word in training. */
const WAYS = ["pairs", "dropout", "unigram", "sampled"] as const;

/** What is found. */
export interface RegularizationFindings {
  /** Accuracy on words as they are spelt in training, by way to cut. */
  readonly spelt: readonly number[];
  /** Accuracy on misspelt words. */
  readonly misspelt: readonly number[];
  /** The least that sampling gains on misspelt words, over the seeds: by byte pairs, by unigram. */
  readonly gains: readonly [pairs: number, unigram: number];
  readonly shown: {
    readonly bases: number;
    readonly words: number;
    readonly seeds: number;
    readonly ranges: readonly (readonly Range[])[];
    /** Some words, misspelt, and their pieces by the unigram vocabulary. */
    readonly examples: readonly {
      readonly word: string;
      readonly pieces: string;
      readonly wrong: string;
      readonly wrongPieces: string;
    }[];
  };
}

/** What the experiment is made of. */
export interface Regularization extends Parts {
  findings: RegularizationFindings;
  controls: "dropout" | "alpha" | "seed";
  claims: "pairs" | "unigram" | "spelt";
  captions: "accuracy" | "examples";
  labels: Labels<typeof WAYS[number] | "right" | "spelt" | "misspelt" | "word" | "pieces" | "wrong" | "wrongPieces">;
}

/** A word and the place of its base in the list of all. */
interface Form {
  readonly word: string;
  readonly base: number;
}

function formsOf(): { readonly forms: Form[]; readonly bases: number; readonly words: string[] } {
  const texts = chineseEnglish().training.map(({ target }) => target);
  const words = [...new Set(texts.flatMap((text) => splitWords(` ${text}`)))].map((word) => word.trim())
    .filter((word) => /^[a-z]{4,}$/.test(word)).sort();
  const known = new Set(words);
  const families = words.map((
    base,
  ) => [base, ...ENDINGS.map((ending) => base + ending).filter((form) => known.has(form))])
    .filter(({ length }) => length > 1);
  return {
    forms: families.flatMap((family, base) => family.map((word) => ({ word, base }))),
    bases: families.length,
    words,
  };
}

/** One letter of a word replaced, left out, doubled, or exchanged with the next one. */
function misspell(word: string, random: Random): string {
  const at = random.integer(word.length), kind = random.integer(4), letters = [...word];
  if (kind === 0) letters[at] = LETTERS[random.integer(26)]!;
  else if (kind === 1) letters.splice(at, 1);
  else if (kind === 2) letters.splice(at, 0, letters[at]!);
  else if (at + 1 < letters.length) [letters[at], letters[at + 1]] = [letters[at + 1]!, letters[at]!];
  const result = letters.join("");
  return result === word ? misspell(word, random) : result;
}

type Cut = (word: string) => readonly number[];

async function accuracy(model: BagOfWordsClassifier, forms: readonly Form[], cut: Cut): Promise<number> {
  const tokens = forms.map(({ word }) => cut(word)), labels = forms.map(({ base }) => base);
  return await scope(() =>
    noGrad(() =>
      model.forward(padTokens(tokens, 0)).argmax(-1).equal(tensor(labels, [labels.length], "int32")).cast("float32")
        .mean()
    )
  ).item();
}

/** What one seed finds: accuracies by way to cut. */
async function once(
  { dropout, alpha, seed }: Readonly<Record<Regularization["controls"], number>>,
  [pairs, unigram]: readonly [BytePairEncoding, Unigram],
  { forms, bases }: ReturnType<typeof formsOf>,
  { signal, onProgress }: RunOptions,
): Promise<{ readonly spelt: number[]; readonly misspelt: number[] }> {
  const chance = new Random(seed).split(),
    wrong = forms.flatMap(({ word, base }) =>
      Array.from({ length: MISSPELT }, () => ({ word: misspell(word, chance), base }))
    );
  const plain: Record<typeof WAYS[number], Cut> = {
    pairs: (word) => pairs.encode(` ${word}`),
    dropout: (word) => pairs.encode(` ${word}`),
    unigram: (word) => unigram.encode(word),
    sampled: (word) => unigram.encode(word),
  };
  const spelt: number[] = [], misspelt: number[] = [];
  for (const [i, way] of WAYS.entries()) {
    signal?.throwIfAborted();
    const random = new Random(seed),
      model = new BagOfWordsClassifier(
        Math.max(pairs.vocabSize, unigram.vocabSize),
        WIDTH,
        bases,
        random,
        { paddingIndex: 0 },
      );
    const cut: Cut = way === "dropout"
      ? (word) => pairs.encode(` ${word}`, { dropout, random })
      : way === "sampled"
      ? (word) => unigram.encode(word, { alpha, random })
      : plain[way];
    const labels = forms.map(({ base }) => base);
    await fit(
      model,
      () =>
        crossEntropy(
          model.forward(padTokens(forms.map(({ word }) => cut(word)), 0)),
          tensor(labels, [labels.length], "int32"),
        ),
      {
        steps: STEPS,
        learningRate: RATE,
        onProgress: (done) => onProgress?.((i + done) / WAYS.length),
        ...(signal && { signal }),
      },
    );
    spelt.push(await accuracy(model, forms, plain[way]));
    misspelt.push(await accuracy(model, wrong, plain[way]));
  }
  return { spelt, misspelt };
}

/** What sampling in training is worth when words are misspelt. */
export const experiment: Experiment<Regularization> = {
  controls: {
    dropout: { default: 0.1, min: 0.05, max: 0.95, step: 0.05 },
    alpha: { default: 0.2, min: 0, max: 2, step: 0.1 },
    seed: SEED,
  },
  constants: { TOKENS, WIDTH, STEPS, RATE },
  tolerance: 0.05,
  claims: {
    pairs: { holds: ({ gains: [pairs] }) => pairs > 0 },
    unigram: { holds: ({ gains: [, unigram] }) => unigram > 0 },
    spelt: { holds: ({ spelt }) => spelt.every((right) => right > 0.95) },
  },
  async measure(controls, options) {
    options.signal?.throwIfAborted();
    const corpus = formsOf();
    const pairs = await trainBytePairEncoding(corpus.words.map((word) => ` ${word}`), {
      vocabSize: TOKENS,
      level: "characters",
    });
    const unigram = await trainUnigram(corpus.words, { vocabSize: TOKENS });
    const found = await overSeeds(controls, SEEDS, options, (at, part) => once(at, [pairs, unigram], corpus, part));
    const gain = (i: number): number => Math.min(...found.map(({ misspelt }) => misspelt[i + 1]! - misspelt[i]!));
    const random = new Random(controls.seed), every = Math.floor(corpus.forms.length / 5);
    return {
      spelt: WAYS.map((_, i) => mean(found.map(({ spelt }) => spelt[i]!))),
      misspelt: WAYS.map((_, i) => mean(found.map(({ misspelt }) => misspelt[i]!))),
      gains: [gain(0), gain(2)],
      shown: {
        bases: corpus.bases,
        words: corpus.forms.length,
        seeds: SEEDS,
        ranges: [rangesOf(found.map(({ spelt }) => spelt)), rangesOf(found.map(({ misspelt }) => misspelt))],
        examples: [1, 2, 3, 4].map((i) => {
          const { word } = corpus.forms[i * every]!, wrong = misspell(word, random);
          const cut = (text: string): string => unigram.segment(text).pieces.join(" ");
          return { word, pieces: cut(word), wrong, wrongPieces: cut(wrong) };
        }),
      },
    };
  },
  draw(findings, { captions, labels }) {
    const { spelt, misspelt, shown: { ranges, examples } } = findings;
    return [
      {
        kind: "bars",
        caption: captions.accuracy(findings),
        y: { title: labels.right, domain: [0, 1] },
        bars: [[labels.spelt, spelt, ranges[0]!], [labels.misspelt, misspelt, ranges[1]!]].flatMap((
          [group, values, rows],
        ) =>
          WAYS.map((way, i) => ({
            label: labels[way],
            group: group as string,
            value: (values as readonly number[])[i]!,
            range: (rows as readonly Range[])[i]!,
          }))
        ),
      },
      {
        kind: "table",
        caption: captions.examples(findings),
        columns: [labels.word, labels.pieces, labels.wrong, labels.wrongPieces],
        rows: examples.map(({ word, pieces, wrong, wrongPieces }) => [word, pieces, wrong, wrongPieces]),
      },
    ];
  },
};
