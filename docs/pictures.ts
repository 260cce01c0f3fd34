/**
 * # Pictures of a page
 *
 * **Question.** A page names a picture. Who finds its file, and who notices that a picture has no caption, or no page?
 *
 * **Idea.** All files of `docs/pictures` are loaded, and their numbers computed, before the first page is made. A picture is drawn
 * for each width that it is shown at, and the style sheet shows one of them. What is missing is a problem. Words in other
 * languages are in `docs/zh/pictures/NAME.ts`, by the English ones; those of a recorded run in `docs/zh/pictures/NAME_run.ts`.
 *
 * @module
 */

import { lineWithNotes } from "./note_marks.ts";
import { el, filled, px } from "./figures/svg.ts";
import { figuresHtml, STATIC_WIDTH } from "./figures/mod.ts";
import { ENGLISH, type Phrases } from "./phrases.ts";
import type { Canvas, Picture, RunFigures, RunWords } from "./picture.ts";
import { readRun, type RecordedRun } from "./runs/recorded_run.ts";
import { escape } from "./words.ts";

const here = new URL("./", import.meta.url);

/** What a picture says in another language, by the English words. */
export type PictureWords = Readonly<Record<string, string>>;

/** A recorded run that can be shown. */
export interface LoadedRun {
  readonly show: RunFigures<object, unknown>;
  readonly recorded: RecordedRun;
  /** What it says in other languages. */
  readonly words?: Readonly<Record<string, RunWords<unknown>>>;
}

/** A picture that can be drawn. */
export interface Loaded {
  readonly picture: Picture<unknown>;
  readonly numbers: unknown;
  /** By language. */
  readonly words: Readonly<Record<string, PictureWords>>;
}

/** Widths that a picture is drawn at: across both columns, beside a paragraph, on a phone. */
export const WIDTHS = { wide: 1080, beside: 560, phone: 320 } as const;

/** Where a picture is, and in whose words. */
export interface Setting {
  /** HTML. */
  readonly caption: string;
  /** The language of its words. */
  readonly language: string;
  /** What the page says itself: the language of recorded runs, if they have it; English by default. */
  readonly phrases?: Phrases;
  readonly hue: (symbol: string) => number | undefined;
  readonly link: Canvas["link"];
}

/** The pictures of the site. */
export class Pictures {
  readonly #loaded: ReadonlyMap<string, Loaded>;
  readonly #runs: ReadonlyMap<string, LoadedRun>;
  readonly #problem: (where: string, text: string) => void;
  readonly #shown = new Set<string>();
  /** Words that were asked for, by picture and language. */
  readonly #asked = new Map<string, Set<string>>();

  constructor(
    loaded: ReadonlyMap<string, Loaded>,
    problem: (where: string, text: string) => void,
    runs: ReadonlyMap<string, LoadedRun> = new Map(),
  ) {
    this.#loaded = loaded;
    this.#runs = runs;
    this.#problem = problem;
  }

  /** Whether it goes across both columns. */
  isWide(name: string): boolean {
    return this.isRun(name) || this.#loaded.get(name)?.picture.place === "wide";
  }

  /** Whether it is a recorded run, which stands in both columns as an experiment does. */
  isRun(name: string): boolean {
    return this.#runs.has(name);
  }

  /**
   * A picture with its caption.
   *
   * @param name of its file
   * @param where the page that shows it, for messages
   * @param setting caption, language, colours and links
   * @returns HTML; nothing if there is no such picture
   */
  html(name: string, where: string, { caption, language, phrases = ENGLISH, hue, link }: Setting): string {
    const found = this.#loaded.get(name), file = fileOf(name), run = this.#runs.get(name);
    this.#shown.add(name);
    if (run) {
      if (caption === "") this.#problem(where, `The run ${name} has no caption`);
      return runHtml(name, run, { caption, language, phrases, hue });
    }
    if (!found) {
      this.#problem(where, `No picture is called "${name}": ${file} is not there`);
      return "";
    }
    if (caption === "") this.#problem(where, `The picture ${name} has no caption`);
    const { picture: { alternative, draw, place = "beside" }, numbers, words } = found;
    const asked = this.#asked.get(`${name} ${language}`) ?? new Set();
    this.#asked.set(`${name} ${language}`, asked);
    const say = (english: string): string => {
      asked.add(english);
      return words[language]?.[english] ?? english;
    };
    const spoken = typeof alternative === "string" ? say(alternative) : alternative(numbers, say);
    if (spoken.trim() === "") this.#problem(file, "The picture has no alternative for those who cannot see it");
    const drawings: { width: number; html: (shown: string) => string; shown: string[] }[] = [];
    for (const at of ["wide", "beside", "phone"] as const) {
      const width = WIDTHS[at];
      // A drawing serves every width that has room for it.
      if (at === "wide" && place === "beside") continue;
      const last = drawings.at(-1);
      if (last && last.width <= width) last.shown.push(at);
      else {
        const drawn = draw({ width, id: `picture-${name}-${width}`, hue, say, link }, numbers);
        if (drawn.width > width) {
          this.#problem(file, `The picture is ${px(drawn.width)} wide where it has ${width}`);
        }
        drawings.push({
          width: drawn.width,
          shown: at === "beside" && place === "beside" ? ["wide", at] : [at],
          html: (shown) =>
            el(
              "svg",
              {
                class: `picture p-drawn ${shown}`,
                viewBox: `0 0 ${px(drawn.width)} ${px(drawn.height)}`,
                width: drawn.width,
                height: drawn.height,
                // A picture with links in it is a group: its links can be reached.
                role: drawn.parts.some((part) => part.includes("<a ")) ? "group" : "img",
                "aria-label": spoken,
              },
              ...drawn.parts,
            ),
        });
      }
    }
    const pictures = drawings.map(({ html, shown }) => html(shown.map((at) => `at-${at}`).join(" ")));
    return `<figure class="figure kind-picture is-${place}" id="picture-${escape(name)}"><div class="canvas">${
      pictures.join("")
    }</div><figcaption>${caption}</figcaption></figure>`;
  }

