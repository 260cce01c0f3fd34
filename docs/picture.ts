/**
 * # What a picture is
 *
 * **Question.** A paragraph says what a mask looks like. How does a picture of it come to stand beside the paragraph, in both
 * themes, at every width, and in words for those who cannot see it?
 *
 * **Idea.** A file of `docs/pictures/` exports what this file describes, and a page names it where it belongs:
 *
 * ````md
 * ```picture mask_matrix Which keys each query may look at, under four masks.
 * ```
 * ````
 *
 * What stands behind the name, and in further lines of the block, is the caption. The picture is drawn when the site is built:
 * `measure` computes its numbers by the library, once; `draw` is called for each width. Its colours are classes of
 * `docs/figures/figures.css`, or those of the page's symbols by `tint`; its elements are made by `docs/figures/svg.ts`.
 *
 * A run on real data that was recorded by a program of `docs/runs/` is shown by the same block. Its file exports `run`: figures
 * as experiments have them, a reading, and the words of both.
 *
 * @module
 */

import type { Figure } from "../core/experiments/figure.ts";
import type { Drawing } from "./figures/svg.ts";
import type { RecordedRun } from "./runs/recorded_run.ts";

/** Where a picture is drawn. */
export interface Canvas extends Drawing {
  /** The words of the page's language for English ones. */
  readonly say: (english: string) => string;
  /** The address of the page of a source, `core/04_attention/masks.ts`, for links in the picture. */
  readonly link: (path: string) => string;
}

/** What was drawn. */
export interface Drawn {
  /** In CSS pixels; at most the width of the canvas. */
  readonly width: number;
  /** In CSS pixels. */
  readonly height: number;
  /** Elements, as text. */
  readonly parts: readonly string[];
}

/** A picture of a page: the export `picture` of its file. */
export interface Picture<Numbers = undefined> {
  /** What is seen, in sentences, for those who cannot see it. It is translated by `say` as the words in the picture are. */
  readonly alternative: string | ((numbers: Numbers, say: Canvas["say"]) => string);
  /** Beside its paragraph, or across both columns; beside by default. */
  readonly place?: "beside" | "wide";
  /** Computes what is drawn; nothing by default. */
  readonly measure?: () => Numbers | Promise<Numbers>;
  /** Draws it at the width of the canvas: 560 beside a paragraph, 1080 across both columns, 320 on a phone. */
  readonly draw: (canvas: Canvas, numbers: Numbers) => Drawn;
}

/**
 * A recorded run on its page: the export `run` of its file, which has the name of the run and `_run` behind it. What it says is
 * a value of a type of its own, so that `zh/pictures/NAME_run.ts` says the same in Chinese; one that says all itself needs none.
 */
export interface RunFigures<Findings extends object, Said = undefined> {
  /** What it says in English. */
  readonly words?: Said;
  /** The command that comes before its own, such as that which trains the model it reads. */
  readonly before?: (findings: Findings) => string;
  /** What was found, as figures; their captions compute their numbers. */
  readonly figures: (findings: Findings, words: Said) => readonly Figure[];
  /** What the figures mean together: paragraphs, whose numbers are computed. */
  readonly reading: (findings: Findings, run: RecordedRun<Findings>, words: Said) => readonly string[];
}

/** What a file of another language exports for a recorded run. */
export interface RunWords<Said> {
  /** Stands for the caption of the page's block. */
  readonly caption: string;
  /** What the run says. */
  readonly words: Said;
}

/**
 * The contributors to Tatoeba whose sentences a run shows, each sentence once.
 *
 * @param sentences with what the corpus says of who wrote them
 * @returns numbers and names
 */
export function creditsOf(sentences: readonly { readonly attribution: string }[]): string {
  return [...new Set(sentences.flatMap(({ attribution }) => attribution.match(/#\d+ \([^)]*\)/g) ?? []))].join(", ");
}
