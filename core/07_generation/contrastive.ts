/**
 * # Contrastive decoding
 *
 * **Question.** A large model and a small one make some of the same mistakes: they repeat what was said, and prefer what is said often. Can what the small
 * one lacks be used to find what the large one knows?
 *
 * **Idea.** Let both score the next token. *Contrastive decoding* (对比解码) prefers tokens that the *expert model* (专家模型) finds more probable than the *amateur model* (业余模型) does,
 * by the ratio of both probabilities, which is the difference of their logarithms. A ratio alone is not enough. Of two tiny probabilities the ratio can be
 * large, and the token is bad all the same. So only *plausible* tokens compete: those with at least a fraction $\alpha$ of the expert's largest probability.
 *
 * **By hand.** After *The capital of Australia is* an expert has *Sydney* 0.4, *Canberra* 0.35 and *a* 0.25, an amateur 0.5, 0.05 and 0.45. With $\alpha = 0.1$ all three are plausible, since
 * $0.1 \cdot 0.4 = 0.04$. The differences of the logarithms are −0.223, 1.946 and −0.588: *Canberra* comes first.
 *
 * *Why the cut.* After *2 + 2 =* the expert has *4* 0.9, *5* 0.06 and *3* 0.04, the amateur 0.95, 0.02 and 0.03. Both know the answer, and the amateur is surer of it. The
 * differences are −0.054, 1.099 and 0.288: *5* comes first. The cut at $0.1 \cdot 0.9 = 0.09$ leaves *4* alone.
 *
 * *Why not subtract the probabilities?* They give $0.9 - 0.95 = -0.05$, $0.06 - 0.02 = 0.04$ and $0.04 - 0.03 = 0.01$, so they choose *5* as well, and the same cut would mend it. What is wrong is another thing: the differences cancel when they are added up, so they are no distribution, and they hardly see a small probability that is ten times the amateur's.
 *
 * ```ts
 * import { contrast } from "@heed/heed/generation";
 *
 * const examples = [
 *   { text: "The capital of Australia is", words: ["Sydney", "Canberra", "a"], expert: [0.4, 0.35, 0.25], amateur: [0.5, 0.05, 0.45] },
 *   { text: "2 + 2 =", words: ["4", "5", "3"], expert: [0.9, 0.06, 0.04], amateur: [0.95, 0.02, 0.03] },
 * ];
 * const logs = (probabilities: number[]) => probabilities.map(Math.log);
 * const list = (words: string[], scores: ArrayLike<number>) =>
 *   Array.from(scores, (score, i) => `${words[i]} ${score.toFixed(3)}`).join(", ");
 *
 * for (const { text, words, expert, amateur } of examples) {
 *   console.log(`${text} subtracted: ${list(words, expert.map((p, i) => p - amateur[i]!))}`);
 *   for (const alpha of [1e-9, 0.1]) {
 *     const scores = contrast(logs(expert), logs(amateur), { alpha });
 *     console.log(`alpha ${alpha}: ${list(words, scores)}`);
 *   }
 * }
 * ```
 *
 * ```text
 * The capital of Australia is subtracted: Sydney -0.100, Canberra 0.300, a -0.200
 * alpha 1e-9: Sydney -0.223, Canberra 1.946, a -0.588
 * alpha 0.1: Sydney -0.223, Canberra 1.946, a -0.588
 * 2 + 2 = subtracted: 4 -0.050, 5 0.040, 3 0.010
 * alpha 1e-9: 4 -0.054, 5 1.099, 3 0.288
 * alpha 0.1: 4 -0.054, 5 -Infinity, 3 -Infinity
 * ```
 *
 * **Formula.** With the expert's probabilities $p$, those of the amateur $q$ and a strength $\lambda$,
 *
 * $$s_i = \begin{cases} \log p_i - \lambda \log q_i & p_i \ge \alpha \max_j p_j \\ -\infty & \text{otherwise} \end{cases}$$
 *
 * The scores $s$ stand for logits: greedy search takes the largest, and their softmax is sampled from. Constants do not matter there, so logits serve for $\log p$ and $\log q$.
 *
 * | symbol     | in code    | shape                                       |
 * | ---------- | ---------- | ------------------------------------------- |
 * | $\log p$   | `expert`   | `[V]` on the host, `[B, T, V]` on the device |
 * | $\log q$   | `amateur`  | the same                                    |
 * | $\alpha$   | `alpha`    | one number, 0.1 by default                  |
 * | $\lambda$  | `strength` | one number, 1 by default                    |
 *
 * **What the strength is.** The paper has $\lambda = 1$, and a temperature $\tau$ of the amateur: that is $\lambda = 1 / \tau$, since the logits are divided by it and the rest
 * is a constant. O'Brien and Lewis write $(1 + \beta) \log p - \beta \log q$: the same order with $\lambda = \beta / (1 + \beta)$, and samples at a temperature of $1 / (1 + \beta)$. As $\lambda$
 * goes to 0 the cut alone is left, which is min-p ([section](truncation.ts)).
 *
 * **What it costs.** A step of the amateur, with a cache of its own, and its memory. That pays where the amateur is much smaller.
 *
 * Sources: Xiang Lisa Li and others 2022, *Contrastive Decoding: Open-ended Text Generation as Optimization*; Sean O'Brien, Mike Lewis 2023, *Contrastive Decoding Improves Reasoning in Large
 * Language Models*; Alisa Liu and others 2021, *DExperts: Decoding-Time Controlled Text Generation with Experts and Anti-Experts* (a product of experts).
 *
 * @module
 */

