/**
 * Classifiers as the user of the program meets them: trained, used, evaluated, fed wrong things.
 *
 * Starting programs needs permission; without it these tests are reported as ignored.
 */

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { BagOfWords } from "../../core/01_introduction/bag_of_words.ts";
import { encodeClassifier, readClassifier, readLabelled, tokenizerOf } from "../../core/cli/classifiers.ts";
import { isClassifier } from "../../core/cli/model_kinds.ts";
import { encodeSafetensors } from "../../core/06_training/safetensors.ts";
import { testWithFolder } from "../permissions.ts";
import { assertRejects } from "@std/assert";

const root = new URL("../../", import.meta.url).href;

async function heed(
  folder: string,
  args: readonly string[],
  input?: string | Uint8Array,
): Promise<{ code: number; output: string; errors: string }> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--allow-read", "--allow-write", `${root}mod.ts`, ...args],
    cwd: folder,
    stdin: input === undefined ? "null" : "piped",
    stdout: "piped",
    stderr: "piped",
    env: { NO_COLOR: "1" },
  }).spawn();
  if (input !== undefined) {
    const writer = child.stdin.getWriter();
    await writer.write(typeof input === "string" ? new TextEncoder().encode(input) : input);
    await writer.close();
  }
  const { code, stdout, stderr } = await child.output(), decoder = new TextDecoder();
  return { code, output: decoder.decode(stdout), errors: decoder.decode(stderr) };
}

const test = (name: string, body: (folder: string) => Promise<void>): void => testWithFolder(name, body, "run");

/** Texts whose class is their first word. */
function lines(count: number): string {
  const classes = ["fruit", "tool", "animal"], words = [["apple", "pear"], ["saw", "drill"], ["cat", "owl"]];
  return Array.from({ length: count }, (_, i) => `${classes[i % 3]}\tthe ${words[i % 3]![i % 2]} number ${i}\n`).join(
    "",
  );
}

test("train classifier learns a file, classify and evaluate use what it saved", async (folder) => {
  await Deno.writeTextFile(`${folder}/things.tsv`, `\ufeff${lines(90)}`);
  const trained = await heed(folder, ["train", "classifier", "--data", "things.tsv"]);
  assertEquals([trained.code, trained.errors], [0, ""]);
  assertStringIncludes(trained.output, 'classes: "animal", "fruit", "tool"');
  assertMatch(trained.output, /saved in models\/things\n/);

  const classified = await heed(folder, ["classify", "--model", "models/things"], "a pear\n\nan owl\n");
  assertEquals([classified.code, classified.output, classified.errors], [0, "fruit\n\nanimal\n", ""]);
  const json = await heed(folder, ["classify", "a drill", "--json", "--model", "models/things"]);
  const { text, label, probabilities } = JSON.parse(json.output);
  assertEquals([text, label, Object.keys(probabilities)], ["a drill", "tool", ["animal", "fruit", "tool"]]);
  const sum = Object.values<number>(probabilities).reduce((a, b) => a + b, 0);
  assert(Math.abs(sum - 1) < 1e-5 && probabilities.tool === Math.max(...Object.values<number>(probabilities)));

  await Deno.writeTextFile(`${folder}/new.tsv`, "fruit\tsome pear\nfruit\tan owl\ntool\tsaw\n");
  const evaluated = await heed(folder, ["evaluate", "models/things", "--data", "new.tsv", "--errors", "5"]);
  assertEquals([evaluated.code, evaluated.errors], [0, ""]);
  assertStringIncludes(evaluated.output, "2 of 3 texts are right: 66.7 %");
  assertStringIncludes(evaluated.output, "fruit taken for animal: an owl\n");
  assertMatch(evaluated.output, /^ {2}fruit +1\.000 +0\.500 +0\.667 +2$/m);
  assertMatch(evaluated.output, /^ {2}fruit +1 +1 +0$/m);

  // Half of the texts have the wrong label, so what is learned of them is worse.
  const spoiled = lines(90).split("\n").map((line, i) => i % 2 ? line.replace(/^\w+/, "tool") : line).join("\n");
  await Deno.writeTextFile(`${folder}/spoiled.tsv`, spoiled);
  await heed(folder, ["train", "classifier", "--data", "spoiled.tsv", "--epochs", "3"]);
  await Deno.writeTextFile(`${folder}/test.tsv`, lines(60));
  const both = ["evaluate", "models/things", "models/spoiled", "--data", "test.tsv"];
  const compared = await heed(folder, [...both, "--draws", "200"]);
  assertEquals([compared.code, compared.errors], [0, ""]);
  assertMatch(compared.output, /Beside models\/spoiled: \+\d+\.\d % \(\+.*\), p = 0\.0\d+ by the bootstrap/);
  const { comparison } = JSON.parse((await heed(folder, [...both, "--json", "--draws", "200"])).output);
  assert(comparison.difference > 0 && comparison.pValue < 0.05 && comparison.mcNemar.onlySecond === 0);
  assertEquals((await heed(folder, [...both, "--draws", "200"])).output, compared.output);

  const described = await heed(folder, ["info", "models/things"]);
  assertMatch(described.output, /kind +classifier \(bag of words\)/);
});

