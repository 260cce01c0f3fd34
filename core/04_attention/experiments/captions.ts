/**
 * # A captioner looks at what it speaks of
 *
 * The notes' example of cross-attention: the words written so far are the query, the regions of a picture
 * are keys and values, and the region that matters for the next word gets the weight. Here the pictures are
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
import { type Tensor, tensor } from "../../engine/tensor.ts";
import type { Experiment, Figure } from "../../experiments.ts";
import { fit, mean, percent, readMatrices, rounded, SEED } from "../../experiments/plain.ts";
import { crossEntropy } from "../../06_training/loss.ts";
import { Embedding } from "../../02_words/embeddings.ts";
import { LearnedPositions } from "../positions/mod.ts";
import { CrossAttention } from "../self_and_cross.ts";

const ANIMALS = ["cat", "dog", "bird", "horse"];
const COLORS = ["black", "white", "brown", "grey"];
const ACTIONS = ["sleeping", "eating", "running"];
const PLACES = ["top", "middle", "bottom"].flatMap((height) =>
  ["left", "centre", "right"].map((side) => `${height} ${side}`)
);
const WORDS = ["<begin>", "the", "is", "and", ".", ...ANIMALS, ...COLORS, ...ACTIONS];
const LENGTH = 7;
/** After which word the colour has to come, and after which the action. */
const ASKS_COLOR = 3, ASKS_ACTION = 5;
const E = 32, D = 16, S = PLACES.length, C = ANIMALS.length + COLORS.length + ACTIONS.length;

type Found = {
  /** Share of test captions whose colour and action are right. */
  readonly right: readonly number[];
  /** The same when the regions are those of another picture. */
  readonly otherPicture: readonly number[];
  /** Mean weight on the region of the animal spoken of, by position in the caption. */
  readonly looked: readonly number[];
  /** Share of test captions where that region has the largest weight when the colour is asked for. */
  readonly largest: number;
};

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
  return [rounded(byPosition[ASKS_COLOR]!), rounded(byPosition[ASKS_ACTION]!)];
}

async function weightsOf(model: Captioner, scenes: readonly Scene[], pictures: Tensor): Promise<number[][][]> {
  return await readMatrices(scope(() => noGrad(() => model.weights(write(scenes).inputs, pictures))));
}

/** The attention map of one caption. */
function map(scene: Scene, weights: readonly (readonly number[])[]): Figure {
  const regions = PLACES.map((place, region) => {
    const creature = scene.creatures.find((each) => each.region === region);
    if (!creature) return `(${place})`;
    return `${COLORS[creature.color]} ${ANIMALS[creature.animal]}, ${ACTIONS[creature.action]}`;
  });
  const words = caption(scene), { animal, region } = scene.creatures[scene.spoken]!;
  return {
    kind: "attention",
    caption: `Who looks where: each word at the left, fed in after those before it, asks the regions of one picture, ` +
      `at the right. After “${words.slice(1, 4).join(" ")}” the ${ANIMALS[animal]} gets ${
        percent(weights[ASKS_COLOR]![region]!)
      } of the weight, and “${words[4]}” has to come next.`,
    from: words.slice(0, LENGTH),
    to: regions,
    weights: [weights.map((row) => row.map(rounded))],
  };
}