import { checkList, checkNumbers } from "../engine/arguments.ts";
import {
  callback,
  type Check,
  checkOptions,
  type Checks,
  checkValue,
  numeric,
  object,
  required,
} from "../engine/options.ts";
import { dims } from "../engine/shape.ts";
import type { Tensor } from "../engine/tensor.ts";
import type { Decoder } from "./sampling.ts";
import { likeliest } from "./rules.ts";

/** How two models are contrasted. */
export interface ContrastOptions {
  /** What fraction of the largest probability makes plausible, in (0, 1]; 0.1 by default. */
  readonly alpha?: number;
  /** How much the amateur counts, greater than 0; 1 by default. */
  readonly strength?: number;
}

/**
 * Scores tokens by how much more probable the expert finds them, if it finds them plausible.
 *
 * @param expert logits or log-probabilities of the stronger model, `[V]`
 * @param amateur those of the weaker one, `[V]`
 * @param options the cut and the strength
 * @returns scores that stand for logits, `-Infinity` for what is not plausible, `[V]`
 * @throws {TypeError} if the vocabularies differ in size
 */
export function contrast(
  expert: ArrayLike<number>,
  amateur: ArrayLike<number>,
  options: ContrastOptions = {},
): Float64Array {
  const { alpha, strength } = checkContrast(expert, amateur, options), best = likeliest(expert);
  if (best === undefined) return Float64Array.from(expert);

  // $p_i \ge \alpha \max_j p_j$, in logarithms.
  const threshold = expert[best]! + Math.log(alpha);

  // $s$: what the expert says, minus what the amateur says too.
  return Float64Array.from(
    expert,
    (logit, token) => logit >= threshold ? logit - strength * amateur[token]! : -Infinity,
  );
}

/** The same for a batch, by tensors alone. */
function contrastTensors(expert: Tensor, amateur: Tensor, { alpha = 0.1, strength = 1 }: ContrastOptions): Tensor {
  const threshold = expert.max(-1, { keepDims: true }).add(Math.log(alpha));
  return expert.sub(amateur.mul(strength)).where(expert.greaterEqual(threshold), -Infinity);
}

/** What contrastive decoding needs: a second model, and how it counts. */
export interface ContrastiveOptions extends ContrastOptions {
  /** The weaker model, of the same vocabulary; with a source of its own or without one. */
  readonly amateur: Decoder;
}

/**
 * Makes one decoder of an expert and an amateur, for every search, rule and device.
 *
 * The option `contrastive` of {@linkcode generate} does the same.
 *
 * @param expert the stronger model
 * @param options the weaker one, the cut and the strength
 * @returns a model whose logits are the scores
 * @throws {TypeError} if the vocabularies differ in size
 */
export function contrastiveDecoder(expert: Decoder, options: ContrastiveOptions): Decoder {
  checkOptions("contrast two models", options, contrastiveChecks);
  return jointDecoder([expert, options.amateur], ([p, q]) => contrastTensors(p!, q!, options));
}

