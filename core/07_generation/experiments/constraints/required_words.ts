/**
 * # A word that must occur
 *
 * A small GPT writes sentences that have to contain given words. Asking for them, rejection, a rule and constrained beams: how often each succeeds, what it costs, and how probable its sentences are for the model that was asked for nothing.
 *
 * @module
 */

import { chineseEnglish } from "../../../corpora/chinese_english.ts";
import { noGrad } from "../../../engine/autograd.ts";
import { Random } from "../../../engine/random.ts";
import { scope } from "../../../engine/scope.ts";
import { DecoderOnly } from "../../../05_transformer/decoder_only.ts";
import { crossEntropy } from "../../../06_training/loss.ts";
import { sampledTargets, type SampledText } from "../../../06_training/policy_gradient.ts";
import { mean, rounded } from "../../../experiments/arithmetic.ts";
import type { Experiment, Labels, Parts } from "../../../experiments/experiment.ts";
import { discard, learn } from "../../../experiments/learning.ts";
import { fixed, number, percent } from "../../../experiments/numbers.ts";
import { part } from "../../../experiments/running.ts";
import { SEED } from "../../../experiments/seed.ts";
import { constrainedBeamSearch, type RequiredWord, requiredWordsRule } from "../../constraints/required_words.ts";
import { generate } from "../../generate.ts";
import type { GenerateOptions } from "../../options.ts";

/** Width, heads and layers of the model, its learning rate, steps and sentences of a step. */
const SIZE = 48, HEADS = 4, LAYERS = 2, RATE = 8e-3, STEPS = 520, BATCH = 24;
/** Tokens that a sentence may have, demands, sentences drawn for rejection and the most that are drawn for one demand. */
const LONGEST = 20, DEMANDS = 24, POOL = 400, BUDGET = 100;
/** Tokens that are no words. */
const PAD = 0, BEGIN = 1, END = 2;
/** Letters of a word that can be required, at least. */
const LETTERS = 4;
/** Widths of constrained beams. */
const WIDTHS = [1, 2, 4, 8];
/** The width that the table has. */
const WIDTH = 4;

/** The methods, in the order of the table. */
type Method = "plain" | "asking" | "rejection" | "rule" | "beams";
const METHODS: readonly Method[] = ["plain", "asking", "rejection", "rule", "beams"];

/** What is found of each method. */
export interface RequiredFindings {
  /** Fraction of the demands that are met. */
  readonly met: Readonly<Record<Method, number>>;
  /** Tokens that the model read for one demand. */
  readonly cost: Readonly<Record<Method, number>>;
  /** Nats per token of the sentences that meet their demand, for the model that is asked for nothing. */
  readonly nats: Readonly<Record<Method, number>>;
  /** The same of constrained beams, by their width. */
  readonly byWidth: readonly number[];
  readonly shown: {
    readonly count: number;
    readonly demands: number;
    readonly budget: number;
    readonly widths: readonly number[];
    readonly width: number;
    readonly words: readonly string[];
    readonly texts: Readonly<Record<Method, string>>;
  };
}

/** What the experiment is made of. */
export interface RequiredExperiment extends Parts {
  findings: RequiredFindings;
  controls: "count" | "seed";
  claims: "beams" | "rule" | "asking" | "rejection" | "fluent" | "wide";
  captions: "methods" | "widths" | "texts";
  labels: Labels<Method | "method" | "met" | "cost" | "nats" | "text" | "width">;
}

