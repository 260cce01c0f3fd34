/**
 * The prose of a source, sentence by sentence, and two questions to it: does it type a result, and does it use a word for which
 * the field has another one?
 */

/** A sentence of prose. */
export interface Sentence {
  /** What it says, without code and formulas. */
  readonly text: string;
  /** Line of the source on which its paragraph begins, from 1. */
  readonly line: number;
}

/** A paragraph, and where it stands. */
interface Paragraph extends Sentence {
  /** The heading above it. */
  readonly heading: string;
  /** The bold words that open it or a paragraph before it. */
  readonly lead: string;
}

/** A line of a comment without what marks it as one; undefined for a line of code. */
function commentOf(line: string): string | undefined {
  return /^\s*(?:\/\*\*|\*\/|\*|\/\/)\s?(.*?)(?:\*\/)?$/.exec(line)?.[1];
}

/** The paragraphs of all comments of a source: no code, no tables, no formulas of their own. */
function* paragraphsOf(source: string): Generator<Paragraph> {
  let words: string[] = [], first = 0, fence = false, heading = "", lead = "";
  const done = function* (): Generator<Paragraph> {
    if (words.length > 0) {
      const text = words.join(" ");
      lead = /^\*\*(.*?)\.?\*\*/.exec(text)?.[1] ?? lead;
      yield { text, line: first, heading, lead };
    }
    words = [];
  };
  for (const [i, line] of source.split("\n").entries()) {
    const comment = commentOf(line);
    if (comment === undefined) fence = false;
    else if (/^\s*```/.test(comment)) fence = !fence;
    const text = comment?.trim() ?? "";
    if (comment === undefined || text.startsWith("#")) {
      yield* done();
      [heading, lead] = [comment === undefined ? "" : text, ""];
    } else if (fence || text === "" || /^(```|\||\$\$)/.test(text)) yield* done();
    else {
      // Entries of a list and tags of a comment are paragraphs of their own.
      if (/^([-*] |\d+\. |@)/.test(text) || words.length === 0) {
        yield* done();
        first = i + 1;
      }
      words.push(text);
    }
  }
  yield* done();
}

/** A text without code, formulas, addresses, and numbers of the notes. */
const plain = (text: string): string =>
  text.replace(/`[^`]*`/g, "`").replace(/\$[^$]*\$/g, "$").replace(/\]\([^)]*\)/g, "]")
    .replace(/\{@\w+ [^}]*\}/g, "`").replace(/^\*\*.*?\*\*/, "");

/** The sentences of all comments of a source, but for the lists of sources, worked examples and exercises. */
export function sentencesOf(source: string): Sentence[] {
  return [...paragraphsOf(source)].flatMap(({ text, line, heading, lead }) => {
    if (/^(Sources?\b|@throws)/.test(text) || lead.startsWith("By hand") || /^#+ Exercise/.test(heading)) return [];
    // Initials and abbreviations end no sentence.
    const whole = plain(text).replace(/\b(al|vs|e\.g|i\.e|[A-Z])\. /g, "$1.\u00a0");
    return whole.split(/(?<=[.!?]) +/).map((sentence) => ({ text: sentence.replaceAll("\u00a0", " "), line }));
  });
}

const NUMBER = "\\d[\\d,\u202f]*(?:\\.\\d+)?";
const COUNT = `(?:${NUMBER}|two|three|four|five|six|seven|eight|nine|ten|twelve|twenty|thirty|fifty|hundred|thousand)`;

/** What reads as measured. */
const MEASURED: readonly RegExp[] = [
  // A percentage, or a number with a fraction.
  new RegExp(`${NUMBER}\\s?(?:%|per\\s?cent\\b|in 100\\b|of 100\\b)`, "i"),
  /\b\d+\.\d+\b/,
  // A comparison by a factor.
  new RegExp(
    `\\b${COUNT} times (?:as|too|more|less|fewer|longer|shorter|faster|slower|larger|smaller|higher|lower)\\b`,
    "i",
  ),
  new RegExp(`\\b(?:twice|half) as \\w+ (?:as\\b.*)?here\\b`, "i"),
  // Scores.
  new RegExp(`\\b${COUNT} (?:percentage )?points\\b|\\bpoints? of BLEU\\b|\\bBLEU (?:of )?\\d`, "i"),
  // Outcomes by seed.
  new RegExp(`\\b(?:with|on|for|of|in|from) (?:every|each|most|all|${COUNT})(?: of (?:the )?${COUNT})? seeds?\\b`, "i"),
  // Durations.
  new RegExp(`\\b${COUNT}\\s(?:milliseconds?|seconds?|ms|minutes?)\\b`, "i"),
];

/** Constants of a paper stand with author and year, defaults with what they are. */
const CONSTANT = /\b\p{Lu}[\p{L}’'-]+(?:,? (?:and|et al\.|others)[^.;]*)?,? \(?(?:19|20)\d\d\b|\bby default\b/u;

/** The sentences of a source that type a result. */
export function typedResults(source: string): Sentence[] {
  return sentencesOf(source).filter(({ text }) => MEASURED.some((form) => form.test(text)) && !CONSTANT.test(text));
}

/** Words of this house for what the field calls otherwise, and the field's. */
const PRIVATE: readonly (readonly [RegExp, string])[] = [
  [/\blikel?ie(?:r|st)\b/i, "more, most probable"],
  [/(?<!\b(?:at|from|in|to|since) the )\bbeginnings?\b(?! with)/i, "prefix, hypothesis"],
  [/\b(?:the|a|an|its|their|less|more|same|no) spreads?\b(?! (?:the|its|over|evenly|out))/i, "variance, range"],
  [
    /\b(?:a|the|its|their|this|what|equal|same|larger|largest|smaller|small|large) shares?\b|\bshares of\b|\bas shares?\b/i,
    "weight, probability mass, fraction",
  ],
  [/\b(?:drawn|finished|greedy|probable|generated|sampled|best|other) texts?\b/i, "sequence, hypothesis, sample"],
  [/\bbox(?:es)?\b/i, "tensor, batch, table"],
  [/\bquadruples?\b/i, "4-gram"],
  [/\bthe truth\b/i, "reference, ground truth"],
  [/\bTo \w+\b[^.]*\bis to \w+/, "a sentence with a subject"],
];

/** What to say instead of the private words of a text; nothing where it has none. */
export function privateWords(text: string): string[] {
  return PRIVATE.flatMap(([form, field]) => form.test(text) ? [`${form.exec(text)![0]}: say ${field}`] : []);
}
