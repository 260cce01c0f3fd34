/**
 * # What greedy search misses
 *
 * Random models of a few words, small enough that every text can be looked at. Greedy search and beams of
 * growing width are compared with the best text of each; one of the models is drawn as a tree.
 *
 * @module
 */

import { percent, rounded, say, seedControl, Steps } from "../../05_transformer/experiments/support.ts";
import { Random } from "../../engine/random.ts";
import type { Experiment, Figure, TreeNode } from "../../experiments.ts";
import { BeamSearch, greedy } from "../greedy_and_beam.ts";
import { toLogProbabilities } from "../sampling.ts";

const WORDS = "abcd", V = 4;
const MODELS = 200;

type Found = {
  /** Widths of the beams, the last one as wide as there are beginnings. */
  readonly widths: readonly number[];
  /** Share of models whose best text each width finds; the first is greedy search. */
  readonly found: readonly number[];
  /** Mean probability of the text found, as a share of that of the best one. */
  readonly quality: readonly number[];
  /** Continuations that each width looks at, and exhaustive search. */
  readonly work: readonly number[];
  readonly exhaustive: number;
  /** Share of models in which a beam of one finds just what greedy search finds. */
  readonly oneIsGreedy: number;
};

type Model = (tokens: readonly number[]) => Float64Array;

/** A model that has a distribution of its own for every beginning. */
function randomModel(seed: number, index: number): Model {
  const rows = new Map<string, Float64Array>();
  return (tokens) => {
    const key = tokens.join();
    const known = rows.get(key);
    if (known) return known;
    // A beginning is a number in base V, so that its distribution does not depend on who asks first.
    const place = tokens.reduce((number, token) => number * V + token + 1, 1);
    const random = Random.from({ key: [seed >>> 0, index], counter: place * 2 * V });
    const row = toLogProbabilities(Array.from({ length: V }, () => {
      const [u, w] = [random.next(), random.next()];
      return 1.5 * Math.sqrt(-2 * Math.log(1 - u)) * Math.cos(2 * Math.PI * w);
    }));
    rows.set(key, row);
    return row;
  };
}

interface Text {
  readonly tokens: readonly number[];
  readonly logProbability: number;
}

/** Looks at every text. */
function exhaustive(model: Model, depth: number, tokens: readonly number[] = [], logProbability = 0): Text {
  if (tokens.length === depth) return { tokens, logProbability };
  const row = model(tokens);
  return Array.from(row, (p, token) => exhaustive(model, depth, [...tokens, token], logProbability + p))
    .reduce((best, text) => text.logProbability > best.logProbability ? text : best);
}

function greedily(model: Model, depth: number): Text {
  const tokens: number[] = [];
  let logProbability = 0;
  while (tokens.length < depth) {
    const row = model(tokens), token = greedy(row);
    logProbability += row[token]!;
    tokens.push(token);
  }
  return { tokens, logProbability };
}

/** The best text of a beam, how many continuations it looked at, and which beginnings it kept. */
function beam(model: Model, depth: number, numBeams: number): Text & { work: number; kept: Set<string> } {
  const search = new BeamSearch({ numBeams, maxNewTokens: depth, lengthPenalty: 0 });
  const kept = new Set([""]);
  let work = 0;
  while (search.live.length > 0) {
    const rows = search.live.map(({ tokens }) => model(tokens));
    work += rows.length * V;
    search.extend(rows);
    for (const { tokens } of search.live) kept.add(tokens.join());
  }
  for (const { tokens } of search.results) kept.add(tokens.join());
  return { ...search.results[0]!, work, kept };
}

/** Every beginning of a model as a tree. */
function treeOf(model: Model, best: Text, kept: ReadonlySet<string>): TreeNode[] {
  const nodes: TreeNode[] = [{ id: 0, label: "BEGIN", value: 1, kept: true, best: true }];
  const depth = best.tokens.length;
  const grow = (tokens: readonly number[], parent: number, logProbability: number): void => {
    if (tokens.length === depth) return;
    model(tokens).forEach((p, token) => {
      const next = [...tokens, token], id = nodes.length, total = logProbability + p;
      nodes.push({
        id,
        parent,
        label: WORDS[token]!,
        value: rounded(Math.exp(total)),
        kept: kept.has(next.join()),
        best: next.every((one, i) => one === best.tokens[i]),
      });
      grow(next, id, total);
    });
  };
  grow([], 0, 0);
  return nodes;
}

const spell = (tokens: readonly number[]): string => tokens.map((token) => WORDS[token]).join(" ");

