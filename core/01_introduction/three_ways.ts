/**
 * # Three ways to build a system
 *
 * **Question.** [Section](rule_based_classifier.ts) wrote rules, [section](bag_of_words.ts) trained. There is a third way: to ask a language model that was trained for something else. How
 * does a question become an answer without any training, and what does the question have to look like?
 *
 * **Idea.** A language model (语言模型) gives every continuation of a text a probability. A prompt (提示词) turns the task into a text that has a natural continuation: *Review: I love it. Mood:* goes on with *positive* or *negative*. The label whose
 * words the model finds most probable is the answer. A zero-shot [零样本] prompt holds the question alone. A few-shot [少样本] prompt has some solved examples before it, and in a chain of thought (思维链) they have their reasoning written out. To search
 * for the best prompt is prompt engineering (提示词工程).
 *
 * ```picture three_ways The same question in three ways. Rules are written by a person. Weights are found by training on labelled texts. A prompt uses a model that was trained before, and changes nothing in it.
 * ```
 *
 * **By hand.** A model reads *dull film. Mood:* and gives the token (词元, a word or a piece of one) *positive* the probability 0.02 and *negative* 0.01. Everything else that could follow has the rest. Among the two labels, positive has 0.02 / (0.02 + 0.01) = 0.667, which is wrong. But the model
 * likes the word *positive* after any review: it gives 0.03 and 0.01 after an empty one. Divided by those, the labels have 0.02 / 0.03 = 0.667 and 0.01 / 0.01 = 1: now *negative* wins, with 1 / (0.667 + 1) = 0.600, which is right.
 *
 * ```ts
 * import { scoreLabels, zeroShotPrompt } from "@heed/heed/introduction";
 *
 * // A model that knows two texts: log-probabilities of a continuation after a prefix.
 * const model = {
 *   logProbability: (prefix: string, continuation: string) =>
 *     Math.log(continuation === " negative" ? 0.01 : prefix.includes("dull") ? 0.02 : 0.03),
 * };
 * const task = { labels: ["positive", "negative"], input: "", output: "Mood:" };
 * for (const neutral of [undefined, ""]) {
 *   const { label, probabilities } = await scoreLabels(model, "dull film.", task, { neutral });
 *   console.log(label, probabilities.map((p) => p.toFixed(3)).join(" "));
 * }
 * console.log(zeroShotPrompt("dull film.", { ...task, input: "Review:" }).replaceAll("\n", " / "));
 * ```
 *
 * ```text
 * positive 0.667 0.333
 * negative 0.400 0.600
 * Review: dull film. / Mood:
 * ```
 *
 * **Formula.** $P(a \mid b)$ is the probability of $a$ after $b$, the conditional probability. With the prompt $u$ of a text, the tokens $\ell_1 \dots \ell_m$ of a label $\ell$ and the prompt $u_0$ of a text that says nothing:
 *
 * $$s_\ell(u) = \sum_{i=1}^{m} \ln P(\ell_i \mid u, \ell_1, \dots, \ell_{i-1}), \qquad \hat y = \arg\max_\ell \; \big(s_\ell(u) - s_\ell(u_0)\big)$$
 *
 * A label of several tokens has the product of their probabilities, and the logarithm of a product is a sum. $\arg\max_\ell$ is the label for which what follows is largest, and $\hat y$ the answer.
 *
 * | symbol | in code   | is                                                       |
 * | ------ | --------- | -------------------------------------------------------- |
 * | $u$    | `prompt`  | the text that the label continues                        |
 * | $s$    | `scores`  | logarithm of the probability of each label               |
 * | $u_0$  | `neutral` | the prompt of a text without a mood, such as an empty one; may be left out |
 *
 * **Why the difference.** The probability of a label mixes two things: how well it fits this text, and how frequent its words are anyway. The second is the same for all texts, so it can be measured once and divided out, which for logarithms is a difference. It is also what lets one
 * label win for every text.
 *
 * Sources: Brown et al. 2020, *Language Models are Few-Shot Learners* (zero-shot, few-shot); Wei et al. 2022, *Chain-of-Thought Prompting Elicits Reasoning in Large Language Models*; Zhao, Wallace, Feng, Klein and Singh 2021, *Calibrate Before Use*; Holtzman, West,
 * Shwartz, Choi and Zettlemoyer 2021, *Surface Form Competition* (subtracting what a label has anyway); Kojima et al. 2022, *Large Language Models are Zero-Shot Reasoners* (*Let's think step by step*).
 *
 * @module
 */

