/**
 * # What was recorded of a run
 *
 * **Question.** A run on real data takes minutes and needs a file that is not part of the book. How does a page show it?
 *
 * **Idea.** A program of this folder makes the run and writes `NAME.json` beside itself: the command, the file with its
 * size and checksum, the settings, the seconds, and what was found. A file of `docs/pictures` draws from that: figures,
 * captions and a reading, whose numbers are computed. Whoever has the file runs the command again.
 *
 * @module
 */

/** What a recorded run says of itself. */
export interface RecordedRun<Findings extends object = object> {
  /** How to make it again; the words in capitals are the reader's own paths. */
  readonly command: string;
  /** The file that it read. */
  readonly data: {
    readonly name: string;
    readonly origin: string;
    readonly licence: string;
    readonly bytes: number;
    readonly sha256: string;
  };
  /** Seconds of one core. */
  readonly seconds: number;
  /** What was found, with the settings. */
  readonly findings: Findings;
}

/** Where a run is kept. */
export function runPath(name: string): URL {
  return new URL(`${name}.json`, import.meta.url);
}

/**
 * Reads a recorded run.
 *
 * @throws {Deno.errors.NotFound} if there is none
 */
export function readRun<Findings extends object>(name: string): RecordedRun<Findings> {
  return JSON.parse(Deno.readTextFileSync(runPath(name))) as RecordedRun<Findings>;
}
