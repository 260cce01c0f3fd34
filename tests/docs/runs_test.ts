import { assert, assertEquals, assertMatch } from "@std/assert";
import { type LoadedRun, Pictures } from "../../docs/pictures.ts";
import { CHINESE_PHRASES } from "../../docs/zh/phrases.ts";
import { readRun, type RecordedRun } from "../../docs/runs/recorded_run.ts";
import type { ArchitecturesRun } from "../../docs/runs/architectures.ts";
import type { OptimizersRun } from "../../docs/runs/optimizers.ts";
import type { SchedulesRun } from "../../docs/runs/schedules.ts";
import type { SentenceVectorsRun } from "../../docs/runs/sentence_vectors.ts";
import type { TranslatorRun } from "../../docs/runs/translator.ts";

const loaded = {
  show: {
    figures: ({ n }: { readonly n: number }) => [{ kind: "text", text: "x", caption: `${n} found` }] as const,
    reading: ({ n }: { readonly n: number }, { seconds }: RecordedRun) => [`${n} < 3 in ${seconds} s`],
  },
  recorded: {
    command: "deno run docs/runs/a.ts --data b",
    data: { name: "b", origin: "c", licence: "d", bytes: 1, sha256: "" },
    seconds: 150,
    findings: { n: 2 },
  },
} as unknown as LoadedRun;

Deno.test("a recorded run shows its figures, its reading, its command and its minutes", () => {
  const problems: string[] = [];
  const all = new Pictures(
    new Map(),
    (where, text) => problems.push(`${where}: ${text}`),
    new Map([["a_run", loaded]]),
  );
  assert(all.isRun("a_run") && all.isWide("a_run") && !all.isRun("b_run"));
  const setting = { language: "en", hue: () => undefined, link: (path: string) => path };
  const html = all.html("a_run", "core/a.ts", { ...setting, caption: "A run." });
  for (
    const part of ["<p>A run.</p>", "2 found", "<p>2 &lt; 3 in 150 s</p>", "3 minutes of one core", "--data</span> b"]
  ) {
    assert(html.includes(part), part);
  }
  const trained = new Map([["a_run", { ...loaded, show: { ...loaded.show, before: () => "train b" } }]]);
  const commands = new Pictures(new Map(), () => {}, trained).html("a_run", "core/a.ts", { ...setting, caption: "" });
  assertEquals(commands.match(/<p class="command">/g)!.length, 2);
  assert(commands.indexOf("train b") < commands.indexOf("--data"));
  all.finish();
  assertEquals(problems, []);
  new Pictures(new Map(), (where, text) => problems.push(`${where}: ${text}`), new Map([["a_run", loaded]])).finish();
  assertEquals(problems, ["docs/pictures/a_run.ts: No page shows this run"]);
});

