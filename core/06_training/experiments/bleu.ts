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
import { Random } from "../../engine/random.ts";
import { tensor } from "../../engine/create.ts";
import { mean } from "../../experiments/arithmetic.ts";
import type { Experiment, Labels, Parts } from "../../experiments/experiment.ts";
import { read } from "../../experiments/reading.ts";
import { Steps } from "../../experiments/running.ts";
import { SEED } from "../../experiments/seed.ts";
import { bleu, bleuTokens, sentenceBleu } from "../bleu.ts";
import { crossEntropy } from "../loss.ts";

/** Fractions of words that are corrupted. */
const SHARES = [0, 0.1, 0.2, 0.3, 0.4, 0.5];
/** How far the logits are moved, and how often. */
const NUDGES = [1e-3, 1e-2, 1e-1, 1, 4], TRIES = 40;

/** What is found. */
export interface BleuFindings {
  /** BLEU by share of words spoiled. */
  readonly exchanged: readonly number[];
  readonly replaced: readonly number[];
  readonly repeated: readonly number[];
  readonly cut: readonly number[];
  /** Precisions of single words to 4-grams of sentences whose words were all shuffled, in percent. */
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
  readonly shown: {
    /** Fractions of words that are corrupted, and sizes of the changes of the logits. */
    readonly shares: readonly number[];
    readonly nudges: readonly number[];
  };
}

/** Runs of words that are counted, by length. */
const RUNS = ["words", "pairs", "threeGrams", "fourGrams"] as const;

/** What the experiment is made of. */
export interface Spoiled extends Parts {
  findings: BleuFindings;
  controls: "sentences" | "seed";
  claims: "fourGrams" | "cut" | "repeated" | "gradient" | "mean";
  captions: "damage" | "shuffled" | "systems" | "moves";
  labels:
    & Labels<"spoiled" | "bleu" | "exchanged" | "replaced" | "repeated" | "cut" | "precision" | typeof RUNS[number]>
    & Labels<"score" | "corpus" | "mean" | "long" | "short">
    & Labels<"size" | "noticed" | "crossEntropy">;
}

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

/** BLEU of spoiled translations, and its lack of a slope. */
export const experiment: Experiment<Spoiled> = {
  controls: {
    sentences: { default: 200, min: 10, max: 500, step: 10 },
    seed: SEED,
  },
  constants: { tries: TRIES },
  claims: {
    fourGrams: { holds: ({ shuffledPrecisions }) => shuffledPrecisions[0]! > 99.9 && shuffledPrecisions[3]! < 10 },
    cut: {
      holds: ({ cutPrecision, cutPenalty, cut }) => cutPrecision > 99.9 && cutPenalty < 0.5 && cut.at(-1)! < 50,
    },
    repeated: { holds: ({ repeated }) => repeated.every((score, i) => i === 0 || score < repeated[i - 1]!) },
    gradient: { holds: ({ bleuMoves, lossMoves }) => bleuMoves[0] === 0 && lossMoves[0]! > 0.9 },
    mean: {
      holds: ({ corpus, sentenceMean }) => corpus[0]! < corpus[1]! && sentenceMean[0]! > sentenceMean[1]!,
    },
  },
  async measure({ sentences, seed }, options) {
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
    return {
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
      shown: { shares: SHARES, nudges: NUDGES },
    };
  },
  draw(findings, { captions, labels }) {
    const { shuffledPrecisions, corpus, sentenceMean, bleuMoves, lossMoves, shown: { shares, nudges } } = findings;
    const over = (xs: readonly number[], ys: readonly number[]) => xs.map((x, i): [number, number] => [x, ys[i]!]);
    return [
      {
        kind: "line",
        caption: captions.damage(findings),
        x: { title: labels.spoiled },
        y: { title: labels.bleu, domain: [0, 100] },
        series: [
          { label: labels.exchanged, points: over(shares, findings.exchanged) },
          { label: labels.replaced, points: over(shares, findings.replaced) },
          { label: labels.repeated, points: over(shares, findings.repeated) },
          { label: labels.cut, points: over(shares, findings.cut) },
        ],
      },
      {
        kind: "bars",
        caption: captions.shuffled(findings),
        y: { title: labels.precision },
        bars: RUNS.map((run, i) => ({ label: labels[run], value: shuffledPrecisions[i]! })),
      },
      {
        kind: "bars",
        caption: captions.systems(findings),
        y: { title: labels.score, domain: [0, 100] },
        bars: [
          { label: labels.long, group: labels.corpus, value: corpus[0]! },
          { label: labels.short, group: labels.corpus, value: corpus[1]! },
          { label: labels.long, group: labels.mean, value: sentenceMean[0]! },
          { label: labels.short, group: labels.mean, value: sentenceMean[1]! },
        ],
      },
      {
        kind: "line",
        caption: captions.moves(findings),
        x: { title: labels.size, logarithmic: true },
        y: { title: labels.noticed, domain: [0, 1] },
        series: [
          { label: labels.crossEntropy, points: over(nudges, lossMoves) },
          { label: labels.bleu, points: over(nudges, bleuMoves) },
        ],
      },
    ];
  },
};
