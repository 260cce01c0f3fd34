/**
 * # One sentence, several hypotheses
 *
 * A small translator writes several texts for each sentence: by beam search, by diverse and by stochastic
 * beams, and by drawing one by one. How many of their words differ, and how likely are they?
 *
 * @module
 */

import { EncoderDecoder } from "../../05_transformer/encoder_decoder.ts";
import { chineseEnglish } from "../../corpora/chinese_english.ts";
import { Batches, padSequences } from "../../06_training/batching.ts";
import { noGrad } from "../../engine/autograd.ts";
import { Random } from "../../engine/random.ts";
import { release, scope } from "../../engine/scope.ts";
import { mean, rounded } from "../../experiments/arithmetic.ts";
import type { Experiment, Labels, Parts } from "../../experiments/experiment.ts";
import { discard, learn, pairLoss } from "../../experiments/learning.ts";
import { number } from "../../experiments/numbers.ts";
import { part } from "../../experiments/running.ts";
import { SEED } from "../../experiments/seed.ts";
import { encodePair, learnVocabularies } from "../../experiments/translation.ts";
import { generate } from "../generate.ts";
import type { GenerateOptions } from "../options.ts";

const WAYS = ["beamSearch", "diverse", "stochastic", "oneByOne"] as const;
/** Width, heads and learning rate of the translator. */
const SIZE = 32, HEADS = 4, RATE = 8e-3;
const SENTENCES = 60, LONGEST = 20;

/** What is found. */
export interface VariantFindings {
  /** Different hypotheses among those of a sentence, as a fraction; for each way, in the order of the figures. */
  readonly texts: readonly number[];
  /** Different words, and different pairs of neighbours, per sentence. */
  readonly words: readonly number[];
  readonly pairs: readonly number[];
  /** Log-probability of the most probable hypothesis of a sentence, and the mean of its different ones. */
  readonly best: readonly number[];
  readonly mean: readonly number[];
  readonly shown: {
    readonly sentences: number;
    /** Texts for a sentence. */
    readonly count: number;
    /** One sentence, and what each way writes for it. */
    readonly source: string;
    readonly written: readonly (readonly Pick<Text, "text" | "logProbability">[])[];
  };
}

/** What the experiment is made of. */
export interface Variants extends Parts {
  findings: VariantFindings;
  controls: "beams" | "penalty" | "steps" | "seed";
  claims: "diverse" | "stochastic" | "mostProbable" | "repeated";
  captions: "variety" | "cost" | "texts";
  labels: Labels<typeof WAYS[number] | "different" | "words" | "pairs" | "logProbability" | "mostProbable" | "mean">;
}

interface Text {
  readonly tokens: readonly number[];
  readonly text: string;
  readonly logProbability: number;
}

/** What several texts of one sentence amount to. */
function variety(texts: readonly Text[]) {
  const different = [...new Map(texts.map((one) => [one.tokens.join(), one])).values()];
  const words = different.map(({ text }) => text.split(" "));
  const pairs = words.flatMap((own) => own.slice(1).map((word, i) => `${own[i]} ${word}`));
  return {
    texts: different.length / texts.length,
    words: new Set(words.flat()).size,
    pairs: new Set(pairs).size,
    best: Math.max(...different.map(({ logProbability }) => logProbability)),
    mean: mean(different.map(({ logProbability }) => logProbability)),
  };
}

