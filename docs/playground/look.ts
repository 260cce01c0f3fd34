/**
 * # Looking into a translation
 *
 * **Question.** A sentence goes in, a sentence comes out. What are the numbers in between?
 *
 * **Idea.** The functions of the book are called one after the other, and what each returns is read back: tokens, their
 * vectors, the weights of every head, the distribution before every word, the beams. Nothing is computed here that the library
 * computes; the beam search is its `BeamSearch`, fed step by step so that its tree can be seen.
 *
 * @module
 */

import { UsageError } from "../../core/cli/errors.ts";
import { readTokens } from "../../core/cli/token_options.ts";
import { rest } from "../../core/engine/pace.ts";
import type { TreeNode } from "../../core/experiments/figure.ts";
import type { RuleOptions } from "../../core/07_generation/options.ts";
import { type Draft, speculate } from "../../core/07_generation/speculative.ts";
import { type LogitsRule, noGrad, Random, release, scope, stream, type Tensor, tensor, topKRule } from "../../mod.ts";
import {
  ancestralSampling,
  applyRules,
  BeamSearch,
  greedySearch,
  toLogProbabilities,
  toProbabilities,
} from "../../core/07_generation/mod.ts";
import type { Decoder } from "../../core/07_generation/sampling.ts";
import type { TokenSearch } from "../../core/07_generation/search.ts";
import { draftOf, type Guesses } from "./draft.ts";
import held from "./model/guesses.json" with { type: "json" };
import type { Translator } from "./pack.ts";
import { shaping } from "./shaping.ts";
import { labelOf, LONGEST_SENTENCE, type Settings, type WordOption } from "./settings.ts";

/** Most tokens of a sentence; its figures would not be legible. */
const LONGEST = 32;

/** Bars of a distribution. */
const BARS = 10;

/** A token and its probability. */
export interface Likely {
  readonly token: string;
  /** What the model says. */
  readonly model: number;
  /** After all rules. */
  readonly shaped: number;
  /** After each rule in turn, in the order of the view's rules. */
  readonly after: readonly number[];
}

/** What a draft was worth, and what became of each of its proposals. */
export interface Drafted {
  /** The text, as proposals were accepted (best), rejected (not kept), or the model wrote by itself. */
  readonly tree: readonly TreeNode[];
  readonly text: string;
  readonly tokens: number;
  readonly calls: number;
  readonly proposed: number;
  readonly accepted: number;
}

/** Weights by layer, head, who looks, who is looked at. */
export type Weights = readonly (readonly (readonly (readonly number[])[])[])[];

/** Everything that the page shows. */
export interface View {
  readonly settings: Settings;
  /** Tokens of the sentence, END included. */
  readonly source: { readonly tokens: readonly string[]; readonly ids: readonly number[] };
  /** What the decoder reads: BEGIN and the translation. */
  readonly inputs: readonly string[];
  /** The translation. */
  readonly text: string;
  /** Rows of the table, rows that enter the encoder, rows that leave it; `[S, E]` each. */
  readonly embedded: readonly (readonly number[])[];
  readonly placed: readonly (readonly number[])[];
  readonly memory: readonly (readonly number[])[];
  readonly encoder: Weights;
  readonly self: Weights;
  readonly cross: Weights;
  /** The rules that are used, in the order in which they apply. */
  readonly rules: readonly string[];
  /** The most probable tokens at each position of the translation, END's included. */
  readonly steps: readonly { readonly likely: readonly Likely[]; readonly kept: number }[];
  /** A translation drawn by chance: its tokens, and the probability that the model gave each. */
  readonly drawn: {
    readonly text: string;
    readonly tokens: readonly { text: string; value: number }[];
    /** Whether a slider stands where only the most probable token is left. */
    readonly isGreedy: boolean;
  };
  /** The same with a draft; absent where nothing is proposed. */
  readonly drafted?: Drafted;
  readonly tree: readonly TreeNode[];
  /** Texts that the search found, best first. */
  readonly found: readonly { readonly text: string; readonly logProbability: number; readonly score: number }[];
}

const row = (tokens: readonly number[]): Tensor => tensor(Int32Array.from(tokens), [1, tokens.length]);

