/**
 * # Learning from a reward
 *
 * **Question.** Training minimizes cross-entropy, and the translation is judged by BLEU, which counts
 * and has no derivative. How does a model learn from a number that cannot be differentiated?
 *
 * **Idea.** Let it translate, at random as its probabilities say, and see what each attempt earns.
 * Make attempts that earned more than expected likelier, and the others less likely
 * (reinforcement learning, RL). The reward is never differentiated; the probability of the
 * attempt is. This is the rule of thumb of [the notes](notes:003.20): where the metric does not fit into the
 * update of the gradient, use RL.
 *
 * **Formula.** With texts $Y$ drawn from the model for a source $X$, the reward $R(Y)$ of each and a
 * number $b$ that does not depend on the drawn text (baseline),
 *
 * $$\nabla_\theta\, \mathbb{E}[R(Y)] = \mathbb{E}\big[(R(Y) - b)\, \nabla_\theta \log P(Y \mid X)\big], \qquad \ell = -\frac{1}{N} \sum_{n=1}^{N} (R(Y_n) - b_n) \sum_{j} \log P(y_{n,j} \mid X_n, y_{n,<j})$$
 *
 * | symbol      | in code      | shape                                  |
 * | ----------- | ------------ | -------------------------------------- |
 * | $Y$         | `targets`    | `[N, T]`, END included if it was drawn |
 * | $R$         | `rewards`    | `[N]`                                  |
 * | $b$         | `baseline`   | `[N]`                                  |
 * | $R - b$     | `advantages` | `[N]`                                  |
 * | $\log P$    | `logits`     | `[N, T, V]`                            |
 * | $\ell$      | the result   | one number                             |
 *
 * The value of $\ell$ says nothing; its gradient is that of the expected reward, on average, with the
 * sign turned so that an optimizer which descends climbs. What multiplies a text's gradient, $R - b$, is its
 * *advantage*: positive where it earned more than the baseline.
 *
 * **Why a baseline.** Probabilities sum to one, so $\mathbb{E}[\nabla \log P(Y)] = 0$, and a constant
 * times nothing is nothing: $b$ leaves the mean of the estimate alone. Its variance is another matter.
 * If all rewards lie between 60 and 70, then without a baseline every text drawn is made likelier, and
 * the good ones win only in the long run. With the mean as baseline, half of them are made less likely
 * at once. Four choices are below, and not each of them helps every time.
 *
 * **What it needs.** A model that already writes something. From random weights every attempt earns about
 * nothing, and there is nothing to prefer. So cross-entropy comes first, and RL is the end of the
 * training.
 *
 * Sources: Ronald Williams 1992, *Simple Statistical Gradient-Following Algorithms for Connectionist
 * Reinforcement Learning* (REINFORCE, the baseline); Marc'Aurelio Ranzato, Sumit Chopra, Michael Auli,
 * Wojciech Zaremba 2016, *Sequence Level Training with Recurrent Neural Networks*; Steven Rennie and
 * others 2017, *Self-Critical Sequence Training for Image Captioning*; for BLEU of single sentences as
 * a reward, Chin-Yew Lin, Franz Josef Och 2004, *ORANGE: a Method for Evaluating Automatic Evaluation
 * Metrics for Machine Translation*; for the mean of the other samples, Wouter Kool, Herke van Hoof, Max
 * Welling 2019, *Buy 4 REINFORCE Samples, Get a Baseline for Free!*
 *
 * @module
 */

import { checkList, checkNumbers } from "../engine/arguments.ts";
import { charge } from "../engine/allowed.ts";
import type { Module } from "../engine/module.ts";
import {
  callback,
  checkOptions,
  type Checks,
  checkValue,
  either,
  instance,
  integer,
  list,
  numeric,
  object,
  oneOf,
  required,
  shown,
} from "../engine/options.ts";
import { rest } from "../engine/pace.ts";
import { Random } from "../engine/random.ts";
import { dims } from "../engine/shape.ts";
import { tensor } from "../engine/create.ts";
import { asTensor, type Tensor, type TensorLike } from "../engine/tensor.ts";
import { padSequences } from "./batching.ts";
import { stepChecks, type StepOptions, train, type TrainingReport } from "./loop.ts";
import { crossEntropy } from "./loss.ts";
import type { ShiftedTargets } from "./teacher_forcing.ts";

// ## The loss