/** A sentence as words and signs, in small letters. */
const wordsOf = (sentence: string): string[] => sentence.toLowerCase().match(/[a-z']+|[.,!?]/g) ?? [];

/** What one method writes for one demand. */
interface Written {
  readonly tokens: readonly number[];
  readonly cost: number;
}

/** A model of sentences, some of which were learned behind the words that they contain. */
class Writer {
  readonly model: DecoderOnly;
  readonly words: readonly string[];
  readonly #ids: ReadonlyMap<string, number>;

  constructor(sentences: readonly string[], random: Random) {
    this.words = ["", "BEGIN", "END", ...new Set(sentences.flatMap(wordsOf))];
    this.#ids = new Map(this.words.map((word, id) => [word, id]));
    this.model = new DecoderOnly(
      { vocabSize: this.words.length, contextLength: 32, hiddenSize: SIZE, numHeads: HEADS, numLayers: LAYERS },
      random,
    );
  }

  /** Words as tokens. */
  encode(words: readonly string[]): number[] {
    return words.map((word) => this.#ids.get(word)!);
  }

  /** Tokens as a sentence. */
  decode(tokens: readonly number[]): string {
    return tokens.map((id) => this.words[id]!).join(" ").replace(/ ([.,!?])/g, "$1");
  }

  /** What stands before a sentence: the words that are asked for, then BEGIN. */
  prompt(words: readonly string[]): number[] {
    return [...this.encode(words), BEGIN];
  }

  /** Scores of sentences behind their prompts, and what stands there. */
  score(texts: readonly SampledText[], prompts: readonly (readonly number[])[], reduction: "mean" | "none") {
    const { inputs, targets } = sampledTargets(texts, { prompt: prompts, endToken: END, padToken: PAD });
    return crossEntropy(this.model.forward(inputs), targets, { ignoreIndex: -100, reduction });
  }

  /** Continues a prompt, and counts what the model reads: the prompt, and each token of each prefix but the last. */
  async write(prompt: readonly number[], options: Partial<GenerateOptions>, width = 1): Promise<Written> {
    let steps = 0;
    const { tokens } = await generate(this.model, prompt, {
      maxNewTokens: LONGEST,
      eosToken: END,
      onProgress: ({ step }) => void (steps = step),
      ...options,
    });
    return { tokens, cost: prompt.length + width * (steps - 1) };
  }

  /** Nats of each token of each sentence, END included, when nothing was asked for. */
  async nats(texts: readonly (readonly number[])[]): Promise<number[]> {
    if (texts.length === 0) return [];
    const prompt = this.prompt([]), samples = texts.map((tokens) => ({ tokens, finished: true }));
    const losses = scope(() => noGrad(() => this.score(samples, texts.map(() => prompt), "none").sum(1)));
    const sums = await losses.read();
    return texts.map(({ length }, i) => sums[i]! / (length + 1));
  }
}

/** Whether a sentence contains words. */
function contains(tokens: readonly number[], demand: readonly RequiredWord[]): boolean {
  return demand.every(([token]) => tokens.includes(token as number));
}

/** What each method does for words that must occur. */
export const experiment: Experiment<RequiredExperiment> = {
  controls: { count: { default: 1, min: 1, max: 3 }, seed: SEED },
  constants: {
    width: SIZE,
    layers: LAYERS,
    heads: HEADS,
    steps: STEPS,
    rate: RATE,
    demands: DEMANDS,
    longest: LONGEST,
    budget: BUDGET,
    beams: WIDTH,
  },
  tolerance: 1,
  claims: {
    beams: { holds: ({ met }) => met.beams === 1 },
    rule: { holds: ({ met }) => met.rule === 1 },
    asking: { holds: ({ met }) => met.asking > met.plain && met.asking < 1 },
    rejection: { holds: ({ met, cost }) => met.rejection < 1 && cost.rejection > 3 * cost.beams },
    fluent: { holds: ({ nats }) => nats.beams < nats.rule },
    wide: { holds: ({ byWidth }) => byWidth.at(-1)! < byWidth[0]! },
  },
  async measure({ count, seed }, options) {
    const { training, test } = chineseEnglish(), { signal } = options, random = new Random(seed);
    const writer = new Writer(training.map(({ target }) => target), random.split()), drawing = random.split();
    const known = (sentence: string) => wordsOf(sentence).filter(({ length }) => length >= LETTERS);
    const choose = (words: readonly string[]): string[] =>
      Array.from(drawing.permutation(words.length)).slice(0, count).map((i) => words[i]!);
    await learn({
      model: writer.model,
      next: () =>
        Array.from({ length: BATCH }, (_, i) => {
          const { target: sentence } = training[drawing.integer(training.length)]!;
          // Three of four sentences are learned behind some of their words, so that the model can be asked for them.
          return { sentence, words: i % 4 > 0 ? choose(known(sentence)) : [] };
        }),
      loss: (batch) =>
        writer.score(
          batch.map(({ sentence }) => ({ tokens: writer.encode(wordsOf(sentence)), finished: true })),
          batch.map(({ words }) => writer.prompt(words)),
          "mean",
        ),
      steps: STEPS,
      learningRate: RATE,
    }, part(options, 0, 0.5));
    const model = writer.model.eval() as DecoderOnly;

    // Words of sentences that the model has not read, so that some sentence contains them together.
    const sentences = test.map(({ target }) => target).filter((one) => new Set(known(one)).size >= count);
    const demands = Array.from({ length: DEMANDS }, (_, i) => {
      const words = choose([...new Set(known(sentences[i]!))]);
      return { words, required: words.map((word) => writer.encode([word])) };
    });
    const plain = await writer.write(writer.prompt([]), { numBeams: WIDTH }, WIDTH);
    const pool = await generate(model, Array.from({ length: POOL }, () => writer.prompt([])), {
      maxNewTokens: LONGEST,
      eosToken: END,
      random: random.split(),
      ...signal && { signal },
    });
    const written: Record<Method, Written[]> = { plain: [], asking: [], rejection: [], rule: [], beams: [] };
    const byWidth: Written[][] = WIDTHS.map(() => []);
    for (const [i, { words, required }] of demands.entries()) {
      written.plain.push(plain);
      written.asking.push(await writer.write(writer.prompt(words), { numBeams: WIDTH }, WIDTH));
      written.rejection.push(reject(pool.map(({ tokens }) => tokens), required, random));
      written.rule.push(await writer.write(writer.prompt([]), { rules: [requiredWordsRule(required)] }));
      for (const [j, numBeams] of WIDTHS.entries()) {
        const search = constrainedBeamSearch({ numBeams, requiredWords: required });
        byWidth[j]!.push(await writer.write(writer.prompt([]), { search }, numBeams));
      }
      options.onProgress?.(0.5 + 0.5 * (i + 1) / DEMANDS);
      signal?.throwIfAborted();
    }
    written.beams = byWidth[WIDTHS.indexOf(WIDTH)]!;
    const isMet = (all: readonly Written[]): boolean[] =>
      all.map(({ tokens }, i) => contains(tokens, demands[i]!.required));
    const natsOf = async (all: readonly Written[]): Promise<number> => {
      const met = isMet(all), some = all.filter((_, i) => met[i]).map(({ tokens }) => tokens);
      return some.length === 0 ? 0 : rounded(mean(await writer.nats(some)));
    };
    const each = <T>(f: (all: readonly Written[]) => T): Record<Method, T> =>
      Object.fromEntries(METHODS.map((method) => [method, f(written[method])])) as Record<Method, T>;
    const nats: Record<string, number> = {};
    for (const method of METHODS) nats[method] = await natsOf(written[method]);
    const widths: number[] = [];
    for (const all of byWidth) widths.push(await natsOf(all));
    discard(writer.model);
    return {
      met: each((all) => mean(isMet(all).map(Number))),
      cost: each((all) => rounded(mean(all.map(({ cost }) => cost)))),
      nats: nats as Record<Method, number>,
      byWidth: widths,
      shown: {
        count,
        demands: DEMANDS,
        budget: BUDGET,
        widths: WIDTHS,
        width: WIDTH,
        words: demands[0]!.words,
        texts: each((all) => writer.decode(all[0]!.tokens)),
      },
    };
  },
  draw({ met, cost, nats, byWidth, shown, ...rest }, { captions, labels }) {
    const findings = { met, cost, nats, byWidth, shown, ...rest };
    return [
      {
        kind: "table",
        caption: captions.methods(findings),
        columns: [labels.method, labels.met, labels.cost, labels.nats],
        rows: METHODS.map((method) => [
          labels[method],
          percent(met[method]),
          number(cost[method], 3),
          met[method] === 0 ? "–" : fixed(nats[method], 2),
        ]),
      },
      {
        kind: "line",
        caption: captions.widths(findings),
        x: { title: labels.width, logarithmic: true },
        y: { title: labels.nats },
        series: [
          { label: labels.beams, points: shown.widths.map((width, i) => [width, byWidth[i]!]) },
          { label: labels.rule, points: shown.widths.map((width) => [width, nats.rule]) },
        ],
      },
      {
        kind: "table",
        caption: captions.texts(findings),
        columns: [labels.method, labels.text],
        rows: METHODS.map((method) => [labels[method], shown.texts[method]]),
      },
    ];
  },
};

/** Draws sentences until one contains the words, or the budget is spent. */
function reject(pool: readonly (readonly number[])[], required: readonly RequiredWord[], random: Random): Written {
  let cost = 0;
  for (const place of Array.from(random.permutation(pool.length)).slice(0, BUDGET)) {
    const tokens = pool[place]!;
    cost += tokens.length + 1;
    if (contains(tokens, required)) return { tokens, cost };
  }
  return { tokens: [], cost };
}
