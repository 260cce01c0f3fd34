/**
 * # What greedy search misses
 *
 * Random models of a few words, small enough that every sequence can be scored. Greedy search and beams of growing width are
 * compared with the most probable sequence of each model; one of the models is drawn as a tree.
 *
 * @module
 */

import { Random } from "../../engine/random.ts";
import { rounded } from "../../experiments/arithmetic.ts";
import type { Experiment, Labels, Parts } from "../../experiments/experiment.ts";
import type { TreeNode } from "../../experiments/figure.ts";
import { Steps } from "../../experiments/running.ts";
import { SEED } from "../../experiments/seed.ts";
import { BeamSearch, greedy } from "../greedy_and_beam.ts";
import { toLogProbabilities } from "../sampling.ts";

const WORDS = "abcd", V = 4;
const MODELS = 200;

/** Standard deviations of the logits that are compared. */
const SHARPNESS = [0.5, 1, 1.5, 2, 3, 4, 6, 8];

/** What is found. */
export interface SearchFindings {
  /** Widths of the beams, the last one as wide as there are prefixes. */
  readonly widths: readonly number[];
  /** Fraction of models whose most probable sequence each width finds; the first is greedy search. */
  readonly found: readonly number[];
  /** Half the width of the 95 % interval of each. */
  readonly error: readonly number[];
  /** Mean probability of the sequence found, divided by that of the most probable one. */
  readonly quality: readonly number[];
  /** Hypotheses that each width ranks, and exhaustive search. */
  readonly work: readonly number[];
  readonly exhaustive: number;
  /** Fraction of models in which a beam of one finds just what greedy search finds. */
  readonly oneIsGreedy: number;
  /** Standard deviations of the logits, and what greedy search and the beam of the tree find at each. */
  readonly sharpness: readonly number[];
  readonly greedyAt: readonly number[];
  readonly beamAt: readonly number[];
  readonly shown: {
    readonly models: number;
    /** Standard deviation of their logits, but in the last figure. */
    readonly deviation: number;
    /** Words of the vocabulary. */
    readonly words: number;
    readonly length: number;
    /** Width of the beam in the last figure. */
    readonly width: number;
    /** One model, all its sequences of a few words, and what the searches find of them. */
    readonly tree: {
      readonly nodes: readonly TreeNode[];
      readonly length: number;
      readonly width: number;
      /** Whether greedy search misses the most probable sequence and the beam finds it. */
      readonly missed: boolean;
      readonly greedy: Spelt;
      readonly best: Spelt;
      readonly beam: Spelt;
    };
  };
}

/** A sequence in letters, and its probability. */
interface Spelt {
  readonly text: string;
  readonly probability: number;
}

/** What the experiment is made of. */
export interface Search extends Parts {
  findings: SearchFindings;
  controls: "beams" | "length" | "sharpness" | "seed";
  claims: "greedy" | "one" | "wider" | "two" | "full" | "sharp";
  captions: "tree" | "found" | "work" | "sharpness";
  labels: Labels<
    | "begin"
    | "beams"
    | "fraction"
    | "ofModels"
    | "found"
    | "quality"
    | "hypotheses"
    | "beamSearch"
    | "exhaustive"
    | "deviation"
    | "greedy"
  >;
}

type Model = (tokens: readonly number[]) => Float64Array;

/** A model that has a distribution of its own for every prefix. */
function randomModel(seed: number, index: number, sharpness: number): Model {
  const rows = new Map<string, Float64Array>();
  return (tokens) => {
    const key = tokens.join();
    const known = rows.get(key);
    if (known) return known;
    // A prefix is a number in base V, so that its distribution does not depend on who asks first.
    const place = tokens.reduce((number, token) => number * V + token + 1, 1);
    const random = Random.from({ key: [seed >>> 0, index], counter: place * 2 * V });
    const row = toLogProbabilities(Array.from({ length: V }, () => {
      const [u, w] = [random.next(), random.next()];
      return sharpness * Math.sqrt(-2 * Math.log(1 - u)) * Math.cos(2 * Math.PI * w);
    }));
    rows.set(key, row);
    return row;
  };
}

