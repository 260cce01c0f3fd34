/**
 * # Four texts of one model
 *
 * **Question.** Four continuations of one line are wanted. How alike are those that each search finds, and what do they cost in
 * probability?
 *
 * **Idea.** A Transformer that has learned the plays of Shakespeare goes on after lines that it never saw, four times each: by beam search,
 * by groups of beams, by beams that are drawn without replacement, by beams that sample, and by independent samples. Kept are how many
 * pairs of neighbouring tokens of the four are different ones, how probable they are, and those of the first line.
 *
 * ```sh
 * deno run -A mod.ts train lm --data input.txt --vocab-size 500 --context-length 256 --hidden-size 128 --num-layers 4 --num-heads 4 --batch-size 8 --steps 700 --learning-rate 0.003 --out models/lm
 * deno run -A docs/runs/beam_variants.ts --data input.txt --model models/lm
 * ```
 *
 * @module
 */

import { generate } from "../../core/07_generation/generate.ts";
import type { GenerateOptions } from "../../core/07_generation/options.ts";
import { Random } from "../../core/engine/random.ts";
import { record } from "./run.ts";
import { readPlays, surprisalOf } from "./texts_under_rules.ts";

/** Continuations of each line, and their tokens. */
const COUNT = 4, LENGTH = 24;
/** Each draw is made with each of these. */
const SEEDS = [1, 2, 3];

type Options = Omit<GenerateOptions, "maxNewTokens">;

/** What is tried; a search that draws is given a generator of random numbers. */
const SEARCHES: readonly {
  readonly name: string;
  readonly of: (random: Random) => Options;
  readonly draws: boolean;
}[] = [
  { name: "beam search", draws: false, of: () => ({ numBeams: COUNT }) },
  ...[0.5, 2].map((diversityPenalty) => ({
    name: `${COUNT} groups, penalty ${diversityPenalty}`,
    draws: false,
    of: (): Options => ({ numBeams: COUNT, numBeamGroups: COUNT, diversityPenalty }),
  })),
  { name: "beam sampling", draws: true, of: (random) => ({ numBeams: COUNT, random }) },
  { name: "stochastic beams", draws: true, of: (random) => ({ numBeams: COUNT, stochastic: true, random }) },
  { name: "independent samples", draws: true, of: (random) => ({ random }) },
];

/** What is found of a search: means over all lines, and the lowest and highest mean of a seed. */
export interface VariantRow {
  readonly name: string;
  /** Different pairs of neighbouring tokens of the four texts, divided by all of them. */
  readonly different: number;
  readonly differentRange: readonly [number, number];
  /** Different texts of the four. */
  readonly texts: number;
  /** Nats for each token. */
  readonly surprisal: number;
  readonly surprisalRange: readonly [number, number];
  /** Those of the first line. */
  readonly first: readonly string[];
}

/** What is kept. */
export interface VariantsRun {
  readonly training: string;
  readonly weights: number;
  readonly lines: number;
  readonly count: number;
  readonly length: number;
  readonly seeds: number;
  readonly before: string;
  readonly rows: readonly VariantRow[];
}

const mean = (values: readonly number[]): number => values.reduce((sum, x) => sum + x, 0) / values.length;
const rangeOf = (values: readonly number[]): [number, number] => [Math.min(...values), Math.max(...values)];

async function make(path: string, folder: string): Promise<VariantsRun> {
  const { model, decode, prompts, silent, training, weights } = await readPlays(path, folder);
  const shown = (tokens: readonly number[]): string => decode(tokens).replace(/\s*\n\s*/g, " / ").trim();
  const rows: VariantRow[] = [];
  for (const { name, of, draws } of SEARCHES) {
    const different: number[] = [], surprisal: number[] = [], count: number[] = [];
    let first: string[] = [];
    for (const seed of draws ? SEEDS : [0]) {
      const found = await generate(model, prompts, {
        ...of(new Random(seed)),
        maxNewTokens: LENGTH,
        numReturnSequences: COUNT,
        ...silent.length > 0 && { suppressTokens: silent },
      });
      const texts = found.map(({ sequences }) => sequences!.map(({ tokens }) => tokens));
      if (first.length === 0) first = texts[0]!.map(shown);
      different.push(mean(texts.map((four) => {
        const pairs = four.flatMap((tokens) => tokens.slice(1).map((token, i) => `${tokens[i]} ${token}`));
        return new Set(pairs).size / pairs.length;
      })));
      count.push(mean(texts.map((four) => new Set(four.map(String)).size)));
      const nats: number[] = [];
      for (const [i, four] of texts.entries()) {
        for (const tokens of four) nats.push(await surprisalOf(model, prompts[i]!, tokens));
      }
      surprisal.push(mean(nats));
    }
    rows.push({
      name,
      different: mean(different),
      differentRange: rangeOf(different),
      texts: mean(count),
      surprisal: mean(surprisal),
      surprisalRange: rangeOf(surprisal),
      first,
    });
    console.log(rows.at(-1));
  }
  return {
    training,
    weights,
    lines: prompts.length,
    count: COUNT,
    length: LENGTH,
    seeds: SEEDS.length,
    before: shown(prompts[0]!),
    rows,
  };
}

if (import.meta.main) {
  await record<VariantsRun>({
    name: "beam_variants",
    summary: "Write four continuations of each line by several searches, and record how alike they are.",
    origin:
      "Tiny Shakespeare, parts of plays by William Shakespeare, as Andrej Karpathy's char-rnn has them (data/tinyshakespeare)",
    licence: "public domain",
    files: { model: "A language model that `train lm` saved" },
    make: (path, { model }) => make(path, model!),
  });
}
