/**
 * # Two questions at once
 *
 * A verb has to report what its subject says and what its object says; its sentence holds six names in any
 * order, one marked as subject, one as object, each saying a few random numbers. The page says that one
 * head has to split its unit of weight and reads a blend of both, while several heads ask separately.
 * Attentions of the same width and the same number of parameters, cut into one, two and more heads, learn
 * the task; this measures how much of the numbers they report and where each head looks.
 *
 * With fixed weights $w$ and $1 - w$ on the two, a blend tells $w^2 / (w^2 + (1 - w)^2)$ of the variance of
 * one and the rest of the other: half of the whole, whatever $w$ is. A head whose weights depend on what is
 * said gets a little beyond that.
 *
 * @module
 */

import { noGrad } from "../../engine/autograd.ts";
import { Linear } from "../../engine/linear.ts";
import { Module } from "../../engine/module.ts";
import { tensor } from "../../engine/create.ts";
import { take } from "../../engine/indexing.ts";
import type { Tensor } from "../../engine/tensor.ts";
import { Random } from "../../engine/random.ts";
import { scope } from "../../engine/scope.ts";
import { mean } from "../../experiments/arithmetic.ts";
import type { Experiment, Labels, Parts, RunOptions } from "../../experiments/experiment.ts";
import { fit } from "../../experiments/learning.ts";
import { readMatrices } from "../../experiments/reading.ts";
import { SEED } from "../../experiments/seed.ts";
import { overSeeds, type Range, rangesOf } from "../../experiments/seeds.ts";
import { meanSquaredError } from "../../06_training/loss.ts";
import { Embedding } from "../../02_words/embeddings.ts";
import { MultiHeadAttention } from "../multi_head.ts";

const NAMES = ["Ann", "Bob", "Cleo", "Dan", "Eve", "Finn"];
const ROLES = ["subject", "object", "neither"];
const HEADS = [1, 2, 4, 8];
/** Numbers that each name says. */
const SAID = 4;
/** How everything is trained and tested, and with how many seeds. */
const RATE = 0.01, BATCH = 64, TESTS = 400, SEEDS = 3;
const E = 32, S = NAMES.length;

/** What is found. */
export interface HeadFindings {
  /** Numbers of heads that were trained. */
  readonly heads: readonly number[];
  /** Fraction of the variance of what subject and object say that is reported, by number of heads. */
  readonly both: readonly number[];
  /** The same of what the subject says. */
  readonly subject: readonly number[];
  /** The same of what the object says. */
  readonly object: readonly number[];
  /** Mean weight that one of two heads gives to the subject. */
  readonly onSubject: number;
  /** Mean weight that the other gives to the object. */
  readonly onObject: number;
  /** Parameters of the attention, by number of heads. */
  readonly parameters: readonly number[];
  /** Ranges over the seeds: of what is reported of both, by number of heads; of the weight on subject and object. */
  readonly reportedRanges: readonly Range[];
  readonly looksRanges: readonly Range[];
  readonly seeds: number;
  readonly shown: {
    /** How many heads look in one sentence, and where. */
    readonly numHeads: number;
    readonly names: readonly string[];
    readonly subject: string;
    readonly object: string;
    readonly weights: readonly (readonly number[])[];
    /** Mean weight of each head on the subject, the object and each other name, by number of heads. */
    readonly roles: readonly (readonly (readonly number[])[])[];
  };
}

/** What the experiment is made of. */
export interface Heads extends Parts {
  findings: HeadFindings;
  controls: "heads" | "steps" | "seed";
  claims: "one" | "two" | "split" | "parameters";
  captions: "reported" | "looks" | "roles";
  labels: Labels<"variance" | "subject" | "object" | "both" | "verb" | "other"> & {
    heads(count: number): string;
    head(place: number): string;
    headOf(count: number, place: number): string;
    isSubject(name: string): string;
    isObject(name: string): string;
  };
}

