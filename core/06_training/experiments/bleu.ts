/**
 * # What BLEU sees, and what it does not
 *
 * Good translations are spoiled in four ways, more and more, and scored: words exchanged with their
 * neighbours, replaced, repeated, left out at the end. Then the logits behind a translation are moved a
 * little, to see which of two measures answers.
 *
 * @module
 */

import { chineseEnglish } from "../../corpora/chinese_english.ts";
import { mean, percent, read, rounded, say, seedControl, Steps } from "../../05_transformer/experiments/support.ts";
import { Random } from "../../engine/random.ts";
import { tensor } from "../../engine/tensor.ts";
import type { Experiment, Figure } from "../../experiments.ts";
import { bleu, bleuTokens, sentenceBleu } from "../bleu.ts";
import { crossEntropy } from "../loss.ts";

/** Shares of words that are spoiled. */
const SHARES = [0, 0.1, 0.2, 0.3, 0.4, 0.5];
/** How far the logits are moved, and how often. */
const NUDGES = [1e-3, 1e-2, 1e-1, 1, 4], TRIES = 40;

type Found = {
  /** BLEU by share of words spoiled. */
  readonly exchanged: readonly number[];
  readonly replaced: readonly number[];
  readonly repeated: readonly number[];
  readonly cut: readonly number[];
  /** Precisions of single words to quadruples of sentences whose words were all shuffled, in percent. */
  readonly shuffledPrecisions: readonly number[];
  /** Precision of single words and brevity penalty of sentences cut to half. */
  readonly cutPrecision: number;
  readonly cutPenalty: number;
  /** Two systems, one that spoils long sentences and one that spoils short ones: BLEU, and the mean of the sentences' own. */
  readonly corpus: readonly number[];
  readonly sentenceMean: readonly number[];
  /** Share of nudges that change BLEU, and the cross-entropy, by their size. */
  readonly bleuMoves: readonly number[];
  readonly lossMoves: readonly number[];
};

type Damage = (words: readonly string[], share: number, random: Random, others: readonly string[]) => string[];

/** Each exchange concerns two words. */
const exchange: Damage = (words, share, random) => {
  const result = [...words];
  for (let i = 0; i + 1 < result.length; i++) {
    if (random.next() >= share / 2) continue;
    [result[i], result[i + 1]] = [result[i + 1]!, result[i]!];
    i++;
  }
  return result;
};
const replace: Damage = (words, share, random, others) =>
  words.map((word) => random.next() < share ? others[random.integer(others.length)]! : word);
const repeat: Damage = (words, share, random) => words.flatMap((word) => random.next() < share ? [word, word] : [word]);
const cutOff: Damage = (words, share) => words.slice(0, Math.max(1, Math.round(words.length * (1 - share))));
const shuffle: Damage = (words, _, random) => Array.from(random.permutation(words.length), (i) => words[i]!);

function figures(found: Found): Figure[] {
  const byShare = (scores: readonly number[]) => scores.map((y, i): [number, number] => [SHARES[i]!, rounded(y)]);
  return [
    {
      kind: "line",
      caption:
        `With a fifth of the words replaced BLEU is ${say(found.replaced[2]!)}, with a fifth exchanged with their ` +
        `neighbours ${say(found.exchanged[2]!)}: an exchanged word still counts by itself.`,
      x: { title: "share of words spoiled" },
      y: { title: "BLEU", domain: [0, 100] },
      series: [
        { label: "exchanged", points: byShare(found.exchanged) },
        { label: "replaced", points: byShare(found.replaced) },
        { label: "repeated", points: byShare(found.repeated) },
        { label: "cut off at the end", points: byShare(found.cut) },
      ],
    },
    {
      kind: "bars",
      caption:
        `All words in random order: every single word is still found, ${percent(found.shuffledPrecisions[3]! / 100)} ` +
        "of the quadruples are.",
      y: { title: "precision in percent" },
      bars: ["words", "pairs", "triples", "quadruples"].map((label, i) => ({
        label,
        value: rounded(found.shuffledPrecisions[i]!),
      })),
    },
    {
      kind: "bars",
      caption:
        `One system spoils the long sentences, the other the short ones. By BLEU it is ${say(found.corpus[0]!)} ` +
        `against ${say(found.corpus[1]!)}, by the mean of the sentences ${say(found.sentenceMean[0]!)} against ` +
        `${say(found.sentenceMean[1]!)}.`,
      y: { title: "score", domain: [0, 100] },
      bars: ["BLEU of the corpus", "mean of the sentences"].flatMap((group, i) =>
        ["long ones spoiled", "short ones spoiled"].map((label, system) => ({
          label,
          group,
          value: rounded((i ? found.sentenceMean : found.corpus)[system]!),
        }))
      ),
    },
    {
      kind: "line",
      caption:
        "The logits behind a translation, moved at random: the cross-entropy answers to the smallest change, BLEU " +
        `to ${percent(found.bleuMoves[0]!)} of the smallest and ${
          percent(found.bleuMoves.at(-1)!)
        } of the largest. What ` +
        "stands still has no slope to follow.",
      x: { title: "size of the change", logarithmic: true },
      y: { title: "share of changes that are noticed", domain: [0, 1] },
      series: [
        { label: "cross-entropy", points: NUDGES.map((x, i) => [x, rounded(found.lossMoves[i]!)]) },
        { label: "BLEU", points: NUDGES.map((x, i) => [x, rounded(found.bleuMoves[i]!)]) },
      ],
    },
  ];
}

