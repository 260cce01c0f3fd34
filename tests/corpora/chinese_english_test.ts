import { assert, assertEquals, assertGreater, assertGreaterOrEqual, assertLess } from "@std/assert";
import { chineseEnglish, type SentencePair } from "../../core/corpora/chinese_english.ts";
import { granted } from "../permissions.ts";

const corpus = chineseEnglish();
const { training, validation, test } = corpus;
const all: readonly SentencePair[] = [...training, ...validation, ...test];

/** A sentence without its last sign and capitals. */
const bare = (sentence: string) => sentence.replace(/[。！？.!?]$/u, "").toLowerCase();
const words = (sentence: string) => sentence.split(/[^A-Za-z'-]+/).filter((word) => word !== "");
/** The pairs that break a rule. */
const breaking = (rule: (pair: SentencePair) => boolean) => all.filter((pair) => !rule(pair)).slice(0, 10);

Deno.test("chineseEnglish() has thousands of pairs, the same ones on every call", () => {
  assertGreaterOrEqual(training.length, 3000);
  assertGreaterOrEqual(validation.length, 200);
  assertGreaterOrEqual(test.length, 200);
  assertEquals(chineseEnglish(), corpus);
});

Deno.test("chineseEnglish() repeats no sentence, in either language, so that nothing held out is in the training part", () => {
  for (const side of ["source", "target"] as const) {
    // The notes' own sentence stands in the training part with and without a full stop.
    const sentences = all.map((pair) => bare(pair[side]));
    assertEquals(sentences.length - new Set(sentences).size, 1);
    const learned = new Set(training.map((pair) => bare(pair[side])));
    assertEquals([...validation, ...test].filter((pair) => learned.has(bare(pair[side]))), []);
    const watched = new Set(validation.map((pair) => bare(pair[side])));
    assertEquals(test.filter((pair) => watched.has(bare(pair[side]))), []);
  }
});

Deno.test("chineseEnglish() holds out only what the training part has the words for", () => {
  const count = (units: string[]) =>
    units.reduce((map, unit) => map.set(unit, (map.get(unit) ?? 0) + 1), new Map<string, number>());
  const characters = count(training.flatMap(({ source }) => [...source]));
  const english = count(training.flatMap(({ target }) => words(target.toLowerCase())));
  for (const { source, target } of [...validation, ...test]) {
    for (const character of source) {
      assertGreaterOrEqual(characters.get(character) ?? 0, 4, `${character} in ${source}`);
    }
    for (const word of words(target.toLowerCase())) {
      assertGreaterOrEqual(english.get(word) ?? 0, 4, `${word} in ${target}`);
    }
  }
});

Deno.test("chineseEnglish() contains the sentences of the notes", () => {
  const english = new Map(training.map(({ source, target }) => [source, target]));
  assertEquals(english.get("我是一名学生"), "I am a student");
  assertEquals(english.get("我喜欢吃苹果"), "I like to eat apples");
  assertEquals(english.get("苹果喜欢吃我"), "Apples like to eat me");
  assertEquals(english.get("中国的首都是哪里？"), "Where is the capital of China?");
  assertEquals(english.get("你多大了？"), "How old are you?");
  assertEquals(english.get("我爱你"), "I love you");
  assertEquals(english.get("我看见了一把锯子。"), "I saw a saw.");
  assertEquals(english.get("我吃一个苹果。"), "I eat an apple.");
  assertEquals(english.get("猫坐下了。"), "The cat sat down.");
});

Deno.test("chineseEnglish() covers the grammar of a first year", () => {
  const kinds: Record<string, RegExp> = {
    "了": /了[^吗？]/,
    "过": /过/,
    "正在": /正在/,
    "会": /会/,
    "要": /要/,
    "没": /没/,
    "不": /不/,
    "吗": /吗？/,
    "把": /把.+了/,
    "被": /被/,
    "比": /比/,
    "的": /的/,
    "在": /在/,
    "有": /有/,
    "什么": /什么/,
    "为什么": /为什么/,
    "怎么": /怎么/,
    "谁": /谁/,
    "哪里": /哪里/,
    "几": /几/,
    "如果": /如果.+就/,
    "因为": /因为.+所以/,
    "虽然": /虽然.+但是/,
    "一边": /一边.+一边/,
    "给": /给/,
    "得": /得很/,
    "能": /能/,
    "应该": /应该/,
    "请": /^请/,
    "别": /^别/,
    "吧": /吧/,
    "岁": /岁/,
    "块钱": /块钱/,
    "点": /点/,
    "星期": /星期/,
    "最": /最/,
    "越来越": /越来越/,
    "一起": /一起/,
    "已经": /已经/,
    "还没": /还没/,
    "两": /两/,
    "都": /都/,
    "太": /太.+了/,
  };
  for (const [name, pattern] of Object.entries(kinds)) {
    assertGreaterOrEqual(all.filter(({ source }) => pattern.test(source)).length, 20, name);
  }
  for (const measure of "个本份封张把部台辆件条顶只匹朵棵盏首幅名杯碗块双") {
    assert(all.some(({ source }) => new RegExp(`[一两三四五六七八九十这那]${measure}`).test(source)), measure);
  }
  const types = new Set(all.flatMap(({ target }) => words(target.toLowerCase())));
  assertGreater(types.size, 500);
  assertLess(types.size, 1100);
});

Deno.test("chineseEnglish() writes well-formed sentences", () => {
  assertEquals(
    breaking(({ target }) =>
      /^[A-Z][A-Za-z ,.'?!-]*$/.test(target) && !/ {2}| [,.?!]|[,.?!]{2}/.test(target.replace("Mr.", "Mr"))
    ),
    [],
  );
  assertEquals(breaking(({ source }) => /^[\p{Script=Han}，。？！]+$/u.test(source)), []);
  // A sign on one side is the same sign on the other.
  const sign = (sentence: string) => ["。.", "？?", "！!"].findIndex((signs) => signs.includes(sentence.at(-1)!));
  const exceptions = /^(请把窗户关上，好吗|便宜一点儿|对不起|我要一杯茶|你先请)/;
  assertEquals(breaking(({ source, target }) => sign(source) === sign(target) || exceptions.test(source)), []);
  assertEquals(
    breaking(({ source }) =>
      !/(谁|什么|哪|怎么|为什么|吗|多少)/.test(source) || /[？。！]/.test(source.at(-1)!) || /^(我什么|不)/.test(source)
    ),
    [],
  );
});

Deno.test("chineseEnglish() agrees in article, person, number and tense", () => {
  const third =
    "He|She|It|(?:My|Your|His|Her) (?:older |younger )?(?:brother|sister|mother|father|grandmother|grandfather)|Xiaoming|Mr\\. Li";
  const auxiliary = "(?:do|does|did|will|can|cannot|should|may|must|to|let's)(?: not)?";
  const wrong: Record<string, RegExp> = {
    "article": /\ba [aeiou]|\ban [^aeiou]/i,
    "third person without s": new RegExp(
      `^(?:${third}) (?:am|are|have|do|were|go|want|like|play|eat|take|drink)\\b`,
    ),
    "s with another person":
      /^(?:I|We|You|They|The (?:students|children)) (?:is|has|does|goes|wants|likes|plays|eats)\b/,
    "be with I": /\bI (?:is|are|were)\b/,
    "auxiliary and a form": new RegExp(
      `\\b${auxiliary} (?:went|ate|bought|eats|buys|goes|eaten|does|has|is|are)\\b`,
      "i",
    ),
    "have without participle":
      /\b(?:has|have) (?:never |already |not )(?:go|eat|drink|buy|write|wrote|drank|saw|went|did|wore)\b/,
    "singular after a number":
      /\b(?:two|three|four|five|six|seven|eight|nine|ten) (?:apple|book|car|box|letter|cup|piece|pair|knife|child)\b/,
    "plural after an article": /\b(?:a|an|this|that) (?:apples|books|cars|boxes|letters|cups|pieces|knives|children)\b/,
    "singular after these": /\bthese (?:apple|book|car|box|letter|cup)\b/i,
    "invented forms":
      /\b(?:gos|dos|haves|buyed|eated|writed|swiming|runing|makeing|studys|studyed|gooder|expensiver|mans|childs|knifes)\b/,
    "double comparison": /\bmore \w+er\b|\bmost \w+est\b|\bmore (?:big|small|fast|slow|long|short|clean|tall)\b/,
  };
  const speaking = all.map(({ target }) => target);
  const found = Object.entries(wrong).map((
    [name, pattern],
  ) => [name, speaking.filter((target) => pattern.test(target)).slice(0, 5)]);
  assertEquals(found.filter(([, sentences]) => sentences!.length > 0), []);
});

Deno.test("chineseEnglish() measures every thing with its own measure word", () => {
  const measures = new Map<string, Set<string>>();
  for (const { source } of all) {
    for (
      const [, measure, noun] of source.matchAll(/[两三四五六七八九十这那]([本辆匹顶盏棵首封])(\p{Script=Han}{1,2})/gu)
    ) {
      const name = ["自行车", "书", "小说", "字典", "杂志", "车", "马", "帽子", "灯", "树", "歌", "诗", "信"].find((
        each,
      ) => (noun! + "车").startsWith(each));
      if (name) measures.set(name, (measures.get(name) ?? new Set()).add(measure!));
    }
  }
  assertGreater(measures.size, 9);
  for (const [noun, found] of measures) assertEquals(found.size, 1, noun);
});

Deno.test("chineseEnglish() renders 了 as past, 会 as will and 正在 as progressive", () => {
  const only = (source: RegExp, target: RegExp) =>
    assertEquals(breaking((pair) => !source.test(pair.source) || target.test(pair.target)), []);
  only(/(昨天|前天|上个).*[^吗为]了/, /(ed|[a-z])\b.*(yesterday|last|before)/);
  only(/(明天|后天|下个).*[^开]会[^说。]/, /\b[Ww]ill\b/);
  only(/(明天|后天|下个).*要/, /\b(going to|want|will|plan|need)\b/);
  only(/^[我你他她]们?正在.*[^？]$/, /\b(am|are|is) \w+ing\b/);
  only(/^他(?!们|[的妈爸哥姐弟妹爷奶])/, /\b(He|he|His|his|him)\b/);
  only(/^她(?!们|[的妈爸哥姐弟妹爷奶])/, /\b(She|she|Her|her)\b/);
});

Deno.test("chineseEnglish() fits in five short source files", { ignore: !granted("read") }, async () => {
  let size = 0;
  for (const name of ["", "/sentences", "/lexicon", "/patterns", "/slots"]) {
    size += (await Deno.stat(new URL(`../../core/corpora/chinese_english${name}.ts`, import.meta.url))).size;
  }
  assertLess(size, 64_000);
});