/** Options of {@linkcode policyGradientLoss}. */
export interface PolicyGradientOptions {
  /** The target that stands for no token; -100 by default. */
  readonly ignoreIndex?: number;
}

const lossChecks: Checks<PolicyGradientOptions> = { ignoreIndex: integer({}) };

/**
 * A loss whose gradient raises the expected reward.
 *
 * It is the cross-entropy of the model's own texts, each times its advantage: the sum over the tokens of a
 * text, the mean over the texts.
 *
 * @example
 * ```ts
 * import { zeros } from "@heed/heed";
 * import { policyGradientLoss, sampledTargets } from "@heed/heed/training";
 *
 * const texts = [{ tokens: [5, 6], finished: true }, { tokens: [7], finished: true }];
 * const { targets } = sampledTargets(texts, { prompt: [1], endToken: 2, padToken: 0 });
 * const logits = zeros([2, 3, 8]); // of a model that finds all eight tokens equally likely
 * const loss = policyGradientLoss(logits, targets, [1, -1]);
 * console.assert(Math.abs(await loss.item() - Math.log(8) / 2) < 1e-6); // (3 − 2) · log 8 / 2
 * ```
 *
 * @param logits what the model makes of the texts, `[N, T, V]`
 * @param targets the drawn tokens, int32 `[N, T]`, as {@linkcode sampledTargets} makes them
 * @param advantages rewards less baseline, `[N]`; no gradient flows into them
 * @param options which target stands for no token
 * @returns one number
 * @throws {TypeError} if the shapes disagree
 */
export function policyGradientLoss(
  logits: Tensor,
  targets: TensorLike,
  advantages: TensorLike,
  options: PolicyGradientOptions = {},
): Tensor {
  checkOptions("weigh texts", options, lossChecks);
  const { ignoreIndex = -100 } = options;
  const { N, T } = dims(logits, "N T V");
  targets = asTensor("weigh texts", "targets", targets, "int32", logits);
  advantages = asTensor("weigh texts", "advantages", advantages, "float32", logits);
  dims(targets, "N T", { N, T });
  dims(advantages, "N", { N });

  // $-\log P(Y_n)$: nothing is asked, and nothing counts, after END.
  const surprise = crossEntropy(logits, targets, { ignoreIndex, reduction: "none" }).sum(1);
  return charge(surprise, advantages.detach()).mean();
}

/** A text that a model drew. */
export interface SampledText {
  /** Its tokens, without prompt and END. */
  readonly tokens: readonly number[];
  /** Whether END was drawn; false where the text was cut off. */
  readonly finished: boolean;
}

/** What stands around the tokens of a {@linkcode SampledText}. */
export interface SampledTargetsOptions extends PolicyGradientOptions {
  /** What the model was given: `[BEGIN]` of a translation, or one prompt for each text. */
  readonly prompt: readonly number[] | readonly (readonly number[])[];
  /** END; none by default, while a finished text needs it. */
  readonly endToken?: number;
  /** What fills the inputs of shorter texts. */
  readonly padToken: number;
}

function isTokens(element: unknown): boolean {
  return typeof element === "number" || Array.isArray(element) && element.every((token) => typeof token === "number");
}

const sampledChecks: Checks<SampledTargetsOptions> = {
  prompt: required(list<never>("a list of tokens, or of such lists", isTokens)),
  endToken: integer({ min: 0 }),
  padToken: required(integer({ min: 0 })),
  ...lossChecks,
};

/**
 * Drawn texts as inputs and targets of a decoder.
 *
 * Like {@linkcode teacherForcing}, with the model's own words for right answers. The prompt is read and not asked for,
 * and END is asked only where it was drawn: a text that was cut off has not chosen to stop.
 *
 * @param samples the texts, `N` of them
 * @param options prompt and special tokens
 * @returns inputs, targets and mask, `[N, T]`, with `T` for the longest prompt and text
 * @throws {TypeError} if there is not one prompt for each text, or no END for a finished one
 */
