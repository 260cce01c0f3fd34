/**
 * # What is kept of a step
 *
 * **Question.** A generation returns tokens. Which tokens were nearly chosen, what did the rules change, and where did the model look at
 * that step?
 *
 * **Idea.** Every step computes the answers, and the loop throws them away, since they are large: a vocabulary of fifty thousand
 * log-probabilities for each token of the text. With the option `output` a program names what it wants to keep. Each step then has a
 * record: the token that was chosen, its log-probability before the rules and after them, and what else was asked for.
 *
 * **Formula.** With the logits $z_j$ of step $j$ and what the [rules](rules.ts) leave of them, $\tilde z_j$,
 *
 * $$\ell_j = \log \mathrm{softmax}(z_j), \qquad \tilde\ell_j = \log \mathrm{softmax}(\tilde z_j)$$
 *
 * | symbol          | in code                                  | in `transformers`         |
 * | --------------- | ---------------------------------------- | ------------------------- |
 * | $\ell_j$        | `logProbabilities`, `logProbability`     | `logits`, normalized      |
 * | $\tilde\ell_j$  | `processedLogProbabilities`, `processedLogProbability` | `scores`, normalized |
 *
 * Both distributions sum to 1. A token that the rules forbid has $\tilde\ell = -\infty$. Temperature and truncation are rules too, so a draw follows $\tilde\ell$.
 *
 * **Which position.** The logits of step $j$ belong to the last position that the model has read, the token before $y_j$. Attention and hidden
 * state are those of that position: what it looked at, and the vector that the logits were made of. Attention at the other positions of a prompt is
 * what `model.forward(tokens, { observe })` tells.
 *
 * ```ts
 * import { DecoderOnly, generate, Random } from "@heed/heed";
 *
 * const sizes = { vocabSize: 6, hiddenSize: 8, numHeads: 2, numLayers: 1, contextLength: 16 };
 * const model = new DecoderOnly(sizes, new Random(1)).eval();
 * const options = { maxNewTokens: 2, suppressTokens: [1], output: { alternatives: 2, attentions: true } };
 * const { steps } = await generate(model, [3, 1, 4], options);
 * for (const { token, alternatives, processedAlternatives, attentions } of steps!) {
 *   const before = alternatives!.map((one) => `${one.token} ${Math.exp(one.logProbability).toFixed(3)}`);
 *   const after = processedAlternatives!.map((one) => `${one.token} ${Math.exp(one.processedLogProbability).toFixed(3)}`);
 *   console.log(`token ${token}; before the rules: ${before.join(", ")}; after them: ${after.join(", ")}`);
 *   console.log(`  the first head looked at ${attentions![0]!.weights[0]!.length} positions`);
 * }
 * ```
 *
 * ```text
 * token 4; before the rules: 1 0.175, 4 0.174; after them: 4 0.210, 5 0.200
 *   the first head looked at 3 positions
 * token 4; before the rules: 4 0.184, 1 0.172; after them: 4 0.222, 5 0.207
 *   the first head looked at 4 positions
 * ```
 *
 * **What it costs.** Alternatives cost a pass over the vocabulary at each step. Attention is computed as a map, which the fast kernels avoid. With
 * `output` every step is read on the host, so the device does not [run ahead](on_device.ts), and the text stays what it is.
 *
 * @module
 */

import { checkOptions } from "../engine/options.ts";
import type { Tensor } from "../engine/tensor.ts";
import { dims } from "../engine/shape.ts";
import { outputChecks, type OutputOptions } from "./options.ts";
import { likeliest } from "./rules.ts";
import { toLogProbabilities } from "./sampling.ts";
import type { Beam, Hypothesis, ScoredPrefix, SequenceLimits, StepAttention, StepOutput } from "./search.ts";
import type { Passed, Watch } from "./session.ts";
import { tokensOf } from "./stops.ts";

/** Looks at a prefix and what the rules leave of its logits; returns a maker of records. */
export type StepRecorder = (prefix: ScoredPrefix, allowed: Float64Array) => (token: number) => StepOutput;

/**
 * Keeps what was asked for of each step.
 *
 * @param options what
 * @returns makes records
 */