/** Sentences: what every name says, and which are subject and object. */
interface Sentences {
  /** `[B, S, SAID]` */
  readonly said: Tensor;
  /** Role of each name, int32 `[B, S]`. */
  readonly roles: Tensor;
  /** Place of subject and object in each sentence. */
  readonly places: readonly (readonly [subject: number, object: number])[];
  /** What subject and object say, `[B, 2 · SAID]`. */
  readonly answers: Tensor;
}

function draw(B: number, random: Random): Sentences {
  const said = random.normal([B, S, SAID]);
  const places = Array.from({ length: B }, (): [number, number] => {
    const order = random.permutation(S);
    return [order[0]!, order[1]!];
  });
  const roles = places.flatMap(([subject, object]) =>
    NAMES.map((_, place) => place === subject ? 0 : place === object ? 1 : 2)
  );
  const rows = places.flatMap(([subject, object], b) => [b * S + subject, b * S + object]);
  const answers = take(said.reshape([B * S, SAID]), tensor(rows, [B, 2], "int32")).reshape([B, 2 * SAID]);
  return { said, roles: tensor(roles, [B, S], "int32"), places, answers };
}

/** A verb that reads its sentence and reports. */
class Reader extends Module {
  readonly said: Linear;
  readonly roles: Embedding;
  readonly verb: Embedding;
  readonly attention: MultiHeadAttention;
  readonly output: Linear;

  constructor(numHeads: number, random: Random) {
    super();
    this.said = new Linear(SAID, E, random);
    this.roles = new Embedding(ROLES.length, E, random, { deviation: 0.5 });
    this.verb = new Embedding(1, E, random, { deviation: 0.5 });
    this.attention = new MultiHeadAttention(E, numHeads, random);
    this.output = new Linear(E, 2 * SAID, random);
  }

  /** The report, `[B, 2 · SAID]`. */
  forward({ said, roles }: Sentences, observe?: (weights: Tensor) => void): Tensor {
    const B = said.shape[0]!;
    const verb = this.verb.forward(tensor(Array(B).fill(0), [B, 1], "int32"));
    const context = this.said.forward(said).add(this.roles.forward(roles));
    const read = this.attention.forward(verb, { context, ...(observe && { observe }) });
    return this.output.forward(read.squeeze(1));
  }
}

/** Fractions of the variance of the subject's numbers, the object's, and both, that a model reports. */
async function reported(model: Reader, sentences: Sentences): Promise<number[]> {
  const errors = scope(() =>
    noGrad(() => {
      const { answers } = sentences;
      const share = (from: number, to: number): Tensor => {
        const [right, report] = [answers, model.forward(sentences)].map((numbers) => numbers.slice(1, from, to));
        return report!.sub(right!).square().sum().div(right!.square().sum());
      };
      return [share(0, SAID), share(SAID, 2 * SAID), share(0, 2 * SAID)];
    })
  );
  // Worse than reporting zero counts as nothing.
  return (await Promise.all(errors.map((error) => error.item()))).map((error) => Math.max(0, 1 - error));
}

/** Weights of the verb, `[sentences][heads][places]`. */
async function looks(model: Reader, sentences: Sentences): Promise<number[][][]> {
  const weights = scope(() =>
    noGrad(() => {
      let seen: Tensor | undefined;
      model.forward(sentences, (weights) => seen = weights);
      return seen!.squeeze(2);
    })
  );
  return await readMatrices(weights);
}

/** Mean weight of each head on the subject, the object, and each of the others. */
function byRole(weights: readonly (readonly (readonly number[])[])[], { places }: Sentences): number[][] {
  return weights[0]!.map((_, head) => {
    const [subject, object] = [0, 1].map((role) => mean(places.map((at, i) => weights[i]![head]![at[role]!]!)));
    return [subject!, object!, (1 - subject! - object!) / (S - 2)];
  });
}

type OneSeed = Omit<HeadFindings, "reportedRanges" | "looksRanges" | "seeds">;

