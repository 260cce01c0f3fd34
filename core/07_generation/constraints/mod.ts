/**
 * # Constraints
 *
 * **Question.** A text must contain some words, or must not contain others; it must be a date, a JSON object, a program that can be parsed; it should be polite. A model only gives probabilities. How is a
 * text generated that meets a constraint (约束)?
 *
 * **Idea.** The methods differ in what they change, and in when. *Asking* for it in the prompt changes what the model reads. *Rejection* generates whole texts and keeps those that comply. A *mask* forbids, before each token is chosen,
 * every token with which the text could no longer comply. *FUDGE* multiplies the probabilities by those with which a second model expects the text to comply; *reward-augmented decoding* multiplies them by $e^{\beta r}$, with the reward $r$ that a second model expects.
 * *Fine-tuning* by preferences (RLHF, DPO) changes the model itself, once and for all.
 *
 * | method                            | what it changes               | complies          | cost of a text                          |
 * | --------------------------------- | ----------------------------- | ----------------- | --------------------------------------- |
 * | asking in the prompt              | what the model reads          | often             | a longer prompt                         |
 * | rejection                         | which texts are kept          | always            | $1 / P(C)$ texts on average               |
 * | a mask of tokens                  | what may follow               | always, if it ends | a look-up for each token                |
 * | constrained beams                 | which prefixes are kept       | always            | a beam search                           |
 * | FUDGE, reward-augmented decoding  | the distribution, step by step | more often        | a second model                          |
 * | fine-tuning by preferences        | the weights                   | more often        | nothing: it has been paid in training   |
 *
 * Each has a page of its own: [required words](required_words.ts), [rejection](rejection.ts), [FUDGE](fudge.ts), [rewards](rewards.ts), [preferences](preferences.ts).
 *
 * The masks have pages of their own: [masks over the tokens of any vocabulary](token_masks.ts), for constraints that are written as [regular expressions](regular_expressions.ts), as
 * [context-free grammars](context_free.ts) or as [schemas of JSON](json_schema.ts). Behind them stand [automata](automata.ts) and [a machine with a stack](pushdown.ts).
 *
 * **By hand.** A model writes two words. The first is *very* with a probability of 0.6 or *rather* with 0.4. After *very* comes *nice* 0.95 or *good* 0.05, after *rather* comes *nice* 0.1 or *good* 0.9. The constraint: the text ends with *good*.
 *
 * *What the model says about it.* Two texts comply, *very good* with $0.6 \cdot 0.05 = 0.03$ and *rather good* with $0.4 \cdot 0.9 = 0.36$. Given that the text complies, they have $0.03 / 0.39 = 0.077$ and $0.36 / 0.39 = 0.923$, since $0.03 + 0.36 = 0.39$.
 *
 * *What a mask does.* Both first words can be followed by *good*, so nothing is forbidden at first: *very* is chosen with 0.6. Then only *good* is allowed, and gets 1. So *very good* has 0.6 and *rather good* 0.4. The mask has drawn the first word
 * without asking how probable it is that *good* follows.
 *
 * ```ts
 * import { allowOnly, toProbabilities } from "@heed/heed/generation";
 *
 * const [very, rather, nice, good] = [0, 1, 2, 3], words = ["very", "rather", "nice", "good"];
 * const model = (text: readonly number[]) =>
 *   text.length === 0 ? [0.6, 0.4, 0, 0] : text[0] === very ? [0, 0, 0.95, 0.05] : [0, 0, 0.1, 0.9];
 * const rule = allowOnly("ends with good", (text, token) => text.length === 0 || token === good);
 * const masked = (text: readonly number[]) =>
 *   toProbabilities(rule.onHost(Float64Array.from(model(text), Math.log), { tokens: text }));
 *
 * const complies = model([])[very]! * model([very])[good]! + model([])[rather]! * model([rather])[good]!;
 * console.log(`complies ${complies.toFixed(2)}`);
 * for (const first of [very, rather]) {
 *   const conditional = model([])[first]! * model([first])[good]! / complies;
 *   const underMask = masked([])[first]! * masked([first])[good]!;
 *   console.log(`${words[first]} good: given the constraint ${conditional.toFixed(3)}, masked ${underMask.toFixed(3)}`);
 * }
 * ```
 *
 * ```text
 * complies 0.39
 * very good: given the constraint 0.077, masked 0.600
 * rather good: given the constraint 0.923, masked 0.400
 * ```
 *
 * **Formula.** Let $P$ be the model's distribution of texts and $C$ the set of those that comply. With $A_j$ the tokens that some text of $C$ has after $y_{<j}$, the mask keeps the mass $m_j$ of step $j$, and draws from $Q$:
 *
 * $$m_j = \sum_{v \in A_j} P(v \mid y_{<j}), \qquad Q(Y) = \prod_j \frac{P(y_j \mid y_{<j})}{m_j} = \frac{P(Y)}{\prod_j m_j}, \qquad P(Y \mid C) = \frac{P(Y)}{P(C)} = \frac{Q(Y) \prod_j m_j}{P(C)}$$
 *
 * | symbol      | in code         | meaning                                            |
 * | ----------- | --------------- | -------------------------------------------------- |
 * | $C$         | `allows`        | the constraint, asked for each token               |
 * | $A_j$       | finite logits   | tokens that may follow                             |
 * | $m_j$       | `keptMass()`    | probability mass of these, one number in $[0, 1]$  |
 * | $P(Y \mid C)$ | –             | what rejection draws from                          |
 * | $Q(Y)$      | –               | what a mask draws from                             |
 *
 * **What is distorted.** $Q$ is the conditional distribution only if all texts of $C$ keep the same product of masses. A text whose early words are probable and whose end was forced keeps little mass, and $Q$ has too much of it. The product of the $m_j$ is a weight that
 * tells so: texts drawn from $Q$ and weighted by it are texts of $P(\cdot \mid C)$. This is importance sampling [重要性采样]. Kanghee Park and others 2024 measure the distortion and learn to remove it.
 *
 * The [experiment](../experiments/constraints.ts) shows both sides of a mask: what it guarantees, and what it distorts.
 *
 * Sources: Kevin Yang and Dan Klein 2021, *FUDGE: Controlled Text Generation With Future Discriminators*; Brandon Willard and Rémi Louf 2023, *Efficient Guided Generation for Large Language Models*; Kanghee Park and others
 * 2024, *Grammar-Aligned Decoding*; Alexander Lew and others 2023, *Sequential Monte Carlo Steering of Large Language Models using Probabilistic Programs*.
 *
 * @module
 */

