/**
 * # What stands beside the weights
 *
 * **Question.** A text ends with a token, and a conversation has a form. Which file says so?
 *
 * **Idea.** Several may, and all are asked: the settings of generation, those of the model, the tokenizer, the facts of a GGUF.
 *
 * @module
 */

import { readJson, readText } from "../../core/08_pretrained/files/mod.ts";
import type { PretrainedTokenizer } from "../../core/08_pretrained/tokenizer_files/tokenizer.ts";
import type { FoundModel } from "./kinds/kind.ts";
import type { ShownToken } from "./protocol.ts";

/** Tokens that end a turn in models whose files name only one of several. */
const ENDS: readonly string[] = [
  ...["<|im_end|>", "<|endoftext|>", "<|eot_id|>", "<|eom_id|>", "<|end_of_text|>"],
  ...["<end_of_turn>", "<|end|>", "<|return|>", "</s>", "<eos>"],
];

/** The fields of a file of settings; none where it is not there. */
async function fieldsOf({ source }: FoundModel, path: string): Promise<Readonly<Record<string, unknown>>> {
  const fields = await readJson(source, path);
  return typeof fields === "object" && fields !== null && !Array.isArray(fields)
    ? fields as Readonly<Record<string, unknown>>
    : {};
}

/** The word for the architecture; empty where the files name none. */
export async function architectureOf(found: Pick<FoundModel, "source" | "weights">): Promise<string> {
  if (found.weights.format === "gguf") return String(found.weights.metadata.get("general.architecture") ?? "");
  return String((await fieldsOf({ ...found, architecture: "" }, "config.json"))["model_type"] ?? "");
}

/** The tokens that end a text. */
export async function endsOf(found: FoundModel, tokenizer: PretrainedTokenizer): Promise<number[]> {
  const { weights: { metadata, format } } = found, isGguf = format === "gguf";
  const fields = isGguf ? [] : [await fieldsOf(found, "generation_config.json"), await fieldsOf(found, "config.json")];
  const facts = ["eos", "eot", "eom"].map((role) => metadata.get(`tokenizer.ggml.${role}_token_id`));
  const named = ENDS.map((token) => tokenizer.specialTokens.get(token));
  const all = [...fields.map((one) => one["eos_token_id"]), tokenizer.endToken, ...facts, ...named].flat();
  return [...new Set(all.filter((id): id is number => Number.isSafeInteger(id)))];
}

/** The chat template, if there is one. */
export async function templateOf(found: FoundModel): Promise<string | undefined> {
  const fact = found.weights.metadata.get("tokenizer.chat_template");
  if (found.weights.format === "gguf" && typeof fact === "string") return fact;
  const file = await readText(found.source, "chat_template.jinja");
  if (file !== undefined) return file;
  for (const path of ["chat_template.json", "tokenizer_config.json"]) {
    const { chat_template: template } = await fieldsOf(found, path);
    if (typeof template === "string") return template;
    if (!Array.isArray(template)) continue;
    const all = template as readonly { readonly name?: unknown; readonly template?: unknown }[];
    const usual = all.find(({ name }) => name === "default") ?? all[0];
    if (typeof usual?.template === "string") return usual.template;
  }
  return undefined;
}

/** The tokens of a text, each with what it stands for there. */
export function cutText(tokenizer: PretrainedTokenizer, text: string): ShownToken[] {
  return tokenizer.tokenize(text).map(({ id, token, start, end }) => ({ id, text: text.slice(start, end) || token }));
}