import { checkList, checkText } from "../engine/arguments.ts";
import {
  abortSignal,
  checkFunction,
  checkOptions,
  type Checks,
  flag,
  list,
  required,
  shown,
  string,
} from "../engine/options.ts";
import { rest } from "../engine/pace.ts";

/** What a prompt needs of a language model: how probable a continuation is after a prefix. */
export interface ContinuationScorer {
  /** The logarithm of the probability of a continuation, each token given all before it. */
  logProbability(prefix: string, continuation: string): number | Promise<number>;
}

/** How a task is written into a prompt. */
export interface PromptTask {
  /** The words that answer. */
  readonly labels: readonly string[];
  /** What is asked, above all else; nothing by default. */
  readonly instruction?: string | undefined;
  /** What stands before a text; `"Text:"` by default. */
  readonly input?: string | undefined;
  /** What stands before an answer; `"Label:"` by default. */
  readonly output?: string | undefined;
}

/** A text with its answer, and perhaps with the way to it. */
export interface SolvedExample {
  /** The text. */
  readonly text: string;
  /** Its answer. */
  readonly label: string;
  /** The way from the one to the other, in words; none by default. */
  readonly reasoning?: string | undefined;
}

/**
 * A prompt with the question alone.
 *
 * @param text what is to be classified
 * @param task instruction, labels, what stands before text and answer
 * @returns a text that the answer continues, after a space
 */
export function zeroShotPrompt(text: string, task: PromptTask): string {
  return fewShotPrompt(text, [], task);
}

/**
 * A prompt with solved examples before the question.
 *
 * @param text what is to be classified
 * @param examples texts with answers, in the order in which they are to stand
 * @param task instruction, labels, what stands before text and answer
 * @returns a text that the answer continues, after a space
 * @throws {RangeError} if an example has an answer that is none of the labels
 */
export function fewShotPrompt(text: string, examples: readonly SolvedExample[], task: PromptTask): string {
  return written(text, examples, task, ({ label }, { output }) => lineOf(output, label));
}

/**
 * A prompt whose examples show the way to the answer, for the model to write one too.
 *
 * What continues it is reasoning first. {@linkcode answerOf} finds the answer in it.
 *
 * @param text what is to be classified
 * @param examples texts with reasoning and answers; none by default, and then an invitation to think stands there
 * @param task instruction, labels, what stands before text and answer
 * @param reasoning what stands before the reasoning; `"Let's think step by step."` by default
 * @returns a text that the reasoning continues, after a space
 * @throws {RangeError} if an example has no reasoning
 */
export function chainOfThoughtPrompt(
  text: string,
  examples: readonly SolvedExample[],
  task: PromptTask,
  reasoning: string = "Let's think step by step.",
): string {
  checkText("write a prompt", "reasoning", reasoning);
  const lines = written(text, examples, task, (example, { output }) => {
    if (!example.reasoning) {
      throw new RangeError(`Cannot show the way to ${shown(example.label)}: the example has no reasoning`);
    }
    return `${lineOf(reasoning, example.reasoning)}\n${lineOf(output, example.label)}`;
  });
  const { output = "Label:" } = task;
  return lines.slice(0, lines.length - output.length) + reasoning;
}

/**
 * The answer in what a model wrote: the label that stands after the last mark of an answer.
 *
 * @param continuation what a model wrote after a prompt
 * @param task labels, and what stands before an answer
 * @returns one of the labels; undefined where none stands there
 */
export function answerOf(continuation: string, task: PromptTask): string | undefined {
  checkText("find an answer", "continuation", continuation);
  checkOptions("find an answer", task, taskChecks);
  const { labels, output = "Label:" } = task, at = continuation.lastIndexOf(output);
  const rest = continuation.slice(at < 0 ? 0 : at + output.length).trimStart();
  // Of two labels of which one begins with the other, the longer one is meant.
  return labels.toSorted((a, b) => b.length - a.length).find((label) => rest.startsWith(label));
}

/** The answer to a prompt. */
export interface ScoredLabels {
  /** The label with the highest score. */
  readonly label: string;
  /** Logarithm of each label's probability, minus that after a neutral text if one is given. */
  readonly scores: readonly number[];
  /** The softmax of the scores, their exponentials divided by the sum of these: how the labels divide one among them. */
  readonly probabilities: readonly number[];
}