export function sampledTargets(
  samples: readonly SampledText[],
  options: SampledTargetsOptions,
): ShiftedTargets {
  checkOptions("place texts", options, sampledChecks);
  const { prompt, endToken, padToken, ignoreIndex = -100 } = options;
  checkList("place texts", "samples", samples, "texts with their tokens", isText);
  const isOne = typeof prompt[0] === "number";
  const prompts = (isOne ? samples.map(() => prompt) : prompt) as readonly (readonly number[])[];
  if (prompts.length !== samples.length || prompts.some(({ length }) => length === 0)) {
    throw new TypeError(`Cannot place ${samples.length} texts after ${prompts.length} prompts: each needs one`);
  }
  const inputs: number[][] = [], targets: number[][] = [];
  samples.forEach(({ tokens, finished }, n) => {
    if (finished && endToken === undefined) throw new TypeError("Cannot end a finished text without endToken");
    const drawn = finished ? [...tokens, endToken!] : tokens;
    // The last token drawn is an answer and no question.
    inputs.push([...prompts[n]!, ...drawn].slice(0, -1));
    targets.push([...prompts[n]!.slice(1).fill(ignoreIndex), ...drawn]);
  });
  const { tokens, mask } = padSequences(targets, { padToken: ignoreIndex });
  return {
    inputs: padSequences(inputs, { padToken }).tokens,
    targets: tokens,
    mask: mask.and(tokens.notEqual(ignoreIndex)),
  };
}

// ## Four baselines
//
// Nothing. The running mean of all rewards, which knows neither how hard a source is nor how good the
// model has become on it. What the same model earns with its likeliest text for the same source: the
// sample is praised only if it beats the model's own best guess (self-critical). The mean of the other
// samples for the same source, which costs no further text.

function isText(sample: unknown): boolean {
  return Array.isArray((sample as Partial<SampledText> | null | undefined)?.tokens);
}

/** A baseline that follows the rewards of all sources. */
export class RunningMean {
  readonly #keep: number;
  #value: number | undefined;

  /**
   * Starts without a value.
   *
   * @param keep share of the old mean that stays at each step, in [0, 1); 0.9 by default
   * @throws {RangeError} if the share is outside its interval
   */
  constructor(keep: number = 0.9) {
    if (typeof keep !== "number" || !(keep >= 0 && keep < 1)) {
      throw new RangeError(`Cannot keep a share of ${shown(keep)}: it must be in [0, 1)`);
    }
    this.#keep = keep;
  }

  /** The mean so far, for checkpoints; undefined before the first rewards. */
  get value(): number | undefined {
    return this.#value;
  }

  /** Continues from a saved mean. */
  restore(value: number | undefined): void {
    if (value !== undefined) checkValue("follow rewards", "value", value, numeric());
    this.#value = value;
  }

  /**
   * What to subtract from some rewards: the mean of those before them.
   *
   * @param rewards those of one step
   * @returns the mean before them; 0 at the first step
   */
  next(rewards: ArrayLike<number>): number {
    checkNumbers("follow rewards", "rewards", rewards);
    const before = this.#value;
    const mean = Array.from(rewards).reduce((sum, reward) => sum + reward, 0) / Math.max(1, rewards.length);
    this.#value = before === undefined ? mean : this.#keep * before + (1 - this.#keep) * mean;
    return before ?? 0;
  }
}

/**
 * For each reward the mean of the other ones of its source.
 *
 * @param rewards `numSamples` in a run for each source, `[B · K]`
 * @param numSamples `K`, at least 2
 * @returns `[B · K]`
 * @throws {RangeError} if there is no other one, or the numbers do not fit
 */
export function meanOfOthers(rewards: readonly number[], numSamples: number): number[] {
  checkNumbers("compare rewards", "rewards", rewards);
  if (!(Number.isInteger(numSamples) && numSamples >= 2 && rewards.length % numSamples === 0)) {
    throw new RangeError(
      `Cannot compare ${rewards.length} rewards in groups of ${
        shown(numSamples)
      }: groups must be whole and of at least 2`,
    );
  }
  return rewards.map((reward, n) => {
    const first = n - n % numSamples;
    const sum = rewards.slice(first, first + numSamples).reduce((a, b) => a + b, 0);
    return (sum - reward) / (numSamples - 1);
  });
}

/** What is subtracted: nothing, the greedy text's reward, the other samples', or a mean. */
export type Baseline = "none" | "greedy" | "others" | RunningMean;

// ## The loop
//
// A step draws texts, judges them and moves the parameters once. After that the model is another one,
// and the texts are worth nothing: they were not drawn from it.