// ## Several models as one
//
// Two models in use read the same prefixes, each with caches of its own. When a beam continues another prefix, the caches of both have to follow. Nothing in the
// [loop](generate.ts) knows of two models: they are joined to one. Its caches are those of all, one list behind the other, so that the [session](session.ts) rearranges them together, and its
// logits are what a function makes of the logits of all. So every search, every rule and every device works with it as with any model, beams and running ahead included.
//
// The function may be another one. The mean of the probabilities is an ensemble; an expert plus what a model of wanted texts says minus what one of unwanted texts says is DExperts.

/**
 * Joins models that read the same text to one.
 *
 * @example An ensemble
 * ```ts
 * import { DecoderOnly, generate, Random, softmax } from "@heed/heed";
 * import { jointDecoder } from "@heed/heed/generation";
 *
 * const sizes = { vocabSize: 20, hiddenSize: 16, numHeads: 2, numLayers: 1, contextLength: 32 };
 * const models = [1, 2].map((seed) => new DecoderOnly(sizes, new Random(seed)));
 * const ensemble = jointDecoder(models, (logits) =>
 *   logits.map((one) => softmax(one)).reduce((sum, one) => sum.add(one)).div(models.length).log());
 * console.assert((await generate(ensemble, [3, 1, 4], { maxNewTokens: 5 })).tokens.length === 5);
 * ```
 *
 * @param models of one vocabulary; those that hold sources hold equally many
 * @param combine makes logits of the logits of each, `[B, T, V]`
 * @returns a decoder; it sees as many tokens as the model that sees fewest
 * @throws {TypeError} if the models do not fit together
 */
export function jointDecoder(models: readonly Decoder[], combine: (logits: readonly Tensor[]) => Tensor): Decoder {
  checkModels(models);
  checkValue("join models", "combine", combine, callback<typeof combine>());
  return join(models, combine, []);
}

/** Joins models whose caches, once they are made, are divided by these counts. */
function join(models: readonly Decoder[], combine: (logits: readonly Tensor[]) => Tensor, counts: number[]): Decoder {
  const numSources = models.find((model) => model.numSources !== undefined)?.numSources;
  return {
    vocabSize: models[0]!.vocabSize,
    contextLength: Math.min(...models.map(({ contextLength }) => contextLength)),
    ...numSources !== undefined && { numSources },
    newCaches: (create) => {
      const lists = models.map((model) => model.newCaches?.(create) ?? []);
      counts.splice(0, counts.length, ...lists.map(({ length }) => length));
      // Where one of them remembers nothing, the whole text is fed to all.
      return counts.includes(0) ? [] : lists.flat();
    },
    forward: (tokens, call) => {
      let end = 0;
      const logits = models.map((model, i) => {
        // No list, where the whole text is fed: an empty one would be a list of too few caches.
        const caches = call.caches?.length ? call.caches.slice(end, end += counts[i]!) : undefined;
        const own = model.forward(tokens, callWith(call, caches));
        const { T } = dims(own, "B T V", { B: tokens.shape[0]!, V: model.vocabSize });
        return call.lastOnly && T > 1 ? own.slice(1, -1) : own;
      });
      return combine(logits);
    },
    ...models.some(({ select }) => select) && {
      select: (rows) => join(models.map((model) => model.select?.(rows) ?? model), combine, counts),
    },
  };
}

/** The same call with the caches of one of the models; what else is asked is read when that model reads it. */
function callWith(call: Parameters<Decoder["forward"]>[1], caches: typeof call.caches): typeof call {
  const own = { caches };
  for (const name of Object.keys(call) as (keyof typeof call)[]) {
    if (name !== "caches") Object.defineProperty(own, name, { get: () => call[name], enumerable: true });
  }
  return own;
}

// #region Options and their checks

/** What the cut may be. */
const alphaCheck: Check<number> = numeric({ above: 0, max: 1 });
/** What the strength may be. */
const strengthCheck: Check<number> = numeric({ above: 0 });
const contrastChecks: Checks<ContrastOptions> = { alpha: alphaCheck, strength: strengthCheck };

/** What a model may be. */
const modelCheck: Check<Decoder> = object(
  "a model with vocabSize, contextLength and forward()",
  (value) => "vocabSize" in value && "contextLength" in value && "forward" in value,
);