/** How {@linkcode scoreLabels} asks. */
export interface ScoreOptions {
  /** Solved examples before the question; none by default. */
  readonly examples?: readonly SolvedExample[] | undefined;
  /** A text that says nothing, whose scores of the labels are subtracted; none by default. */
  readonly neutral?: string | undefined;
  /** Whether a score is divided by the characters of its label; false by default. */
  readonly perCharacter?: boolean | undefined;
  /** Stops it; nothing does by default. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Asks a language model which label it finds most probable.
 *
 * Nothing of the model is changed. Takes one call of the model for each label, and twice as many with a neutral text.
 *
 * @param model what gives continuations their probability
 * @param text what is to be classified
 * @param task instruction, labels, what stands before text and answer
 * @param options examples, what is subtracted
 * @returns the label, and the scores of all
 */
export async function scoreLabels(
  model: ContinuationScorer,
  text: string,
  task: PromptTask,
  options: ScoreOptions = {},
): Promise<ScoredLabels> {
  checkFunction("score labels by", model?.logProbability);
  checkOptions("score labels", options, scoreChecks);
  const { examples = [], neutral, perCharacter = false, signal } = options;
  const prompt = fewShotPrompt(text, examples, task);
  const after = neutral === undefined ? undefined : fewShotPrompt(neutral, examples, task);
  const scores: number[] = [];
  for (const label of task.labels) {
    await rest(signal);
    const continuation = ` ${label}`;
    // $s_\ell$, and what the label has after any text.
    let score = await model.logProbability(prompt, continuation);
    if (after !== undefined) score -= await model.logProbability(after, continuation);
    scores.push(perCharacter ? score / continuation.length : score);
  }
  const most = Math.max(...scores), exponentials = scores.map((score) => Math.exp(score - most));
  const sum = exponentials.reduce((total, one) => total + one, 0);
  return {
    label: task.labels[scores.indexOf(most)]!,
    scores,
    probabilities: exponentials.map((one) => one / sum),
  };
}

// ## A model of tokens
//
// Language models score tokens, not texts. {@linkcode continuationScorer} turns a model that scores tokens into one that scores texts. It cuts prompt and label together into tokens, and the prompt alone. It adds up the scores from the first token on in which the two differ. If *Mood:* and *good*
// are cut into *Mood*, *:*, *good*, the prompt alone is *Mood*, *:*, and only *good* counts. A tokenizer with the token *:g* cuts *Mood*, *:g*, *ood*, and then both *:g* and *ood* count.

/** What a language model of tokens can do: the log-probability of each token, given those before it. */
export interface TokenScorer {
  /** Natural logarithms: n − 1 of n tokens, as the first has nothing before it; or n, if the model puts a token of its own before the text. */
  score(tokens: readonly number[]): ArrayLike<number> | Promise<ArrayLike<number>>;
}

/**
 * Makes a scorer of texts of a scorer of tokens.
 *
 * @param model a number for each token, given those before it; of `n` tokens, `n` or `n − 1` numbers
 * @param encode the tokenizer
 * @returns what {@linkcode scoreLabels} asks
 */
export function continuationScorer(
  model: TokenScorer,
  encode: (text: string) => ArrayLike<number>,
): ContinuationScorer {
  checkFunction("score tokens by", model?.score);
  checkFunction("encode by", encode);
  return {
    async logProbability(prefix, continuation) {
      const before = Array.from(encode(prefix)), whole = Array.from(encode(prefix + continuation));
      let same = 0;
      while (same < before.length && before[same] === whole[same]) same++;
      const scores = await model.score(whole), missing = whole.length - scores.length;
      if (missing < 0 || missing > 1) {
        throw new RangeError(
          `Cannot use ${scores.length} scores of ${whole.length} tokens: each token but the first needs one`,
        );
      }
      let sum = 0;
      for (let i = Math.max(same, missing); i < whole.length; i++) sum += scores[i - missing]!;
      return sum;
    },
  };
}

// #region How a prompt is written
// Instruction, examples and question stand in paragraphs of their own.

const taskChecks: Checks<PromptTask> = {
  labels: required(list<string>("a list of at least two words", (label) => typeof label === "string" && label !== "")),
  instruction: string,
  input: string,
  output: string,
};

const scoreChecks: Checks<ScoreOptions> = {
  examples: list<SolvedExample>("a list of solved examples", isSolved),
  neutral: string,
  perCharacter: flag,
  signal: abortSignal,
};

function isSolved(value: unknown): boolean {
  const { text, label } = (value ?? {}) as Partial<SolvedExample>;
  return typeof text === "string" && typeof label === "string";
}

/** What stands before something, and the thing. */
const lineOf = (before: string, text: string): string => before === "" ? text : `${before} ${text}`;

function written(
  text: string,
  examples: readonly SolvedExample[],
  task: PromptTask,
  answer: (example: SolvedExample, marks: { readonly output: string }) => string,
): string {
  checkText("write a prompt", "text", text);
  checkList("write a prompt", "examples", examples, "objects with text and label, two strings", isSolved);
  checkOptions("write a prompt", task, taskChecks);
  const { labels, instruction = "", input = "Text:", output = "Label:" } = task;
  if (labels.length < 2) throw new RangeError(`Cannot ask for one of ${labels.length} labels: at least two are needed`);
  const strange = examples.find(({ label }) => !labels.includes(label));
  if (strange) {
    throw new RangeError(`Cannot show an example of ${shown(strange.label)}: it must be one of ${labels.join(", ")}`);
  }
  return [
    ...instruction === "" ? [] : [instruction],
    ...examples.map((example) => `${lineOf(input, example.text)}\n${answer(example, { output })}`),
    `${lineOf(input, text)}\n${output}`,
  ].join("\n\n");
}

// #endregion

// ## The three ways on one task
//
// The [experiment](experiments/three_ways.ts) judges reviews in all three ways. Its language model is a small one of this book. It looks ahead: how such a Transformer works is the subject of
// [section](../05_transformer/decoder_only.ts). It learns within seconds to continue lines of reviews, some of which somebody has marked with a mood. That shows how a
// prompt is written, scored and corrected, and how much depends on its form. It does *not* show what large models do: this one has read a few hundred sentences, all of the kind that it is asked about, so that its answers are learned from labelled
// reviews after all. A model that has read the web answers questions whose form it was never trained on; [chapter](../02_words/mod.ts) and all chapters after it lead there.
//
// | way       | what it needs                                        | what changes it                     | what it costs for each text          |
// | --------- | ---------------------------------------------------- | ----------------------------------- | ------------------------------------ |
// | rules     | a person who knows the language                      | a line of a table                   | a look-up for each word              |
// | training  | some hundred labelled texts, better some thousand    | more texts                          | a product for each word and class    |
// | prompting | a model that somebody else has trained on much text  | other words in the prompt           | a pass through the model for each label |
//
// **The notes, 004.5.** It holds for models that are large enough. *Without training* means without further training: the model was trained before, on far more text than the task has.
//
// **The notes, 004.6.** It holds. What is trained further may be a model of any size. The notes count in another way than this page: prompting is second there, and fine-tuning third. Here training is one way, whether it goes on from a trained model, which is fine-tuning, or begins from zeros, as the bag of words of [section](bag_of_words.ts) does.

// ## Pitfall: a space that is in the wrong place
//
// If a prompt ends with a space and the label begins without one, the tokens differ from those of ordinary text: most vocabularies keep the space at the front of a word. The probability of such a sequence is tiny for every label, and what is left to compare is noise. The
// functions here end a prompt without a space and let the label begin with one. The test "scoreLabels() never splits the space from its word" looks at both.

// ## Exercise
//
// Write a prompt for three labels that have different numbers of words: *good*, *bad*, *neither good nor bad*. Which of them has an advantage, and by what option does it lose it?
//
// **Hint.** Each further token multiplies by a probability, which is at most 1.
//
// **Solution.** The short labels have it. With `perCharacter` a score is a mean over the characters of the label.
//
// ```ts
// import { scoreLabels } from "@heed/heed/introduction";
//
// // Every character has the probability one half, whatever it is.
// const model = { logProbability: (_: string, continuation: string) => continuation.length * Math.log(0.5) };
// const task = { labels: ["good", "bad", "neither good nor bad"] };
// for (const perCharacter of [false, true]) {
//   const { probabilities } = await scoreLabels(model, "It was there.", task, { perCharacter });
//   console.log(probabilities.map((p) => p.toFixed(3)).join(" "));
// }
// ```
//
// ```text
// 0.333 0.667 0.000
// 0.333 0.333 0.333
// ```