/** Numbers in rows. */
function rowsOf(numbers: ArrayLike<number>, columns: number): number[][] {
  return Array.from(
    { length: numbers.length / columns },
    (_, r) => Array.from({ length: columns }, (_, c) => numbers[r * columns + c]!),
  );
}

/** Weights of one attention, `[1, H, T, S]`, as nested arrays. */
function headsOf(numbers: ArrayLike<number>, shape: readonly number[]): number[][][] {
  const [, H = 0, T = 0, S = 0] = shape, rows = rowsOf(numbers, S);
  return Array.from({ length: H }, (_, h) => rows.slice(h * T, (h + 1) * T));
}

/** Words as tokens of the translation. */
function tokensOf(words: Settings["words"], target: Translator["target"]): RuleOptions {
  const given = Object.entries(words ?? {}).filter(([, text]) => text.trim() !== "") as [WordOption, string][];
  return Object.fromEntries(given.map(([name, text]) => {
    try {
      return [name, readTokens(name, text, target)];
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      // What the command line calls by its flag has a label here.
      throw new RangeError(error.message.replace(/--[a-z-]+/, labelOf(name)).replace(/;[^;]*$/, ""));
    }
  }));
}

/** Reads tensors and frees them. */
async function take(tensors: readonly Tensor[]): Promise<ArrayLike<number>[]> {
  const numbers = await Promise.all(tensors.map((x) => x.read()));
  tensors.forEach(release);
  return numbers;
}

/**
 * Translates a sentence and takes down what happens on the way.
 *
 * @param translator who translates
 * @param settings sentence and search
 * @param signal stops it between two tokens
 * @returns what the page shows
 * @throws {RangeError} if there is nothing to translate, or too much
 * @throws the signal's reason after an abort
 */