function figures(
  found: Found,
  tree: { readonly model: Model; readonly width: number; readonly missed: boolean },
  depth: number,
): Figure[] {
  const shown = Math.min(3, depth);
  const { model, width } = tree;
  const [best, first] = [exhaustive(model, shown), greedily(model, shown)], searched = beam(model, shown, width);
  const chance = ({ logProbability }: Text): string => percent(Math.exp(logProbability));
  const { widths } = found;
  return [
    {
      kind: "tree",
      caption:
        `All texts of ${shown} words of one model. ${
          tree.missed ? "Greedy search misses the best: it" : "Greedy search"
        } ` +
        `writes ${spell(first.tokens)} (${chance(first)}); the best text is ${spell(best.tokens)} (${
          chance(best)
        }); a beam ` +
        `of ${width} writes ${
          spell(searched.tokens)
        }. Numbers are probabilities of beginnings. Strong: the best text, dashed if the beam let it go; faint: ` +
        "what else it let go, or how many.",
      nodes: treeOf(model, best, searched.kept),
    },
    {
      kind: "line",
      caption: `Over ${MODELS} models and texts of ${depth} words greedy search finds the best text in ` +
        `${percent(found.found[0]!)}, a beam of ${widths[1]} in ${percent(found.found[1]!)}, a beam of ${
          widths.at(-1)
        } in ` +
        `${percent(found.found.at(-1)!, 3)}.`,
      x: { title: "beams", logarithmic: true },
      y: { title: "share", domain: [0, 1] },
      series: [
        { label: "best text found", points: widths.map((x, i) => [x, rounded(found.found[i]!)]) },
        { label: "probability, best text = 1", points: widths.map((x, i) => [x, rounded(found.quality[i]!)]) },
      ],
    },
    {
      kind: "line",
      caption:
        `What it costs: a beam of ${widths.at(-1)} looks at ${say(found.work.at(-1)!)} continuations, as many as ` +
        `exhaustive search, ${say(found.exhaustive)}; a beam of ${widths[1]} at ${say(found.work[1]!)}.`,
      x: { title: "beams", logarithmic: true },
      y: { title: "continuations looked at", logarithmic: true },
      series: [
        { label: "beam search", points: widths.map((x, i) => [x, found.work[i]!]) },
        { label: "exhaustive search", points: widths.map((x) => [x, found.exhaustive]), dashed: true },
      ],
    },
  ];
}

/** Greedy and beam search against looking at every text. */
export const greedyAndBeamExperiment: Experiment<Found, "beams" | "length" | "seed"> = {
  name: "generation/greedy_and_beam",
  title: "What greedy search misses",
  purpose: "Random models of four words, small enough for every text to be looked at. Greedy search and beams " +
    "are compared with the best text there is. Change the beam in the tree, and see which beginnings it drops and " +
    "whether the best text survives. The curves say how often each width finds it, and what it costs.",
  controls: {
    beams: { label: "Beams", description: "Width of the beam in the first figure", default: 2, min: 1, max: 8 },
    length: {
      label: "Length",
      description: "Words in a text; the first figure shows three at most",
      default: 5,
      min: 2,
      max: 6,
    },
    seed: seedControl,
  },
  claims: [
    {
      text: "Choosing the likeliest word at every step misses the best text more often than one time in four",
      holds: ({ found }) => found[0]! < 0.75,
    },
    {
      text: "A beam of one is greedy search",
      holds: ({ oneIsGreedy }) => oneIsGreedy === 1,
    },
    {
      text: "Wider beams find better texts",
      holds: ({ quality }) => quality.every((share, i) => i === 0 || share >= quality[i - 1]! - 0.005),
    },
    {
      text: "A beam of two finds the best text as a whole",
      holds: ({ found }) => found[1] === 1,
      refuted: true,
    },
    {
      text: "A beam as wide as there are beginnings always does",
      holds: ({ found }) => found.at(-1) === 1,
    },
  ],
  async run({ beams, length, seed }, options) {
    const steps = new Steps(options, MODELS);
    const full = V ** (length - 1);
    const widths = [...new Set([1, 2, 4, 8, 16, 64, 256].filter((width) => width < full)), full];
    const hits = widths.map(() => 0), quality = widths.map(() => 0), work = widths.map(() => 0);
    let same = 0, trap: Model | undefined;
    for (let index = 0; index < MODELS; index++) {
      await steps.next();
      const model = randomModel(seed, index);
      const best = exhaustive(model, length), first = greedily(model, length);
      widths.forEach((width, i) => {
        const text = i === 0 ? beam(model, length, 1) : beam(model, length, width);
        hits[i]! += Number(text.tokens.join() === best.tokens.join());
        quality[i]! += Math.exp(text.logProbability - best.logProbability);
        work[i] = text.work;
        if (i === 0) same += Number(text.tokens.join() === first.tokens.join());
      });
      // The tree shows the first model whose best text greedy search misses and the beam finds.
      const shown = Math.min(3, length), target = exhaustive(model, shown).tokens.join();
      if (
        greedily(model, shown).tokens.join() !== target &&
        beam(model, shown, Math.max(2, beams)).tokens.join() === target
      ) trap ??= model;
    }
    const findings: Found = {
      widths,
      found: hits.map((count) => count / MODELS),
      quality: quality.map((sum) => rounded(sum / MODELS)),
      work,
      exhaustive: Array.from({ length }, (_, i) => V ** (i + 1)).reduce((a, b) => a + b, 0),
      oneIsGreedy: same / MODELS,
    };
    const model = trap ?? randomModel(seed, 0);
    return { findings, figures: figures(findings, { model, width: beams, missed: trap !== undefined }, length) };
  },
};
