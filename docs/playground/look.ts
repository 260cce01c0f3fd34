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

import { rest } from "../../core/engine/pace.ts";
import type { TreeNode } from "../../core/experiments/figure.ts";
import { rulesOf } from "../../core/07_generation/options.ts";
import { type LogitsRule, noGrad, Random, release, scope, stream, type Tensor, tensor, topKRule } from "../../mod.ts";
import {
  ancestralSampling,
  applyRules,
  BeamSearch,
  greedySearch,
  toLogProbabilities,
  toProbabilities,
} from "../../core/07_generation/mod.ts";
import type { Translator } from "./pack.ts";
import { CONTROLS } from "./controls.ts";
import { LONGEST_SENTENCE, type Settings } from "./settings.ts";

/** Most tokens of a sentence; its figures would not be legible. */
const LONGEST = 32;

/** Bars of a distribution. */
const BARS = 10;

/** A token and its probability. */
export interface Likely {
  readonly token: string;
  /** What the model says. */
  readonly model: number;
  /** After temperature and truncation. */
  readonly shaped: number;
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
  /** The most probable tokens at each position of the translation, END's included. */
  readonly steps: readonly { readonly likely: readonly Likely[]; readonly kept: number }[];
  /** A translation drawn by chance: its tokens, and the probability that the model gave each. */
  readonly drawn: {
    readonly text: string;
    readonly tokens: readonly { text: string; value: number }[];
    /** Whether a slider stands where only the most probable token is left. */
    readonly isGreedy: boolean;
  };
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

/** The rules that sliders ask for, and whether one stands where only the most probable token is left. */
function shaping(settings: Settings): { readonly rules: readonly LogitsRule[]; readonly isGreedy: boolean } {
  const used = CONTROLS.filter(({ stage, name, none }) => stage === "softmax" && (settings[name] ?? none) !== none);
  const isGreedy = used.some(({ name, likeliest }) => settings[name] === likeliest);
  const rules = rulesOf(Object.fromEntries(
    used.filter(({ name, likeliest }) => settings[name] !== likeliest).map(({ name }) => [name, settings[name]]),
  ));
  return { rules: isGreedy ? rules.filter(({ needsDraw }) => !needsDraw) : rules, isGreedy };
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
    const { tree, found } = await searchTree(translator, memory, settings.numBeams ?? 1, maxNewTokens, name, signal);
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

    const { rules, isGreedy } = shaping(settings), shown = isGreedy ? [...rules, topKRule(1)] : rules;
    const steps: View["steps"][number][] = [];
    const task = { promptLength: 1, eosToken: target.endToken, maxNewTokens };
    for (const [step, row] of rowsOf(numbers[0]!, model.options.vocabSize).entries()) {
      await rest(signal);
      const before = toProbabilities(row),
        context = { ...task, tokens: [target.beginToken, ...written.slice(0, step)] };
      const after = toProbabilities(applyRules(shown, Float64Array.from(row), context));
      const order = Array.from(before.keys()).sort((a, b) => before[b]! - before[a]! || a - b).slice(0, BARS);
      steps.push({
        likely: order.map((id) => ({ token: name(id), model: before[id]!, shaped: after[id]! })),
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
      steps,
      drawn: {
        text: target.decode(drawn.map(({ id }) => id)).trim(),
        tokens: drawn.map(({ id, value }) => ({ text: name(id), value })),
        isGreedy,
      },
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

/** Continuations that did not survive, as many as are shown at each step. */
const LOSERS = 2;

/** Beam search with everything it looked at that came near. */
async function searchTree(
  { model, target }: Translator,
  memory: Tensor,
  numBeams: number,
  maxNewTokens: number,
  name: (id: number) => string,
  signal: AbortSignal | undefined,
): Promise<{ tree: TreeNode[]; found: BeamSearch["results"] }> {
  const search = new BeamSearch({ numBeams, maxNewTokens, eosToken: target.endToken });
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