/** A model that writes, whatever it is made of; what {@linkcode reinforce} trains. */
export interface Policy<Example> {
  /** Owns the parameters. */
  readonly model: Module;
  /**
   * Writes one text for each example.
   *
   * With `random` they must be drawn from the very probabilities that `forward` scores: temperature 1, nothing
   * cut off, no dropout. Without it they are the likeliest ones, as greedy search finds them.
   *
   * @param examples what to write about
   * @param random where the draws come from; nothing is drawn by default
   * @returns one text for each
   */
  write(examples: readonly Example[], random?: Random): Promise<readonly SampledText[]>;
  /** Scores the token after each input, `[N, T]` to `[N, T, V]`, in evaluation mode. */
  forward(examples: readonly Example[], inputs: Tensor): Tensor;
}

/** Options of {@linkcode reinforce}. */
export interface ReinforceOptions<Example> extends SampledTargetsOptions, StepOptions {
  /** What learns. */
  readonly policy: Policy<Example>;
  /** Where examples come from. */
  readonly batches: { next(): readonly Example[] };
  /** What a text is worth for an example: any finite number, the more the better. */
  readonly reward: (text: SampledText, example: Example) => number;
  /** What is subtracted; `"greedy"` by default. */
  readonly baseline?: Baseline;
  /** Texts drawn for each example; one by default, two where `baseline` is `"others"`. */
  readonly numSamples?: number;
  /** Where the draws come from. */
  readonly random: Random;
  /** Hears of every step, and is waited for; nobody by default. */
  readonly onProgress?: (report: RewardReport) => void | Promise<void>;
}

const reinforceChecks: Checks<ReinforceOptions<never>> = {
  policy: required(object("a Policy", (value) => "write" in value && "forward" in value)),
  batches: required(
    object("a source of batches, with next()", (value) => typeof (value as { next?: unknown }).next === "function"),
  ),
  reward: required(callback()),
  baseline: either(oneOf(["none", "greedy", "others"]), instance(RunningMean)),
  numSamples: integer(),
  random: required(instance(Random)),
  onProgress: callback(),
  ...stepChecks,
  ...sampledChecks,
};

/** What one step of {@linkcode reinforce} found. */
export interface RewardReport extends Pick<TrainingReport, "step" | "steps" | "learningRate" | "gradientNorm"> {
  /** Mean reward of the drawn texts. */
  readonly reward: number;
  /** Mean of what was subtracted. */
  readonly baseline: number;
}

/** Texts, and what they are worth. */
interface Experience<Example> {
  readonly examples: readonly Example[];
  readonly samples: readonly SampledText[];
  readonly rewards: readonly number[];
  readonly baseline: readonly number[];
}

/**
 * Trains a model on rewards until its optimizer has made `steps` steps.
 *
 * @param options what is trained, what is rewarded, and what is subtracted
 * @returns every report, oldest first
 * @throws {RangeError} if a reward is not finite, or `numSamples` does not fit the baseline
 * @throws {TypeError} if an option does not exist
 * @throws the signal's reason after an abort; calling again continues where it stopped
 */
export async function reinforce<Example>(options: ReinforceOptions<Example>): Promise<RewardReport[]> {
  checkOptions("reinforce", options, reinforceChecks);
  const { policy, batches, optimizer, steps, schedule, clipNorm, signal, onProgress } = options;
  if (options.baseline === "others" && options.numSamples === 1) {
    throw new RangeError('Cannot reinforce with numSamples = 1: baseline "others" needs at least 2');
  }
  const { prompt, endToken, padToken, ignoreIndex = -100 } = options;
  const around = { prompt, padToken, ignoreIndex, ...(endToken !== undefined && { endToken }) };
  const history: RewardReport[] = [];
  while (optimizer.steps < steps) {
    // Nowhere else: the texts are drawn and the batch is taken, and a step half done could not be done again.
    await rest(signal);
    const experience = await gather(options, batches.next());
    const [trained] = await train<Experience<Example>>({
      model: policy.model,
      loss: ({ examples, samples, rewards, baseline }) => {
        const { inputs, targets } = sampledTargets(samples, around);
        // Scored as they were drawn: without dropout, which would make them texts of another distribution.
        policy.model.eval();
        const advantages = tensor(rewards.map((reward, n) => reward - baseline[n]!));
        return policyGradientLoss(policy.forward(examples, inputs), targets, advantages, { ignoreIndex });
      },
      batches: { next: () => experience },
      optimizer,
      // One step of the loop: the texts of the next one are drawn from another model.
      steps: optimizer.steps + 1,
      ...(schedule && { schedule }),
      ...(clipNorm !== undefined && { clipNorm }),
    });
    const { loss: _, secondsLeft: __, ...report } = trained!;
    history.push({ ...report, steps, reward: meanOf(experience.rewards), baseline: meanOf(experience.baseline) });
    await onProgress?.(history[history.length - 1]!);
  }
  return history;
}