  /** Says which pictures stand on no page, and which of their words are nowhere in them. Once all pages were made. */
  finish(): void {
    for (const name of this.#runs.keys()) {
      if (!this.#shown.has(name)) this.#problem(fileOf(name), "No page shows this run");
    }
    for (const [name, { words }] of this.#loaded) {
      if (!this.#shown.has(name)) this.#problem(fileOf(name), "No page shows this picture");
      for (const [language, table] of Object.entries(words)) {
        const asked = this.#asked.get(`${name} ${language}`);
        const unused = asked ? Object.keys(table).filter((english) => !asked.has(english)) : [];
        for (const english of unused) {
          this.#problem(`docs/${language}/pictures/${name}.ts`, `The picture does not say "${english}"`);
        }
      }
    }
  }
}

/** A command line, which does not break within an option. */
const commandHtml = (command: string): string =>
  `<p class="command"><code>${
    command.split(" ").map((word) => /-/.test(word) ? `<span class="unbroken">${escape(word)}</span>` : escape(word))
      .join(" ")
  }</code></p>`;

/** A recorded run: what it is and how it is made again at the left, figures and reading at the right. */
function runHtml(
  name: string,
  { show, recorded, words: spoken }: LoadedRun,
  { caption, language, phrases, hue }: Pick<Setting, "caption" | "language" | "hue"> & { readonly phrases: Phrases },
): string {
  const { command, seconds, data, findings } = recorded, id = `run-${name}`, own = spoken?.[phrases.language];
  const words = own ? own.words : show.words, said = own ? phrases : ENGLISH;
  const say = (text: string, ...values: readonly (string | number)[]): string =>
    filled(said.figures[text] ?? text, ...values);
  const figures = figuresHtml(show.figures(findings, words), { width: STATIC_WIDTH, id, hue, say });
  const reading = show.reading(findings, recorded, words).map((text) => `<p>${lineWithNotes(text)}</p>`).join("");
  const head = own && language !== said.language ? escape(own.caption) : caption;
  const lang = said === phrases ? "" : ` lang="${said.language}"`;
  return `<section class="experiment run" id="${id}"${lang}>
<div class="experiment-head"><p>${head}</p></div>
<div class="experiment-side"><div class="reading">${reading}</div>
<p class="found">${said.recorded(seconds)} <span lang="en">${escape(data.origin)}; ${escape(data.licence)}.</span></p>
${[...show.before ? [show.before(findings)] : [], command].map(commandHtml).join("\n")}</div>
<div class="figures">${figures.join("")}</div>
</section>`;
}

const fileOf = (name: string): string => `docs/pictures/${name}.ts`;

/** Names of the TypeScript files in a folder beside this file. */
function namesIn(folder: string): string[] {
  try {
    return [...Deno.readDirSync(new URL(folder, here))].flatMap(({ name }) => /^(\w+)\.ts$/.exec(name)?.[1] ?? [])
      .sort();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

/**
 * Loads all pictures and computes their numbers.
 *
 * @param languages other than English
 * @param problem hears of files that export no picture
 */
export async function loadPictures(
  languages: readonly string[],
  problem: (where: string, text: string) => void,
): Promise<Pictures> {
  const spoken = new Map(languages.map((language) => [language, new Set(namesIn(`${language}/pictures/`))]));
  const loaded = new Map<string, Loaded>(), runs = new Map<string, LoadedRun>();
  for (const name of namesIn("pictures/")) {
    const { picture, run } = await import(`./pictures/${name}.ts`) as {
      picture?: Picture<unknown>;
      run?: RunFigures<object, unknown>;
    };
    if (run) {
      const words: Record<string, RunWords<unknown>> = {};
      for (const [language, names] of spoken) {
        if (names.delete(name)) {
          words[language] = await import(`./${language}/pictures/${name}.ts`) as RunWords<unknown>;
        }
      }
      runs.set(name, { show: run, recorded: readRun(name.replace(/_run$/, "")), words });
      continue;
    }
    if (!picture) {
      problem(fileOf(name), "It exports no picture");
      continue;
    }
    const words: Record<string, PictureWords> = {};
    for (const [language, names] of spoken) {
      if (!names.delete(name)) continue;
      words[language] = (await import(`./${language}/pictures/${name}.ts`) as { words: PictureWords }).words;
    }
    loaded.set(name, { picture, numbers: await picture.measure?.(), words });
  }
  for (const [language, names] of spoken) {
    for (const name of names) problem(`docs/${language}/pictures/${name}.ts`, "There is no such picture");
  }
  return new Pictures(loaded, problem, runs);
}
