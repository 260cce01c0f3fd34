/**
 * # Finding a sentence by a few of its words
 *
 * Sentences of the corpus are the documents. A query is two words of one of them and some more words, drawn as often as they occur in all sentences; that
 * sentence is wanted. Counts alone and tf–idf rank the sentences by the cosine to the query. Then a word of the query is replaced by a synonym.
 *
 * @module
 */

import { trainWordLevel } from "../../../02_words/before_tokens/word_level.ts";
import { chineseEnglish } from "../../../corpora/chinese_english.ts";
import { rest } from "../../../engine/pace.ts";
import { Random } from "../../../engine/random.ts";
import { mean, rounded } from "../../../experiments/arithmetic.ts";
import type { Experiment, Labels, Parts, RunOptions } from "../../../experiments/experiment.ts";
import { SEED } from "../../../experiments/seed.ts";
import { overSeeds, type Range, rangeOf, rangesOf } from "../../../experiments/seeds.ts";
import { TfIdf } from "../../n_grams/tf_idf.ts";

const SEEDS = 3, QUERIES = 100, OWN = 2, MORE = [0, 1, 2, 3, 4, 6], AMONG = 10;

/** Words that a writer may exchange for each other. */
const SYNONYMS: readonly (readonly [string, string])[] = [
  ["big", "large"],
  ["begin", "start"],
  ["house", "home"],
  ["hard", "difficult"],
  ["sick", "ill"],
  ["quickly", "fast"],
  ["happy", "glad"],
  ["answer", "reply"],
  ["bike", "bicycle"],
  ["buy", "purchase"],
  ["child", "kid"],
  ["job", "work"],
  ["talk", "speak"],
  ["smart", "clever"],
  ["mistake", "error"],
  ["shut", "close"],
  ["wrong", "incorrect"],
  ["maybe", "perhaps"],
  ["end", "finish"],
  ["angry", "mad"],
  ["movie", "film"],
  ["doctor", "physician"],
];

/** Ways to rank. */
const WAYS = ["counts", "tfIdf"] as const;

/** What is found: fractions of queries whose sentence is among the first, over the seeds. */
export interface RetrievalFindings {
  /** By the number of words that are added to the query. */
  readonly counts: readonly Range[];
  readonly tfIdf: readonly Range[];
  /** Of queries with a word that has a synonym, by tf–idf: as it stands there, and with the synonym. */
  readonly same: Range;
  readonly replaced: Range;
  readonly shown: {
    readonly sentences: number;
    readonly queries: number;
    readonly seeds: number;
    readonly own: number;
    readonly more: readonly number[];
    readonly among: number;
    /** Queries with what each way finds first, for the first seed. */
    readonly examples: readonly {
      readonly query: string;
      readonly wanted: string;
      readonly counts: string;
      readonly tfIdf: string;
    }[];
  };
}

/** What the experiment is made of. */
export interface Retrieval extends Parts {
  findings: RetrievalFindings;
  controls: "sentences" | "seed";
  claims: "better" | "alone" | "synonyms";
  captions: "found" | "synonyms" | "examples";
  labels: Labels<typeof WAYS[number] | "more" | "found" | "same" | "replaced" | "query" | "wanted">;
}

/** What one seed finds. */
interface Once extends Record<typeof WAYS[number], readonly number[]> {
  readonly same: number;
  readonly replaced: number;
  readonly examples: RetrievalFindings["shown"]["examples"];
}

/** Some words of a sentence, in its order. */
function drawn(words: readonly number[], count: number, random: Random): number[] {
  return Array.from(random.permutation(words.length)).slice(0, count).sort((a, b) => a - b).map((i) => words[i]!);
}

