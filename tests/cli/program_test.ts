/**
 * The program as its user meets it: started, fed wrong things, interrupted, continued; `by_url_test.ts` runs it by URL.
 *
 * Starting programs needs permission; without it these tests are reported as ignored.
 */

import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { COMMANDS, loadCommand } from "../../core/cli.ts";
import { openModel, readTextModel } from "../../core/cli/models.ts";
import { otherIn } from "../../core/cli/model_kinds.ts";
import { describe } from "../../core/cli/tokenizers.ts";
import type { Tokenizer } from "../../core/02_words/before_tokens/tokenizer.ts";
import { trainWordLevel } from "../../core/02_words/before_tokens/word_level.ts";
import { trainWordPiece } from "../../core/02_words/before_tokens/word_piece_training.ts";
import { trainBytePairEncoding } from "../../core/02_words/byte_pair_encoding/mod.ts";
import { trainUnigram } from "../../core/02_words/unigram/mod.ts";
import { KeyValueCache } from "../../core/07_generation/kv_cache.ts";
import { ConvolutionalLanguageModel } from "../../core/03_language_models/cnn/language_model.ts";
import { FeedForwardLanguageModel } from "../../core/03_language_models/feed_forward_lm.ts";
import { RecurrentLanguageModel } from "../../core/03_language_models/lstm/language_model.ts";
import { createReferenceDevice } from "../../core/engine/reference.ts";
import { type Tensor, tensor, withBackend } from "../../mod.ts";
import { testWithFolder } from "../permissions.ts";

const root = new URL("../../", import.meta.url);
interface Finished {
  readonly code: number;
  readonly output: string;
  readonly errors: string;
}

const decoder = new TextDecoder();
const RUN = ["run", "--no-prompt", "--allow-read", "--allow-write"];

function start(
  args: readonly string[],
  flags: readonly string[] = RUN,
  env: Readonly<Record<string, string>> = {},
): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: [...flags, "mod.ts", ...args],
    cwd: root,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
    // Where there is no folder for it, a graphics driver says so on standard error.
    env: { NO_COLOR: "1", XDG_RUNTIME_DIR: Deno.env.get("XDG_RUNTIME_DIR") ?? "/tmp", ...env },
  }).spawn();
}

async function finish(child: Deno.ChildProcess): Promise<Finished> {
  const { code, stdout, stderr } = await child.output();
  return { code, output: decoder.decode(stdout), errors: decoder.decode(stderr) };
}

const heed = (...args: string[]): Promise<Finished> => finish(start(args));

const test = (name: string, body: (folder: string) => Promise<void>): void => testWithFolder(name, body, "run");

/** Pairs that a tiny model can learn from. */
async function pairsIn(folder: string): Promise<string> {
  const people = [["我", "I"], ["你", "you"], ["他", "he"], ["她", "she"]];
  const acts = [["吃", "eat"], ["买", "buy"], ["看", "see"]];
  const things = [["苹果", "apples"], ["书", "books"], ["茶", "tea"], ["花", "flowers"]];
  const lines = people.flatMap(([p, P]) =>
    acts.flatMap(([a, A]) => things.map(([t, T]) => `${P} ${A} ${T}.\t${p}${a}${t}。\tattribution`))
  );
  const path = `${folder}/pairs.tsv`;
  await Deno.writeTextFile(path, `\ufeff${lines.join("\n")}\n`);
  return path;
}

const TINY = [
  ...["--columns", "2,1", "--hidden-size", "16", "--num-heads", "2", "--num-layers", "1", "--batch-size", "8"],
  ...[
    "--warmup-steps",
    "2",
    "--vocab-size",
    "60",
    "--source-vocab-size",
    "60",
    "--evaluate-every",
    "1000",
    "--threads",
    "1",
  ],
];

test("heed without a command shows the commands and exits with 2", async () => {
  const { code, output, errors } = await heed();
  assertEquals(code, 2);
  for (const { name, summary } of COMMANDS) assertMatch(output, new RegExp(`^  ${name} +${summary}$`, "m"));
  assertEquals(errors, "heed: Cannot start without a command\n");
});

test("every command has its help", async () => {
  for (const { name } of COMMANDS) {
    const { code, output, errors } = await heed(...name.split(" "), "--help");
    assertEquals([code, errors], [0, ""], name);
    assertStringIncludes(output, `Usage: heed ${name}`);
    assertStringIncludes(output, "--help");
  }
});

