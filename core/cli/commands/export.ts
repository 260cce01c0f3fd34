/**
 * # A model for other programs
 *
 * `export` writes what was trained here, or what somebody else has trained, as a folder that Python's `transformers` opens, or as ONNX.
 *
 * @module
 */

import type { Tokenizer } from "../../02_words/before_tokens/tokenizer.ts";
import { DecoderOnly } from "../../05_transformer/decoder_only.ts";
import { fromPretrained } from "../../08_pretrained/architecture.ts";
import { saveOnnx } from "../../08_pretrained/export/onnx.ts";
import {
  EXPORT_KINDS,
  type SaveOptions,
  savePretrained,
  type SaveProgress,
} from "../../08_pretrained/export/saving.ts";
import type { ModelSource } from "../../08_pretrained/files/mod.ts";
import { openWeights } from "../../08_pretrained/files/weights.ts";
import { openTokenizer } from "../../08_pretrained/tokenizer_files/opening.ts";
import { folderSink, folderSource } from "../../host/sources.ts";
import { count } from "../../host/terminal.ts";
import { choice, type Command, defineCommand, flag, number, text } from "../arguments.ts";
import { interruption } from "../device.ts";
import { DataError, escapeControl, quote, UsageError } from "../errors.ts";
import { exists } from "../files.ts";
import { fileOf } from "../model_kinds.ts";
import { openModel, readTextModel } from "../models.ts";
import { line } from "../terminal.ts";

/** `export`. */
export const command: Command = defineCommand({
  operands: "MODEL",
  maxOperands: 1,
  details: [
    "MODEL is a folder that train lm has saved, a folder of Hugging Face, or a GGUF file.",
    "transformers writes config.json, weights and tokenizer, for AutoModelForCausalLM.from_pretrained(FOLDER), torchrun and vLLM.",
    "onnx writes model.onnx: input_ids in, logits out; with --cache also keys and values of earlier calls.",
  ],
  options: {
    out: text("FOLDER", "Where the files go"),
    format: choice(["transformers", "onnx"], "What is written", "transformers"),
    dtype: choice(EXPORT_KINDS, "How weights are written", "float32"),
    maxShardBytes: number("N", "Most bytes of weights in one file; 5,000,000,000 unless given", {
      min: 1,
      max: Number.MAX_SAFE_INTEGER,
      whole: true,
    }),
    cache: flag("Give the graph of onnx keys and values as inputs and outputs"),
    replace: flag("Write into a folder that has files"),
  },
  async run({ out, format, dtype, maxShardBytes, cache, replace }, [name]) {
    if (name === undefined || name === "") {
      throw new UsageError("Cannot export without a model: a folder or a file must be named");
    }
    if (out === undefined || out === "") {
      throw new UsageError("Cannot export without a place: --out must name a folder");
    }
    if (cache && format !== "onnx") {
      throw new UsageError(`Cannot use --cache with --format ${format}: only onnx has a graph`);
    }
    if (maxShardBytes !== undefined && format === "onnx") {
      throw new UsageError(
        "Cannot use --max-shard-bytes with --format onnx: it has one file, and one beside it from two gigabytes on",
      );
    }
    if (!replace) await refuseFilled(out);
    const { signal, stop } = interruption();
    try {
      const { model, ...beside } = await openAnyKind(name, signal);
      const onProgress = progress(out), sink = folderSink(out);
      if (format === "onnx") {
        const { tokenizer = beside.from && await tokenizerIn(beside.from) } = beside;
        const files = await saveOnnx(model, sink, { tokenizer, dtype, cache, signal, onProgress });
        onProgress();
        return say(
          out,
          "ONNX",
          files,
          "Python",
          `onnxruntime.InferenceSession(${JSON.stringify(`${out}/model.onnx`)})`,
        );
      }
      const { architecture, files } = await savePretrained(model, sink, {
        ...beside,
        dtype,
        maxShardBytes,
        signal,
        onProgress,
      });
      onProgress();
      say(out, architecture, files, "Python", `AutoModelForCausalLM.from_pretrained(${JSON.stringify(out)})`);
    } finally {
      stop();
    }
  },
});

