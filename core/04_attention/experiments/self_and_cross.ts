/**
 * # A captioner looks at what it speaks of
 *
 * The example of cross-attention in [the notes](notes:004.55): the words written so far are the query, the regions of
 * a picture are keys and values, and the region that matters for the next word gets the weight. Here the pictures are
 * grids of nine regions, three of which show an animal, and a caption says of one animal which colour it
 * has and what it does. The model is trained on the next word alone. Nobody tells it where to look;
 * this measures where it does.
 *
 * @module
 */

import { noGrad } from "../../engine/autograd.ts";
import { Linear } from "../../engine/linear.ts";
import { Module } from "../../engine/module.ts";
import { Random } from "../../engine/random.ts";
import { scope } from "../../engine/scope.ts";
import { tensor } from "../../engine/create.ts";
import type { Tensor } from "../../engine/tensor.ts";
import { mean } from "../../experiments/arithmetic.ts";
import type { Experiment, Labels, Parts, RunOptions } from "../../experiments/experiment.ts";
import type { Figure } from "../../experiments/figure.ts";
import { fit } from "../../experiments/learning.ts";
import { readMatrices } from "../../experiments/reading.ts";
import { SEED } from "../../experiments/seed.ts";
import { overSeeds, type Range, rangeOf, rangesOf } from "../../experiments/seeds.ts";
import { crossEntropy } from "../../06_training/loss.ts";
import { Embedding } from "../../02_words/embeddings.ts";
import { LearnedPositions } from "../positions/mod.ts";
import { CrossAttention } from "../self_and_cross.ts";

const ANIMALS = ["cat", "dog", "bird", "horse"];
const COLORS = ["black", "white", "brown", "grey"];
const ACTIONS = ["sleeping", "eating", "running"];
const WORDS = ["<begin>", "the", "is", "and", ".", ...ANIMALS, ...COLORS, ...ACTIONS];
const LENGTH = 7;
/** After which word the colour has to come, and after which the action. */
const ASKS_COLOR = 3, ASKS_ACTION = 5;
/** How everything is trained and tested, and with how many seeds. */
const RATE = 0.01, BATCH = 64, TESTS = 400, SEEDS = 3;
const E = 32, D = 16, S = 9, C = ANIMALS.length + COLORS.length + ACTIONS.length;

/** What is found. */
export interface CaptionerFindings {
  /** Fraction of test captions whose colour and action are right. */
  readonly right: readonly number[];
  /** The same when the regions are those of another picture. */
  readonly otherPicture: readonly number[];
  /** Mean weight on the region of the animal spoken of, by position in the caption. */
  readonly looked: readonly number[];
  /** Fraction of test captions where that region has the largest weight when the colour is asked for. */
  readonly largest: number;
  /** Ranges over the seeds: of the weight by position, of that fraction, of what is right with either picture. */
  readonly lookedRanges: readonly Range[];
  readonly largestRange: Range;
  readonly rightRanges: readonly Range[];
  readonly seeds: number;
  readonly shown: {
    readonly steps: {
      /** A caption, word by word. */
      readonly words: readonly string[];
      /** After which of them the colour has to come, and after which the action. */
      readonly color: number;
      readonly action: number;
    };
    /** Two captions of one picture. */
    readonly captions: readonly CaptionShown[];
  };
}

/** A caption and where it looked. */
export interface CaptionShown {
  /** Its words, the first one before anything is written. */
  readonly words: readonly string[];
  /** What is in each region of the picture, from the top left to the bottom right; nothing in most. */
  readonly regions: readonly { readonly animal?: string; readonly color?: string; readonly action?: string }[];
  /** Weight of each region after each word. */
  readonly weights: readonly (readonly number[])[];
  /** The animal spoken of, and its weight when the colour has to come. */
  readonly animal: string;
  readonly weight: number;
}

/** What the experiment is made of. */
export interface Captioning extends Parts {
  findings: CaptionerFindings;
  controls: "steps" | "blur" | "seed";
  claims: "largest" | "looked" | "right" | "other";
  captions: "first" | "second" | "looked" | "right";
  labels: Labels<"weight" | "right" | "own" | "other" | "color" | "action"> & {
    empty(region: number): string;
    creature(color: string, animal: string, action: string): string;
  };
}

interface Creature {
  readonly animal: number;
  readonly color: number;
  readonly action: number;
  readonly region: number;
}

/** A picture, and which of its animals the caption speaks of. */
interface Scene {
  readonly creatures: readonly Creature[];
  readonly spoken: number;
}

