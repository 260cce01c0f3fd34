/**
 * # Where a model lies
 *
 * `--model` names a folder that `train` has saved, a folder of Hugging Face, a GGUF file, or `owner/name` on a hub, with `@revision` and one file behind it if need be. What is on the disk comes first: only a name of which there is nothing is
 * looked for in the cache of models, and only with `--allow-net` on a hub. Nothing of the chapter on pre-trained models is loaded here.
 *
 * @module
 */

import { type Option, text } from "./arguments.ts";
import { exists } from "./files.ts";
import { fileOf } from "./model_kinds.ts";

/** What a hub is, and what of it is kept here; of every command that opens a model. */
export const hubOptions: {
  readonly hub: Option<string | undefined>;
  readonly cache: Option<string | undefined>;
} = {
  hub: text("URL", "The hub that has OWNER/NAME; HF_ENDPOINT or https://huggingface.co unless given"),
  cache: text("FOLDER", "Where models from a hub are kept; Hugging Face's own if its place is known, else models/hub"),
};

/** What the help of every command says that opens a model of any kind. */
export const MODEL_DETAILS: readonly string[] = [
  "MODEL is a folder that train has saved, a folder of Hugging Face, a GGUF file, or OWNER/NAME on a hub; OWNER/NAME@REVISION, and",
  "OWNER/NAME/FILE.gguf where there are several. A hub is asked with --allow-net alone; what it has sent is found again without.",
];

/** What a command line says of hubs. */
export interface HubValues {
  /** The address of the hub. */
  readonly hub?: string | undefined;
  /** Where models are kept. */
  readonly cache?: string | undefined;
}

/** A model on a hub. */
export interface HubPlace {
  /** `owner/name`. */
  readonly model: string;
  /** Branch, tag or commit. */
  readonly revision: string | undefined;
  /** The one file that is meant; undefined for all that belong to a model. */
  readonly file: string | undefined;
}

/** Where a model lies that no `train` of this program has saved. */
export type Place =
  | { readonly kind: "disk"; readonly path: string; readonly file: string | undefined }
  | ({ readonly kind: "hub" } & HubPlace);

const HUB = /^([\w-][\w.-]*\/[\w-][\w.-]*)(?:@([\w.+/-]+?))?(?:\/([\w.+/-]+\.(?:gguf|safetensors)))?$/;

/** What a name means on a hub; undefined if it can be none there. */
export function hubPlace(name: string): HubPlace | undefined {
  const [, model, revision, file] = HUB.exec(name) ?? [];
  return model === undefined || name.includes("..") ? undefined : { model, revision, file };
}

/**
 * Where a model lies that this program did not save.
 *
 * Undefined for its own folders, and for what is not there at all.
 *
 * @param name a path, or `owner/name`
 */
export async function foreignPlace(name: string): Promise<Place | undefined> {
  const path = name.replace(/(?<=.)[/\\]+$/, "");
  const info = await Deno.stat(path).catch(() => undefined);
  if (info?.isFile) {
    if (/\.gguf$/i.test(path) || await beginsAsGguf(path)) return { kind: "disk", path, file: undefined };
    const [, folder = ".", file = path] = /^(.*)[/\\]([^/\\]+)$/s.exec(path) ?? [];
    const isWeights = /\.safetensors(\.index\.json)?$/.test(file) && await exists(fileOf(folder, "config.json"));
    return isWeights ? { kind: "disk", path: folder, file } : undefined;
  }
  if (info) return await isForeignFolder(path) ? { kind: "disk", path, file: undefined } : undefined;
  const place = hubPlace(name), owner = name.split("/")[0]!;
  // A path in a folder that is there, or in the one where models are saved, means the disk.
  if (!place || owner === "models" || await exists(owner)) return undefined;
  return { kind: "hub", ...place };
}

async function beginsAsGguf(path: string): Promise<boolean> {
  try {
    using file = await Deno.open(path);
    const front = new Uint8Array(4);
    return await file.read(front) === 4 && new TextDecoder().decode(front) === "GGUF";
  } catch {
    // Whoever reads it says why it cannot be read.
    return false;
  }
}

/** Whether a folder has the settings of Hugging Face, or a GGUF file. */
async function isForeignFolder(folder: string): Promise<boolean> {
  if (await exists(fileOf(folder, "config.json"))) return true;
  try {
    for await (const { name } of Deno.readDir(folder)) if (/\.gguf$/i.test(name)) return true;
  } catch { /* Said where the model is read. */ }
  return false;
}
