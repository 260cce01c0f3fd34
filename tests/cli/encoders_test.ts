/**
 * Encoders as the user of the program meets them: vectors of texts, searches, hidden words, wrong things.
 *
 * Starting programs needs permission; without it these tests are reported as ignored.
 */

import { assert, assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { placedTexts } from "../../core/cli/encoders.ts";
import { DataError } from "../../core/cli/errors.ts";
import { fillMask } from "../../core/08_pretrained/bert.ts";
import { encoderFromPretrained } from "../../core/08_pretrained/architecture.ts";
import { openTokenizer } from "../../core/08_pretrained/tokenizer_files/opening.ts";
import { softmax } from "../../core/02_words/softmax.ts";
import { noGrad } from "../../core/engine/autograd.ts";
import { folderSource } from "../../core/host/sources.ts";
import { testWithFolder } from "../permissions.ts";
import golden from "../goldens/bert.json" with { type: "json" };

const root = new URL("../../", import.meta.url).href;

async function heed(
  args: readonly string[],
  input = "",
): Promise<{ code: number; output: string; errors: string }> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--allow-read", `${root}mod.ts`, ...args],
    env: { NO_COLOR: "1" },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(input)).then(() => writer.close()).catch(() => {});
  const { code, stdout, stderr } = await child.output(), decoder = new TextDecoder();
  return { code, output: decoder.decode(stdout), errors: decoder.decode(stderr) };
}

const test = (name: string, body: (folder: string) => Promise<void>): void => testWithFolder(name, body, "run");

/** Saves a small model with random weights, whose words are single letters. */
async function saveModel(folder: string, one: keyof typeof golden.cases = "bert"): Promise<string> {
  const { config, weights } = golden.cases[one], path = `${folder}/model`;
  await Deno.mkdir(path, { recursive: true });
  await Deno.writeTextFile(`${path}/config.json`, JSON.stringify(config));
  await Deno.writeFile(`${path}/model.safetensors`, Uint8Array.from(atob(weights), (letter) => letter.charCodeAt(0)));
  const words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", ..."abcdefghijklmnopqrs"];
  await Deno.writeTextFile(`${path}/vocab.txt`, `${words.join("\n")}\n`);
  return path;
}

const { texts, mean } = golden.sentences as unknown as { texts: string[]; mean: number[][] };

test("embed writes the library's vectors, of arguments, of a file and of standard input", async (folder) => {
  const model = await saveModel(folder), lines = texts.map((text) => `${text}\n`).join("");
  await Deno.writeTextFile(`${folder}/texts.txt`, lines);
  const close = (found: readonly number[], right: readonly number[]) =>
    assert(found.length === 8 && found.every((x, e) => Math.abs(x - right[e]!) < 2e-5), String(found));

  const plain = await heed(["embed", model, ...texts.slice(0, 2)]);
  assertEquals([plain.code, plain.errors], [0, ""]);
  plain.output.trim().split("\n").forEach((row, i) => close(row.split(" ").map(Number), mean[i]!));

  for (const [args, input] of [[["--data", `${folder}/texts.txt`], ""], [[], lines]] as const) {
    const { code, output } = await heed(["embed", model, "--json", "--batch-size", "2", ...args], input);
    const rows = output.trim().split("\n").map((row) => JSON.parse(row));
    assertEquals([code, rows.map(({ text }) => text)], [0, texts]);
    rows.forEach(({ vector }, i) => close(vector, mean[i]!));
  }
  const int8 = await heed(["embed", model, "a b c", "--weights", "int8"]);
  assertEquals([int8.code, int8.output.split(" ").length], [0, 8]);
});

test("search finds texts of a file and paragraphs of a folder, the nearest first", async (folder) => {
  const model = await saveModel(folder);
  await Deno.writeTextFile(`${folder}/lines.txt`, "a b c\n\nd\ns r q p o n\n");
  const lines = await heed(["search", `${folder}/lines.txt`, "d", "--model", model, "--top", "2"]);
  assertEquals([lines.code, lines.errors], [0, ""]);
  assertMatch(lines.output, /^1\.000 {2}\S+lines\.txt:3 {2}d\n-?0\.\d{3} {2}\S+lines\.txt:[14] {2}.+\n$/);

  await Deno.mkdir(`${folder}/notes/inner`, { recursive: true });
  await Deno.writeTextFile(`${folder}/notes/b.md`, "\na b\n  c\n\nd\n");
  await Deno.writeTextFile(`${folder}/notes/inner/c.txt`, "e f\n");
  await Deno.writeTextFile(`${folder}/notes/.hidden.txt`, "d\n");
  await Deno.writeTextFile(`${folder}/notes/code.ts`, "d\n");
  assertEquals(
    (await placedTexts(`${folder}/notes/`)).map(({ text, file, line }) => [text, file.slice(folder.length), line]),
    [["a b c", "/notes/b.md", 2], ["d", "/notes/b.md", 5], ["e f", "/notes/inner/c.txt", 1]],
  );
  const found = await heed(["search", `${folder}/notes`, "a b c", "--model", model, "--json"]);
  const rows = found.output.trim().split("\n").map((row) => JSON.parse(row));
  assertEquals([rows.length, rows[0].text, rows[0].line, rows[0].cosine], [3, "a b c", 2, 1]);
  assert(rows[1].cosine >= rows[2].cosine);
  await Deno.mkdir(`${folder}/empty`);
  await assertRejects(() => placedTexts(`${folder}/empty`), DataError, "no file of it that ends with .txt or .md");
});

