/**
 * # What the site says itself
 *
 * **Question.** A page in another language still has buttons, labels and lists that no source says. Where are their words, and
 * who notices when one of them is missing?
 *
 * **Idea.** One table per language, and the compiler compares them. The build prints most of it. What the scripts of a page say
 * stands under the English words that they are written with, so that a script without a table speaks English.
 *
 * @module
 */

/** The words of a language. Those that stand around HTML take and return HTML. */
export interface Phrases {
  /** Its tag, such as `en`. */
  readonly language: string;
  /** What it calls itself. */
  readonly name: string;
  /** What a list of pages says of those without a description. */
  readonly description: string;
  readonly skip: string;
  readonly place: string;
  readonly contents: string;
  readonly search: string;
  readonly colours: string;
  readonly theme: string;
  readonly neighbours: string;
  readonly halves: string;
  readonly book: string;
  readonly workshop: string;
  /** A reference to a section or a chapter, in prose. */
  readonly section: (number: string) => string;
  readonly chapter: (number: string) => string;
  /** The label of a page's first paragraph. */
  readonly question: string;
  /** The heading of the column of numbers in a chapter's table. */
  readonly sectionColumn: string;
  readonly imports: (count: number) => string;
  readonly lines: (count: number) => string;
  readonly example: string;
  readonly returns: string;
  readonly throws: string;
  readonly thisFile: (path: string) => string;
  readonly tryIt: string;
  readonly hint: string;
  readonly solution: string;
  readonly proved: (files: string) => string;
  readonly measured: (files: string) => string;
  readonly more: (count: number) => string;
  readonly program: string;
  readonly shownIn: (pages: string) => string;
  readonly atWork: (page: string, links: string) => string;
  /** Above the claims; what is within the marks changes with the settings. */
  readonly found: (mark: (settings: string) => string) => string;
  /** Before the constants of an experiment. */
  readonly fixed: string;
  /** How long a recorded run took. */
  readonly recorded: (seconds: number) => string;
  readonly verdicts: Readonly<Record<"holds" | "refuted" | "fails", string>>;
  readonly legend: string;
  readonly howToRun: string;
  readonly refuted: (count: number) => string;
  readonly stop: string;
  readonly experiment: string;
  readonly toTry: string;
  readonly toLookUp: string;
  readonly canBeImported: string;
  readonly symbolHeads: readonly [string, string, string];
  /** What is said about the notes; numbers are those of statements, places are HTML. */
  /** That a page is still in English. */
  readonly untranslated: string;
  readonly notes: {
    readonly say: (number: string) => string;
    readonly of: (number: string) => string;
    /** What the notes are, with the address of their page. */
    readonly which: (address: string) => string;
    readonly answered: (places: string, partly: boolean) => string;
    readonly open: string;
    readonly all: string;
    /** Between the names of places. */
    readonly comma: string;
    readonly count: (statements: number, answered: number, wrong: number) => string;
  };
  /** Titles of pages without a source, by their addresses. */
  readonly titles: Readonly<Record<string, string>>;
  /** What the scripts that every page loads say, by the English: the page brings it. */
  readonly script: Readonly<Record<string, string>>;
  /** What figures say, drawn or alive, by the English: fetched with the first that comes alive. */
  readonly figures: Readonly<Record<string, string>>;
}

/** As it is written in the scripts. */
export const ENGLISH: Phrases = {
  language: "en",
  name: "English",
  description: "A book that runs, about attention and Transformers",
  skip: "Skip to the text",
  place: "Place",
  contents: "contents",
  search: "search",
  colours: "colours",
  theme: "theme",
  neighbours: "Neighbours",
  halves: "Halves of this site",
  book: "the book",
  workshop: "how it is made",
  section: (number) => `section ${number}`,
  chapter: (number) => `chapter ${number}`,
  question: "Question",
  sectionColumn: "section",
  imports: (count) => `${count} import${count === 1 ? "" : "s"}`,
  lines: (count) => `${count} line${count === 1 ? "" : "s"}`,
  example: "example",
  returns: "returns",
  throws: "throws",
  thisFile: (path) => `This page is the file ${path}.`,
  tryIt: "How to try it.",
  hint: "Hint",
  solution: "Solution",
  proved: (files) => `Checked by the tests of ${files}.`,
  measured: (files) => `Measured by ${files}.`,
  more: (count) => ` and ${count} more`,
  program: "Its\u00a0program",
  shownIn: (pages) => `Shown in ${pages}.`,
  atWork: (page, links) => `At work on ${page}: ${links}.`,
  found: (mark) => `Found at the ${mark("default")} settings:`,
  fixed: "Fixed:",
  recorded: (seconds) =>
    `Recorded in ${seconds < 120 ? `${seconds} seconds` : `${Math.round(seconds / 60)} minutes`} of one core.`,
  verdicts: { holds: "holds", refuted: "refuted", fails: "fails" },
  legend:
    "<em>holds</em>: the numbers bear it out. <em>refuted</em>: said in the notes or elsewhere, and the numbers " +
    "contradict it. <em>fails</em>: expected at the default settings, and not so at these.",
  howToRun: "How to run it.",
  refuted: (count) => count === 0 ? "" : count === 1 ? " One claim is refuted." : ` ${count} claims are refuted.`,
  stop: ".",
  experiment: "Experiment",
  toTry: "To try",
  toLookUp: "To look things up",
  canBeImported: "what can be imported",
  symbolHeads: ["symbol", "in code", "shape or meaning"],
  untranslated: "This page is in English.",
  notes: {
    say: (number) => `The notes, ${number}.`,
    of: (number) => `The notes, ${number}`,
    which: (address) =>
      `The notes are <a href="${address}">five sets of study notes</a> in Chinese. This book follows them and tests what they say.`,
    answered: (places, partly) => `${partly ? "Partly answered" : "Answered"} in ${places}.`,
    open: "Not answered yet.",
    all: "All sets.",
    comma: ", ",
    count: (statements, answered, wrong) =>
      `${statements} statements, ${answered} answered on a page of the book; ${wrong} with an error.`,
  },
  titles: {},
  script: {},
  figures: {},
};