/** Beams that differ, and what that costs. */
export const experiment: Experiment<Variants> = {
  controls: {
    beams: { default: 5, min: 2, max: 10 },
    penalty: { default: 2, min: 0, max: 5, step: 0.25 },
    steps: { default: 1000, min: 20, max: 2000, step: 20 },
    seed: SEED,
  },
  constants: { width: SIZE, heads: HEADS, rate: RATE, sentences: SENTENCES, longest: LONGEST },
  claims: {
    diverse: { holds: ({ words, pairs }) => words[1]! > words[0]! * 1.05 && pairs[1]! > pairs[0]! * 1.05 },
    stochastic: { holds: ({ words, pairs }) => words[2]! > words[0]! * 1.05 && pairs[2]! > pairs[0]! * 1.05 },
    mostProbable: { holds: ({ mean }) => mean.slice(1).every((one) => one < mean[0]!) },
    repeated: { holds: ({ texts }) => texts[2] === 1 && texts[3]! < 0.9 },
  },
  tolerance: 0.3,
  async measure({ beams, penalty, steps, seed }, options) {
    const { signal } = options;
    signal?.throwIfAborted();
    const random = new Random(seed), { training, validation, test } = chineseEnglish();
    const short = [...training, ...validation, ...test]
      .filter(({ source, target }) => source.length <= 9 && target.split(" ").length <= 6);
    const seen = short.slice(0, -SENTENCES), unseen = short.slice(-SENTENCES);
    const vocabularies = await learnVocabularies(seen, signal), { source, target } = vocabularies;
    const encoded = seen.map((pair) => encodePair(pair, vocabularies));
    const model = new EncoderDecoder({
      vocabSize: target.vocabSize,
      sourceVocabSize: source.vocabSize,
      contextLength: 48,
      hiddenSize: SIZE,
      numHeads: HEADS,
      numLayers: 1,
      placement: "pre",
      dropout: 0,
    }, random.split());
    const batches = new Batches(encoded, {
      batchSize: 32,
      length: (pair) => pair.target.length,
      random: random.split(),
    });
    await learn({
      model,
      next: () => batches.next(),
      loss: (batch) => pairLoss(model, batch, target),
      steps,
      learningRate: RATE,
      every: steps,
    }, part(options, 0.02, 0.7));

    const { memory, mask } = scope(() =>
      noGrad(() => {
        const sentences = unseen.map((pair) => encodePair(pair, vocabularies).source);
        const { tokens, mask } = padSequences(sentences, { padToken: source.padToken });
        return { memory: model.encode(tokens, { mask }), mask };
      })
    );
    const common = { maxNewTokens: LONGEST, eosToken: target.endToken, ...(signal && { signal }) };
    const prompts = unseen.map(() => [target.beginToken]);
    const write = async (more: Partial<GenerateOptions>) => {
      const results = await generate(model.given(memory, mask), prompts, { ...common, ...more });
      const spell = ({ tokens, logProbability }: Pick<Text, "tokens" | "logProbability">): Text => ({
        tokens,
        text: target.decode(tokens).trim(),
        logProbability,
      });
      return results.map((result) => (result.beams ?? [result]).map(spell));
    };
    const found: Text[][][] = [];
    found.push(await write({ numBeams: beams, lengthPenalty: 0 }));
    const groups = { numBeams: beams, numBeamGroups: beams, diversityPenalty: penalty, lengthPenalty: 0 };
    found.push(await write(groups));
    found.push(await write({ numBeams: beams, stochastic: true, random: random.split() }));
    const draws = random.split(), singles: Text[][] = unseen.map(() => []);
    for (let i = 0; i < beams; i++) {
      (await write({ random: draws })).forEach(([text], row) => singles[row]!.push(text!));
    }
    found.push(singles);
    release(memory);
    release(mask);
    discard(model);

    const measured = found.map((way) => way.map(variety));
    const over = (name: keyof ReturnType<typeof variety>) =>
      measured.map((way) => rounded(mean(way.map((one) => one[name]))));
    // The first sentence that beam search translates right, and for which every search has enough texts.
    const isComplete = (row: number) => found.every((way) => way[row]!.length === beams);
    const right = unseen.findIndex(({ target }, row) =>
      isComplete(row) && target === found[0]![row]![0]!.text && target.split(" ").length >= 4
    );
    const shown = Math.max(0, right), fill = { text: "", logProbability: 0 };
    options.onProgress?.(1);
    return {
      texts: over("texts"),
      words: over("words"),
      pairs: over("pairs"),
      best: over("best"),
      mean: over("mean"),
      shown: {
        sentences: SENTENCES,
        count: beams,
        source: unseen[shown]!.source,
        written: found.map((way) =>
          Array.from({ length: beams }, (_, i) => {
            const { text, logProbability } = way[shown]![i] ?? fill;
            return { text, logProbability };
          })
        ),
      },
    };
  },
  draw(findings, { captions, labels }) {
    const { words, pairs, best, mean, shown: { count, written } } = findings, ways = WAYS.map((way) => labels[way]);
    return [
      {
        kind: "bars",
        caption: captions.variety(findings),
        y: { title: labels.different },
        bars: ways.flatMap((group, i) => [
          { label: labels.words, group, value: words[i]! },
          { label: labels.pairs, group, value: pairs[i]! },
        ]),
      },
      {
        kind: "bars",
        caption: captions.cost(findings),
        y: { title: labels.logProbability },
        bars: ways.flatMap((group, i) => [
          { label: labels.mostProbable, group, value: best[i]! },
          { label: labels.mean, group, value: mean[i]! },
        ]),
      },
      {
        kind: "table",
        caption: captions.texts(findings),
        columns: ways,
        rows: Array.from(
          { length: count },
          (_, row) => written.map((texts) => `${texts[row]!.text} (${number(texts[row]!.logProbability, 2)})`),
        ),
      },
    ];
  },
};
