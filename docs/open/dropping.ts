/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/**
 * Files that a reader drops or chooses, with their places in a folder.
 *
 * @module
 */

import type { PlacedFile } from "./protocol.ts";

/** A model as it was given: what it is called, and its files. */
export interface Given {
  readonly name: string;
  readonly files: readonly PlacedFile[];
}

/** Files of an input; those of a chosen folder have its name before theirs. */
export function chosen(list: Iterable<File>): Given {
  return named([...list].map((file) => ({ path: file.webkitRelativePath || file.name, file })));
}

/** What was dropped: folders are read to the bottom. */
export async function droppedFiles(transfer: DataTransfer): Promise<Given> {
  // Both lists are gone once anything has been waited for.
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.() ?? null), files = [...transfer.files];
  const roots = entries.filter((entry): entry is FileSystemEntry => entry !== null);
  if (roots.length === 0) return chosen(files);
  return named((await Promise.all(roots.map(filesUnder))).flat());
}

async function filesUnder(entry: FileSystemEntry): Promise<PlacedFile[]> {
  const path = entry.fullPath.replace(/^\//, "");
  if (entry.isFile) {
    const file = await new Promise<File>((found, failed) => (entry as FileSystemFileEntry).file(found, failed));
    return [{ path, file }];
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader(), files: PlacedFile[] = [];
  // A hundred at once, until there are none.
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((found, failed) => reader.readEntries(found, failed));
    if (some.length === 0) return files;
    files.push(...(await Promise.all(some.map(filesUnder))).flat());
  }
}

/** Takes a folder's own name off the paths: it is what the model is called. */
function named(files: readonly PlacedFile[]): Given {
  const [first] = files, folder = first?.path.split("/")[0] ?? "";
  if (files.length > 0 && files.every(({ path }) => path.startsWith(`${folder}/`))) {
    return { name: folder, files: files.map(({ path, file }) => ({ path: path.slice(folder.length + 1), file })) };
  }
  const weights = files.find(({ path }) => /\.(gguf|safetensors)$/i.test(path)) ?? first;
  return { name: weights?.path.replace(/\.(gguf|safetensors)$/i, "") ?? "", files };
}
