import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { wordPieceDecoder } from "../../../core/02_words/before_tokens/decoders.ts";
import { bertNormalizer } from "../../../core/02_words/before_tokens/normalizers.ts";
import { TokenizerPipeline } from "../../../core/02_words/before_tokens/pipeline.ts";
import { bertPreTokenizer } from "../../../core/02_words/before_tokens/pre_tokenizers.ts";
import { plainWordPiece } from "../../../core/02_words/before_tokens/mod.ts";
import { WordPiece } from "../../../core/02_words/before_tokens/word_piece.ts";
import { trainWordPiece, type WordPieceStep } from "../../../core/02_words/before_tokens/word_piece_training.ts";
import { Random } from "../../../core/engine/random.ts";
import recorded from "../../goldens/before_tokens.json" with { type: "json" };

const special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"];
const { vocabulary, words } = recorded.wordPiece;
const bert = (lowercase: boolean) =>
  new TokenizerPipeline({
    normalizer: bertNormalizer({ lowercase }),
    preTokenizer: bertPreTokenizer,
    model: new WordPiece(vocabulary),
    decoder: wordPieceDecoder(),
    specialTokens: special,
  });

for (const kind of ["uncased", "cased"] as const) {
  Deno.test(`WordPiece cuts texts as Hugging Face does, ${kind}`, () => {
    const tokenizer = bert(kind === "uncased");
    words.forEach((text, i) => {
      const { ids, ranges, text: back } = recorded.wordPiece[kind][i]!,
        tokens = tokenizer.tokenize(text, { specialTokens: true });
      assertEquals(tokens.map(({ id }) => id), ids, text);
      assertEquals(tokenizer.encode(text, { specialTokens: true }), ids);
      // A composed letter and its accent are both the source here; there the letter alone is.
      for (const [j, { start, end }] of tokens.entries()) {
        assertEquals(start, ranges[j]![0]!, text);
        assert(end === ranges[j]![1]! || /^\p{M}+$/u.test(text.slice(ranges[j]![1]!, end)), text);
      }
      assertEquals(tokenizer.decode(ids, { specialTokens: true }), back);
    });
  });
}

Deno.test("WordPiece finds special tokens only if asked", () => {
  const tokenizer = bert(true), id = tokenizer.idOf("[CLS]")!;
  assert(!tokenizer.encode("[CLS]").includes(id));
  assertEquals(tokenizer.encode("[CLS]", { specialTokens: true }), [id]);
});

Deno.test("cut() makes one unknown token of a word that does not fit to its end", () => {
  const model = new WordPiece(["[UNK]", "ab", "a", "##bc", "##c"]);
  assertEquals(model.cut("abc").map(({ id }) => model.tokens[id]), ["ab", "##c"]);
  assertEquals(model.cut("abcd"), [{ id: 0, start: 0, end: 4 }]);
  const greedy = new WordPiece(["[UNK]", "ab", "a", "##bc"]);
  assertEquals(greedy.cut("abc"), [{ id: 0, start: 0, end: 3 }]);
});

Deno.test("cut() takes words of at most maxCharacters characters", () => {
  const model = new WordPiece(["[UNK]", "🙂", "##🙂"], { maxCharacters: 3 });
  assertEquals(model.cut("🙂🙂🙂").length, 3);
  assertEquals(model.cut("🙂🙂🙂🙂"), [{ id: 0, start: 0, end: 8 }]);
  assertEquals(new WordPiece(["[UNK]", "a", "##a"]).cut("a".repeat(1_000_000)).length, 1);
});

Deno.test("new WordPiece() refuses a list that is no vocabulary", () => {
  assertThrows(() => new WordPiece(["a"]), SyntaxError, 'Cannot cut words with "[UNK]": it must be one of the tokens');
  assertThrows(() => new WordPiece(["[UNK]", "a", "a"]), SyntaxError, "token 2");
});