test("classifiers refuse what they cannot use, each in one sentence", async (folder) => {
  await Deno.writeTextFile(`${folder}/things.tsv`, lines(60));
  assertEquals((await heed(folder, ["train", "classifier", "--data", "things.tsv", "--out", "m"])).code, 0);
  await Deno.writeTextFile(`${folder}/no_tab.tsv`, "fruit\tpear\napple\n");
  await Deno.writeTextFile(`${folder}/one.tsv`, "fruit\tpear\nfruit\tapple\n");
  await Deno.writeTextFile(`${folder}/few.tsv`, "fruit\tpear\ntool\tsaw\n");
  await Deno.writeTextFile(`${folder}/strange.tsv`, "planet\tmars\n");
  await Deno.writeTextFile(`${folder}/empty.tsv`, "\n");
  const wrong: [args: string[], code: number, sentence: RegExp][] = [
    [
      ["train", "classifier", "--data", "no_tab.tsv"],
      1,
      /Cannot read "no_tab.tsv" line 2: it has no tab between label and text/,
    ],
    [["train", "classifier", "--data", "one.tsv"], 1, /all texts have the label "fruit", and two are needed/],
    [["train", "classifier", "--data", "few.tsv"], 1, /Cannot train on 2 different texts: at least 10 are needed/],
    [["train", "classifier", "--data", "empty.tsv"], 1, /Cannot use "empty.tsv": it holds no texts/],
    [["train", "classifier", "--data", "none.tsv"], 1, /Cannot read "none.tsv": /],
    [["train", "classifier", "--data", "things.tsv", "--language", "chinese"], 2, /Cannot use --language with --data/],
    [
      ["train", "classifier", "--data", "things.tsv", "--test", "strange.tsv", "--out", "n"],
      1,
      /its label "planet" is none/,
    ],
    [["train", "classifier", "--data", "things.tsv", "--out", "m", "--epochs", "3"], 1, /--replace gives it up/],
    [["train", "classifier", "--rule", "magic"], 2, /must be one of perceptron, gradient, rewarding/],
    [["train", "lm", "--out", "m"], 1, /it holds a classifier; --replace gives it up/],
    [["generate", "x", "--model", "m"], 1, /it is a classifier, and "heed classify" uses it/],
    [["classify", "x", "--model", "none"], 1, /"heed train classifier" makes one/],
    [["classify", "x", "--data", "y"], 2, /Cannot use --data with "x"/],
    [["evaluate"], 2, /Cannot evaluate without a model/],
    [["evaluate", "none"], 1, /Cannot read a model from "none"/],
    [["evaluate", "m"], 1, /Cannot evaluate "m\/model.safetensors" without --data/],
    [["evaluate", "m", "--data", "strange.tsv"], 1, /the label "planet" is none of the model's/],
    [["evaluate", "m", "--data", "things.tsv", "--draws", "5"], 2, /Cannot use --draws without a second model/],
  ];
  for (const [args, code, sentence] of wrong) {
    const found = await heed(folder, args);
    assertEquals(found.code, code, `${args.join(" ")}: ${found.errors}`);
    assertMatch(found.errors, sentence);
    assertEquals(found.errors.trimEnd().split("\n").length, 1, found.errors);
  }
  // A line that is no text gets an empty line, and costs no other.
  const half = await heed(
    folder,
    ["classify", "--model", "m"],
    new Uint8Array([0xff, 10, ...new TextEncoder().encode("pear\n")]),
  );
  assertEquals([half.code, half.output], [1, "\nfruit\n"]);
  // The same run makes the same file again.
  const before = await Deno.readFile(`${folder}/m/model.safetensors`);
  assertEquals((await heed(folder, ["train", "classifier", "--data", "things.tsv", "--out", "m"])).code, 0);
  assertEquals(await Deno.readFile(`${folder}/m/model.safetensors`), before);
});

test("train classifier saves the best epoch so far when it is interrupted", async (folder) => {
  await Deno.writeTextFile(`${folder}/many.tsv`, lines(3000));
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--no-prompt", "--allow-read", "--allow-write", `${root}mod.ts`, "train", "classifier"],
      ...["--data", "many.tsv", "--epochs", "10000", "--out", "m"],
    ],
    cwd: folder,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
    env: { NO_COLOR: "1" },
  }).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let output = "";
  while (!output.includes("epoch ")) output += (await reader.read()).value!;
  child.kill("SIGINT");
  for (let next = await reader.read(); !next.done; next = await reader.read()) output += next.value;
  assertEquals((await child.status).code, 130);
  await child.stderr.cancel();
  assertMatch(output, /Stopped; the best model so far, after epoch \d+, is saved in m\n/);
  assertEquals((await readClassifier(`${folder}/m`)).model.classify("an owl"), "animal");
});