function drawScene(random: Random): Scene {
  const regions = random.permutation(S), animals = random.permutation(ANIMALS.length);
  const creatures = [0, 1, 2].map((i) => ({
    animal: animals[i]!,
    color: random.integer(COLORS.length),
    action: random.integer(ACTIONS.length),
    region: regions[i]!,
  }));
  return { creatures, spoken: random.integer(creatures.length) };
}

function caption({ creatures, spoken }: Scene): string[] {
  const { animal, color, action } = creatures[spoken]!;
  return ["<begin>", "the", ANIMALS[animal]!, "is", COLORS[color]!, "and", ACTIONS[action]!, "."];
}

/** One row of features per region: which animal is there, in which colour, doing what; blurred. */
function paint(scenes: readonly Scene[], blur: number, random: Random): Tensor {
  const pixels = new Float32Array(scenes.length * S * C);
  scenes.forEach(({ creatures }, picture) => {
    const set = (region: number, feature: number): void => void (pixels[(picture * S + region) * C + feature] = 1);
    for (const { animal, color, action, region } of creatures) {
      set(region, animal);
      set(region, ANIMALS.length + color);
      set(region, ANIMALS.length + COLORS.length + action);
    }
  });
  const shape = [scenes.length, S, C];
  return tensor(pixels, shape).add(random.normal(shape, { deviation: blur }));
}

function write(scenes: readonly Scene[]): { inputs: Tensor; targets: Tensor } {
  const ids = scenes.map((scene) => caption(scene).map((word) => WORDS.indexOf(word)));
  const box = (from: number): Tensor =>
    tensor(ids.flatMap((row) => row.slice(from, from + LENGTH)), [scenes.length, LENGTH], "int32");
  return { inputs: box(0), targets: box(1) };
}

/** Words so far as a bag, a look at the picture, a score for every next word. */
class Captioner extends Module {
  readonly embedding: Embedding;
  readonly positions: LearnedPositions;
  readonly attention: CrossAttention;
  readonly seen: Linear;
  readonly output: Linear;

  constructor(random: Random) {
    super();
    this.embedding = new Embedding(WORDS.length, E, random, { deviation: 0.5 });
    this.positions = new LearnedPositions(LENGTH, E, random, { deviation: 0.5 });
    this.attention = new CrossAttention(E, C, D, random);
    this.seen = new Linear(D, E, random);
    this.output = new Linear(E, WORDS.length, random);
  }

  /** What is written so far, `[B, T, E]`: what makes the query. */
  written(words: Tensor): Tensor {
    return this.positions.forward(this.embedding.forward(words).cumulativeSum(1));
  }

  forward(words: Tensor, picture: Tensor): Tensor {
    const written = this.written(words);
    const seen = this.seen.forward(this.attention.forward(written, picture));
    return this.output.forward(written.add(seen).relu());
  }

  weights(words: Tensor, picture: Tensor): Tensor {
    return this.attention.weights(this.written(words), picture);
  }
}

/** Share of scenes where the words asked for at the two positions are right. */
async function accuracy(model: Captioner, scenes: readonly Scene[], pictures: Tensor): Promise<number[]> {
  const right = scope(() =>
    noGrad(() => {
      const { inputs, targets } = write(scenes);
      return model.forward(inputs, pictures).argmax(-1).equal(targets).cast("float32").mean(0);
    })
  );
  const byPosition = await right.read();
  return [byPosition[ASKS_COLOR]!, byPosition[ASKS_ACTION]!];
}

async function weightsOf(model: Captioner, scenes: readonly Scene[], pictures: Tensor): Promise<number[][][]> {
  return await readMatrices(scope(() => noGrad(() => model.weights(write(scenes).inputs, pictures))));
}

/** One caption, its picture, and where it looked. */
function show(scene: Scene, weights: readonly (readonly number[])[]): CaptionShown {
  const regions = Array.from({ length: S }, (_, region) => {
    const creature = scene.creatures.find((each) => each.region === region);
    if (!creature) return {};
    return { animal: ANIMALS[creature.animal]!, color: COLORS[creature.color]!, action: ACTIONS[creature.action]! };
  });
  const { animal, region } = scene.creatures[scene.spoken]!;
  return { words: caption(scene), regions, weights, animal: ANIMALS[animal]!, weight: weights[ASKS_COLOR]![region]! };
}

type OneSeed = Omit<CaptionerFindings, "lookedRanges" | "largestRange" | "rightRanges" | "seeds">;