/** Counts everything afresh for every join. */
function bruteForce(texts: readonly string[], joins: number, minFrequency: number): [string, string][] {
  let rows = texts.flatMap((text) => text.split(" ")).filter((word) => word !== "")
    .map((word) => Array.from(word, (letter, i) => i ? `##${letter}` : letter));
  const tokens = [...new Set(rows.flat())].sort();
  const found: [string, string][] = [];
  while (found.length < joins) {
    const single = new Map<string, number>(), pairs = new Map<string, number>();
    for (const row of rows) {
      row.forEach((token, i) => {
        single.set(token, (single.get(token) ?? 0) + 1);
        if (i > 0) pairs.set(`${row[i - 1]} ${token}`, (pairs.get(`${row[i - 1]} ${token}`) ?? 0) + 1);
      });
    }
    const order = [...pairs].filter(([, count]) => count >= minFrequency).map(([pair, count]) => {
      const [left, right] = pair.split(" ") as [string, string];
      return { left, right, count, ratio: count / (single.get(left)! * single.get(right)!) };
    }).sort((a, b) =>
      b.ratio - a.ratio || b.count - a.count || tokens.indexOf(a.left) - tokens.indexOf(b.left) ||
      tokens.indexOf(a.right) - tokens.indexOf(b.right)
    );
    if (!order[0]) break;
    const { left, right } = order[0], joined = left + right.slice(2);
    found.push([left, right]);
    if (!tokens.includes(joined)) tokens.push(joined);
    rows = rows.map((row) => {
      const next: string[] = [];
      for (let i = 0; i < row.length; i++) {
        if (row[i] === left && row[i + 1] === right) next.push(joined), i++;
        else next.push(row[i]!);
      }
      return next;
    });
  }
  return found;
}

for (
  const [name, alphabet, minFrequency] of [["abc", "abc  ", 1], ["two letters", "ab ", 2], [
    "many",
    "abcdefghijkl    ",
    2,
  ]] as const
) {
  Deno.test(`trainWordPiece() joins what counting afresh joins: ${name}`, async () => {
    for (const seed of [1, 2, 3]) {
      const random = new Random(seed);
      const texts = [Array.from({ length: 600 }, () => alphabet[random.integer(alphabet.length)]!).join("")];
      const steps: WordPieceStep[] = [];
      await trainWordPiece(texts, { vocabSize: 150, minFrequency, onProgress: (step) => void steps.push(step) });
      assert(steps.length > 20);
      assertEquals(steps.map(({ pair }) => pair as [string, string]), bruteForce(texts, steps.length, minFrequency));
    }
  });
}

Deno.test("trainWordPiece() makes a tokenizer that cuts what it has seen, and undoes what it can", async () => {
  const texts = ["low lower lowest", "new newer newest", "slow slower"];
  const tokenizer = await trainWordPiece(texts, { vocabSize: 40 });
  assertEquals(tokenizer.tokens.slice(0, 5), special);
  assertEquals([tokenizer.padToken, tokenizer.unknownToken, tokenizer.beginToken, tokenizer.endToken], [0, 1, 2, 3]);
  for (const text of texts) assertEquals(tokenizer.decode(tokenizer.encode(text)), text);
  // Case and double spaces are gone.
  assertEquals(tokenizer.decode(tokenizer.encode("Low  LOWER")), "low lower");
});

Deno.test("trainWordPiece() stops when its signal says so", async () => {
  const controller = new AbortController();
  const options = {
    vocabSize: 60,
    minFrequency: 1,
    signal: controller.signal,
    onProgress: () => controller.abort(new Error("enough")),
  };
  await assertRejects(() => trainWordPiece(["abcdefgh abcdefgh"], options), Error, "enough");
});

Deno.test("plainWordPiece() cuts as WordPiece.cut() does", () => {
  const random = new Random(9);
  for (let round = 0; round < 200; round++) {
    const word = (length: number): string => Array.from({ length }, () => "abc"[random.integer(3)]!).join("");
    const tokens = [
      "[UNK]",
      ...new Set(Array.from({ length: 12 }, () => (random.integer(2) ? "##" : "") + word(1 + random.integer(3)))),
    ];
    const model = new WordPiece(tokens), vocabulary = new Set(tokens);
    for (let i = 0; i < 20; i++) {
      const text = word(1 + random.integer(8));
      const cut = model.cut(text).map(({ id }) => tokens[id]!);
      assertEquals(plainWordPiece(text, vocabulary) ?? ["[UNK]"], cut);
    }
  }
});
