/**
 * # Policy gradient
 *
 * **Question.** Training minimizes cross-entropy, and the translation is judged by BLEU, which counts
 * and has no derivative. How does a model learn from a number that cannot be differentiated?
 *
 * **Idea.** Sample translations from the model, and compute the reward of each.
 * Make samples with more reward than expected more probable, and the others less
 * (reinforcement learning, RL). The reward is never differentiated; the probability of the
 * sample is. This is the rule of thumb of [the notes](notes:003.20): where the metric does not fit into the
 * update of the gradient, use RL.
 *
 * **Formula.** With sequences $Y$ sampled from the model for a source $X$, the reward $R(Y)$ of each and a
 * number $b$ that does not depend on the sample (baseline),
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
 * The value of $\ell$ has no meaning of its own. Its gradient is an unbiased estimate of that of the expected reward,
 * with the opposite sign, since an optimizer descends. The factor $R - b$ is the
 * *advantage* of a sample: positive where its reward is above the baseline.
 *
 * **Why a baseline.** Probabilities sum to one, so $\mathbb{E}[\nabla \log P(Y)] = 0$, so
 * $b$ does not change the mean of the estimate: it stays unbiased. It changes the variance.
 * Suppose that all rewards lie between 60 and 70. Without a baseline every sample becomes more probable, and
 * the good ones gain only on average. With the mean as baseline, samples below the mean become less probable
 * at once. Four baselines are below. Not each of them lowers the variance in every case.
 *
 * **What it needs.** A model that already generates something useful. With random weights every sample has a reward near
 * zero, and none is better than another. So cross-entropy comes first, and RL is the last stage of
 * training. Large language models are trained in this order too: RLHF (reinforcement learning from human feedback) learns
 * the reward from human preferences (Ouyang et al. 2022). The baseline of the other samples is known there as RLOO
 * (Ahmadian et al. 2024).
 *
 * Sources: Ronald Williams 1992, *Simple Statistical Gradient-Following Algorithms for Connectionist
 * Reinforcement Learning* (REINFORCE, the baseline); Marc'Aurelio Ranzato, Sumit Chopra, Michael Auli,
 * Wojciech Zaremba 2016, *Sequence Level Training with Recurrent Neural Networks*; Steven Rennie and
 * others 2017, *Self-Critical Sequence Training for Image Captioning*; for BLEU of single sentences as
 * a reward, Chin-Yew Lin, Franz Josef Och 2004, *ORANGE: a Method for Evaluating Automatic Evaluation
 * Metrics for Machine Translation*; for the mean of the other samples, Wouter Kool, Herke van Hoof, Max
 * Welling 2019, *Buy 4 REINFORCE Samples, Get a Baseline for Free!*; Long Ouyang and others 2022, *Training Language Models to
 * Follow Instructions with Human Feedback*; Arash Ahmadian and others 2024, *Back to Basics: Revisiting REINFORCE Style
 * Optimization for Learning from Human Feedback in LLMs*
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
 * It is the cross-entropy of the model's own samples, each times its advantage: the sum over the tokens of a
 * sample, the mean over the samples.
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
 * @param logits of the model for the samples, `[N, T, V]`
 * @param targets the sampled tokens, int32 `[N, T]`, as {@linkcode sampledTargets} makes them
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

/** A sequence that was sampled from a model. */
export interface SampledText {
  /** Its tokens, without prompt and END. */
  readonly tokens: readonly number[];
  /** Whether END was sampled; false where the sequence was cut off. */
  readonly finished: boolean;
}