/** Says what was written, and what opens it. */
function say(out: string, what: string, files: readonly string[], where: string, call: string): void {
  line(`Saved in ${escapeControl(out)} as ${what}: ${files.join(", ")}`);
  line(`To open it in ${where}:`);
  line(`  ${escapeControl(call)}`);
}

/** Refuses a folder with files: a list of weights that is left from before would be taken for that of the new ones. */
async function refuseFilled(out: string): Promise<void> {
  const found = await Array.fromAsync(Deno.readDir(out)).catch((error) => {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  });
  const [first] = found.filter(({ isFile }) => isFile).map(({ name }) => name).sort();
  if (first === undefined) return;
  throw new DataError(
    `Cannot export to ${quote(out)}: it has files, such as ${
      quote(first)
    }; --replace writes among them, --out names another folder`,
  );
}

/** A model, and what stands beside its weights. */
type Opened = { readonly model: DecoderOnly } & Pick<SaveOptions, "tokenizer" | "from" | "chatTemplate">;

/** Opens what was trained here, or what somebody else has trained. */
async function openAnyKind(name: string, signal: AbortSignal): Promise<Opened> {
  if (await isForeign(name)) return await openForeign(name, signal);
  const saved = await readTextModel(name);
  const model = openModel(saved);
  if (model instanceof DecoderOnly) return { model, tokenizer: saved.notes.vocabulary };
  throw new DataError(
    `Cannot export ${quote(saved.path)}: it is ${saved.kind.name} of "heed train ${
      saved.kind.trainedBy(saved.notes.layout)
    }", and models of "heed train lm" are exported`,
  );
}

/** Whether a name is that of a GGUF file, or of a folder that has the settings of Hugging Face or a GGUF file. */
async function isForeign(name: string): Promise<boolean> {
  if (/\.gguf$/i.test(name) || await exists(fileOf(name, "config.json"))) return true;
  try {
    return (await Array.fromAsync(Deno.readDir(name))).some(({ name }) => /\.gguf$/i.test(name));
  } catch {
    // Said where it is read.
    return false;
  }
}

async function openForeign(name: string, signal: AbortSignal): Promise<Opened> {
  const source = folderSource(name), { format, metadata } = await openWeights(source, { signal });
  // Blocks are unpacked: other programs have their own.
  const model = await fromPretrained(source, { weights: "float32", signal });
  if (format === "safetensors") return { model, from: source };
  const template = metadata.get("tokenizer.chat_template");
  const chatTemplate = typeof template === "string" ? template : undefined;
  const tokenizer = metadata.has("tokenizer.ggml.tokens") ? await openTokenizer(source, { signal }) : undefined;
  return { model, tokenizer, chatTemplate };
}

/** The tokenizer of a folder, if it has one. */
async function tokenizerIn(source: ModelSource): Promise<Tokenizer | undefined> {
  const names = await source.list?.() ?? [];
  return names.some((name) => /^(tokenizer\.(json|model)|vocab\.(json|txt))$/.test(name))
    ? await openTokenizer(source)
    : undefined;
}

/** Tells on standard error how far the writing is, if a person watches; without a report it clears the line. */
function progress(out: string): (report?: SaveProgress) => void {
  const isWatched = Deno.stderr.isTerminal(), encoder = new TextEncoder();
  let told = 0;
  return (report) => {
    if (!isWatched || report && performance.now() - told < 100) return;
    told = performance.now();
    const text = report
      ? `${count(Math.round(report.written / 1e6))} of ${count(Math.round(report.total / 1e6))} MB in ${
        escapeControl(out)
      }`
      : "";
    Deno.stderr.writeSync(encoder.encode(`\r\x1b[K${text}`));
  };
}
