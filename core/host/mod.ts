/**
 * # What touches the machine
 *
 * The rest of the library computes and asks nothing of the system that runs it: a page can load it, and no permission is
 * needed. Files and the terminal are here, by modules that Deno, Node and Bun all have, `node:fs` and `node:process`. A page
 * cannot import this.
 *
 * | file                                 | holds                                                         |
 * | ------------------------------------ | ------------------------------------------------------------- |
 * | [`storage.ts`](storage.ts)           | a folder as a place for checkpoints, whose files are whole    |
 * | [`progress_bar.ts`](progress_bar.ts) | a line that shows how far training is                         |
 * | [`terminal.ts`](terminal.ts)         | text in columns, bars and durations, a line that is rewritten |
 * | [`reasons.ts`](reasons.ts)           | why the system refused, in words                              |
 *
 * What each needs in Deno: {@linkcode folderStorage} `--allow-read` and, to save, `--allow-write`, of its folder;
 * {@linkcode progressBar} nothing.
 *
 * @module
 */

export { FileError } from "./reasons.ts";
export { downloadModel, type DownloadOptions, type DownloadProgress, isModelFile } from "./hub.ts";
export { folderSink, folderSource } from "./sources.ts";
export { folderStorage } from "./storage.ts";
export { type ProgressBar, progressBar, type ProgressBarOptions } from "./progress_bar.ts";
export type { Output } from "./terminal.ts";
