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
import { take } from "../../engine/ops.ts";
import { Random } from "../../engine/random.ts";
import { scope } from "../../engine/scope.ts";
import { type Tensor, tensor } from "../../engine/tensor.ts";
import type { Experiment } from "../../experiments.ts";
import { fit, mean, percent, readMatrices, rounded, SEED } from "../../experiments/plain.ts";
import { meanSquaredError } from "../../06_training/loss.ts";
import { Embedding } from "../../02_words/embeddings.ts";
import { MultiHeadAttention } from "../multi_head.ts";

const NAMES = ["Ann", "Bob", "Cleo", "Dan", "Eve", "Finn"];
const ROLES = ["subject", "object", "neither"];
const HEADS = [1, 2, 4, 8];
/** Numbers that each name says. */
const SAID = 4;
const E = 32, S = NAMES.length;

type Found = {
  /** Numbers of heads that were trained. */
  readonly heads: readonly number[];
  /** Share of the variance of what subject and object say that is reported, by number of heads. */
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
};

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

/** Shares of the variance of the subject's numbers, the object's, and both, that a model reports. */
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
  return (await Promise.all(errors.map((error) => error.item()))).map((error) => rounded(Math.max(0, 1 - error)));
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
    return [subject!, object!, (1 - subject! - object!) / (S - 2)].map(rounded);
  });
}

/** One head against several on a task with two relations. */
export const multiHeadExperiment: Experiment<Found, "heads" | "steps" | "seed"> = {
  name: "attention/multi_head",
  title: "Two questions at once",
  purpose: "Six names each say four random numbers; one name is the subject of a verb, another its object. The " +
    "verb has to report the numbers of both. Attentions of equal size, with one head, two and four, learn it. See " +
    "how much they report, and choose the number of heads whose weights are shown, to see who looks at whom.",
  controls: {
    heads: {
      label: "Heads",
      description: "Number of heads whose weights are shown",
      default: 1,
      min: 0,
      max: HEADS.length - 1,
      choices: HEADS.map(String),
    },
    steps: { label: "Steps", description: "Training steps of 64 sentences", default: 300, min: 50, max: 800, step: 50 },
    seed: SEED,
  },
  claims: [
    {
      text: "One head blends: it reports less than three quarters of what subject and object say",
      holds: ({ both: [one] }) => one! < 0.75,
    },
    {
      text: "Two heads report more than 95 in 100",
      holds: ({ both: [, two] }) => two! > 0.95,
    },
    {
      text:
        "Of two heads one looks for the subject and the other for the object, each with more than 0.6 of its weight",
      holds: ({ onSubject, onObject }) => onSubject > 0.6 && onObject > 0.6,
    },
    {
      text: "Heads cost no parameters",
      holds: ({ parameters }) => parameters.every((count) => count === parameters[0]),
    },
  ],
  tolerance: 0.05,
  async run({ heads, steps, seed }, { signal, onProgress }) {
    signal?.throwIfAborted();
    const trained = [...new Set([0, 1, 2, heads])].sort().map((choice) => HEADS[choice]!);
    const models: Reader[] = [], reports: number[][] = [];
    const test = draw(400, new Random(seed).split());
    for (const [i, numHeads] of trained.entries()) {
      const random = new Random(seed);
      const model = new Reader(numHeads, random);
      const loss = (): Tensor => {
        const sentences = draw(64, random);
        return meanSquaredError(model.forward(sentences), sentences.answers);
      };
      const part = (done: number): void => onProgress?.((i + done) / trained.length);
      await fit(model, loss, { steps, learningRate: 0.01, onProgress: part, ...(signal && { signal }) });
      reports.push(await reported(model, test));
      models.push(model);
    }
    const roles: number[][][] = [];
    for (const model of models) roles.push(byRole(await looks(model, test), test));
    const two = roles[1]!, first = two[0]![0]! > two[1]![0]! ? 0 : 1;
    const column = (i: number): number[] => reports.map((row) => row[i]!);
    const findings: Found = {
      heads: trained,
      subject: column(0),
      object: column(1),
      both: column(2),
      onSubject: two[first]![0]!,
      onObject: two[1 - first]![1]!,
      parameters: models.map((model) => model.attention.parameterCount()),
    };

    const shown = trained.indexOf(HEADS[heads]!), [subject, object] = test.places[0]!;
    const label = (i: number): string => `head ${i + 1}`;
    const many = (n: number): string => `${n} head${n === 1 ? "" : "s"}`;
    const marks = NAMES.map((name, place) =>
      place === subject ? `${name} (subject)` : place === object ? `${name} (object)` : name
    );
    const weights = (await looks(models[shown]!, test))[0]!;
    return {
      findings,
      figures: [
        {
          kind: "bars",
          caption: `How much of what subject and object say is reported, in unseen sentences: ${
            trained.map((n, i) => `${percent(findings.both[i]!)} with ${many(n)}`).join(", ")
          }. One blend with fixed weights would tell half. All have ${
            findings.parameters[0]
          } parameters in the attention.`,
          y: { title: "share of the variance", domain: [0, 1] },
          bars: trained.flatMap((n, i) =>
            (["subject", "object", "both"] as const).map((of) => ({
              label: of,
              group: many(n),
              value: findings[of][i]!,
            }))
          ),
        },
        {
          kind: "attention",
          caption: `Where the verb of one sentence, at the left, looks with ${many(trained[shown]!)}. Its subject is ${
            NAMES[subject]
          }, its object ${NAMES[object]}.`,
          from: ["verb"],
          to: marks,
          weights: weights.map((row) => [row.map(rounded)]),
          heads: weights.map((_, i) => label(i)),
        },
        {
          kind: "heatMap",
          caption:
            `The mean weight of each head on the subject, on the object, and on each other name. Of two heads, ` +
            `one gives ${percent(findings.onSubject)} to the subject, the other ${percent(findings.onObject)} to the ` +
            "object.",
          rows: trained.flatMap((n, i) =>
            roles[i]!.map((_, head) => n === 1 ? "1 head" : `${many(n)}, ${label(head)}`)
          ),
          columns: ["subject", "object", "another name"],
          values: roles.flat(),
          domain: [0, 1],
        },
      ],
    };
  },
};