/** What one seed finds. */
async function once(
  { heads, steps, seed }: Readonly<Record<Heads["controls"], number>>,
  { signal, onProgress }: RunOptions,
): Promise<OneSeed> {
  signal?.throwIfAborted();
  const trained = [...new Set([0, 1, 2, heads])].sort().map((choice) => HEADS[choice]!);
  const models: Reader[] = [], reports: number[][] = [];
  const test = draw(TESTS, new Random(seed).split());
  for (const [i, numHeads] of trained.entries()) {
    const random = new Random(seed);
    const model = new Reader(numHeads, random);
    const loss = (): Tensor => {
      const sentences = draw(BATCH, random);
      return meanSquaredError(model.forward(sentences), sentences.answers);
    };
    const part = (done: number): void => onProgress?.((i + done) / trained.length);
    await fit(model, loss, { steps, learningRate: RATE, onProgress: part, ...(signal && { signal }) });
    reports.push(await reported(model, test));
    models.push(model);
  }
  const roles: number[][][] = [];
  for (const model of models) roles.push(byRole(await looks(model, test), test));
  const two = roles[1]!, first = two[0]![0]! > two[1]![0]! ? 0 : 1;
  const column = (i: number): number[] => reports.map((row) => row[i]!);
  const shown = trained.indexOf(HEADS[heads]!), [subject, object] = test.places[0]!;
  return {
    heads: trained,
    subject: column(0),
    object: column(1),
    both: column(2),
    onSubject: two[first]![0]!,
    onObject: two[1 - first]![1]!,
    parameters: models.map((model) => model.attention.parameterCount()),
    shown: {
      numHeads: trained[shown]!,
      names: NAMES,
      subject: NAMES[subject]!,
      object: NAMES[object]!,
      weights: (await looks(models[shown]!, test))[0]!,
      roles,
    },
  };
}

/** One head against several on a task with two relations. */
export const experiment: Experiment<Heads> = {
  controls: {
    heads: { default: 1, min: 0, max: HEADS.length - 1, choices: HEADS.map(String) },
    steps: { default: 300, min: 50, max: 800, step: 50 },
    seed: SEED,
  },
  constants: { width: E, rate: RATE, batch: BATCH, tests: TESTS, seeds: SEEDS },
  claims: {
    one: { holds: ({ reportedRanges: [one] }) => one![1] < 0.75 },
    two: { holds: ({ reportedRanges: [, two] }) => two![0] > 0.95 },
    split: { holds: ({ looksRanges }) => looksRanges.every(([low]) => low > 0.6) },
    parameters: { holds: ({ parameters }) => parameters.every((count) => count === parameters[0]) },
  },
  tolerance: 0.05,
  async measure(controls, options) {
    const runs = await overSeeds(controls, SEEDS, options, once);
    return {
      ...runs[0]!,
      reportedRanges: rangesOf(runs.map(({ both }) => both)),
      looksRanges: rangesOf(runs.map(({ onSubject, onObject }) => [onSubject, onObject])),
      seeds: SEEDS,
    };
  },
  draw(findings, { captions, labels }) {
    const { heads, shown } = findings;
    const mark = (name: string): string =>
      name === shown.subject ? labels.isSubject(name) : name === shown.object ? labels.isObject(name) : name;
    return [
      {
        kind: "bars",
        caption: captions.reported(findings),
        y: { title: labels.variance, domain: [0, 1] },
        bars: heads.flatMap((count, i) =>
          (["subject", "object", "both"] as const).map((of) => ({
            label: labels[of],
            group: labels.heads(count),
            value: findings[of][i]!,
            ...(of === "both" && { range: findings.reportedRanges[i]! }),
          }))
        ),
      },
      {
        kind: "attention",
        caption: captions.looks(findings),
        from: [labels.verb],
        to: shown.names.map(mark),
        weights: shown.weights.map((row) => [row]),
        heads: shown.weights.map((_, i) => labels.head(i + 1)),
      },
      {
        kind: "heatMap",
        caption: captions.roles(findings),
        rows: heads.flatMap((count, i) => shown.roles[i]!.map((_, head) => labels.headOf(count, head + 1))),
        columns: [labels.subject, labels.object, labels.other],
        values: shown.roles.flat(),
        domain: [0, 1],
      },
    ];
  },
};