async function once(
  { sentences: count, seed }: Readonly<Record<Retrieval["controls"], number>>,
  options: RunOptions,
): Promise<Once> {
  const { training } = chineseEnglish(), random = new Random(seed);
  const texts = Array.from(random.permutation(training.length).slice(0, count), (i) => training[i]!.target);
  // Small letters, and no signs.
  const lines = texts.map((text) => text.toLowerCase().match(/[\p{L}\p{N}'’]+/gu)?.join(" ") ?? "");
  const vocabulary = await trainWordLevel([...lines, SYNONYMS.join(" ").replaceAll(",", " ")]),
    { vocabSize } = vocabulary;
  const documents = lines.map((line) => vocabulary.encode(line));
  const indexes = [new TfIdf(documents, { vocabSize, idf: false }), new TfIdf(documents, { vocabSize })];
  const search = (way: number, query: readonly number[]): number[] =>
    indexes[way]!.search(query, { limit: AMONG }).map(({ document }) => document);
  const long = documents.map((_, i) => i).filter((i) => documents[i]!.length > OWN), all = documents.flat();
  const wanted = Array.from({ length: QUERIES }, () => long[random.integer(long.length)]!);
  const examples: Once["examples"][number][] = [], byNumber: number[][] = [];
  for (const [m, more] of MORE.entries()) {
    const found: number[][] = [];
    for (const document of wanted) {
      await rest(options.signal);
      const added = Array.from({ length: more }, () => all[random.integer(all.length)]!);
      const query = [...drawn(documents[document]!, OWN, random), ...added];
      const ranked = WAYS.map((_, way) => search(way, query));
      found.push(ranked.map((list) => Number(list.includes(document))));
      if (more === 3 && examples.length < 4 && ranked[1]![0] === document && ranked[0]![0] !== document) {
        const [counts, tfIdf] = ranked.map(([first]) => texts[first!]!) as [string, string];
        examples.push({ query: vocabulary.decode(query), wanted: texts[document]!, counts, tfIdf });
      }
    }
    byNumber.push(WAYS.map((_, way) => mean(found.map((one) => one[way]!))));
    await options.onProgress?.(0.9 * (m + 1) / MORE.length);
  }
  const [same, replaced] = synonymQueries(documents, vocabulary.encode(SYNONYMS.join(" ").replaceAll(",", " ")), random)
    .map((queries) => mean(queries.map(({ query, document }) => Number(search(1, query).includes(document)))));
  return {
    counts: byNumber.map(([counts]) => counts!),
    tfIdf: byNumber.map(([, tfIdf]) => tfIdf!),
    same: same!,
    replaced: replaced!,
    examples,
  };
}

/** A query with the sentence that is wanted. */
interface Query {
  readonly query: readonly number[];
  readonly document: number;
}

/** Queries of two words, one of which has a synonym: as they stand there, and with the synonym. */
function synonymQueries(
  documents: readonly (readonly number[])[],
  pairs: readonly number[],
  random: Random,
): Query[][] {
  const other = new Map(pairs.map((word, i) => [word, pairs[i % 2 === 0 ? i + 1 : i - 1]!]));
  const same: Query[] = [], replaced: Query[] = [];
  for (const [document, words] of documents.entries()) {
    const word = words.find((one) => other.has(one));
    if (word === undefined) continue;
    const rest = drawn(words.filter((one) => one !== word), 1, random);
    same.push({ query: [word, ...rest], document });
    replaced.push({ query: [other.get(word)!, ...rest], document });
  }
  return [same, replaced];
}

/** What counting words finds. */
export const experiment: Experiment<Retrieval> = {
  controls: { sentences: { default: 1500, min: 200, max: 6000, step: 100 }, seed: SEED },
  constants: { seeds: SEEDS, queries: QUERIES, own: OWN, among: AMONG, synonyms: SYNONYMS.length },
  claims: {
    better: { holds: ({ counts, tfIdf }) => [4, 5].every((i) => tfIdf[i]![0] > counts[i]![1] + 0.05) },
    alone: { holds: ({ counts, tfIdf }) => tfIdf[0]![1] - counts[0]![0] < 0.1 },
    synonyms: { holds: ({ same, replaced }) => replaced[1] < same[0] / 2 },
  },
  tolerance: 0.05,
  async measure(controls, options) {
    const runs = await overSeeds(controls, SEEDS, options, once);
    return {
      counts: rangesOf(runs.map(({ counts }) => counts.map(rounded))),
      tfIdf: rangesOf(runs.map(({ tfIdf }) => tfIdf.map(rounded))),
      same: rangeOf(runs.map(({ same }) => rounded(same))),
      replaced: rangeOf(runs.map(({ replaced }) => rounded(replaced))),
      shown: {
        sentences: controls.sentences,
        queries: QUERIES,
        seeds: SEEDS,
        own: OWN,
        more: MORE,
        among: AMONG,
        examples: runs[0]!.examples,
      },
    };
  },
  draw(findings, { captions, labels }) {
    const { same, replaced, shown } = findings;
    return [
      {
        kind: "line",
        caption: captions.found(findings),
        x: { title: labels.more },
        y: { title: labels.found, domain: [0, 1] },
        series: WAYS.map((way) => ({
          label: labels[way],
          points: findings[way].map(([low], i): [number, number] => [shown.more[i]!, low]),
          ranges: findings[way],
        })),
      },
      {
        kind: "bars",
        caption: captions.synonyms(findings),
        y: { title: labels.found },
        bars: [
          { label: labels.same, value: same[0], range: same },
          { label: labels.replaced, value: replaced[0], range: replaced },
        ],
      },
      {
        kind: "table",
        caption: captions.examples(findings),
        columns: [labels.query, labels.wanted, labels.counts, labels.tfIdf],
        rows: shown.examples.map(({ query, wanted, counts, tfIdf }) => [query, wanted, counts, tfIdf]),
      },
    ];
  },
};