/** What the options of {@linkcode contrastiveDecoder} may be. */
export const contrastiveChecks: Checks<ContrastiveOptions> = { ...contrastChecks, amateur: required(modelCheck) };

function checkContrast(
  expert: ArrayLike<number>,
  amateur: ArrayLike<number>,
  options: ContrastOptions,
): Required<ContrastOptions> {
  checkNumbers("contrast", "expert", expert);
  checkNumbers("contrast", "amateur", amateur);
  checkOptions("contrast", options, contrastChecks);
  if (expert.length === amateur.length) return { alpha: 0.1, strength: 1, ...options };
  throw new TypeError(
    `Cannot contrast ${expert.length} logits with ${amateur.length}: both models need one vocabulary`,
  );
}

function checkModels(models: readonly Decoder[]): void {
  checkList("join models", "models", models, "models", (model) => typeof model === "object" && model !== null);
  if (models.length === 0) throw new RangeError("Cannot join no models: at least one is needed");
  for (const model of models) {
    checkValue("join models", "model", model, modelCheck);
    if ("encode" in model && "given" in model) {
      throw new TypeError(
        "Cannot join a model that reads a source: model.given(model.encode(source), sourceMask) is what to join",
      );
    }
  }
  const sizes = [...new Set(models.map(({ vocabSize }) => vocabSize))];
  if (sizes.length > 1) {
    throw new TypeError(`Cannot join models with vocabularies of ${sizes.join(" and ")}: they need one vocabulary`);
  }
  const sources = [...new Set(models.flatMap(({ numSources }) => numSources === undefined ? [] : [numSources]))];
  if (sources.length > 1) {
    throw new TypeError(`Cannot join models with ${sources.join(" and ")} sources: they need equally many`);
  }
}
// #endregion

// ## Does it hallucinate less?
//
// [The notes](notes:004.100) say so. The [experiment](experiments/contrastive.ts) takes the sums of [section](hallucination.ts), where every false answer can be counted, and compares contrastive decoding with
// its cut alone, so that the part of the amateur is seen.

// ## What the notes say
//
// **The notes, 004.99.** The idea is right, the formula is another one. Probabilities that are subtracted from each other sum to 0: half of the mass is negative, and nothing can be sampled from that. The
// method that has the name subtracts logarithms, and compares plausible tokens alone. Both examples above show what either gives.
//
// **The notes, 004.100.** Not in the experiment. On sums that both models have read, fewer samples are false, and the cut alone does as much; on sums that they never read, where hallucination is the trouble, the
// amateur does not help. The paper measures something else, how coherent and how diverse long texts are; there it finds a gain, and so do O'Brien and Lewis for problems
// whose solution takes several steps.

// ## Pitfall: a ratio without a cut
//
// `expert.sub(amateur).argmax(-1)` chooses what both find absurd, wherever the amateur finds it a little more so. The test "contrast() without a cut prefers what is not plausible" has such a row.

// ## Pitfall: one cache for two models
//
// An amateur that keeps its caches beside the loop, and appends each token as it comes, is right for one sequence. In a beam search its cache holds another prefix from the first step on in which the
// parents change. The test "contrastive decoding works under every search, with caches of both, of one and of none" compares it with whole passes.

// ## Exercise
//
// *The same model twice.* What does contrastive decoding with $\lambda = 1$ choose if the amateur is the expert itself? And with $\lambda = \frac{1}{2}$?
//
// **Hint.** Write down $s_i$ for $q = p$.
//
// **Solution.** $s_i = (1 - \lambda) \log p_i$. With $\lambda = 1$ all plausible tokens are equal, and greedy search takes the lowest id of them; with $\lambda = \frac{1}{2}$ the order is that of the expert, at twice the temperature.
//
// ```ts
// import { contrast } from "@heed/heed/generation";
//
// const expert = [0.1, 0.6, 0.3].map(Math.log);
// for (const strength of [1, 0.5]) {
//   console.log(`strength ${strength}: ${Array.from(contrast(expert, expert, { strength }), (s) => s.toFixed(3)).join(", ")}`);
// }
// ```
//
// ```text
// strength 1: 0.000, 0.000, 0.000
// strength 0.5: -1.151, -0.255, -0.602
// ```