/** What stands around the tokens of a {@linkcode SampledText}. */
export interface SampledTargetsOptions extends PolicyGradientOptions {
  /** What the model was given: `[BEGIN]` of a translation, or one prompt for each sample. */
  readonly prompt: readonly number[] | readonly (readonly number[])[];
  /** END; none by default, while a finished sequence needs it. */
  readonly endToken?: number;
  /** What fills the inputs of shorter sequences. */
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
 * Samples as inputs and targets of a decoder.
 *
 * Like {@linkcode teacherForcing}, with the samples as targets. The prompt is read and is no target, and END is a
 * target only where it was sampled: a sequence that was cut off has not chosen to stop.
 *
 * @param samples the sequences, `N` of them
 * @param options prompt and special tokens
 * @returns inputs, targets and mask, `[N, T]`, with `T` for the longest prompt and sample
 * @throws {TypeError} if there is not one prompt for each sample, or no END for a finished one
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
    // The last token sampled is a target and no input.
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
// - None: $b = 0$.
// - The running mean of all rewards. It does not depend on how hard a source is.
// - The reward of the model's own greedy output for the same source (self-critical). A sample gets a positive advantage
//   only if it is better than the greedy output.
// - The mean reward of the other samples for the same source. It needs no further output.

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
   * @param keep weight of the old mean at each step, in [0, 1); 0.9 by default
   * @throws {RangeError} if the weight is outside its interval
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

/** What is subtracted: nothing, the reward of the greedy output, the mean of the other samples, or a mean. */
export type Baseline = "none" | "greedy" | "others" | RunningMean;

// ## The loop
//
// A step samples sequences, computes their rewards and moves the parameters once. After that the model is another one,
// and the samples are of no further use: they are not samples of the new model (on-policy).

/** A model that generates, whatever it is made of; what {@linkcode reinforce} trains. */
export interface Policy<Example> {
  /** Owns the parameters. */
  readonly model: Module;
  /**
   * Generates one sequence for each example.
   *
   * With `random` they must be drawn from the very probabilities that `forward` scores: temperature 1, nothing
   * cut off, no dropout. Without it they are the output of greedy search.
   *
   * @param examples what to generate for
   * @param random where the draws come from; nothing is drawn by default
   * @returns one sequence for each
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
  /** The reward of a sequence for an example: any finite number, the more the better. */
  readonly reward: (text: SampledText, example: Example) => number;
  /** What is subtracted; `"greedy"` by default. */
  readonly baseline?: Baseline;
  /** Samples for each example; one by default, two where `baseline` is `"others"`. */
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
  /** Mean reward of the samples. */
  readonly reward: number;
  /** Mean of what was subtracted. */
  readonly baseline: number;
}

/** Samples and their rewards. */
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
    // Nowhere else: once samples are drawn and the batch is taken, a step half done could not be done again.
    await rest(signal);
    const experience = await gather(options, batches.next());
    const [trained] = await train<Experience<Example>>({
      model: policy.model,
      loss: ({ examples, samples, rewards, baseline }) => {
        const { inputs, targets } = sampledTargets(samples, around);
        // Scored as they were sampled: without dropout, which would give another distribution.
        policy.model.eval();
        const advantages = tensor(rewards.map((reward, n) => reward - baseline[n]!));
        return policyGradientLoss(policy.forward(examples, inputs), targets, advantages, { ignoreIndex });
      },
      batches: { next: () => experience },
      optimizer,
      // One step of the loop: the samples of the next one come from another model.
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

/** Draws `numSamples` sequences for each example, in a run, and computes their rewards. */
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
// The first experiment trains a small translator until more cross-entropy no longer raises BLEU on
// unseen sentences. From there one copy continues with cross-entropy, and one is trained with
// the BLEU of its own samples as reward. This BLEU is smoothed as by Lin and Och, since a short sentence often has no
// 4-gram in common with the reference. Both copies see the same sentences. The reward adds two things: the model
// continues its own prefixes instead of the reference, and the measure is the one it is used for. The last
// figure measures the variance of the gradient with each baseline. The reading below the figures says what was found.

// ## How the encoder learns
//
// **The notes, 003.21.** That line is the cross-attention. The loss is computed from the decoder's output, and the
// encoder's output enters the decoder as keys and values and nowhere else. The second experiment cuts the line in all decoder layers, and then
// leaves it open in one layer at a time. The gradients of the single layers add up to the whole.

// ## Pitfall: a baseline that knows the sample
//
// The mean over all samples of a source includes the sample itself, and so depends on it. With two
// samples it halves the gradient. The test "meanOfOthers() leaves out the reward itself, which would
// shrink the gradient" computes both.

// ## Pitfall: samples from another distribution
//
// A temperature or top-k gives better samples and a biased gradient: the expectation is not
// over the model that is trained. The test "texts drawn at another temperature give another gradient"
// measures how far it is off.

// ## Pitfall: an END that was never sampled
//
// A sequence that was cut off at the maximum length has not decided to stop. With END as target there, the model
// gets a reward for a choice that it did not make. The test "sampledTargets() asks for END only where it was drawn" fails
// for that version.

// ## Exercise
//
// Run the first experiment with baseline `none`, then with `others`. Predict first which of them needs the
// smaller learning rate, from the figure of the variances.