/** BLEU of spoiled translations, and its lack of a slope. */
export const bleuExperiment: Experiment<Found, "sentences" | "seed"> = {
  name: "training/bleu",
  title: "What BLEU sees, and what it does not",
  purpose: "Good translations are spoiled in four ways, more and more, and scored. See which damage BLEU " +
    "punishes most. Two systems change places when sentences are scored one by one. In the last figure the logits " +
    "behind a translation are moved a little: see whether the cross-entropy answers, and whether BLEU does.",
  controls: {
    sentences: {
      label: "Sentences",
      description: "Translations that are spoiled and scored, in the first three figures",
      default: 200,
      min: 10,
      max: 500,
      step: 10,
    },
    seed: seedControl,
  },
  claims: [
    {
      text:
        "Quadruples show whether it reads like a sentence: shuffled words keep all single matches and lose nine quadruples in ten",
      holds: ({ shuffledPrecisions }) => shuffledPrecisions[0]! > 99.9 && shuffledPrecisions[3]! < 10,
    },
    {
      text: "Leaving out does not pay: half sentences match perfectly, and BLEU falls below 50",
      holds: ({ cutPrecision, cutPenalty, cut }) => cutPrecision > 99.9 && cutPenalty < 0.5 && cut.at(-1)! < 50,
    },
    {
      text: "Repeating does not pay: every repeated word lowers the score",
      holds: ({ repeated }) => repeated.every((score, i) => i === 0 || score < repeated[i - 1]!),
    },
    {
      text: "BLEU has no gradient: it stays where it is under small changes that the cross-entropy notices",
      holds: ({ bleuMoves, lossMoves }) => bleuMoves[0] === 0 && lossMoves[0]! > 0.9,
    },
    {
      text: "The mean of the sentences’ scores is another measure: by it the two systems change places",
      holds: ({ corpus, sentenceMean }) => corpus[0]! < corpus[1]! && sentenceMean[0]! > sentenceMean[1]!,
    },
  ],
  async run({ sentences, seed }, options) {
    const steps = new Steps(options, 4 * SHARES.length + NUDGES.length + 1);
    const references = chineseEnglish().training.map(({ target }) => target)
      .filter((target) => bleuTokens(target).length >= 5).slice(100, 100 + sentences);
    const words = references.map((reference) => bleuTokens(reference)), others = words.flat();
    const spoil = (damage: Damage, share: number): string[] => {
      const random = new Random(seed);
      return words.map((sentence) => damage(sentence, share, random, others).join(" "));
    };
    const scores: number[][] = [];
    for (const damage of [exchange, replace, repeat, cutOff]) {
      const row: number[] = [];
      for (const share of SHARES) {
        await steps.next();
        row.push(bleu(spoil(damage, share), references).score);
      }
      scores.push(row);
    }
    await steps.next();
    const half = bleu(spoil(cutOff, 0.5), references);
    const middle = [...words].sort((a, b) => a.length - b.length)[words.length >> 1]!.length;
    const systems = [true, false].map((isLong) => {
      const spoiled = spoil(replace, isLong ? 0.4 : 0.5);
      return spoiled.map((text, i) => words[i]!.length > middle === isLong ? text : words[i]!.join(" "));
    });

    // Logits of a translation: the right word leads most of the time, by chance.
    const random = new Random(seed), reference = words[0]!, V = 50, T = reference.length;
    const vocabulary = [...new Set([...reference, ...others])].slice(0, V);
    const targets = Int32Array.from(reference, (word) => vocabulary.indexOf(word));
    const base = (await random.normal([T, V]).read()).slice();
    targets.forEach((word, row) => base[row * V + word]! += 2.5);
    const measure = async (logits: ArrayLike<number>): Promise<[number, number]> => {
      const text = Array.from(targets, (_, row) => {
        const own = Array.from({ length: V }, (_, word) => logits[row * V + word]!);
        return vocabulary[own.indexOf(Math.max(...own))]!;
      });
      const loss = await read(() => crossEntropy(tensor(Float32Array.from(logits), [T, V]), tensor(targets)));
      return [sentenceBleu(text.join(" "), reference.join(" ")).score, loss[0]!];
    };
    const still = await measure(base);
    const bleuMoves: number[] = [], lossMoves: number[] = [];
    for (const size of NUDGES) {
      await steps.next();
      let bleuMoved = 0, lossMoved = 0;
      for (let i = 0; i < TRIES; i++) {
        const noise = await random.normal([T, V], { deviation: size }).read();
        const moved = await measure(base.map((logit: number, at: number) => logit + noise[at]!));
        bleuMoved += Number(moved[0] !== still[0]);
        lossMoved += Number(moved[1] !== still[1]);
      }
      bleuMoves.push(bleuMoved / TRIES);
      lossMoves.push(lossMoved / TRIES);
    }
    const findings: Found = {
      exchanged: scores[0]!,
      replaced: scores[1]!,
      repeated: scores[2]!,
      cut: scores[3]!,
      shuffledPrecisions: [...bleu(spoil(shuffle, 1), references).precisions],
      cutPrecision: half.precisions[0]!,
      cutPenalty: half.brevityPenalty,
      corpus: systems.map((texts) => bleu(texts, references).score),
      sentenceMean: systems.map((texts) => mean(texts.map((text, i) => sentenceBleu(text, references[i]!).score))),
      bleuMoves,
      lossMoves,
    };
    return { findings, figures: figures(findings) };
  },
};
