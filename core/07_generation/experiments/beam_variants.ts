/**
 * # One sentence, several texts
 *
 * A small translator writes several texts for each sentence: by beam search, by diverse and by stochastic
 * beams, and by drawing one by one. How many of their words differ, and how likely are they?
 *
 * @module
 */

import { trainBytePairEncoding } from "../../02_words/byte_pair_encoding.ts";
import { EncoderDecoder } from "../../05_transformer/encoder_decoder.ts";
import { chineseEnglish } from "../../corpora/chinese_english.ts";
import {
  discard,
  learn,
  mean,
  pairLoss,
  part,
  percent,
  rounded,
  say,
  seedControl,
  type TokenPair,
} from "../../05_transformer/experiments/support.ts";
import { Batches, padSequences } from "../../06_training/batching.ts";
import { noGrad } from "../../engine/autograd.ts";
import { Random } from "../../engine/random.ts";
import { release, scope } from "../../engine/scope.ts";
import type { Experiment, Figure } from "../../experiments.ts";
import { generate, type GenerateOptions } from "../generate.ts";

const WAYS = ["beam search", "diverse beams", "stochastic beams", "one by one"];
const SENTENCES = 60, LONGEST = 20;

type Found = {
  /** Different texts among those of a sentence, as a share; for each way, in the order of the figures. */
  readonly texts: readonly number[];
  /** Different words, and different pairs of neighbours, per sentence. */
  readonly words: readonly number[];
  readonly pairs: readonly number[];
  /** Log-probability of the likeliest text of a sentence, and the mean of its different texts. */
  readonly best: readonly number[];
  readonly mean: readonly number[];
};

interface Text {
  readonly tokens: readonly number[];
  readonly text: string;
  readonly logProbability: number;
}

