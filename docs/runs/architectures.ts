/**
 * # An encoder and a decoder, or a decoder alone
 *
 * Three models with equally many weights learn to translate the same pairs: an encoder with a decoder; a decoder that
 * reads the source as the first part of its text; and the same decoder whose source words see each other in both
 * directions (a prefix mask).
 *
 * @module
 */

import process from "node:process";
import { readCorpus } from "../../core/cli/corpus.ts";
import { trainBytePairEncoding } from "../../core/02_words/byte_pair_encoding/mod.ts";
import { bleu } from "../../core/06_training/bleu.ts";
import { Batches } from "../../core/06_training/batching.ts";
import { crossEntropy } from "../../core/06_training/loss.ts";
import { train } from "../../core/06_training/loop.ts";
import { cosineSchedule } from "../../core/06_training/schedules.ts";
import type { Module } from "../../core/engine/module.ts";
import {
  adamW,
  DecoderOnly,
  EncoderDecoder,
  KeyValueCache,
  learned,
  noGrad,
  Optimizer,
  padSequences,
  Random,
  relu,
  scope,
  type Tensor,
  tensor,
} from "../../mod.ts";
import { discard, type TokenPair } from "../../core/experiments/learning.ts";
import { record } from "./run.ts";

const LAYOUT = { contextLength: 80, hiddenSize: 128, numHeads: 4, dropout: 0.1, placement: "pre" } as const;
/** A layer of the encoder has 12 E² weights, one of the decoder 16 E²: three of each are seven of the first. */
const LAYERS = { both: 3, alone: 7 } as const;
const RECIPE = {
  vocabSize: 6000,
  batchSize: 64,
  steps: 1000,
  warmupSteps: 100,
  peak: 2e-3,
  clipNorm: 1,
  beta2: 0.98,
  seed: 1,
} as const;
/** Sentences that are translated, longest translation. */
const JUDGED = 300, LONGEST = 24;

/** The three, as they are called. */
export const ARCHITECTURES = ["encoder and decoder", "decoder only", "decoder with a prefix mask"] as const;

/** What is found. */
export interface ArchitecturesRun {
  readonly layout: typeof LAYOUT;
  readonly layers: typeof LAYERS;
  readonly recipe: typeof RECIPE;
  readonly pairs: number;
  readonly unseen: number;
  readonly results: readonly {
    readonly name: typeof ARCHITECTURES[number];
    readonly weights: number;
    /** Nats per target token on unseen pairs, BLEU of greedy translations, seconds of one core for the training. */
    readonly loss: number;
    readonly bleu: number;
    readonly seconds: number;
  }[];
}

/** A model that says what comes next after each position of some targets. */
interface Contestant {
  readonly model: Module;
  /** Logits `[B, T, V]` for the targets after BEGIN, padded. */
  readonly score: (sources: readonly (readonly number[])[], inputs: readonly (readonly number[])[]) => Tensor;
  /** Greedy translations of sources of one length. */
  readonly write: (sources: readonly (readonly number[])[]) => Promise<number[][]>;
}

interface Tokens {
  readonly beginToken: number;
  readonly endToken: number;
  readonly padToken: number;
}

const rowsOf = (rows: readonly (readonly number[])[]): Tensor =>
  tensor(Int32Array.from(rows.flat()), [rows.length, rows[0]!.length]);

/** Greedy decoding: `next` scores the last of the given tokens of each row. */
async function greedily(
  first: readonly (readonly number[])[],
  next: (tokens: Tensor) => Tensor,
  { endToken }: Tokens,
): Promise<number[][]> {
  const texts: number[][] = first.map(() => []), done = first.map(() => false);
  let tokens = rowsOf(first);
  for (let step = 0; step < LONGEST && done.includes(false); step++) {
    const chosen = await noGrad(() => next(tokens).at(1, -1).argmax(-1)).read();
    texts.forEach((text, i) => {
      if (chosen[i] === endToken) done[i] = true;
      if (!done[i]) text.push(chosen[i]!);
    });
    tokens = rowsOf(Array.from(chosen, (id) => [id]));
  }
  return texts;
}

function withBoth(vocabSize: number, tokens: Tokens, random: Random): Contestant {
  const model = new EncoderDecoder(
    { ...LAYOUT, vocabSize, numLayers: LAYERS.both, positions: learned() },
    random,
  );
  const { padToken, beginToken } = tokens;
  return {
    model,
    score(sources, inputs) {
      const { tokens: source, mask } = padSequences(sources, { padToken });
      return model.forward(source, padSequences(inputs, { padToken }).tokens, { sourceMask: mask });
    },
    write(sources) {
      const memory = noGrad(() => model.encode(rowsOf(sources))), given = model.given(memory);
      const caches = given.newCaches(() => new KeyValueCache());
      return greedily(sources.map(() => [beginToken]), (ids) => given.forward(ids, { caches, lastOnly: true }), tokens);
    },
  };
}

function alone(vocabSize: number, tokens: Tokens, random: Random, isPrefix: boolean): Contestant {
  const model = new DecoderOnly(
    { ...LAYOUT, vocabSize, numLayers: LAYERS.alone, positions: learned(), activation: relu },
    random,
  );
  const { padToken, beginToken } = tokens;
  const prefixOf = (sources: readonly (readonly number[])[]) =>
    isPrefix ? { prefix: sources.map(({ length }) => length) } : {};
  return {
    model,
    score(sources, inputs) {
      const texts = sources.map((source, i) => [...source, ...inputs[i]!]);
      const logits = model.forward(padSequences(texts, { padToken }).tokens, prefixOf(sources));
      // Batches hold sources of one length, so that the targets begin at one position.
      const from = sources[0]!.length;
      return logits.slice(1, from);
    },
    write(sources) {
      const caches = model.newCaches(() => new KeyValueCache());
      let isFirst = true;
      return greedily(sources.map((source) => [...source, beginToken]), (ids) => {
        // The prefix is the source; BEGIN follows it and is the first token that sees what came before alone.
        const call = isFirst ? prefixOf(sources) : {};
        isFirst = false;
        return model.forward(ids, { caches, lastOnly: true, ...call });
      }, tokens);
    },
  };
}