testWithFolder("readClassifier() reads back every weight, and refuses what is damaged", async (folder) => {
  const model = new BagOfWords({ labels: ["a", "b"], vocabulary: ["x", "x y", "é"], tokenize: tokenizerOf(2) });
  model.weights.set([0.1, -2, 1e-9, 4, 5, 6]);
  model.bias.set([0.25, -0.5]);
  const notes = { labels: model.labels, pieces: 2, recipe: { seed: 1 }, measured: { test: 0.5 } };
  await Deno.writeFile(`${folder}/model.safetensors`, encodeClassifier(model, notes));
  assert(await isClassifier(folder));
  const read = await readClassifier(folder);
  assertEquals([read.model.weights, read.model.bias, read.model.vocabulary], [
    model.weights,
    model.bias,
    model.vocabulary,
  ]);
  assertEquals(read.notes, notes);
  assertEquals(read.model.scores("x y"), model.scores("x y"));

  await Deno.writeFile(`${folder}/model.safetensors`, encodeClassifier(model, { ...notes, labels: ["a", "b", "c"] }));
  await assertRejects(() => readClassifier(folder), Error, "its weights must be 9 finite numbers of kind F64");
  model.weights[0] = NaN;
  await Deno.writeFile(`${folder}/model.safetensors`, encodeClassifier(model, notes));
  await assertRejects(() => readClassifier(folder), Error, "its weights must be 6 finite numbers");
  await Deno.writeFile(`${folder}/model.safetensors`, encodeSafetensors({ tensors: new Map() }));
  assertEquals(await isClassifier(folder), false);
  await assertRejects(() => readClassifier(folder), Error, "it is no classifier");
}, "write");

testWithFolder("readLabelled() takes the first tab of a line, and skips empty lines", async (folder) => {
  await Deno.writeTextFile(`${folder}/x.tsv`, "a\tone\ttwo\r\n\n b \t three \n");
  assertEquals(await readLabelled(`${folder}/x.tsv`), [{ label: "a", text: "one\ttwo" }, {
    label: "b",
    text: "three",
  }]);
}, "write");