import { checkText } from "../../engine/arguments.ts";
import { checkFunction } from "../../engine/options.ts";
import type { LogitsRule } from "../rules.ts";
import { toProbabilities } from "../sampling.ts";

/**
 * Lets only those tokens follow that a function allows.
 *
 * It is asked for each token at each step. This is the definition of a mask. {@linkcode grammarRule} finds the same tokens without asking for each.
 *
 * @param name what errors call it
 * @param allows whether a token may follow the tokens so far, the prompt included
 * @returns a rule
 * @throws {TypeError} if `allows` is no function
 */
export function allowOnly(name: string, allows: (tokens: readonly number[], token: number) => boolean): LogitsRule {
  checkText("mask tokens", "name", name);
  checkFunction("mask tokens", allows);
  // A forbidden token gets $-\infty$, so that its probability is 0 and the others share its mass.
  return { name, onHost: (logits, { tokens }) => logits.map((z, token) => allows(tokens, token) ? z : -Infinity) };
}

/**
 * The probability mass that a rule keeps of a row of logits: what the model had given to the tokens that stay.
 *
 * @param logits before the rule, `[V]`
 * @param allowed after it, `[V]`; forbidden tokens are `-Infinity`
 * @returns $m_j$, in [0, 1]
 * @throws {TypeError} if the rows differ in length
 */
export function keptMass(logits: ArrayLike<number>, allowed: ArrayLike<number>): number {
  const probabilities = toProbabilities(logits);
  if (allowed?.length !== probabilities.length) {
    throw new TypeError(
      `Cannot compare ${probabilities.length} logits with ${allowed?.length}: the rows must be equally long`,
    );
  }
  return probabilities.reduce((sum, p, token) => allowed[token]! > -Infinity ? sum + p : sum, 0);
}

// ## Words that must occur
//
// A word is required of a small model in five ways. The [experiment](../experiments/constraints/required_words.ts) counts how often each succeeds, what the model has to read for it, and how probable the sentences are that come of it.

// ## An attribute that is seen at the end
//
// Whether a review is a good one is seen at its end. The [experiment](../experiments/constraints/steering.ts) compares asking, rejection, FUDGE, reward-augmented decoding, DPO and RLHF: how many reviews are good, how probable they remain, how many are different, and what they cost.

// ## What the notes say
//
// **The notes, 004.109.** Words that must occur and words that must not are two constraints of many. A grammar says both, and the form of the whole text besides. Under a mask a word that must occur comes only if the text is not cut off before it, and perhaps not where it fits.
//
// **The notes, 004.110.** That is so: a prompt changes probabilities; a mask or rejection makes one 0. Two of the experiments ask a model that was trained to be asked, and count. How well a large model follows instructions it cannot say.
//
// **The notes, 004.111.** The score of a forbidden word is set to 0, they say. That is right for a probability and wrong for a logit: a logit of 0 is a score like any other, $e^0 = 1$, and where the other logits are below 0 it makes the word the
// *most probable* one. A logit has to be $-\infty$. It is the mistake of [a mask of zeros](../../04_attention/masks.ts) again.

// ## Pitfall: a logit of zero
//
// Logits of a model are often all below 0. A token that is forbidden by a logit of 0 then becomes the most probable one. The test "allowOnly() forbids, and a logit of 0 does not" has such a row.