export function stepRecorder(options: OutputOptions): StepRecorder {
  checkOptions("keep records", options, outputChecks);
  const { alternatives: count = 0, logProbabilities: isWhole } = options;
  return ({ logits, attentions, hiddenState }, allowed) => {
    const before = toLogProbabilities(logits); // $\ell$
    // A beam may have nothing left to go on with, and be dropped.
    const after = likeliest(allowed) === undefined ? allowed : toLogProbabilities(allowed); // $\tilde\ell$
    const told = (token: number) => ({
      token,
      logProbability: before[token]!,
      processedLogProbability: after[token]!,
    });
    const kept = {
      ...count > 0 && {
        alternatives: mostProbable(before, count).map(told),
        processedAlternatives: mostProbable(after, count).map(told),
      },
      ...isWhole && { logProbabilities: before, processedLogProbabilities: after },
      ...attentions && { attentions },
      ...hiddenState && { hiddenState },
    };
    return (token) => ({ ...told(token), ...kept });
  };
}

/** The ids of the largest finite numbers, largest first, of equal ones the lower id. */
function mostProbable(row: Float64Array, count: number): number[] {
  const best: number[] = [];
  for (let token = 0; token < row.length; token++) {
    const last = best[count - 1];
    if (row[token] === -Infinity || last !== undefined && row[token]! <= row[last]!) continue;
    let at = Math.min(best.length, count - 1);
    for (; at > 0 && row[best[at - 1]!]! < row[token]!; at--) best[at] = best[at - 1]!;
    best[at] = token;
  }
  return best;
}

// ## Steps of a beam
//
// A search of several sequences chooses prefixes, and most of them are given up later. Each live prefix has the records of its tokens with it, and hands them to
// those that continue it. A sequence that ends takes the records of the prefix that it ended in.

/** A prefix that waits, with the records of its tokens. */
interface Traced {
  readonly tokens: readonly number[];
  readonly steps: readonly StepOutput[];
  /** Makes the record of a token that continues it. */
  readonly next: (token: number) => StepOutput;
}

/** The records of all sequences of a beam. */
export class SequenceRecorder {
  readonly #record: StepRecorder;
  readonly #ends: readonly number[];
  #steps: readonly (readonly StepOutput[])[] = [[]];
  #waiting: readonly Traced[] = [];
  #found = new Map<string, readonly StepOutput[]>();

  /** Begins with the empty sequence. */
  constructor(record: StepRecorder, { eosToken }: SequenceLimits) {
    this.#record = record;
    this.#ends = tokensOf(eosToken);
  }

  /** Looks at the live prefixes of a beam before it is extended. */
  look({ live }: Beam, prefixes: readonly ScoredPrefix[], allowed: readonly Float64Array[]): void {
    this.#waiting = live.map(({ tokens }, i) => ({
      tokens,
      steps: this.#steps[i]!,
      next: this.#record(prefixes[i]!, allowed[i]!),
    }));
  }

  /** Follows a beam that has been extended: which prefixes go on, and which sequences have ended. */
  follow({ live, results }: Beam, parents: readonly number[]): void {
    this.#steps = live.map(({ tokens }, i) => {
      const { steps, next } = this.#waiting[parents[i]!]!;
      return [...steps, next(tokens.at(-1)!)];
    });
    // Of those that were found and dropped, nothing is kept.
    this.#found = new Map(results.map((one) => [keyOf(one), this.#found.get(keyOf(one)) ?? this.#end(one)]));
    this.#waiting = [];
  }

  /** A sequence with its records. */
  of<H extends Hypothesis>(found: H): H {
    return { ...found, steps: this.#found.get(keyOf(found)) ?? [] };
  }

  /** The records of a sequence that ends in one of the prefixes that waited, or one token after it. */
  #end({ tokens, finished, stop }: Hypothesis): readonly StepOutput[] {
    const size = tokens.length, isCut = !finished || typeof stop === "string";
    // The end token that followed it, if one did: chosen now, or the last of a candidate that was tried.
    const isEnd = (token: number | undefined): boolean => token !== undefined && this.#ends.includes(token);
    const from = this.#waiting.find((one) =>
      one.tokens.slice(0, size).every((token, i) => token === tokens[i]) &&
      one.tokens.length >= size - (isCut ? 1 : 0) &&
      (isCut || one.tokens.length === size || isEnd(one.tokens[size]))
    );
    if (!from) return [];
    const { steps, next } = from, end = typeof stop === "number" ? stop : this.#ends[0]!;
    if (isCut) return steps.length >= size ? steps.slice(0, size) : [...steps, next(tokens[size - 1]!)];
    return steps.length > size ? steps.slice(0, size + 1) : [...steps, next(end)];
  }
}