/** What several texts of one sentence amount to. */
function measure(texts: readonly Text[]) {
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

function figures(found: Found, shown: readonly (readonly Text[])[], source: string, count: number): Figure[] {
  return [
    {
      kind: "bars",
      caption: `Different words and pairs of words in ${count} texts for one sentence, the mean over ${SENTENCES} ` +
        `sentences: ${say(found.words[0]!)} words by beam search, ${say(found.words[1]!)} by diverse and ` +
        `${say(found.words[2]!)} by stochastic beams.`,
      y: { title: "different ones per sentence" },
      bars: WAYS.flatMap((group, i) => [
        { label: "words", group, value: found.words[i]! },
        { label: "pairs", group, value: found.pairs[i]! },
      ]),
    },
    {
      kind: "bars",
      caption:
        `What it costs: the texts of a beam search have ${say(found.mean[0]!)} nats on average, of diverse beams ` +
        `${say(found.mean[1]!)}, of stochastic ones ${say(found.mean[2]!)}. Drawn one by one only ` +
        `${percent(found.texts[3]!)} of the texts are different.`,
      y: { title: "log-probability" },
      bars: WAYS.flatMap((group, i) => [
        { label: "likeliest text", group, value: found.best[i]! },
        { label: "mean of different texts", group, value: found.mean[i]! },
      ]),
    },
    {
      kind: "table",
      caption: `What each way writes for ${source}, with log-probabilities.`,
      columns: WAYS,
      rows: Array.from(
        { length: count },
        (_, row) => shown.map((texts) => `${texts[row]!.text} (${say(texts[row]!.logProbability, 2)})`),
      ),
    },
  ];
}

/** Beams that differ, and what that costs. */
export const beamVariantsExperiment: Experiment<Found, "beams" | "penalty" | "steps" | "seed"> = {
  name: "generation/beam_variants",
  title: "One sentence, several texts",
  purpose: "A translator writes several texts for each sentence in four ways: by beam search, by diverse and by " +
    "stochastic beams, and by drawing one text at a time. Change the number of beams, or what a repeated word costs. " +
    "Compare how many words and texts differ, and how likely they are.",
  controls: {
    beams: {
      label: "Beams",
      description: "Texts for a sentence; diverse ones are a group each",
      default: 5,
      min: 2,
      max: 10,
    },
    penalty: {
      label: "Diversity penalty",
      description: "What a word costs that another group has just taken, in nats",
      default: 2,
      min: 0,
      max: 5,
      step: 0.25,
    },
    steps: {
      label: "Training steps",
      description: "Of the translator; batches of 32 short pairs",
      default: 1000,
      min: 20,
      max: 2000,
      step: 20,
    },
    seed: seedControl,
  },
  tolerance: 0.3,
  claims: [
    {
      text: "Diverse beams use more words and more pairs of words than beam search",
      holds: ({ words, pairs }) => words[1]! > words[0]! * 1.05 && pairs[1]! > pairs[0]! * 1.05,
    },
    {
      text: "So do stochastic beams",
      holds: ({ words, pairs }) => words[2]! > words[0]! * 1.05 && pairs[2]! > pairs[0]! * 1.05,
    },
    {
      text: "Beam search finds the likeliest texts: the others’ are less likely on average",
      holds: ({ mean }) => mean.slice(1).every((one) => one < mean[0]!),
    },
    {
      text: "Stochastic beams never repeat a text; drawn one by one, many texts come twice",
      holds: ({ texts }) => texts[2] === 1 && texts[3]! < 0.9,
    },
  ],
  async run({ beams, penalty, steps, seed }, options) {
    const { signal } = options;
    signal?.throwIfAborted();
    const random = new Random(seed), { training, validation, test } = chineseEnglish();
    const short = [...training, ...validation, ...test]
      .filter(({ source, target }) => source.length <= 9 && target.split(" ").length <= 6);
    const seen = short.slice(0, -SENTENCES), unseen = short.slice(-SENTENCES);
    const vocabulary = (side: "source" | "target", vocabSize: number) =>
      trainBytePairEncoding(seen.map((pair) => pair[side]), {
        vocabSize,
        level: "characters",
        ...(signal && { signal }),
      });
    const source = await vocabulary("source", 600), target = await vocabulary("target", 500);
    const encoded = seen.map((pair): TokenPair => ({
      source: [...source.encode(pair.source), source.endToken],
      target: target.encode(pair.target),
    }));
    const model = new EncoderDecoder({
      vocabSize: target.vocabSize,
      sourceVocabSize: source.vocabSize,
      contextLength: 48,
      hiddenSize: 32,
      numHeads: 4,
      numLayers: 1,
      norm: "pre",
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
      learningRate: 8e-3,
      every: steps,
    }, part(options, 0.02, 0.7));

    const { memory, mask } = scope(() =>
      noGrad(() => {
        const sentences = unseen.map((pair) => [...source.encode(pair.source), source.endToken]);
        const { tokens, mask } = padSequences(sentences, source);
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

    const measured = found.map((way) => way.map(measure));
    const over = (name: keyof ReturnType<typeof measure>) =>
      measured.map((way) => rounded(mean(way.map((one) => one[name]))));
    const findings: Found = {
      texts: over("texts"),
      words: over("words"),
      pairs: over("pairs"),
      best: over("best"),
      mean: over("mean"),
    };
    // The first sentence that beam search translates right, and for which every search has enough texts.
    const isComplete = (row: number) => found.every((way) => way[row]!.length === beams);
    const right = unseen.findIndex(({ target }, row) =>
      isComplete(row) && target === found[0]![row]![0]!.text && target.split(" ").length >= 4
    );
    const shown = Math.max(0, right), fill = { tokens: [], text: "", logProbability: 0 };
    const rows = found.map((way) => Array.from({ length: beams }, (_, i) => way[shown]![i] ?? fill));
    options.onProgress?.(1);
    return { findings, figures: figures(findings, rows, unseen[shown]!.source, beams) };
  },
};