test("fill-mask gives the most probable words of each mask", async (folder) => {
  const path = await saveModel(folder, "bert, masked words"), source = folderSource(path);
  const [model, tokenizer] = [await encoderFromPretrained(source), await openTokenizer(source)];
  // [CLS] a [MASK] c [MASK] [SEP]
  const scores = noGrad(() => softmax(model.forward([[2, 5, 4, 7, 4, 3]])));
  const probabilities = (await scores.read()).slice(2 * 24, 3 * 24), largest = Math.max(...probabilities);
  const best = tokenizer.tokens[probabilities.indexOf(largest)]!;
  const filled = await fillMask(model, tokenizer, "a <mask> c [MASK]", { topK: 24 });
  assertEquals(filled.map(({ position }) => position), [2, 4]);
  for (const { candidates } of filled) {
    assert(Math.abs(candidates.reduce((sum, { probability }) => sum + probability, 0) - 1) < 1e-6);
    assert(candidates.every(({ probability }, i) => i === 0 || probability <= candidates[i - 1]!.probability));
  }
  assertEquals(filled[0]!.candidates[0], { token: best, id: tokenizer.idOf(best)!, probability: largest });

  const { code, output } = await heed(["fill-mask", path, "a [MASK] c [MASK]", "--top", "2"]);
  assertEquals(code, 0);
  assertMatch(output, /^mask 1\n0\.\d{3} {2}\S+\n0\.\d{3} {2}\S+\n\nmask 2\n0\.\d{3} {2}\S+\n0\.\d{3} {2}\S+\n$/);
  assertStringIncludes(output, `mask 1\n${largest.toFixed(3)}  ${best}\n`);
  const json = await heed(["fill-mask", path, "a [MASK] c [MASK]", "--top", "1", "--json"]);
  const [first] = json.output.trim().split("\n").map((row) => JSON.parse(row));
  assertEquals([first.mask, first.token], [1, best]);
});

test("encoders are refused in one sentence where something is wrong", async (folder) => {
  const model = await saveModel(folder), file = `${folder}/texts.txt`;
  await Deno.writeTextFile(file, "a\n");
  await Deno.mkdir(`${folder}/nothing`);
  const wrong: readonly (readonly [readonly string[], number, string])[] = [
    [["embed"], 2, "Cannot embed without a model"],
    [["embed", model, "a", "--data", file], 2, 'Cannot use --data with "a"'],
    [["embed", model, "a", "--batch-size", "0"], 2, "--batch-size"],
    [["embed", `${folder}/none`, "a"], 1, "there is no such folder or file"],
    [["embed", `${folder}/nothing`, "a"], 1, "there is neither model.safetensors nor"],
    [["embed", model, "--data", `${folder}/none.txt`], 1, "Cannot read"],
    [["search"], 2, "Cannot search without texts"],
    [["search", file], 2, "Cannot search without a query"],
    [["search", file, "a"], 2, "write --model FOLDER"],
    [["search", `${folder}/none.txt`, "a", "--model", model], 1, "Cannot read"],
    [["fill-mask", model], 2, "Cannot fill a mask without a text"],
    [["fill-mask", model, "[MASK]"], 1, "the model has no head that scores words"],
  ];
  for (const [args, code, message] of wrong) {
    const found = await heed(args);
    assertEquals([found.code, found.output], [code, ""], args.join(" "));
    assertStringIncludes(found.errors, message);
    assertEquals(found.errors.trim().split("\n").length, 1, found.errors);
  }
  const masked = await saveModel(`${folder}/other`, "bert, masked words");
  assertStringIncludes((await heed(["fill-mask", masked, "a b"])).errors, "the text has no [MASK]");
});
