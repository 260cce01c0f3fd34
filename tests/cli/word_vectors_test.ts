/**
 * Vectors of words as the user of the program meets them: trained, asked, fed wrong things.
 *
 * Starting programs needs permission; without it these tests are reported as ignored.
 */

import { assert, assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { DataError } from "../../core/cli/errors.ts";
import { ARPA_FILE, MODEL_FILE, refuseHeld, VECTORS_FILE } from "../../core/cli/model_kinds.ts";
import { sentencesOf } from "../../core/cli/word_vectors.ts";
import { testWithFolder } from "../permissions.ts";

const root = new URL("../../", import.meta.url).href;

async function heed(...args: readonly string[]): Promise<{ code: number; output: string; errors: string }> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--allow-read", "--allow-write", `${root}mod.ts`, ...args],
    env: { NO_COLOR: "1" },
  }).output();
  const decoder = new TextDecoder();
  return { code, output: decoder.decode(stdout), errors: decoder.decode(stderr) };
}

const test = (name: string, body: (folder: string) => Promise<void>): void => testWithFolder(name, body, "run");

Deno.test("sentencesOf() cuts at signs and empty lines, not at line breaks", () => {
  assertEquals(sentencesOf(["To be,\nor NOT to be? That's it.\n\nHe\n \nshe 42!"], "words"), [
    ["to", "be", "or", "not", "to", "be"],
    ["that's", "it"],
    ["he"],
    ["she", "42"],
  ]);
  assertEquals(sentencesOf(["我爱茶。你呢？"], "characters"), [["我", "爱", "茶"], ["你", "呢"]]);
  assertEquals(sentencesOf(["...\n\n!"], "words"), []);
});

test("train word2vec learns a text, and neighbours asks what it saved", async (folder) => {
  const text = "We drink hot tea. We drink hot coffee. They read a book. They read a letter.\n".repeat(60);
  await Deno.writeTextFile(`${folder}/text.txt`, text);
  const out = `${folder}/vectors`, small = ["--hidden-size", "8", "--epochs", "20", "--threshold", "0"];
  const train = ["train", "word2vec", "--data", `${folder}/text.txt`, "--out", out, ...small];
  const trained = await heed(...train);
  assertEquals([trained.code, trained.errors], [0, ""]);
  assertStringIncludes(trained.output, "Text: 960 words in 240 sentences");
  assertMatch(trained.output, /Vectors: 10 words of 8 numbers, loss \d\.\d{3}\n/);
  assertMatch(await Deno.readTextFile(`${out}/vectors.txt`), /^10 8\n/);

  const asked = await heed("neighbours", "Tea", "book", "--model", out, "--count", "1");
  assertEquals([asked.code, asked.errors], [0, ""]);
  assertMatch(asked.output, /^tea\n {2}coffee {2}\d\.\d{3}\n\nbook\n {2}letter {2}\d\.\d{3}\n$/);
  // The file itself may be named, as it is of other programs.
  const json = await heed("neighbours", "tea", "--model", `${out}/vectors.txt`, "--count", "1", "--json");
  assertEquals(JSON.parse(json.output).word, "coffee");
  const question = ["neighbours", "book", "letter", "tea", "--analogy", "--model", out, "--count", "1"];
  assertMatch((await heed(...question)).output, /^letter − book \+ tea\n {2}coffee/);
  assertMatch((await heed(...question, "--with-question")).output, /^letter − book \+ tea\n {2}(tea|coffee)/);

  const rows = async (path: string): Promise<Map<string, string>> => {
    const { code, output, errors } = await heed("info", path);
    assertEquals([code, errors], [0, ""]);
    return new Map([...output.matchAll(/^ {2}(\S+(?: \S+)*) {2,}(.+)$/gm)].map(([, name, value]) => [name!, value!]));
  };
  const said = await rows(out);
  assertMatch(said.get("file")!, /vectors\.txt \([\d,]+ bytes\)$/);
  assertEquals(said.get("kind"), "word vectors (skip-gram)");
  assertEquals([said.get("vectors"), said.get("memory")], ["10 of 8 numbers", "320 bytes"]);
  assertEquals([said.get("trained by"), said.get("used by")], ["heed train word2vec", "heed neighbours"]);
  assertMatch(
    said.get("recipe")!,
    /^model skip-gram, tokens words, .*epochs 20, .*learningRate 0\.025, seed 1, data .*text\.txt$/,
  );
  assertMatch(said.get("measured")!, /^loss \d\.\d+, words 960$/);
  // Of the file alone, or with other vectors in its place, nobody knows how it was trained.
  assertEquals((await rows(`${out}/vectors.txt`)).get("trained by"), undefined);
  const text2 = await Deno.readTextFile(`${out}/vectors.txt`), notes = await Deno.readTextFile(`${out}/training.json`);
  await Deno.writeTextFile(`${out}/vectors.txt`, "1 2\na 0.5 1\n");
  const other = await rows(out);
  assertEquals([other.get("kind"), other.get("recipe")], ["word vectors", undefined]);
  await Deno.writeTextFile(`${out}/vectors.txt`, text2);

  const kept = await heed(...train);
  assertEquals(kept.code, 1);
  assertStringIncludes(kept.errors, "it holds a table of word vectors; --replace gives it up");
  assertEquals((await heed(...train, "--replace", "--model", "cbow")).code, 0);

  const wrong = async (says: string, ...args: readonly string[]): Promise<void> => {
    const { code, errors } = await heed(...args);
    assert(code > 0);
    assertStringIncludes(errors, says);
    assertEquals(errors.split("\n").length, 2, errors);
  };
  await wrong('it is a table of word vectors, and "heed neighbours" uses it', "generate", "tea", "--model", out);
  const says = "it holds a table of word vectors; --out names another folder";
  await wrong(says, "train", "lm", "--data", `${folder}/text.txt`, "--out", out, "--replace");
  for (const file of [MODEL_FILE, ARPA_FILE]) {
    for (const replace of [false, true]) await assertRejects(() => refuseHeld(out, file, replace), DataError, says);
  }
  await refuseHeld(out, VECTORS_FILE, true);
  await Deno.writeTextFile(`${out}/training.json`, notes.replace('"recipe":{', '"recipe":{"x":[],'));
  await wrong("recipe is an object, and it must be an object of settings by name", "info", out);
  await wrong('Cannot find "coffe" in', "neighbours", "coffe", "--model", out);
  await wrong("did you mean coffee", "neighbours", "coffe", "--model", out);
  await wrong("Cannot find neighbours without a word", "neighbours", "--model", out);
  await wrong("Cannot use --analogy with 2 words", "neighbours", "tea", "book", "--analogy", "--model", out);
  await wrong("Cannot use --with-question without --analogy", "neighbours", "tea", "--with-question", "--model", out);
  await wrong('"heed train word2vec" makes one', "neighbours", "tea", "--model", `${folder}/none`);
  await wrong("occurs 9000 times", ...train, "--replace", "--min-count", "9000");
  await Deno.writeTextFile(`${folder}/bad.txt`, "2 2\na 1 2\nb 1\n");
  await wrong('line 3 has 1 numbers after the word "b"', "neighbours", "a", "--model", `${folder}/bad.txt`);
});