/** Pairs in batches whose sources are equally long. */
function byLength<T extends TokenPair>(pairs: readonly T[]): T[][] {
  const groups = new Map<number, T[]>();
  for (const pair of pairs) groups.set(pair.source.length, [...groups.get(pair.source.length) ?? [], pair]);
  return [...groups.values()];
}

async function make(path: string): Promise<ArchitecturesRun> {
  const { training, test } = await readCorpus(path, "2,1", RECIPE.seed);
  const texts = training.flatMap(({ source, target }) => [source, target].map((text) => text.normalize("NFC")));
  const vocabulary = await trainBytePairEncoding(texts, { vocabSize: RECIPE.vocabSize, level: "characters" });
  const { vocabSize, beginToken, endToken } = vocabulary;
  const encode = (text: string): number[] => vocabulary.encode(text.normalize("NFC"));
  const room = LAYOUT.contextLength / 2 - 2;
  const fits = ({ source, target }: TokenPair): boolean => source.length <= room && target.length <= room;
  const pairs = training.map((pair): TokenPair => ({ source: encode(pair.source), target: encode(pair.target) }))
    .filter(fits);
  const judged = test.slice(0, JUDGED)
    .map(({ source, targets }) => ({ source: encode(source), target: encode(targets[0]!), targets })).filter(fits);

  const lossOf = ({ score }: Contestant, batch: readonly TokenPair[]): Tensor => {
    const logits = score(batch.map(({ source }) => source), batch.map(({ target }) => [beginToken, ...target]));
    const width = Math.max(...batch.map(({ target }) => target.length)) + 1;
    const labels = batch.map(({ target }) => [...target, endToken, ...Array(width - target.length - 1).fill(-100)]);
    return crossEntropy(logits, rowsOf(labels));
  };
  const results: ArchitecturesRun["results"][number][] = [];
  for (const [index, name] of ARCHITECTURES.entries()) {
    const random = new Random(RECIPE.seed), initial = random.split();
    const contestant = index === 0
      ? withBoth(vocabSize, vocabulary, initial)
      : alone(vocabSize, vocabulary, initial, index === 2);
    const { model } = contestant;
    const optimizer = new Optimizer(model.parameters(), adamW({ beta2: RECIPE.beta2 }));
    // All batches of one length of the source, and within them of like length of the target.
    const groups = byLength(pairs).map((group) =>
      new Batches(group, { batchSize: RECIPE.batchSize, length: ({ target }) => target.length, random: random.split() })
    );
    const sizes = byLength(pairs).map(({ length }) => length), total = sizes.reduce((sum, size) => sum + size, 0);
    const draw = random.split();
    const next = (): readonly TokenPair[] => {
      let at = draw.integer(total), group = 0;
      while (group < sizes.length - 1 && at >= sizes[group]!) at -= sizes[group++]!;
      return groups[group]!.next();
    };
    model.train(random.split());
    const started = process.cpuUsage();
    const { steps, warmupSteps, peak, clipNorm } = RECIPE;
    const reports = await train({
      model,
      optimizer,
      batches: { next },
      loss: (batch: readonly TokenPair[]) => lossOf(contestant, batch),
      steps,
      schedule: cosineSchedule({ peak, floor: peak / 10, warmupSteps, steps }),
      clipNorm,
      reportEvery: 50,
    });
    const { user } = process.cpuUsage(started), seconds = Math.round(user / 1e6);
    const written = new Map<string, string>();
    let nats = 0, count = 0;
    for (const group of byLength(judged)) {
      const found = await contestant.write(group.map(({ source }) => source));
      group.forEach((pair, i) => written.set(pair.targets[0]! + pair.source, vocabulary.decode(found[i]!).trim()));
      const tokens = group.reduce((sum, { target }) => sum + target.length + 1, 0);
      nats += await scope(() => noGrad(() => lossOf(contestant, group))).item() * tokens;
      count += tokens;
    }
    const candidates = judged.map((pair) => written.get(pair.targets[0]! + pair.source)!);
    const score = bleu(candidates, judged.map(({ targets }) => targets), { tokenizer: "13a" }).score;
    const weights = model.parameterCount(), loss = nats / count;
    console.log(
      `${name}: ${weights} weights, training ${reports.at(-1)!.loss.toFixed(2)}, loss ${loss.toFixed(3)}, BLEU ${
        score.toFixed(1)
      }, ${seconds.toFixed(0)} s`,
    );
    console.log(candidates.slice(0, 5).join(" | "));
    results.push({ name, weights, loss, bleu: score, seconds });
    discard(model, optimizer);
  }
  return { layout: LAYOUT, layers: LAYERS, recipe: RECIPE, pairs: pairs.length, unseen: judged.length, results };
}

if (import.meta.main) {
  await record({
    name: "architectures",
    summary: "Train an encoder with a decoder, and a decoder alone, on the same pairs.",
    origin: "Chinese–English pairs of the Tatoeba project, as manythings.org/anki hands them out (cmn-eng)",
    licence: "CC-BY 2.0 FR",
    make,
  });
}