function keyOf({ tokens, finished }: Hypothesis): string {
  return `${tokens.join()} ${finished}`;
}

// ## Looking into a pass
//
// Who wants attention passes a function down to the layers, as [a page on layers](../05_transformer/encoder.ts) has it. Rows of a batch that are shorter have padding on the left, which
// is cut off.

/**
 * What looks at each pass of a session.
 *
 * @param options attentions, hidden states, or both
 * @returns nothing where neither is asked for
 */
export function watchPasses({ attentions, hiddenStates }: OutputOptions): Watch | undefined {
  if (!attentions && !hiddenStates) return undefined;
  return (decoder, tokens, call, lengths) => {
    const seen: Seen[] = [];
    const observe = (path: string, weights: Tensor): void => {
      dims(weights, "B H T S");
      seen.push({ path, numHeads: weights.shape[1]!, size: weights.shape[3]!, numbers: weights.at(2, -1).read() });
    };
    const { logits, states } = pass(
      decoder,
      tokens,
      attentions ? Object.assign(call, { observe }) : call,
      hiddenStates,
    );
    if (attentions && seen.length === 0) throw new TypeError(NO_ATTENTION);
    const state = states?.at(1, -1), width = state?.shape[1] ?? 0, vectors = state?.read();
    return {
      logits,
      seen: lengths.map(async (length, row) => ({
        ...attentions && { attentions: await Promise.all(seen.map((one) => attentionOf(one, row, length))) },
        ...vectors && { hiddenState: Float32Array.from((await vectors).slice(row * width, (row + 1) * width)) },
      })),
    };
  };
}

/** Weights of one attention, being read. */
interface Seen {
  readonly path: string;
  readonly numHeads: number;
  readonly size: number;
  readonly numbers: Promise<ArrayLike<number>>;
}

/** What one row of a batch looked at: of its own text the positions that it has, of a source all. */
async function attentionOf(
  { path, numHeads, size, numbers }: Seen,
  row: number,
  length: number,
): Promise<StepAttention> {
  const all = Float32Array.from(await numbers), padding = /cross/i.test(path) ? 0 : Math.max(0, size - length);
  const weights = Array.from({ length: numHeads }, (_, head) => {
    const at = (row * numHeads + head) * size;
    return all.slice(at + padding, at + size);
  });
  return { path, weights };
}

const NO_ATTENTION = "Cannot give attentions of this model: its forward() hands no weights to observe()";

function pass(
  decoder: Parameters<Watch>[0],
  tokens: Tensor,
  call: Parameters<Watch>[2],
  hiddenStates: boolean | undefined,
): Pick<Passed, "logits"> & { readonly states?: Tensor } {
  if (hiddenStates && typeof decoder.readStates !== "function") {
    throw new TypeError("Cannot give hiddenStates of this model: readStates() is needed, which returns them");
  }
  try {
    return hiddenStates ? decoder.readStates!(tokens, call) : { logits: decoder.forward(tokens, call) };
  } catch (error) {
    // A model that knows no such option.
    if (error instanceof TypeError && error.message.includes('"observe"')) {
      throw new TypeError(NO_ATTENTION, { cause: error });
    }
    throw error;
  }
}

// ## Pitfall: probabilities of another distribution
//
// A draw at a low temperature follows $\tilde\ell$, and a program that weighs samples by $\ell$ weighs them by another distribution than the one they come from. Which of the two is
// meant has to be said. `logProbability` of a result and of a stream is the model's own; that of beams is what they are ranked by, after the rules. The test
// "output shows what the rules change, before and after" holds the difference.