export async function look(translator: Translator, settings: Settings, signal?: AbortSignal): Promise<View> {
  const { model, source, target } = translator, { hiddenSize } = model.options;
  const { length } = settings.sentence.trim();
  if (length > LONGEST_SENTENCE) {
    throw new RangeError(`The sentence has ${length} characters and ${LONGEST_SENTENCE} are the most here`);
  }
  const sentence = settings.sentence.normalize("NFC").trim();
  if (sentence === "") throw new RangeError("There is nothing to translate");
  const ids = [...source.encode(sentence), source.endToken];
  if (ids.length > LONGEST) {
    throw new RangeError(`The sentence has ${ids.length} tokens and ${LONGEST} are the most here`);
  }
  const sourceName = (id: number): string =>
    id === source.endToken ? "END" : id === source.unknownToken ? "UNK" : source.decode([id]);
  const name = (id: number): string =>
    id === target.endToken
      ? "END"
      : id === target.beginToken
      ? "BEGIN"
      : id === target.unknownToken
      ? "UNK"
      : target.decode([id]);

  const { embedded, placed, memory } = scope(() =>
    noGrad(() => {
      const embedded = model.sourceEmbedding.forward(row(ids));
      const words = embedded.mul(Math.sqrt(hiddenSize)), placed = model.sourcePositions?.forward(words) ?? words;
      return { embedded, placed, memory: model.encode(row(ids)) };
    })
  );
  const [table, entered] = await take([embedded, placed]);
  try {
    const maxNewTokens = Math.min(2 * ids.length + 10, model.options.contextLength - 1);
    const { tree, found } = await searchTree(translator, memory, settings, maxNewTokens, name, signal);
    const written = found[0]!.tokens;
    const seen = new Map<string, Tensor>();
    const logits = scope(() =>
      noGrad(() => {
        const observe = (path: string, weights: Tensor): void => void seen.set(path, weights);
        return [model.forward(row(ids), row([target.beginToken, ...written]), { observe }), ...seen.values()];
      })
    );
    const shapes = logits.map(({ shape }) => shape);
    const numbers = await take(logits);
    const paths = ["", ...seen.keys()];
    const weights = (stack: string, name: string): Weights =>
      Array.from({ length: model.options.numLayers }, (_, layer) => {
        const at = paths.indexOf(`${stack}.layers.${layer}.${name}`);
        return headsOf(numbers[at]!, shapes[at]!);
      });

    const { rules, isGreedy } = shaping({ ...settings }, tokensOf(settings.words, target));
    const shown = isGreedy ? [...rules, topKRule(1)] : rules;
    const steps: View["steps"][number][] = [];
    const task = { promptLength: 1, eosToken: target.endToken, maxNewTokens };
    for (const [step, row] of rowsOf(numbers[0]!, model.options.vocabSize).entries()) {
      await rest(signal);
      const before = toProbabilities(row),
        context = { ...task, tokens: [target.beginToken, ...written.slice(0, step)] };
      let logits = Float64Array.from(row);
      const stages = shown.map((rule) =>
        toProbabilities(logits = applyRules([rule], logits, context) as typeof logits)
      );
      const after = stages.at(-1) ?? before;
      const order = Array.from(before.keys()).sort((a, b) => before[b]! - before[a]! || a - b).slice(0, BARS);
      steps.push({
        likely: order.map((id) => ({
          token: name(id),
          model: before[id]!,
          shaped: after[id]!,
          after: stages.map((probabilities) => probabilities[id]!),
        })),
        kept: after.reduce((count, p) => count + Number(p > 0), 0),
      });
    }

    const drawn: { id: number; value: number }[] = [];
    const search = isGreedy ? greedySearch() : ancestralSampling(new Random(settings.seed));
    for await (
      const { token, logProbability } of stream(model.given(memory), [target.beginToken], {
        maxNewTokens,
        eosToken: target.endToken,
        ...(signal && { signal }),
        search,
        rules,
      })
    ) drawn.push({ id: token, value: Math.exp(logProbability) });

    const { proposals = 0 } = settings;
    const drafted = proposals > 0 && await draftedTree(model.given(memory), draftOf(held as Guesses, proposals), {
      ...task,
      prompt: [target.beginToken],
      rules,
      // Random numbers of its own: a draft draws others, and so writes another text.
      search: isGreedy ? greedySearch() : ancestralSampling(new Random(settings.seed + 1)),
      name,
      decode: (tokens) => target.decode(tokens).trim(),
      signal,
    });

    return {
      settings: { ...settings, sentence },
      source: { tokens: ids.map(sourceName), ids },
      inputs: ["BEGIN", ...written.map(name)],
      text: target.decode(written).trim(),
      embedded: rowsOf(table!, hiddenSize),
      placed: rowsOf(entered!, hiddenSize),
      memory: rowsOf(await memory.read(), hiddenSize),
      encoder: weights("encoder", "attention"),
      self: weights("decoder", "selfAttention"),
      cross: weights("decoder", "crossAttention"),
      rules: isGreedy
        ? [...rules.map(({ name }) => labelOf(name)), "most probable"]
        : rules.map(({ name }) => labelOf(name)),
      steps,
      drawn: {
        text: target.decode(drawn.map(({ id }) => id)).trim(),
        tokens: drawn.map(({ id, value }) => ({ text: name(id), value })),
        isGreedy,
      },
      ...drafted && { drafted },
      tree,
      found: found.map(({ tokens, logProbability, score }) => ({
        text: target.decode(tokens).trim(),
        logProbability,
        score,
      })),
    };
  } finally {
    release(memory);
  }
}

/** How a text with a draft is written, and what it is called on the page. */
interface DraftedTask {
  readonly prompt: readonly number[];
  readonly rules: readonly LogitsRule[];
  readonly search: TokenSearch;
  readonly promptLength: number;
  readonly eosToken: number;
  readonly maxNewTokens: number;
  readonly name: (id: number) => string;
  readonly decode: (tokens: readonly number[]) => string;
  readonly signal: AbortSignal | undefined;
}