interface Sequence {
  readonly tokens: readonly number[];
  readonly logProbability: number;
}

/** Scores every sequence. */
function exhaustive(model: Model, depth: number, tokens: readonly number[] = [], logProbability = 0): Sequence {
  if (tokens.length === depth) return { tokens, logProbability };
  const row = model(tokens);
  return Array.from(row, (p, token) => exhaustive(model, depth, [...tokens, token], logProbability + p))
    .reduce((best, one) => one.logProbability > best.logProbability ? one : best);
}

function greedily(model: Model, depth: number): Sequence {
  const tokens: number[] = [];
  let logProbability = 0;
  while (tokens.length < depth) {
    const row = model(tokens), token = greedy(row);
    logProbability += row[token]!;
    tokens.push(token);
  }
  return { tokens, logProbability };
}

/** The best sequence of a beam, how many hypotheses it ranked, and which prefixes it kept. */
function beam(model: Model, depth: number, numBeams: number): Sequence & { work: number; kept: Set<string> } {
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

/** Every prefix of a model as a tree; the root is without a label. */
function treeOf(model: Model, best: Sequence, kept: ReadonlySet<string>): TreeNode[] {
  const nodes: TreeNode[] = [{ id: 0, label: "", value: 1, kept: true, best: true }];
  const depth = best.tokens.length;
  const grow = (tokens: readonly number[], parent: number, logProbability: number): void => {
    if (tokens.length === depth) return;
    model(tokens).forEach((p, token) => {
      const next = [...tokens, token], id = nodes.length, total = logProbability + p;
      nodes.push({
        id,
        parent,
        label: WORDS[token]!,
        value: Math.exp(total),
        kept: kept.has(next.join()),
        best: next.every((one, i) => one === best.tokens[i]),
      });
      grow(next, id, total);
    });
  };
  grow([], 0, 0);
  return nodes;
}

function spell({ tokens, logProbability }: Sequence): Spelt {
  return { text: tokens.map((token) => WORDS[token]).join(" "), probability: Math.exp(logProbability) };
}

/** What the searches find of one model's sequences of a few words. */
function searchTree(model: Model, length: number, width: number, missed: boolean): SearchFindings["shown"]["tree"] {
  const best = exhaustive(model, length), searched = beam(model, length, width);
  return {
    nodes: treeOf(model, best, searched.kept),
    length,
    width,
    missed,
    greedy: spell(greedily(model, length)),
    best: spell(best),
    beam: spell(searched),
  };
}

/** Greedy and beam search against exhaustive search. */
export const experiment: Experiment<Search> = {
  controls: {
    beams: { default: 2, min: 1, max: 8 },
    length: { default: 5, min: 2, max: 6 },
    sharpness: { default: 1.5, min: 0.5, max: 8, step: 0.5 },
    seed: SEED,
  },
  constants: { words: V, models: MODELS },
  claims: {
    greedy: { holds: ({ found }) => found[0]! < 0.75 },
    one: { holds: ({ oneIsGreedy }) => oneIsGreedy === 1 },
    wider: { holds: ({ quality }) => quality.every((share, i) => i === 0 || share >= quality[i - 1]! - 0.005) },
    two: { holds: ({ found }) => found[1] === 1, refuted: true },
    full: { holds: ({ found }) => found.at(-1) === 1 },
    sharp: { holds: ({ greedyAt }) => greedyAt.at(-1)! > 0.75 },
  },
  async measure({ beams, length, sharpness, seed }, options) {
    const steps = new Steps(options, MODELS * (1 + SHARPNESS.length));
    const full = V ** (length - 1);
    const widths = [...new Set([1, 2, 4, 8, 16, 64, 256].filter((width) => width < full)), full];
    const hits = widths.map(() => 0), quality = widths.map(() => 0), work = widths.map(() => 0);
    let same = 0, trap: Model | undefined;
    for (let index = 0; index < MODELS; index++) {
      await steps.next();
      const model = randomModel(seed, index, sharpness);
      const best = exhaustive(model, length), first = greedily(model, length);
      widths.forEach((width, i) => {
        const sequence = i === 0 ? beam(model, length, 1) : beam(model, length, width);
        hits[i]! += Number(sequence.tokens.join() === best.tokens.join());
        quality[i]! += Math.exp(sequence.logProbability - best.logProbability);
        work[i] = sequence.work;
        if (i === 0) same += Number(sequence.tokens.join() === first.tokens.join());
      });
      // The tree shows the first model whose most probable sequence greedy search misses and the beam finds.
      const shown = Math.min(3, length), target = exhaustive(model, shown).tokens.join();
      if (
        greedily(model, shown).tokens.join() !== target &&
        beam(model, shown, Math.max(2, beams)).tokens.join() === target
      ) trap ??= model;
    }
    const model = trap ?? randomModel(seed, 0, sharpness), greedyAt: number[] = [], beamAt: number[] = [];
    for (const deviation of SHARPNESS) {
      let byGreedy = 0, byBeam = 0;
      for (let index = 0; index < MODELS; index++) {
        await steps.next();
        const other = randomModel(seed, index, deviation), target = exhaustive(other, length).tokens.join();
        byGreedy += Number(greedily(other, length).tokens.join() === target);
        byBeam += Number(beam(other, length, beams).tokens.join() === target);
      }
      greedyAt.push(byGreedy / MODELS);
      beamAt.push(byBeam / MODELS);
    }
    return {
      widths,
      found: hits.map((count) => count / MODELS),
      error: hits.map((count) => rounded(1.96 * Math.sqrt(count * (MODELS - count) / MODELS) / MODELS)),
      quality: quality.map((sum) => rounded(sum / MODELS)),
      work,
      exhaustive: Array.from({ length }, (_, i) => V ** (i + 1)).reduce((a, b) => a + b, 0),
      oneIsGreedy: same / MODELS,
      sharpness: SHARPNESS,
      greedyAt,
      beamAt,
      shown: {
        models: MODELS,
        deviation: sharpness,
        words: V,
        length,
        width: beams,
        tree: searchTree(model, Math.min(3, length), beams, trap !== undefined),
      },
    };
  },
  draw(findings, { captions, labels }) {
    const { widths, found, quality, work, exhaustive, sharpness, greedyAt, beamAt, shown } = findings;
    const x = { title: labels.beams, logarithmic: true };
    const over = (numbers: readonly number[]) => widths.map((width, i): [number, number] => [width, numbers[i]!]);
    return [
      {
        kind: "tree",
        caption: captions.tree(findings),
        nodes: shown.tree.nodes.map((node) => node.parent === undefined ? { ...node, label: labels.begin } : node),
      },
      {
        kind: "line",
        caption: captions.found(findings),
        x,
        y: { title: labels.fraction, domain: [0, 1] },
        series: [
          { label: labels.found, points: over(found) },
          { label: labels.quality, points: over(quality) },
        ],
      },
      {
        kind: "line",
        caption: captions.work(findings),
        x,
        y: { title: labels.hypotheses, logarithmic: true },
        series: [
          { label: labels.beamSearch, points: over(work) },
          { label: labels.exhaustive, points: over(widths.map(() => exhaustive)), dashed: true },
        ],
      },
      {
        kind: "line",
        caption: captions.sharpness(findings),
        x: { title: labels.deviation },
        y: { title: labels.ofModels, domain: [0, 1] },
        series: [
          { label: labels.greedy, points: sharpness.map((x, i) => [x, greedyAt[i]!]) },
          { label: `${labels.beamSearch}, W = ${shown.width}`, points: sharpness.map((x, i) => [x, beamAt[i]!]) },
        ],
      },
    ];
  },
};