/** Draws `numSamples` texts for each example, in a run, and judges them. */
async function gather<Example>(
  { policy, reward, baseline = "greedy", numSamples = baseline === "others" ? 2 : 1, random }: ReinforceOptions<
    Example
  >,
  batch: readonly Example[],
): Promise<Experience<Example>> {
  const judge = (texts: readonly SampledText[], examples: readonly Example[]): number[] =>
    texts.map((text, n) => {
      const worth = reward(text, examples[n]!);
      if (!Number.isFinite(worth)) throw new RangeError(`Cannot learn from a reward of ${worth}: it must be finite`);
      return worth;
    });
  const repeat = <T>(items: readonly T[]): T[] =>
    items.flatMap((item) => Array.from({ length: numSamples }, () => item));
  policy.model.eval();
  const examples = repeat(batch), samples = await policy.write(examples, random), rewards = judge(samples, examples);
  if (baseline === "greedy") {
    return { examples, samples, rewards, baseline: repeat(judge(await policy.write(batch), batch)) };
  }
  if (baseline === "others") return { examples, samples, rewards, baseline: meanOfOthers(rewards, numSamples) };
  const value = baseline === "none" ? 0 : baseline.next(rewards);
  return { examples, samples, rewards, baseline: rewards.map(() => value) };
}

function meanOf(numbers: readonly number[]): number {
  return numbers.reduce((sum, x) => sum + x, 0) / Math.max(1, numbers.length);
}

// ## Where cross-entropy stalls
//
// The first experiment trains a small translator until further cross-entropy no longer helps: BLEU on
// unseen sentences does not rise any more. From there one copy goes on as before and one is paid by
// the BLEU of its own attempts, smoothed as by Lin and Och, since a short sentence often has no
// 4-gram in common with the reference at all. The caption gives both changes of BLEU: small ones, from one seed, while the
// curve itself moves by as much between two checkpoints. The mean
// reward of drawn texts, which is what is trained on, rises too. Both copies see the same sentences;
// what the reward adds is that the model continues its own prefixes instead of right ones, and is
// judged by what it is for. The probability of the one right translation meanwhile falls.
//
// The last figure measures the variance of the gradient. The mean of the other samples halves it. The
// greedy text, the self-critical baseline, makes it larger here: this model knows these sentences,
// most texts that it draws earn nearly everything, and moving their probability hardly moves a weight.
// What is left are rare failures, whose gradient is large. Without a baseline their small reward makes
// them small; against the greedy text they are blamed in full. A baseline keeps the mean in any case;
// it lowers the variance where it is near the reward of those texts whose gradient is large.

// ## How the encoder learns
//
// **The notes, 003.21.** That line is the cross-attention. The loss is computed at the decoder's end; the encoder's
// output enters
// the decoder as keys and values and nowhere else. The second experiment cuts the line: not one number of
// the encoder gets a gradient, whichever the loss. Open in a single decoder layer, it brings that
// layer's share, and the shares add up to the whole.

// ## Pitfall: a baseline that knows the sample
//
// The mean over all samples of a source, the judged one included, depends on the judged one. With two
// samples it halves the gradient. The test "meanOfOthers() leaves out the reward itself, which would
// shrink the gradient" computes both.

// ## Pitfall: texts drawn from another distribution
//
// Sampling with a temperature or top-k gives better texts and a biased gradient: their expectation is not
// that of the model which is trained. The test "texts drawn at another temperature give another gradient"
// measures how far it is off.

// ## Pitfall: an END that was never drawn
//
// A text cut off at its longest length has not decided to stop. Asked for END there, the model is paid
// for a choice that it did not make. The test "sampledTargets() asks for END only where it was drawn" fails
// for that version.

// ## Exercise
//
// Run the first experiment with baseline `none`, then with `others`. Predict first which of them needs the
// smaller learning rate, from the figure of the spreads.
