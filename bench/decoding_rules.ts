/**
 * What decoding rules cost: each alone and all together, beside the time that the model takes for a token.
 *
 * Prints a table in Markdown; `--write` keeps it in `DECODING.md`. The model has the shape of GPT-2 (124 M parameters), one
 * thread, float32; the rules are applied to its vocabulary, on logits that fall with the logarithm of the rank, as those of
 * trained models do, after a text of 500 tokens. Model and rules take turns; the figure is the shortest turn of each, which
 * what else runs on the machine disturbs least.
 *
 * deno run --allow-read --allow-write bench/decoding_rules.ts [--write]
 *
 * @module
 */

import { createWasmDevice, DecoderOnly, KeyValueCache, noGrad, Random, scope, tensor } from "../mod.ts";
import { DECODING, type RuleOptions, rulesOf } from "../core/07_generation/options.ts";
import { applyRules } from "../core/07_generation/rules.ts";
import { logProbabilityOf, sample } from "../core/07_generation/sampling.ts";
import { setBackend } from "../core/engine/mod.ts";

const SHAPE = { vocabSize: 50257, hiddenSize: 768, numHeads: 12, numLayers: 12, contextLength: 1024 };
const LENGTH = 500, PROMPT = 100, TURNS = 60;

/** Every rule, as somebody may set it; a rule without a value does not compile. */
const OPTIONS: Required<RuleOptions> = {
  logitBias: { 1000: 2, 2000: -3, 3000: 1 },
  repetitionPenalty: 1.2,
  noRepeatNgramSize: 3,
  frequencyPenalty: 0.2,
  presencePenalty: 0.2,
  dryMultiplier: 0.8,
  dryBase: 1.75,
  dryAllowedLength: 2,
  dryBreakers: [13, 198],
  bannedWords: Array.from({ length: 50 }, (_, i) => [100 + i, 200 + i]),
  suppressTokens: [50256, 0, 7],
  minNewTokens: 1000,
  forcedFirstToken: 5,
  forcedLastToken: 5,
  prefix: [5, 6, 7],
  temperature: 0.8,
  topNSigma: 3,
  topK: 200,
  topP: 0.95,
  minP: 0.01,
  epsilonCutoff: 1e-4,
  etaCutoff: 3e-4,
  typicalP: 0.95,
};

const device = createWasmDevice({ threads: 1 });
setBackend(device);
const random = new Random(1);

/** Logits as a trained model has them: lower by a constant for each doubling of the rank, with noise, in no order. */
function realistic(): Float64Array {
  const ranks = Array.from({ length: SHAPE.vocabSize }, (_, i) => i);
  for (let i = ranks.length - 1; i > 0; i--) {
    const j = Math.floor(random.next() * (i + 1));
    [ranks[i], ranks[j]] = [ranks[j]!, ranks[i]!];
  }
  return Float64Array.from(ranks, (rank) => Math.fround(12 - 1.6 * Math.log(rank + 1) + random.next()));
}

const logits = realistic();
const context = {
  tokens: Array.from({ length: LENGTH }, () => Math.floor(random.next() ** 3 * 2000)),
  promptLength: PROMPT,
  eosToken: 50256,
  maxNewTokens: 2000,
};

const model = new DecoderOnly({ ...SHAPE, tieHead: true }, random).eval() as DecoderOnly;

/** The time of one more token after some, in milliseconds; what it is worth is not looked at. */
async function token(): Promise<() => Promise<number>> {
  const caches: KeyValueCache[] = [];
  const memories = model.newCaches(() => {
    const cache = new KeyValueCache();
    caches.push(cache);
    return cache;
  });
  const feed = async (tokens: readonly number[]): Promise<void> => {
    let reading: Promise<unknown> | undefined;
    scope(() =>
      noGrad(() => {
        const ids = tensor(Int32Array.from(tokens), [1, tokens.length]);
        reading = model.forward(ids, { caches: memories, lastOnly: true }).read();
      })
    );
    await reading;
  };
  await feed(context.tokens.slice(0, 128));
  return async () => {
    const before = performance.now();
    await feed([5]);
    return performance.now() - before;
  };
}

/** Names of options that go together as one rule. */
const parts = (name: string): RuleOptions => {
  const given = Object.entries(OPTIONS).filter(([other]) =>
    other === name || name === "dryMultiplier" && /^dry/.test(other)
  );
  return Object.fromEntries(given);
};
const names = Object.entries(DECODING).flatMap(([name, row]) => "rule" in row && row.rule ? [name] : []);
const { prefix: _, ...together } = OPTIONS, { topK: __, topNSigma: ___, ...open } = together;

interface Row {
  readonly name: string;
  readonly run: () => unknown;
  best: number;
}

const row = (name: string, run: () => unknown): Row => ({ name, run, best: Infinity });
const ruled = (name: string, options: RuleOptions): Row => {
  const rules = rulesOf(options);
  return row(name, () => applyRules(rules, logits, context));
};
const all = rulesOf(together);
const rows: Row[] = [
  ...names.map((name) => ruled(`\`${name}\``, parts(name))),
  ruled("all together", together),
  ruled("all but `topK` and `topNSigma`", open),
  row("a draw from all tokens", () => sample(logits, random)),
  row("a draw after all rules", () => sample(applyRules(all, logits, context), random)),
  row("the log-probability of a token", () => logProbabilityOf(logits, 5)),
];

const next = await token();
let modelTakes = Infinity;
for (let turn = 0; turn < TURNS; turn++) {
  modelTakes = Math.min(modelTakes, await next());
  for (const one of rows) {
    const before = performance.now();
    one.run();
    one.best = Math.min(one.best, performance.now() - before);
  }
}

const table = [
  `| what | ms | of a token |`,
  `| :--- | ---: | ---: |`,
  `| one token of the model | ${modelTakes.toFixed(2)} | |`,
  ...rows.map(({ name, best }) => `| ${name} | ${best.toFixed(3)} | ${(100 * best / modelTakes).toFixed(2)} % |`),
];
const text = `# What decoding rules cost

Made by \`deno run --allow-read --allow-write bench/decoding_rules.ts --write\`. The model has 12 layers, width 768, 12 heads and a
vocabulary of 50257 tokens (GPT-2, 124 M), float32, one thread; the text before has ${LENGTH} tokens. Each row is the shortest of
${TURNS} turns.

${table.join("\n")}
`;
console.log(text);
if (Deno.args.includes("--write")) await Deno.writeTextFile(new URL("DECODING.md", import.meta.url), text);