/** Command lines, the exit code, and the one sentence they are answered with. */
const wrong: [args: string[], code: number, sentence: RegExp][] = [
  [["dance"], 2, /^heed: Cannot understand "dance": the commands are train translator, .*\n$/],
  [
    ["train"],
    2,
    /^heed: Cannot train without saying what: write "heed train translator\|lm\|rnn\|lstm\|gru\|cnn\|feedforward\|classifier\|ngram\|word2vec"\n$/,
  ],
  [["train", "lm", "--stpes", "5"], 2, /^heed: Cannot understand "--stpes": did you mean --steps\n$/],
  [["train", "lm", "--steps", "0"], 2, /^heed: Cannot use --steps "0": it must be a whole number, at least 1 .*\n$/],
  [["train", "lm", "--device", "abacus"], 2, /^heed: Cannot use --device "abacus": it must be one of auto, .*\n$/],
  [
    ["train", "lm", "--hidden-size", "30", "--num-heads", "4", "--out", "$/refused"],
    2,
    /^heed: Cannot split --hidden-size 30 into --num-heads 4.*\n$/,
  ],
  [["train", "translator", "--columns", "1,1"], 2, /^heed: Cannot use --columns "1,1".*\n$/],
  [["info", "--threads", "33"], 2, /^heed: Cannot use --threads "33": it must be a whole number.* at most 32\n$/],
  [["info", "-_"], 2, /^heed: Cannot understand "-_": "heed info --help" lists the options.*\n$/],
  [["train", "lm", "--batch-size", "1000000000"], 2, /^heed: Cannot use --batch-size "1000000000": .* at most .*\n$/],
  [["train", "translator", "--columns", "2,1"], 2, /^heed: Cannot use --columns without --data: .*\n$/],
  [["train", "lm", "--resume", "--replace"], 2, /^heed: Cannot use --replace with --resume: .*\n$/],
  [["translate", "x", "--data", "y"], 2, /^heed: Cannot use --data with "x": .*\n$/],
  [["info", "--device", "reference", "--threads", "2"], 2, /^heed: Cannot use --threads with --device reference.*\n$/],
  [
    ["generate", "--num-beams", "2", "--top-k", "3"],
    2,
    /^heed: Cannot use --top-k without --stochastic: beam search draws nothing.*\n$/,
  ],
  [["translate", "x", "--num-beams", "1", "--length-penalty", "1"], 2, /^heed: Cannot use --length-penalty.*\n$/],
  [["translate", "x", "--num-beams", "4", "--num-beam-groups", "3"], 2, /^heed: Cannot divide 4 beams into .*\n$/],
  [["translate", "x", "--diversity-penalty", "1"], 2, /^heed: Cannot use --diversity-penalty without .*\n$/],
  [["translate", "x", "--stochastic", "--length-penalty", "1"], 2, /^heed: Cannot use --length-penalty with .*\n$/],
  [["translate", "x", "--seed", "1"], 2, /^heed: Cannot use --seed without --stochastic.*\n$/],
  [["translate", "x", "--all-beams", "--num-beams", "1"], 2, /^heed: Cannot use --all-beams with one beam.*\n$/],
  [["generate", "--dry-base", "2"], 2, /^heed: Cannot use --dry-base without --dry-multiplier: .*no effect\n$/],
  [["generate", "--prefix", "a", "--forced-first-token", "b"], 2, /^heed: Cannot use --forced-first-token with .*\n$/],
  [
    ["generate", "--required-words", "a"],
    2,
    /^heed: Cannot use --required-words without --num-beams: a single text has no other to fall back on\n$/,
  ],
  [["generate", "--banned-words", "a,,b"], 2, /^heed: Cannot use --banned-words "a,,b": nothing stands .*\n$/],
  [["generate", "--logit-bias", "a=b"], 2, /^heed: Cannot use --logit-bias with "a=b": write TOKEN=NUMBER\n$/],
  [["generate", "--min-new-tokens", "3"], 2, /^heed: Cannot understand "--min-new-tokens": .*\n$/],
  [["translate", "x", "--eta-cutoff", "0.1"], 2, /^heed: Cannot use --eta-cutoff without --stochastic.*\n$/],
  [["generate", "--stochastic"], 2, /^heed: Cannot use --stochastic without --num-beams\n$/],
  [["generate", "--all-beams"], 2, /^heed: Cannot use --all-beams without --num-beams\n$/],
  [["generate", "--sinks", "2"], 2, /^heed: Cannot use --sinks without --window: .*\n$/],
  [["generate", "--window", "4"], 2, /^heed: Cannot keep 4 sinks in a window of 4: .*\n$/],
  [
    ["generate", "--window", "8", "--prompt-lookup"],
    2,
    /^heed: Cannot use --window with --draft or --prompt-lookup: .*\n$/,
  ],
  [["generate", "--alternatives", "2"], 2, /^heed: Cannot use --alternatives without --json: .*no effect\n$/],
  [["translate", "x", "--json", "--attention"], 2, /^heed: Cannot use --attention with --json: .*\n$/],
  [["generate", "--draft", "x", "--prompt-lookup"], 2, /^heed: Cannot use --draft with --prompt-lookup: .*\n$/],
  [
    ["generate", "--draft-length", "2"],
    2,
    /^heed: Cannot use --draft-length without --draft or --prompt-lookup: .*\n$/,
  ],
  [["generate", "--contrastive-alpha", "0.2"], 2, /^heed: Cannot use --contrastive-alpha without --amateur: .*\n$/],
  [
    ["generate", "--json", "--alternatives", "2", "--prompt-lookup"],
    2,
    /^heed: Cannot use --alternatives with --draft or --prompt-lookup: .*\n$/,
  ],
  [["generate", "--regex", "(?=a)"], 2, /^heed: Cannot read the regular expression .*a look-ahead.*\n$/],
  [["generate", "--regex", "a", "--grammar", "$/none"], 2, /^heed: Cannot use --regex with --grammar: .*\n$/],
  [["generate", "--json-schema", "$/none"], 1, /^heed: Cannot read .*none.*\n$/],
  [["generate", "--weights", "int2"], 2, /^heed: Cannot use --weights "int2": it must be one of float32, .*int4\n$/],
  [["translate", "x", "--model", "$/none"], 1, /^heed: Cannot read a model from ".*none": there is no .*\n$/],
  [
    ["train", "lm", "--data", "$/none.txt", "--out", "$/refused/too"],
    1,
    /^heed: Cannot read ".*none.txt": there is no such file.*\n$/,
  ],
  [["train", "lm", "--data", "$", "--out", "$"], 1, /^heed: Cannot read ".*": it is a folder.*\n$/],
  [
    ["train", "lm", "--data", "$/a\x1b[2Jb", "--out", "$"],
    1,
    /^heed: Cannot read ".*a\\x1b\[2Jb": there is no such.*\n$/,
  ],
  [
    ["train", "translator", "--data", "$/bad.tsv", "--out", "$"],
    1,
    /^heed: Cannot read ".*bad.tsv" line 2: it has no tab.*\n$/,
  ],
  [["train", "translator", "--resume", "--out", "$"], 1, /^heed: Cannot .*"\n?$|^heed: Cannot .*\n$/],
  [["info", "$/broken.safetensors"], 1, /^heed: Cannot read ".*broken.safetensors": .*\n$/],
  [["info", ""], 2, /^heed: Cannot read a model from "": it must name a folder\n$/],
  [
    ["train", "lm", "--tokens", "bytes", "--vocab-size", "10", "--out", "$/refused"],
    2,
    /^heed: Cannot use --vocab-size 10 with --tokens bytes: it must be at least 260\n$/,
  ],
  [["tokenize", "x", "--data", "y"], 2, /^heed: Cannot use --data with "x": one of the two is cut\n$/],
  [
    ["tokenize", "x", "--level", "bytes", "--algorithm", "words"],
    2,
    /^heed: Cannot use --level with .*: only bpe has.*\n$/,
  ],
  [["tokenize", "x", "--vocab-size", "100"], 2, /^heed: Cannot use --vocab-size 100 with bytes: .* at least 260\n$/],
  [["tokenize", "x", "--tokenizer", "$/none", "--out", "y"], 2, /^heed: Cannot use --out with --tokenizer: .*\n$/],
  [["tokenize", "x", "--tokenizer", "$/none"], 1, /^heed: Cannot read ".*none": there is no such file.*\n$/],
  [["tokenize", "x", "--tokenizer", "$/bad.tsv"], 1, /^heed: Cannot read a tokenizer from ".*": it is no JSON\n$/],
  [["tokenize", "1 x", "--decode"], 1, /^heed: Cannot decode "x" in text 1: ids must be whole numbers .*\n$/],
  [["generate", ""], 2, /^heed: Cannot continue an empty text: write at least one character\n$/],
  [["help", "trian"], 2, /^heed: Cannot understand "trian": did you mean train\n$/],
  [["experiment", "nothing"], 2, /^heed: Cannot run "nothing": "heed experiment" lists the experiments\n$/],
  [["experiment", "dot_product"], 2, /^heed: Cannot run .*: did you mean attention\/scaled_dot_product\n$/],
  [["experiment", "attention/scaled_dot_product", "keys=8", "keys=8"], 2, /^heed: Cannot set keys twice\n$/],
  [
    ["experiment", "attention/scaled_dot_product", "queries=x"],
    2,
    /^heed: Cannot set "queries=x": queries must be.*\n$/,
  ],
];

test("every command is a file and a line of the list", async () => {
  const files = [...Deno.readDirSync(new URL("core/cli/commands/", root))].map(({ name }) => name);
  assertEquals(files.sort(), COMMANDS.map(({ name }) => `${name.replaceAll(/[ -]/g, "_")}.ts`).sort());
  for (const heading of COMMANDS) assertEquals(typeof (await loadCommand(heading)).run, "function");
});

test("the table of commands in the README has every command, in the order of the help", () => {
  const readme = Deno.readTextFileSync(new URL("README.md", root));
  const table = readme.slice(readme.indexOf("| command "), readme.indexOf("`COMMAND --help`"));
  const rows = [...table.matchAll(/^\| `([^`]+)`/gm)].map(([, call]) => call!);
  assertEquals(rows.map((call) => call.replace(/ [^a-z].*$/, "")), COMMANDS.map(({ name }) => name));
  return Promise.resolve();
});

test("heed answers what it cannot do with one sentence and exit code 1 or 2", async (folder) => {
  await Deno.writeTextFile(`${folder}/bad.tsv`, "a\tb\nno tab\n");
  await Deno.writeFile(`${folder}/broken.safetensors`, new Uint8Array(100).fill(7));
  for (const [args, code, sentence] of wrong) {
    const result = await heed(...args.map((word) => word.replace("$", folder)));
    assertEquals(result.code, code, `${args.join(" ")}\n${result.errors}`);
    assertMatch(result.errors, sentence);
  }
  const left = (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name);
  assertEquals(left.sort(), ["bad.tsv", "broken.safetensors"]);
});

test("heed says its version, and the help of a command in both ways", async () => {
  const { version } = JSON.parse(await Deno.readTextFile(new URL("deno.json", root)));
  assertEquals((await heed("--version")).output, `heed ${version}\n`);
  assertEquals((await heed("help", "train", "lm")).output, (await heed("train", "lm", "--help")).output);
  for (const words of [["help"], ["--help", "--help"], ["train", "--help"], ["train", "-h"], ["help", "train"]]) {
    const { code, output, errors } = await heed(...words);
    assertEquals([code, output.includes("Usage: heed COMMAND"), errors], [0, true, ""], words.join(" "));
  }
});

test("heed shows where an error comes from only with --debug", async (folder) => {
  const args = ["info", `${folder}/none`];
  assertEquals((await heed(...args)).errors.includes("at "), false);
  assertStringIncludes((await heed(...args, "--debug")).errors, "at ");
});

test("heed names the permission that it lacks", async (folder) => {
  const { code, errors } = await finish(start(["info", folder], ["run", "--no-prompt"]));
  assertEquals(code, 1);
  assertStringIncludes(errors, "--allow-read");
});

test("--device webgpu takes what adapter there is, and says in one sentence if there is none", async () => {
  const { code, output, errors } = await heed("info", "--device", "webgpu");
  if (code === 0) assertMatch(output, /device +webgpu\n +chosen +GPU by WebGPU: /);
  else assertMatch(errors, /^heed: Cannot use webgpu: .*\n$/m);
  const child = start(["info", "--device", "webgpu"], RUN, { DENO_WEBGPU_BACKEND: "none" });
  const absent = await finish(child);
  assertEquals(absent.code, 1);
  assertStringIncludes(absent.errors, "heed: Cannot use webgpu: no adapter was found; a GPU and its driver are needed");
  assertMatch((await heed("info", "--device", "auto")).output, /device +(wasm\n.*; webgpu was not chosen: |webgpu\n)/);
});

const adapter = await navigator.gpu?.requestAdapter();
const testOnGpu = adapter ? test : (name: string): void => Deno.test.ignore(name, () => {});

testOnGpu("train translator on the GPU device learns, and translates on the CPU", async (folder) => {
  const data = await pairsIn(folder), out = `${folder}/model`;
  const options = ["--data", data, "--out", out, "--steps", "40", "--device", "webgpu"];
  const sizes = TINY.filter((word, i) => word !== "--threads" && TINY[i - 1] !== "--threads");
  const trained = await heed("train", "translator", ...options, ...sizes);
  assertEquals(trained.code, 0, trained.errors);
  assertStringIncludes(trained.output, "step 40/40");
  const beside = async (device: string): Promise<string> => {
    const { code, output } = await heed("translate", "我吃茶。", "--model", out, "--device", device);
    assertEquals(code, 0);
    return output;
  };
  assertEquals(await beside("webgpu"), await beside("wasm"));
  const several = ["--all-beams", "--stochastic", "--seed", "2", "--max-new-tokens", "5", "--device", "wasm"];
  const { code, output } = await heed("translate", "我吃茶。", "--model", out, ...several);
  assertEquals([code, output.trimEnd().split("\n").length], [0, 4]);
  assertMatch(output, /^(\d\. .* {2}\(score -?\d+\.\d\d, log-probability -\d+\.\d\d\)\n)+$/);
});

test("train translator learns, measures, shows and saves, and translate uses what it saved", async (folder) => {
  const data = await pairsIn(folder), out = `${folder}/model`;
  const trained = await heed("train", "translator", "--data", data, "--out", out, "--steps", "40", ...TINY);
  assertEquals([trained.code, trained.errors], [0, ""]);
  for (const text of ["step 40/40", "loss ", "BLEU ", "tokens/s", "never seen", "█", `saved in ${out}`]) {
    assertStringIncludes(trained.output, text);
  }
  const translated = await heed("translate", "我吃茶。", "--model", out, "--attention");
  assertEquals([translated.code, translated.errors], [0, ""]);
  assertStringIncludes(translated.output, "END");
  const rounded = await heed("translate", "我吃茶。", "--model", out, "--weights", "int8");
  assertEquals([rounded.code, rounded.errors], [0, ""]);
  assertMatch((await heed("info", out)).output, /kind +translator[^]*memory +float32 [\d,]+, .*int4 [\d,]+ bytes/);
  const refused = await heed("generate", "x", "--model", out);
  assertEquals(refused.code, 1);
  assertStringIncludes(refused.errors, "it is a translator");
});

test("train translator learns with recurrent networks, goes on, and translate uses what it saved", async (folder) => {
  const data = await pairsIn(folder), out = `${folder}/model`;
  const sizes = TINY.filter((word, i) => word !== "--num-heads" && TINY[i - 1] !== "--num-heads");
  const options = ["train", "translator", "--data", data, "--out", out];
  const trained = await heed(...options, "--recurrence", "gru", "--steps", "20", ...sizes);
  assertEquals([trained.code, trained.errors], [0, ""]);
  for (const text of ["step 20/20", "BLEU ", "never seen", `saved in ${out}`]) {
    assertStringIncludes(trained.output, text);
  }
  const translated = await heed("translate", "我吃茶。", "--model", out, "--num-beams", "3");
  const longer = await heed("translate", "我吃茶。", "--model", out, "--min-new-tokens", "9", "--max-new-tokens", "9");
  assertEquals([longer.code, longer.errors], [0, ""]);
  const tooLong = await heed("translate", "我吃茶。", "--model", out, "--min-new-tokens", "9", "--max-new-tokens", "8");
  assertMatch(tooLong.errors, /^heed: Cannot use --min-new-tokens = 9 with --max-new-tokens = 8: no text .*\n$/);
  assertEquals([translated.code, translated.errors], [0, ""]);
  const looked = await heed("translate", "我吃茶。", "--model", out, "--attention");
  assertEquals(looked.code, 2);
  assertStringIncludes(looked.errors, "Cannot use --attention with this model");
  assertMatch((await heed("info", out)).output, /kind +translator \(encoder–decoder, gru\)/);
  const resumed = await heed("train", "translator", "--resume", "--out", out, "--steps", "24");
  assertEquals([resumed.code, resumed.errors], [0, ""]);
  assertStringIncludes(resumed.output, "step 24/24");
  const other = await heed("train", "translator", "--resume", "--out", out, "--recurrence", "lstm");
  assertStringIncludes(other.errors, "Cannot resume with --recurrence lstm: the saved run has gru");
  const heads = await heed(...options, "--replace", "--recurrence", "lstm", "--num-heads", "2");
  assertStringIncludes(heads.errors, "Cannot use --num-heads with --recurrence");
});

test("translate answers every line of a file, and no signal has to wait for it", async (folder) => {
  const data = await pairsIn(folder), out = `${folder}/model`;
  await heed("train", "translator", "--data", data, "--out", out, "--steps", "4", ...TINY);
  const input = `${folder}/input.txt`, long = "我".repeat(100);
  const lines = ["\ufeff我吃茶。", "", long, "他买书。", "?", " ", "龘", "\ufeff他买书。"];
  const bytes = new TextEncoder().encode(lines.join("\r\n"));
  bytes[bytes.indexOf(63)] = 0xff;
  await Deno.writeFile(input, bytes);
  const { code, output, errors } = await heed("translate", "--data", input, "--model", out);
  assertEquals(code, 1);
  assertEquals(output.split("\n").map((line) => line !== ""), [
    true,
    false,
    false,
    true,
    false,
    false,
    true,
    true,
    false,
  ]);
  assertMatch(
    errors,
    /^heed: line 3: Cannot translate "我+…": it has 101 tokens.*\nheed: line 5: .* UTF-8 text\nheed: Cannot translate 2 of 8 lines\n$/,
  );
  const json = await heed("translate", "--data", input, "--model", out, "--json", "--alternatives", "2");
  const objects = json.output.trimEnd().split("\n").map((line) => JSON.parse(line)), plain = output.split("\n");
  assertEquals([json.code, objects.length], [1, plain.length - 1]);
  objects.forEach(({ text = "" }, i) => assertEquals(text, plain[i]));
  assertEquals(objects.filter(({ error }) => error !== undefined).length, 2);
  const { source, tokens, score, finishReason } = objects[0];
  assertEquals([source, typeof score, ["stop", "length"].includes(finishReason)], ["我吃茶。", "number", true]);
  for (const { alternatives } of tokens) assertEquals(alternatives.length, 2);
  const several = await heed("translate", "我吃茶。", long, "他买书。", "--model", out);
  assertEquals([several.code, several.output.split("\n").length], [1, 4]);
  assertMatch(several.errors, /^heed: sentence 2: .*\nheed: Cannot translate 1 of 3 sentences\n$/);

  await Deno.writeTextFile(input, "我吃茶。\n".repeat(10_000));
  for (const [signal, code, ...args] of [["SIGINT", 130, "--data", input], ["SIGTERM", 143]] as const) {
    const child = new Deno.Command(Deno.execPath(), {
      args: [...RUN, "mod.ts", "translate", "--model", out, ...args],
      cwd: root,
      stdin: "piped",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    const reader = child.stdout.getReader(), writer = child.stdin.getWriter();
    // Where nothing is given, it waits for standard input after one answer.
    if (args.length === 0) await writer.write(new TextEncoder().encode("我吃茶。\n"));
    await reader.read();
    child.kill(signal);
    while (!(await reader.read()).done);
    await writer.close().catch(() => {});
    assertEquals((await child.status).code, code);
  }
});

test("Ctrl-C saves, says how to continue, and the continued run is the uninterrupted one", async (folder) => {
  const data = await pairsIn(folder);
  const common = ["--data", data, "--steps", "300", ...TINY];
  await heed("train", "translator", "--out", `${folder}/whole`, ...common);

  const out = `${folder}/halves`;
  const child = start(["train", "translator", "--out", out, ...common]);
  const reader = child.stdout.getReader();
  let output = "";
  while (!output.includes("step ")) output += decoder.decode((await reader.read()).value);
  child.kill("SIGINT");
  for (let part = await reader.read(); !part.done; part = await reader.read()) output += decoder.decode(part.value);
  const errors = await new Response(child.stderr).text();
  assertEquals([(await child.status).code, errors], [130, ""]);
  assertMatch(output, /Stopped after step \d+; everything is saved/);
  assertStringIncludes(output, `run --allow-read --allow-write mod.ts train translator --resume --out ${out}\n`);

  const resumed = await heed("train", "translator", "--resume", "--out", out, "--threads", "1");
  assertEquals([resumed.code, resumed.errors], [0, ""]);
  assertStringIncludes(resumed.output, "continuing after step");
  const [a, b] = await Promise.all(
    ["whole", "halves"].map((name) => Deno.readFile(`${folder}/${name}/model.safetensors`)),
  );
  assert(a!.length === b!.length && a!.every((byte, i) => byte === b![i]), "the two files differ");

  const changed = await heed("train", "translator", "--resume", "--out", out, "--hidden-size", "32");
  assertEquals(changed.code, 1);
  assertStringIncludes(changed.errors, "Cannot resume with --hidden-size 32: the saved run has --hidden-size 16");
});

test("a terminal that closes ends training as Ctrl-C does, and what nohup started goes on", async (folder) => {
  if (Deno.build.os === "windows") return;
  const data = await pairsIn(folder);
  const hangUp = async (redirection: string, out: string, next?: Deno.Signal): Promise<[number, string[]]> => {
    const words = ["train", "translator", "--data", data, "--steps", "1000000", ...TINY, "--out", out];
    const child = new Deno.Command("sh", {
      args: ["-c", `exec "$0" "$@" ${redirection}`, Deno.execPath(), ...RUN, "mod.ts", ...words],
      cwd: root,
      stdin: "null",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    let output = "", isHungUp = false;
    for await (const part of child.stdout) {
      output += decoder.decode(part);
      if (isHungUp || !output.includes("step ")) continue;
      isHungUp = true;
      child.kill("SIGHUP");
      if (next === undefined) continue;
      // What a hang-up stops would have stopped meanwhile, and with its own exit code.
      await new Promise((resolve) => setTimeout(resolve, 1000));
      child.kill(next);
    }
    assert(!output.includes("\x1b"), "the name of a folder moves the cursor");
    return [(await child.status).code, (await Array.fromAsync(Deno.readDir(out))).map(({ name }) => name)];
  };
  assertEquals(await hangUp("", `${folder}/a\x1b[2J`), [129, ["model.safetensors"]]);
  // As nohup does it: a standard input that is not open for reading.
  assertEquals(await hangUp("0>/dev/null", `${folder}/b`, "SIGTERM"), [143, ["model.safetensors"]]);
});

test("train run again on what comes with the code gives up no step of the same run", async (folder) => {
  const tiny = ["--hidden-size", "16", "--num-layers", "1", "--batch-size", "2", "--threads", "1"];
  const args = ["train", "lm", "--out", folder, "--steps", "300", ...tiny], file = `${folder}/model.safetensors`;
  assertEquals((await heed(...args)).code, 0);
  const before = await Deno.readFile(file);
  // Stopped early, or not at all if the signal comes too late: what is saved are the same bytes.
  const child = start(args), reader = child.stdout.getReader();
  let output = "", isStopped = false;
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    output += decoder.decode(part.value);
    if (isStopped || !output.includes("step ")) continue;
    child.kill("SIGINT");
    isStopped = true;
  }
  await child.stderr.cancel();
  assertEquals((await child.status).code, output.includes("has step 300 of the same run") ? 130 : 0, output);
  assertEquals(await Deno.readFile(file), before);
  const others = await heed(...args, "--seed", "2");
  assertEquals(others.code, 1);
  assertStringIncludes(
    others.errors,
    "trained on the sentences that come with the code, with other settings; --resume",
  );
});

test("train lm learns a text and generate continues it, the same for the same seed", async (folder) => {
  await Deno.writeTextFile(`${folder}/text.txt`, "the cat sat on the mat and the dog sat on the log\n".repeat(60));
  const tiny = ["--hidden-size", "16", "--num-heads", "2", "--num-layers", "1", "--context-length", "16"];
  const out = `${folder}/lm`;
  const trained = await heed(
    "train",
    "lm",
    "--data",
    `${folder}/text.txt`,
    "--out",
    out,
    "--steps",
    "30",
    ...tiny,
  );
  assertEquals([trained.code, trained.errors], [0, ""]);
  assertMatch(trained.output, /held out \d/);
  const again = await heed("train", "lm", "--steps", "1", "--out", out);
  assertEquals(again.code, 1);
  assertMatch(again.errors, /it holds a language model trained on ".*text.txt"; --replace gives it up/);
  const write = (...more: string[]): Promise<Finished> =>
    heed("generate", "the ", "--model", out, "--max-new-tokens", "40", ...more);
  const [first, second, other, beams, coarse] = [
    await write("--seed", "3", "--top-k", "5"),
    await write("--seed", "3", "--top-k", "5"),
    await write("--seed", "4"),
    await write("--num-beams", "3"),
    await write("--weights", "int4"),
  ];
  assertEquals([coarse.code, coarse.output.length], [0, first.output.length]);
  assertEquals([first.code, first.errors], [0, ""]);
  assertEquals(first.output.length, "the ".length + 40 + 1);
  assertEquals(first.output, second.output);
  assert(first.output !== other.output);
  assertEquals([beams.code, beams.output.startsWith("the ")], [0, true]);
  const ruled = await write(
    "--banned-words",
    "e,at",
    "--prefix",
    "cat",
    "--forced-last-token",
    "o",
    "--dry-multiplier",
    "1",
  );
  assertEquals([ruled.code, ruled.errors], [0, ""]);
  assertMatch(ruled.output, /^the cat[^e]*o\n$/);
  assertEquals(/at/.test(ruled.output.slice("the cat".length - 1)), false, ruled.output);
  const required = await write("--num-beams", "3", "--required-words", "dog|cat,mat");
  assertEquals([required.code, required.errors], [0, ""]);
  assertMatch(required.output, /^the (?=.*(dog|cat)).*mat/s);
  const several = await write("--forced-first-token", "cat");
  assertMatch(
    several.errors,
    /^heed: Cannot use --forced-first-token with "cat": it is 3 tokens, and one is needed.*\n$/,
  );
  for (const way of [["--num-beam-groups", "3"], ["--stochastic", "--temperature", "0.8"], []]) {
    const { code, output } = await write("--num-beams", "3", "--all-beams", ...way);
    const texts = output.trimEnd().split(/\n*\d\. score -?\d+\.\d\d, log-probability -\d+\.\d\d\n/).slice(1);
    assertEquals([code, texts.length, texts.every((text) => text.startsWith("the "))], [0, 3, true]);
    if (way.length === 0) assertEquals(texts[0]!.trimEnd(), beams.output.trimEnd());
    if (way[0] === "--stochastic") assertEquals(new Set(texts).size, 3);
  }
});

test("train ngram counts a text in a moment, and generate, info and other programs use what it saves", async (folder) => {
  await Deno.writeTextFile(`${folder}/text.txt`, "the cat sat on the mat and the dog sat on the log\n".repeat(60));
  for (const [tokens, more] of [["characters", []], ["bytes", ["--vocab-size", "270"]], ["words", []]] as const) {
    const out = `${folder}/${tokens}`, arpa = `${folder}/${tokens}.arpa`;
    const trained = await heed(
      ...["train", "ngram", "--data", `${folder}/text.txt`, "--tokens", tokens, "--order", "4", "--out", out],
      ...["--arpa", arpa, ...more],
    );
    assertEquals([trained.code, trained.errors], [0, ""]);
    assertMatch(trained.output, /perplexity 1\.\d+ on the text kept apart/);
    assertEquals(await Deno.readTextFile(arpa), await Deno.readTextFile(`${out}/model.arpa`));
    assertMatch(await Deno.readTextFile(arpa), /^\\data\\\nngram 1=\d+\n/);
    const again = await heed("train", "ngram", "--data", `${folder}/text.txt`, "--out", out);
    assertEquals(again.code, 1);
    assertMatch(again.errors, /it holds an n-gram model; --replace gives it up/);
    const { code, output, errors } = await heed(
      "generate",
      "the cat",
      "--model",
      out,
      "--max-new-tokens",
      "12",
      "--top-k",
      "1",
    );
    assertEquals([code, errors], [0, ""]);
    assertMatch(output, /^the cat (on|sat) /);
    const beams = await heed("generate", "the cat", "--model", out, "--max-new-tokens", "6", "--num-beams", "2");
    assertMatch(beams.output, /^the cat (on|s)/);
    const limited = await heed("generate", "the cat", "--model", out, "--regex", " (on|sat)");
    assertEquals([limited.code, limited.errors], [0, ""]);
    assertMatch(limited.output, /^the cat (on|sat)\n$/);
    const cut = await heed("generate", "the cat", "--model", out, "--regex", "( (on|sat)){9}", "--max-new-tokens", "2");
    assertEquals([cut.code, cut.errors.includes("cut off after 2 tokens")], [0, true]);
    const told = await heed(
      ...[
        "generate",
        "the cat",
        "--model",
        out,
        "--max-new-tokens",
        "6",
        "--top-k",
        "1",
        "--json",
        "--alternatives",
        "2",
      ],
    );
    const found = JSON.parse(told.output), greedy: { logProbability: number; text: string }[] = found.tokens;
    assertEquals([told.code, told.output.split("\n").length], [0, 2]);
    assert(output.startsWith(`the cat${found.text}`), told.output);
    assertEquals(Object.keys(found), ["prompt", "text", "tokens", "logProbability", "finishReason"]);
    assertEquals([found.prompt, greedy.length, found.finishReason], ["the cat", 6, "length"]);
    assertEquals(greedy.map(({ text }) => text).join(""), found.text);
    for (const { alternatives, ...token } of found.tokens) {
      const { logProbability, processedLogProbability } = token;
      // One token is left, and its probability is 1.
      assertEquals([alternatives.length, processedLogProbability], [2, 0]);
      assert(alternatives[0].logProbability >= logProbability && logProbability <= 0);
    }
    const beamed = await heed(
      ...["generate", "the cat", "--model", out, "--max-new-tokens", "6", "--num-beams", "2", "--all-beams", "--json"],
    );
    const lines = beamed.output.trimEnd().split("\n").map((line) => JSON.parse(line));
    assertEquals([lines.length, lines[0].score >= lines[1].score], [2, true]);
    assertEquals(`the cat${lines[0].text}\n`, beams.output);
    for (const draft of [["--draft", out], ["--prompt-lookup", "--draft-length", "3"]]) {
      const drafted = await heed(
        "generate",
        "the cat",
        "--model",
        out,
        "--max-new-tokens",
        "12",
        "--top-k",
        "1",
        ...draft,
      );
      assertEquals([drafted.code, drafted.errors, drafted.output], [0, "", output]);
    }
    const contrasted = await heed(
      ...[
        "generate",
        "the cat",
        "--model",
        out,
        "--amateur",
        out,
        "--contrastive-alpha",
        "1",
        "--max-new-tokens",
        "12",
      ],
    );
    assertEquals([contrasted.code, contrasted.errors, contrasted.output.startsWith("the cat")], [0, "", true]);
    const measured = await heed("evaluate", out, "--data", `${folder}/text.txt`, "--json");
    const { perplexity, bitsPerByte, unknown } = JSON.parse(measured.output);
    assertEquals([measured.code, unknown, perplexity < 2, bitsPerByte < 1], [0, 0, true, true]);
    const info = await heed("info", out);
    assertMatch(info.output, new RegExp(`4-grams[^]*tokens of ${tokens}[^]*modified-kneser-ney[^]*perplexity 1`));
  }
  const both = await heed("evaluate", `${folder}/characters`, `${folder}/words`, "--data", `${folder}/text.txt`);
  assertEquals([both.code, both.errors], [0, ""]);
  assertMatch(both.output, /perplexity per token +1\.\d{3} +1\.\d{3}\n/);
  const wrong = async (says: string, ...args: string[]): Promise<void> => {
    const { code, errors } = await heed(...args);
    assertEquals(code === 0, false);
    assertStringIncludes(errors, says);
  };
  await wrong("it must be one of modified-kneser-ney, kneser-ney", "train", "ngram", "--smoothing", "none");
  await wrong("without --data: it names a text", "evaluate", `${folder}/words`);
  await wrong("Cannot use --draws with a language model", "evaluate", `${folder}/words`, "--draws", "5");
  await wrong("only words are counted one by one", "train", "ngram", "--min-count", "2");
  await wrong("it must be at least 260", "train", "ngram", "--tokens", "bytes", "--vocab-size", "100");
  const beside = ["generate", "a", "--model", `${folder}/words`];
  await wrong("its tokens are not those of the model that writes", ...beside, "--draft", `${folder}/bytes`);
  await wrong("its tokens are not those of the model that writes", ...beside, "--amateur", `${folder}/characters`);
  await wrong("its table is on the CPU", "generate", "a", "--model", `${folder}/words`, "--device", "webgpu");
  await wrong("it has no weights", "generate", "a", "--model", `${folder}/words`, "--weights", "int8");
  await Deno.writeTextFile(`${folder}/words/model.arpa`, "\\data\\\nngram 1=2\n");
  await wrong("it has no line \\end\\", "generate", "a", "--model", `${folder}/words`);
  await Deno.writeTextFile(`${folder}/words/tokenizer.json`, "{}");
  await wrong("it is no vocabulary of an n-gram model", "generate", "a", "--model", `${folder}/words`);
});

test("a language model has any tokenizer that tokenize has saved, from training to evaluation", async (folder) => {
  const text = `${folder}/text.txt`;
  await Deno.writeTextFile(text, "The cat sat on the mat and the dog sat on the log\n".repeat(40));
  const small = ["--steps", "2", "--hidden-size", "8", "--batch-size", "2", "--context-length", "8", "--threads", "1"];
  const kinds = { wordpiece: "word pieces", unigram: "unigram pieces", words: "words" };
  for (const [algorithm, name] of Object.entries(kinds)) {
    const tokenizer = `${folder}/${algorithm}.json`;
    const size = ["--vocab-size", "60", "--train", text, "--out", tokenizer];
    assertEquals((await heed("tokenize", "--algorithm", algorithm, ...size)).errors, "");
    for (const word of algorithm === "words" ? ["lm", "ngram"] : algorithm === "unigram" ? ["gru"] : ["ngram"]) {
      const out = `${folder}/${algorithm}-${word}`;
      const run = ["train", word, "--data", text, "--tokenizer", tokenizer, "--out", out];
      const trained = await heed(...run, ...(word === "ngram" ? [] : small));
      assertEquals([trained.code, trained.errors], [0, ""], `${algorithm} ${word}`);
      assertMatch((await heed("info", out)).output, new RegExp(`tokens of ${name}`));
      const written = await heed("generate", "the cat", "--model", out, "--max-new-tokens", "4", "--top-k", "1");
      assertEquals([written.code, written.errors], [0, ""], `${algorithm} ${word}`);
      assertMatch(written.output, /^the cat/);
      if (word === "ngram") assertMatch(written.output, /^the cat sat on the mat/);
      const beams = await heed("generate", "the cat", "--model", out, "--max-new-tokens", "4", "--num-beams", "2");
      assertEquals([beams.code, beams.output.startsWith("the cat")], [0, true]);
      const measured = await heed("evaluate", out, "--data", text, "--json");
      const { perplexity, bitsPerByte } = JSON.parse(measured.output);
      // WordPiece has no capital letters, so its tokens do not give the text back.
      assertEquals([perplexity > 1, bitsPerByte === undefined], [true, algorithm === "wordpiece"]);
    }
  }
  const out = `${folder}/words-lm`, tokenizer = `${folder}/words.json`;
  const resumed = await heed("train", "lm", "--resume", "--out", out, "--data", text, "--steps", "3", "--threads", "1");
  assertEquals([resumed.code, resumed.errors], [0, ""]);
  const wrong = async (says: string, ...args: string[]): Promise<void> => {
    const { code, errors } = await heed("train", ...args);
    assertEquals(code === 0, false);
    assertStringIncludes(errors, says);
  };
  await wrong("a run that continues keeps its own", "lm", "--resume", "--out", out, "--tokenizer", tokenizer);
  await wrong("the saved run has that of", "lm", "--resume", "--out", out, "--tokens", "bytes");
  await wrong("Cannot use --tokens with --tokenizer", "lm", "--tokenizer", tokenizer, "--tokens", "bytes");
  await wrong("Cannot use --min-count with --tokenizer", "ngram", "--tokenizer", tokenizer, "--min-count", "2");
  await wrong("Cannot read a tokenizer from", "lm", "--tokenizer", text);
});

test("an n-gram model of words that an older program saved is read", async (folder) => {
  const text = `${folder}/text.txt`, out = `${folder}/words`;
  await Deno.writeTextFile(text, "the cat sat on the mat\n".repeat(40));
  await heed("train", "ngram", "--tokens", "words", "--data", text, "--out", out);
  const continued = (): ReturnType<typeof heed> => heed("generate", "the cat", "--model", out, "--top-k", "1");
  const before = await continued(), path = `${out}/tokenizer.json`;
  const { vocabulary, ...notes } = JSON.parse(await Deno.readTextFile(path));
  const words = vocabulary.model.tokens.slice(3);
  await Deno.writeTextFile(path, JSON.stringify({ ...notes, vocabulary: { words } }));
  const after = await continued();
  assertEquals([after.code, after.output], [0, before.output]);
});

/** What is called, what it is, its sizes. */
const KINDS: [kind: string, is: string, ...sizes: string[]][] = [
  ...["rnn", "lstm", "gru", "cnn"].map((kind): [string, string, ...string[]] => [kind, kind, "--num-layers", "2"]),
  ["feedforward", "feed-forward", "--window-size", "3", "--embedding-size", "6"],
];

/** Log-probability of the tokens of a text after the first, by a saved model that reads them one by one. */
async function byHand(folder: string, text: string): Promise<{ tokens: number; logProbability: number }> {
  const saved = await readTextModel(folder), ids = saved.notes.vocabulary.encode(text);
  const rows = withBackend(createReferenceDevice(), () => {
    const model = openModel(saved), rows: Tensor[] = [];
    if (model instanceof ConvolutionalLanguageModel || model instanceof FeedForwardLanguageModel) {
      const caches = model.newCaches(() => new KeyValueCache());
      return ids.slice(0, -1).map((id) => model.forward(tensor(Int32Array.of(id), [1, 1]), { caches }));
    }
    assert(model instanceof RecurrentLanguageModel);
    let states = {};
    for (const id of ids.slice(0, -1)) {
      const { logits, ...after } = model.read(tensor(Int32Array.of(id), [1, 1]), states);
      rows.push(logits);
      states = after;
    }
    return rows;
  });
  let logProbability = 0;
  for (const [t, row] of rows.entries()) {
    const scores = [...await row.read()], total = scores.reduce((sum, score) => sum + Math.exp(score), 0);
    logProbability += scores[ids[t + 1]!]! - Math.log(total);
  }
  return { tokens: rows.length, logProbability };
}

test("train rnn, lstm, gru, cnn and feedforward learn a text, go on bit for bit, are measured, and generate continues it", async (folder) => {
  const data = `${folder}/text.txt`;
  await Deno.writeTextFile(data, "the cat sat on the mat and the dog sat on the log\n".repeat(60));
  await Deno.writeTextFile(`${folder}/short.txt`, "the dog sat on the cat and the mat\n");
  for (const [kind, is, ...sizes] of KINDS) {
    const tiny = ["--hidden-size", "16", ...sizes, "--context-length", "16", "--steps", "20"];
    const whole = `${folder}/${kind}`, parts = `${folder}/${kind}-in-parts`, warmup = ["--warmup-steps", "4"];
    const made = await heed("train", kind, "--data", data, "--out", whole, ...tiny, ...warmup);
    assertEquals([made.code, made.errors], [0, ""]);
    assertMatch(made.output, /held out \d/);
    await heed("train", kind, "--data", data, "--out", parts, ...tiny, ...warmup);
    const further = (out: string): Promise<Finished> => heed("train", kind, "--resume", "--steps", "30", "--out", out);
    assertEquals([(await further(whole)).code, (await further(parts)).code], [0, 0]);
    const write = (...more: string[]): Promise<Finished> =>
      heed("generate", "the ", "--model", whole, "--max-new-tokens", "40", ...more);
    const [first, second, beams, coarse] = [
      await write("--seed", "3"),
      await heed("generate", "the ", "--model", parts, "--max-new-tokens", "40", "--seed", "3"),
      await write("--num-beams", "3"),
      await write("--weights", "int8"),
    ];
    assertEquals([first.code, first.errors, first.output.length], [0, "", "the ".length + 40 + 1]);
    assertEquals(first.output, second.output);
    assertEquals([beams.code, beams.output.startsWith("the "), coarse.code], [0, true, 0]);
    assertMatch((await heed("info", whole)).output, new RegExp(`language model \\(${is}\\)`));
    // What it measures is what the book's formula says in float64, one token after the other, with the states handed on.
    const measured = await heed("evaluate", whole, "--data", `${folder}/short.txt`, "--json");
    assertEquals([measured.code, measured.errors], [0, ""]);
    const { logProbability, tokens } = JSON.parse(measured.output);
    const expected = await byHand(whole, await Deno.readTextFile(`${folder}/short.txt`));
    assertEquals(tokens, expected.tokens);
    assertAlmostEquals(logProbability, expected.logProbability, 1e-3);
    const other = await heed("train", "lm", "--resume", "--out", whole);
    assertEquals(other.code, 1);
    assertStringIncludes(other.errors, `it is one of "heed train ${kind}"`);
  }
  for (const [kind, option] of [["lstm", "--num-heads"], ["feedforward", "--num-layers"], ["cnn", "--window-size"]]) {
    const other = await heed("train", kind!, option!, "2");
    assertEquals(other.code, 2);
    assertStringIncludes(other.errors, option!);
  }
  const large = ["--window-size", "1000", "--embedding-size", "100000", "--hidden-size", "100000"];
  const refused = await heed("train", "feedforward", "--out", `${folder}/large`, ...large);
  assertEquals(refused.code, 2);
  assertMatch(
    refused.errors,
    /with --window-size 1000, --embedding-size 100000 and --hidden-size 100000: such a model/,
  );
  const window = await heed("train", "feedforward", "--resume", "--out", `${folder}/feedforward`, "--window-size", "4");
  assertStringIncludes(window.errors, "Cannot resume with --window-size 4: the saved run has --window-size 3");
});

test("generate --window goes on past the context, with sinks or without, where positions allow it", async (folder) => {
  await Deno.writeTextFile(`${folder}/text.txt`, "the cat sat on the mat and the dog sat on the log\n".repeat(60));
  const tiny = [
    "--hidden-size",
    "16",
    "--num-heads",
    "2",
    "--num-layers",
    "1",
    "--context-length",
    "16",
    "--steps",
    "20",
  ];
  const train = (out: string, ...more: string[]): Promise<Finished> =>
    heed("train", "lm", "--data", `${folder}/text.txt`, "--out", `${folder}/${out}`, ...tiny, ...more);
  const made = await train("rotary", "--positions", "rotary");
  assertEquals([made.code, made.errors], [0, ""]);
  const write = (out: string, ...more: string[]): Promise<Finished> =>
    heed("generate", "the ", "--model", `${folder}/${out}`, "--max-new-tokens", "60", ...more);
  const texts = [
    await write("rotary", "--window", "16"),
    await write("rotary", "--window", "6", "--sinks", "1"),
    await write("rotary", "--window", "6", "--sinks", "0", "--num-beams", "2"),
  ];
  for (const { code, errors, output } of texts) assertEquals([code, errors, output.length], [0, "", 4 + 60 + 1]);
  assertStringIncludes((await write("rotary", "--window", "17")).errors, "the model sees 16 tokens");
  const further = await heed("train", "lm", "--resume", "--out", `${folder}/rotary`, "--positions", "alibi");
  assertStringIncludes(further.errors, "Cannot resume with --positions alibi: the saved run has --positions rotary");
  assertEquals((await train("plain")).code, 0);
  assertStringIncludes((await write("plain", "--window", "16")).errors, "its positions are added to the tokens");
  const other = await heed("train", "lm", "--resume", "--out", `${folder}/plain`, "--positions", "alibi");
  assertStringIncludes(other.errors, "Cannot resume with --positions alibi: the saved run began without it");
  assertEquals((await heed("train", "lm", "--resume", "--out", `${folder}/rotary`, "--steps", "25")).code, 0);
});

test("train goes on where nobody reads along, saves, and says so by its exit code; what only prints stops", async (folder) => {
  await Deno.writeTextFile(`${folder}/text.txt`, "the cat sat on the mat and the dog sat on the log\n".repeat(60));
  const out = `${folder}/lm`, tiny = ["--hidden-size", "16", "--num-layers", "1", "--threads", "1", "--steps", "30"];
  const unread = async (...args: string[]): Promise<{ code: number; errors: string }> => {
    const child = start(args);
    await child.stdout.cancel();
    const errors = await new Response(child.stderr).text();
    return { code: (await child.status).code, errors };
  };
  const trained = await unread("train", "lm", "--data", `${folder}/text.txt`, "--out", out, ...tiny);
  assertEquals(trained, {
    code: 3,
    errors: "heed: Cannot write to standard output: its reader has closed it; training went on without it, " +
      `and what it learned is saved in "${out}"\n`,
  });
  assertMatch((await heed("info", out)).output, /measured +heldOut/);
  const more = ["--model", out, "--max-new-tokens", "1000000", "--threads", "1"];
  assertEquals(await unread("generate", "the", ...more), { code: 3, errors: "" });
});

test("experiment computes a table and holds its claims", async () => {
  const { code, output } = await heed("experiment", "attention/scaled_dot_product");
  assertEquals(code, 0);
  assertMatch(output, /^holds /m);
  assertEquals(/^fails /m.test(output), false);
});

test("info says what a saved tokenizer is, and no model is read from one", async (folder) => {
  const texts = ["low lower lowest newest widest\n".repeat(20)];
  const tokenizers: [kind: string, tokenizer: Tokenizer][] = [
    ["byte pairs of characters", await trainBytePairEncoding(texts, { vocabSize: 40, level: "characters" })],
    ["byte pairs of bytes", await trainBytePairEncoding(texts, { vocabSize: 280, level: "bytes" })],
    ["unigram pieces", await trainUnigram(texts, { vocabSize: 20 })],
    ["word pieces", await trainWordPiece(texts, { vocabSize: 40 })],
    ["words", await trainWordLevel(texts)],
    ["characters", await trainWordLevel(texts, { level: "characters" })],
  ];
  for (const [kind, tokenizer] of tokenizers) {
    const path = `${folder}/${kind}.json`;
    await Deno.writeTextFile(path, JSON.stringify(tokenizer));
    assertEquals((await otherIn(path))?.name, "a tokenizer");
    const rows = new Map(await describe(path));
    assertEquals([rows.get("kind"), rows.get("vocabulary")], [`tokenizer (${kind})`, `${tokenizer.vocabSize} tokens`]);
    await assertRejects(() => readTextModel(path), Error, 'it is a tokenizer, and "heed tokenize" uses it');
  }
  const { code, output } = await heed("info", `${folder}/words.json`);
  assertEquals(code, 0);
  assertMatch(output, /^ {2}used by +heed tokenize$/m);
  await Deno.writeTextFile(`${folder}/other.json`, '{"format": "heed byte-pair encoding 1"}');
  const damaged = await heed("info", `${folder}/other.json`);
  assertEquals(damaged.code, 1);
  assertMatch(damaged.errors, /^heed: Cannot read a tokenizer from ".*other.json": .*\n$/);
});

test("tokenize cuts, goes back, saves and shows", async (folder) => {
  const saved = `${folder}/words.json`, data = `${folder}/text.txt`;
  await Deno.writeTextFile(data, "low lower lowest\nnewest widest\n");
  const learned = await heed(
    "tokenize",
    "--train",
    data,
    "--algorithm",
    "wordpiece",
    "--vocab-size",
    "40",
    "--out",
    saved,
  );
  assertEquals(learned, { code: 0, output: "", errors: "" });
  const use = async (...args: string[]): Promise<string> => {
    const { code, output, errors } = await heed("tokenize", "--tokenizer", saved, ...args);
    assertEquals([code, errors], [0, ""]);
    return output;
  };
  const ids = (await use("--ids", "Lowest")).trim();
  assertEquals(await use("--decode", ids), "lowest\n");
  const { text, tokens } = JSON.parse(await use("--json", "Lowest")) as {
    text: string;
    tokens: { id: number; start: number; end: number }[];
  };
  assertEquals([text, tokens.map(({ id }) => id).join(" "), tokens.at(-1)!.end], ["Lowest", ids, 6]);
  assertEquals((await use("--data", data)).split("\n").length, 3);
  const merges = await heed("tokenize", "--train", data, "--level", "characters", "--merges", "2", "--pieces", "1");
  assertMatch(merges.output, /^[^ ]+ [^ ]+\n[^ ]+ [^ ]+\n\d+\t.+\n$/);
});
