/**
 * The prose of a source, sentence by sentence, and two questions to it: does it type a result, and does it use a word that the
 * field has another one for?
 */

/** A sentence of prose. */
export interface Sentence {
  /** What it says, without code and formulas. */
  readonly text: string;
  /** Line of the source on which its paragraph begins, from 1. */
  readonly line: number;
}

/** A line of a comment without what marks it as one; undefined for a line of code. */
function commentOf(line: string): string | undefined {
  return /^\s*(?:\/\*\*|\*\/|\*|\/\/)\s?(.*?)(?:\*\/)?$/.exec(line)?.[1];
}

/** The paragraphs of all comments of a source: no code, no tables, no worked examples. */
export function* paragraphsOf(source: string): Generator<Sentence> {
  let paragraph: string[] = [], first = 0, fence = false;
  const done = function* (): Generator<Sentence> {
    if (paragraph.length > 0) yield { text: paragraph.join(" "), line: first };
    paragraph = [];
  };
  for (const [i, line] of source.split("\n").entries()) {
    const comment = commentOf(line);
    if (comment === undefined) fence = false;
    else if (/^\s*```/.test(comment)) fence = !fence;
    const text = comment?.trim() ?? "";
    if (fence || text === "" || /^(```|\||#|\$\$)/.test(text)) yield* done();
    else {
      // A list's entries and a comment's tags are paragraphs of their own.
      if (/^([-*] |\d+\. |@|\/\*\*)/.test(text) || paragraph.length === 0) {
        yield* done();
        first = i + 1;
      }
      paragraph.push(text);
    }
  }
  yield* done();
}

/** A text without code, formulas, addresses and comments of its own. */
const plain = (text: string): string =>
  text.replace(/`[^`]*`/g, "`").replace(/\$[^$]*\$/g, "$").replace(/\]\([^)]*\)/g, "]").replace(
    /\{@\w+ \w+[^}]*\}/g,
    "`",
  );

/** The sentences of all comments of a source, but for sources and worked examples. */
export function sentencesOf(source: string): Sentence[] {
  return [...paragraphsOf(source)].flatMap(({ text, line }) => {
    if (/^(Sources?\b|\*\*By hand|\*\*Hint|\*\*Solution|@throws)/.test(text)) return [];
    // Initials and abbreviations end no sentence.
    const whole = plain(text).replace(/\b(al|vs|e\.g|i\.e|[A-Z])\. /g, "$1.\u00a0");
    return whole.split(/(?<=[.!?:;])\s+/).map((sentence) => ({ text: sentence.replaceAll("\u00a0", " "), line }));
  });
}

/** A number as prose writes it. */
const NUMBER = "\\d[\\d,\u202f]*(?:\\.\\d+)?";
const WORD = "(?:two|three|four|five|six|seven|eight|nine|ten|twelve|twenty|thirty|fifty|hundred|thousand)";
const COUNT = `(?:${NUMBER}|${WORD})`;

/** What reads as measured. */
const MEASURED: readonly RegExp[] = [
  new RegExp(`${NUMBER}\\s?(?:%|per\\s?cent\\b|in 100\\b|of 100\\b)`),
  /\b\d+\.\d+\b/,
  new RegExp(`\\b${COUNT}(?: to ${COUNT})? times\\b`, "i"),
  new RegExp(`\\b(?:twice|half) (?:as|the|of)\\b.*\\b(?:here|measured|figure)\\b`, "i"),
  new RegExp(`\\b${COUNT} points\\b|\\bpoints? of BLEU\\b|\\bBLEU (?:of )?\\d`, "i"),
  new RegExp(`\\b(?:with|on|for|of|in) (?:every|each|most|all|${COUNT})(?: of (?:the )?${COUNT})? seeds?\\b`, "i"),
  new RegExp(`\\b${COUNT}\\s(?:milliseconds?|seconds?|ms|minutes?)\\b`, "i"),
];

/** Constants of a paper stand with their source, defaults and bounds with what they are. */
const CONSTANT = /\b[A-Z][\p{L}’'-]+(?:,? (?:and|et al\.|others)[^.;]*)?,? \(?(?:19|20)\d\d\b|\bby default\b/u;

/** The sentences of a source that type a result. */
export function typedResults(source: string): Sentence[] {
  return sentencesOf(source).filter(({ text }) => MEASURED.some((form) => form.test(text)) && !CONSTANT.test(text));
}

/** Words of this house for what the field calls otherwise, and the field's. */
export const PRIVATE: readonly (readonly [RegExp, string])[] = [
  [/\blikel?ie(?:r|st)\b/i, "more, most probable"],
  [/(?<!\b(?:at|from|in|to|since) the )\bbeginnings?\b/i, "prefix, hypothesis"],
  [/\b(?:the|a|an|its|their|less|more|same|no|of) spreads?\b(?! (?:the|its|over|evenly|out))/i, "variance, range"],
  [
    /\b(?:a|the|its|their|this|what|equal|same|larger|largest|smaller|small|large) shares?\b|\bshares of\b|\bas shares?\b/i,
    "weight, probability mass, fraction",
  ],
  [/\b(?:drawn|finished|greedy|probable|generated|sampled|best|other) texts?\b/i, "sequence, hypothesis, sample"],
  [/\bbox(?:es)?\b/i, "tensor, batch, table"],
  [/\bquadruples?\b/i, "4-gram"],
  [/\bthe truth\b/i, "reference, ground truth"],
  [/\bTo change\b.*\bis to\b/, "changing … runs"],
];

/** What a sentence should say instead of its private words; nothing where it has none. */
export function privateWords(text: string): string[] {
  return PRIVATE.flatMap(([form, field]) => form.test(text) ? [`${form.exec(text)![0]} → ${field}`] : []);
}