/** What one seed finds. */
async function once(
  { steps, blur, seed }: Readonly<Record<Captioning["controls"], number>>,
  { signal, onProgress }: RunOptions,
): Promise<OneSeed> {
  signal?.throwIfAborted();
  const random = new Random(seed);
  const model = new Captioner(random);
  const draw = (count: number): Scene[] => Array.from({ length: count }, () => drawScene(random));
  const loss = (): Tensor => {
    const scenes = draw(BATCH);
    const { inputs, targets } = write(scenes);
    return crossEntropy(model.forward(inputs, paint(scenes, blur, random)), targets);
  };
  const options = { ...(signal && { signal }), ...(onProgress && { onProgress }) };
  if (steps > 0) await fit(model, loss, { steps, learningRate: RATE, ...options });

  const scenes = draw(TESTS);
  const pictures = paint(scenes, blur, random), others = paint(draw(TESTS), blur, random);
  const weights = await weightsOf(model, scenes, pictures);
  const regionOf = ({ creatures, spoken }: Scene): number => creatures[spoken]!.region;
  const onRegion = (position: number): number[] => scenes.map((scene, i) => weights[i]![position]![regionOf(scene)]!);
  // One picture, and a caption for two of its animals.
  const { creatures } = scenes[0]!;
  const shown = [0, 1].map((spoken): Scene => ({ creatures, spoken }));
  const maps = await weightsOf(model, shown, pictures.slice(0, 0, 1).expand([2, S, C]));
  return {
    right: await accuracy(model, scenes, pictures),
    otherPicture: await accuracy(model, scenes, others),
    looked: Array.from({ length: LENGTH }, (_, position) => mean(onRegion(position))),
    largest: mean(onRegion(ASKS_COLOR).map((x, i) => x === Math.max(...weights[i]![ASKS_COLOR]!) ? 1 : 0)),
    shown: {
      steps: {
        words: ["<begin>", "the", "cat", "is", "black", "and", "sleeping"],
        color: ASKS_COLOR,
        action: ASKS_ACTION,
      },
      captions: shown.map((scene, i) => show(scene, maps[i]!)),
    },
  };
}

/** Cross-attention from a caption to a picture. */
export const experiment: Experiment<Captioning> = {
  controls: {
    steps: { default: 400, min: 0, max: 800, step: 50 },
    blur: { default: 0.1, min: 0, max: 1, step: 0.1 },
    seed: SEED,
  },
  constants: { width: E, head: D, regions: S, rate: RATE, batch: BATCH, tests: TESTS, seeds: SEEDS },
  claims: {
    largest: { holds: ({ largestRange: [low] }) => low > 0.75 },
    looked: { holds: ({ lookedRanges }) => [ASKS_COLOR, ASKS_ACTION].every((at) => lookedRanges[at]![0] > 0.6) },
    right: { holds: ({ rightRanges }) => rightRanges.slice(0, 2).every(([low]) => low > 0.95) },
    other: { holds: ({ rightRanges }) => rightRanges.slice(2).every(([, high]) => high < 0.45) },
  },
  tolerance: 0.05,
  async measure(controls, options) {
    const runs = await overSeeds(controls, SEEDS, options, once);
    return {
      ...runs[0]!,
      lookedRanges: rangesOf(runs.map(({ looked }) => looked)),
      largestRange: rangeOf(runs.map(({ largest }) => largest)),
      rightRanges: rangesOf(runs.map(({ right, otherPicture }) => [...right, ...otherPicture])),
      seeds: SEEDS,
    };
  },
  draw(findings, { captions, labels }) {
    const { right, otherPicture, looked, lookedRanges, rightRanges: [...ranges], shown } = findings;
    const map = ({ words, regions, weights }: CaptionShown, caption: string): Figure => ({
      kind: "attention",
      caption,
      from: words.slice(0, LENGTH),
      to: regions.map(({ color, animal, action }, i) =>
        color && animal && action ? labels.creature(color, animal, action) : labels.empty(i)
      ),
      weights: [weights],
    });
    return [
      map(shown.captions[0]!, captions.first(findings)),
      map(shown.captions[1]!, captions.second(findings)),
      {
        kind: "bars",
        caption: captions.looked(findings),
        y: { title: labels.weight, domain: [0, 1] },
        bars: shown.steps.words.map((word, i) => ({
          label: `${i + 1} ${word}`,
          value: looked[i]!,
          range: lookedRanges[i]!,
        })),
      },
      {
        kind: "bars",
        caption: captions.right(findings),
        y: { title: labels.right, domain: [0, 1] },
        bars: [[labels.own, right] as const, [labels.other, otherPicture] as const].flatMap(([group, shares]) => [
          { label: labels.color, group, value: shares[0]!, range: ranges.shift()! },
          { label: labels.action, group, value: shares[1]!, range: ranges.shift()! },
        ]),
      },
    ];
  },
};