Deno.test("a recorded run speaks the language of its page, and says in what language it stands if it cannot", () => {
  const spoken = {
    show: {
      words: { found: (n: number) => `${n} found` },
      figures: ({ n }: { n: number }, { found }: { found: (n: number) => string }) =>
        [{ kind: "text", text: "x", caption: found(n) }] as const,
      reading: ({ n }: { n: number }, _: RecordedRun, { found }: { found: (n: number) => string }) => [found(n + 1)],
    },
    recorded: loaded.recorded,
    words: { zh: { caption: "一次运行", words: { found: (n: number) => `找到 ${n} 个` } } },
  } as unknown as LoadedRun;
  const all = new Pictures(new Map(), () => {}, new Map([["a_run", spoken], ["b_run", loaded]]));
  const setting = { caption: "A run.", language: "en", hue: () => undefined, link: (path: string) => path };
  const english = all.html("a_run", "core/a.ts", setting);
  assert(!/ lang="(?!en)/.test(english) && english.includes("2 found") && english.includes("<p>A run.</p>"));
  // The prose around it is not translated, the run is.
  const chinese = all.html("a_run", "core/a.ts", { ...setting, phrases: CHINESE_PHRASES });
  for (const part of ["一次运行", "<p>找到 3 个</p>", CHINESE_PHRASES.recorded(150)]) {
    assert(chinese.includes(part), part);
  }
  assert(chinese.startsWith('<section class="experiment run" id="run-a_run">'));
  // A caption that is translated with the page stays.
  const own = { ...setting, caption: "页上的话", language: "zh", phrases: CHINESE_PHRASES };
  assert(all.html("a_run", "core/a.ts", own).includes("<p>页上的话</p>"));
  assert(
    all.html("b_run", "core/a.ts", { ...setting, phrases: CHINESE_PHRASES }).startsWith(
      '<section class="experiment run" id="run-b_run" lang="en">',
    ),
  );
});

const folder = new URL("../../docs/runs/", import.meta.url);
const names = [...Deno.readDirSync(folder)].flatMap(({ name }) => /^(\w+)\.json$/.exec(name)?.[1] ?? []).sort();

Deno.test("recorded runs name their program, their file and its checksum, and are shown", () => {
  assert(names.length >= 2, names.join());
  for (const name of names) {
    const { command, data, seconds }: RecordedRun = readRun(name);
    assert(command.includes(`docs/runs/${name}.ts --data ${data.name}`), command);
    assert(Deno.statSync(new URL(`${name}.ts`, folder)).isFile);
    assert(Deno.statSync(new URL(`../pictures/${name}_run.ts`, folder)).isFile);
    assertMatch(data.sha256, /^[0-9a-f]{64}$/);
    assert(data.bytes > 0 && seconds > 0);
    assert(data.origin !== "" && data.licence !== "");
  }
});

Deno.test("the recorded translator is better at every stage, and its sentences are credited", () => {
  const { bleu, losses, stages, sentences } = readRun<TranslatorRun>("translator").findings;
  for (let i = 1; i < stages.length; i++) assert(bleu[i]! > bleu[i - 1]! && losses[i]! < losses[i - 1]!);
  for (const { reference, attribution, translations } of sentences) {
    assertEquals(translations.length, stages.length);
    // The question of the notes has no reference, and is nobody's.
    if (reference !== "") assertMatch(attribution, /tatoeba\.org #\d+ .* & #\d+/);
  }
  // What the reading says of the first stage: the same words for nearly every source.
  assert(new Set(sentences.map(({ translations }) => translations[0]!.split(" ").slice(0, 2).join())).size <= 2);
});

Deno.test("in the recorded run Adam ends below momentum by more than the seeds differ, and no best rate is at an end", () => {
  for (const { text, results } of readRun<OptimizersRun>("optimizers").findings.texts) {
    const [momentum, adam] = ["momentum", "Adam"].map((name) => results.find((result) => result.name === name)!.seeds);
    assert(Math.max(...adam!) < Math.min(...momentum!), text);
    for (const { name, rates, best } of results) {
      assert(best > Math.min(...rates) && best < Math.max(...rates), `${text}, ${name}: ${best}`);
    }
  }
});

Deno.test("the recorded architectures are of one size, and half of the weights for each token take fewer seconds", () => {
  const { results } = readRun<ArchitecturesRun>("architectures").findings;
  const weights = results.map(({ weights }) => weights);
  assert(Math.max(...weights) / Math.min(...weights) < 1.01, weights.join());
  // The reading says that the encoder and its decoder take fewer seconds, and why.
  const [both, alone] = results;
  assert(both!.seconds < alone!.seconds);
});

Deno.test("in the recorded schedules each that falls ends below the constant rates with every seed, and bands hold their curves", () => {
  const { results, peaks } = readRun<SchedulesRun>("schedules").findings;
  const of = (name: string) => results.find((result) => result.name === name)!;
  const constant = Math.min(...of("noWarmup").seeds, ...of("constant").seeds);
  for (const name of ["inverseSquareRoot", "cosine", "linear"]) assert(Math.max(...of(name).seeds) < constant, name);
  for (const { name, curve, band, best, losses, seeds } of results) {
    assert(curve.every(([, loss], i) => band[i]![0] <= loss && loss <= band[i]![1]), name);
    assertEquals([best, seeds[0]], [
      peaks[losses.indexOf(seeds[0]!)],
      Math.min(...losses.map((loss) => loss ?? Infinity)),
    ]);
  }
});

Deno.test("in the recorded sentence vectors a negation, other roles and another animal are nearer than a paraphrase", () => {
  const { cosines } = readRun<SentenceVectorsRun>("sentence_vectors").findings, [first] = cosines;
  const [, paraphrase, negation, roles, animal, german] = first!;
  for (const near of [negation, roles, animal]) assert(near! > paraphrase!);
  // What the reading says of the two questions, of the two banks, and of another language.
  assert(cosines[6]![7]! > 0.5 && cosines[8]![9]! < 0.5 && german! < 0.5);
});