/** Speculative decoding with everything that was proposed. */
async function draftedTree(
  decoder: Decoder,
  draft: Draft,
  { prompt, rules, name, decode, ...task }: DraftedTask,
): Promise<Drafted> {
  let proposed: readonly number[] = [];
  const before: Float64Array[] = [], after: Float64Array[] = [];
  /** Rules that change nothing and hear what the model says of each place, before all others and after them. */
  const hearing = (rows: Float64Array[]): LogitsRule => ({
    name: "hearing",
    onHost: (logits) => {
      rows.push(toProbabilities(logits));
      return logits;
    },
  });
  const heard: Draft = {
    ...draft,
    begin: (start) => {
      const drafter = draft.begin(start);
      return {
        propose: async (tokens, count) => {
          const found = await drafter.propose(tokens, count);
          proposed = found.map(({ token }) => token);
          return found;
        },
        dispose: () => drafter.dispose(),
      };
    },
  };
  const tree: TreeNode[] = [{ id: 0, label: "BEGIN", kept: true, best: true }], tokens: number[] = [];
  const told = { calls: 0, proposed: 0, accepted: 0 };
  let place = 0;
  const steps = speculate(decoder, prompt, {
    ...task,
    draft: heard,
    rules: [hearing(before), ...rules, hearing(after)],
  });
  for await (const step of steps) {
    told.calls++;
    told.proposed += step.proposed;
    told.accepted += step.accepted;
    for (const [i, { token }] of step.tokens.entries()) {
      const isProposed = i < step.accepted, rejected = isProposed ? undefined : proposed[i];
      if (rejected !== undefined) {
        const isBanned = after[i]![rejected] === 0 && before[i]![rejected]! > 0;
        const label = isBanned ? `${name(rejected).trim()} (banned)` : name(rejected);
        tree.push({ id: tree.length, parent: place, label, value: after[i]![rejected]!, kept: false });
      }
      const node = { id: tree.length, parent: place, label: name(token), value: after[i]![token]!, kept: true };
      tree.push(isProposed ? { ...node, best: true } : node);
      place = node.id;
      tokens.push(token);
    }
    proposed = [];
    before.length = after.length = 0;
  }
  return { tree, text: decode(tokens.filter((token) => token !== task.eosToken)), tokens: tokens.length, ...told };
}

/** Continuations that did not survive, as many as are shown at each step. */
const LOSERS = 2;

/** Beam search with everything it looked at that came near. */
async function searchTree(
  { model, target }: Translator,
  memory: Tensor,
  { numBeams = 1, lengthPenalty = 1 }: Settings,
  maxNewTokens: number,
  name: (id: number) => string,
  signal: AbortSignal | undefined,
): Promise<{ tree: TreeNode[]; found: BeamSearch["results"] }> {
  const search = new BeamSearch({ numBeams, maxNewTokens, eosToken: target.endToken, lengthPenalty });
  const tree: TreeNode[] = [{ id: 0, label: "BEGIN", value: 0, kept: true }];
  const tokenOf = [target.beginToken];
  let places = [0];
  while (search.live.length > 0) {
    await rest(signal);
    const live = search.live, width = live[0]!.tokens.length + 1;
    const tokens = Int32Array.from(live.flatMap(({ tokens }) => [target.beginToken, ...tokens]));
    const logits = scope(() =>
      noGrad(() =>
        model.given(memory).select(live.map(() => 0)).forward(tensor(tokens, [live.length, width]), { lastOnly: true })
      )
    );
    const [numbers] = await take([logits]);
    const rows = rowsOf(numbers!, model.options.vocabSize).map((row) => toLogProbabilities(row));
    const near = rows.flatMap((row, parent) =>
      Array.from(row, (x, token) => ({ parent, token, value: live[parent]!.logProbability + x }))
        .sort((a, b) => b.value - a.value || a.token - b.token).slice(0, numBeams + LOSERS)
    ).sort((a, b) => b.value - a.value || a.parent - b.parent || a.token - b.token).slice(0, numBeams + LOSERS);
    const next: number[] = [];
    near.forEach(({ parent, token, value }, place) => {
      const id = tree.length, kept = place < numBeams;
      tree.push({ id, parent: places[parent]!, label: name(token), value, kept });
      tokenOf.push(token);
      if (kept && token !== target.endToken) next.push(id);
    });
    search.extend(rows);
    places = next;
  }
  const found = search.results, best = found[0]!;
  let at = 0;
  for (const token of [...best.tokens, ...best.finished ? [target.endToken] : []]) {
    tree[at] = { ...tree[at]!, best: true };
    at = tree.findIndex(({ parent, kept }, id) => parent === at && kept && tokenOf[id] === token);
  }
  tree[at] = { ...tree[at]!, best: true };
  return { tree, found };
}