/** Cross-attention from a caption to a picture. */
export const captionsExperiment: Experiment<Found, "steps" | "blur" | "seed"> = {
  name: "attention/self_and_cross",
  title: "A captioner looks at what it speaks of",
  purpose: "A small model learns to write captions such as “the cat is black and sleeping” for pictures of " +
    "nine regions, three of which show an animal. It is told the next word, never where to look. Change the steps " +
    "of the training, or blur the regions. See where the weight goes when the colour or the action has to come " +
    "next.",
  controls: {
    steps: { label: "Steps", description: "Training steps of 64 captions", default: 400, min: 0, max: 800, step: 50 },
    blur: {
      label: "Blur",
      description: "Deviation of the noise in what a region shows",
      default: 0.1,
      min: 0,
      max: 1,
      step: 0.1,
    },
    seed: SEED,
  },
  claims: [
    {
      text: "The region of the animal spoken of gets the largest weight in more than 3 of 4 unseen captions",
      holds: ({ largest }) => largest > 0.75,
    },
    {
      text: "In the mean it gets more than 0.6 of the weight when its colour or its action is asked for",
      holds: ({ looked }) => looked[ASKS_COLOR]! > 0.6 && looked[ASKS_ACTION]! > 0.6,
    },
    {
      text: "From the region the captioner reads colour and action: more than 95 in 100 are right",
      holds: ({ right }) => right.every((share) => share > 0.95),
    },
    {
      text: "With another picture before it, it does no better than a guess: fewer than 45 in 100 are right",
      holds: ({ otherPicture }) => otherPicture.every((share) => share < 0.45),
    },
  ],
  tolerance: 0.05,
  async run({ steps, blur, seed }, { signal, onProgress }) {
    signal?.throwIfAborted();
    const random = new Random(seed);
    const model = new Captioner(random);
    const draw = (count: number): Scene[] => Array.from({ length: count }, () => drawScene(random));
    const loss = (): Tensor => {
      const scenes = draw(64);
      const { inputs, targets } = write(scenes);
      return crossEntropy(model.forward(inputs, paint(scenes, blur, random)), targets);
    };
    const options = { ...(signal && { signal }), ...(onProgress && { onProgress }) };
    if (steps > 0) await fit(model, loss, { steps, learningRate: 0.01, ...options });

    const scenes = draw(400);
    const pictures = paint(scenes, blur, random), others = paint(draw(400), blur, random);
    const weights = await weightsOf(model, scenes, pictures);
    const regionOf = ({ creatures, spoken }: Scene): number => creatures[spoken]!.region;
    const onRegion = (position: number): number[] => scenes.map((scene, i) => weights[i]![position]![regionOf(scene)]!);
    const findings: Found = {
      right: await accuracy(model, scenes, pictures),
      otherPicture: await accuracy(model, scenes, others),
      looked: Array.from({ length: LENGTH }, (_, position) => mean(onRegion(position))),
      largest: mean(onRegion(ASKS_COLOR).map((x, i) => x === Math.max(...weights[i]![ASKS_COLOR]!) ? 1 : 0)),
    };

    // One picture, and a caption for two of its animals.
    const { creatures } = scenes[0]!;
    const shown = [0, 1].map((spoken): Scene => ({ creatures, spoken }));
    const maps = await weightsOf(model, shown, pictures.slice(0, 0, 1).expand([2, S, C]));
    const slots = ["<begin>", "the", "cat", "is", "black", "and", "sleeping"];
    const [color, action] = findings.right, [wrongColor, wrongAction] = findings.otherPicture;
    return {
      findings,
      figures: [
        map(shown[0]!, maps[0]!),
        map(shown[1]!, maps[1]!),
        {
          kind: "bars",
          caption:
            `The mean weight on the region of the animal spoken of, while a caption such as “the cat is black and ` +
            `sleeping” is written: ${percent(findings.looked[ASKS_COLOR]!)} when the colour has to come, ` +
            `${percent(findings.looked[ASKS_ACTION]!)} when the action has to. A ninth is what chance would give.`,
          y: { title: "weight on the region", domain: [0, 1] },
          bars: slots.map((word, i) => ({ label: `${i + 1} ${word}`, value: findings.looked[i]! })),
        },
        {
          kind: "bars",
          caption:
            `Unseen captions: ${percent(color!)} of the colours and ${percent(action!)} of the actions are right; ` +
            `with another picture, ${percent(wrongColor!)} and ${percent(wrongAction!)}.`,
          y: { title: "share that is right", domain: [0, 1] },
          bars: [["its own picture", findings.right] as const, ["another picture", findings.otherPicture] as const]
            .flatMap(([group, [color, action]]) => [
              { label: "colour", group, value: color! },
              { label: "action", group, value: action! },
            ]),
        },
      ],
    };
  },
};
