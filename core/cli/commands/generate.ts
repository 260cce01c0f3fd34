/**
 * # Continuing a text from the command line
 *
 * `generate` continues a prompt with a language model: drawn at random and shown as it is
 * written, or searched by beams.
 *
 * @module
 */

import { DecoderOnly } from "../../05_transformer/decoder_only.ts";
import { generate, stream, type StreamedToken } from "../../07_generation/generate.ts";
import type { GenerateOptions } from "../../07_generation/options.ts";
import type { Decoder } from "../../07_generation/sampling.ts";
import type { Hypothesis, SequenceSearch, TokenSearch } from "../../07_generation/search.ts";
import type { ContextWindow } from "../../07_generation/session.ts";
import { type RollingOptions, rollingWindow } from "../../07_generation/windows_and_sinks.ts";
import { Random } from "../../engine/random.ts";
import type { OpenedModel } from "../any_model.ts";
import { type Command, defineCommand, number, text } from "../arguments.ts";
import { constrain, constraintOptions, cutOff, readConstraint } from "../constraints.ts";
import {
  checkJson,
  decodingFor,
  decodingOptions,
  jsonDetails,
  jsonOptions,
  printable,
  rank,
  readDecoding,
} from "../decoding.ts";
import { load } from "../model_kinds.ts";
import { deviceOptions, weightsOption } from "../device.ts";
import { quote, UsageError } from "../errors.ts";
import { hubOptions, MODEL_DETAILS } from "../places.ts";
import { checkSecond, readSecond, secondOptions } from "../second_models.ts";
import { complain, line, standardOutput } from "../terminal.ts";
import { continuation } from "../tokenizers.ts";

/** Options of a text that can end; here it is as long as is asked for. */
const { minNewTokens: _, ...options } = { minNewTokens: undefined, ...decodingOptions };

/** `generate`. */
export const command: Command = defineCommand({
  operands: "[PROMPT]",
  maxOperands: 1,
  details: [
    "The text is drawn at random and appears as it is written; --num-beams searches the most probable one instead.",
    "--num-beams with --stochastic draws several different texts; --all-beams prints them.",
    "A LIST of words has commas between them; each is meant with and without a space before it.",
    "--regex, --json-schema and --grammar let only texts of a form follow the prompt.",
    "--window keeps the last tokens and the first few, --sinks, in a memory of fixed size; without it the older half of a full context is forgotten.",
    ...jsonDetails,
    'It begins with "prompt". With a draft, tokens have no "processedLogProbability": several of them come of one step.',
    ...MODEL_DETAILS,
    "What the files of a model say of temperature and the like holds unless it is given here; its end token ends the text.",
  ],
  options: {
    model: text("MODEL", "A language model", "models/lm"),
    maxNewTokens: number("N", "Tokens to write", { min: 1, max: 1_000_000, whole: true }, 300),
    ...constraintOptions,
    ...options,
    window: number("N", "Tokens that a token attends to, itself included; all that fit by default", {
      min: 1,
      max: 1e9,
      whole: true,
    }),
    sinks: number("K", "First tokens among them that are never forgotten, with --window; 4 by default", {
      min: 0,
      max: 1e9,
      whole: true,
    }),
    ...secondOptions,
    ...jsonOptions,
    seed: number("N", "Where random numbers come from", { min: 0, max: 2 ** 31, whole: true }, 1),
    ...hubOptions,
    ...weightsOption,
    ...deviceOptions,
  },
  async run(values, [begin = "\n"]) {
    if (begin === "") throw new UsageError("Cannot continue an empty text: write at least one character");
    checkSecond(values);
    checkJson(values);
    if (values.alternatives !== undefined && (values.draft !== undefined || values.promptLookup)) {
      throw new UsageError(
        "Cannot use --alternatives with --draft or --prompt-lookup: several tokens come of one step",
      );
    }
    const usual = { draws: true, random: new Random(values.seed) };
    // Whatever does not depend on the model is refused before it is read.
    readDecoding(values, usual);
    const grammar = await readConstraint(values), window = readWindow(values);
    const { openAny } = await load<typeof import("../any_model.ts")>("any_model.ts");
    const opened = await openAny(values.model, values), { vocabulary } = opened;
    const second = await readSecond(values, opened);
    const { eosTokens } = opened, ends = eosTokens.length === 0 ? {} : { eosToken: eosTokens };
    const own = grammar ? await constrain(grammar, vocabulary) : { rules: opened.rules, ...ends };
    const { search, rules } = decodingFor(values, usual, opened.usual).of(vocabulary), prompt = opened.encode(begin);
    if (prompt.length === 0) throw new UsageError(`Cannot continue ${quote(begin)}: it has no token`);
    const asked: Asked = {
      ...opened,
      begin,
      prompt,
      options: {
        maxNewTokens: values.maxNewTokens,
        ...own,
        ...second,
        // Recurrent and convolutional models have no context that could be full.
        slide: Math.min(opened.model.contextLength, second.contrastive?.amateur.contextLength ?? Infinity) < Infinity,
        ...window && windowOf(window, opened.model),
        rules: [...own.rules, ...rules],
        // What a draft proposes is not looked at step by step.
        ...values.json && !second.draft && { output: { alternatives: values.alternatives ?? 0 } },
      },
    };
    const isWhole = "begin" in search
      ? await writeBeams(asked, search, values)
      : values.json
      ? await writeJson(asked, search, grammar)
      : await writeText(asked, search, grammar);
    if (grammar && !isWhole) complain(cutOff(grammar, values.maxNewTokens));
  },
});

/** The window that a command line asks for. */
function readWindow(
  { window, sinks, draft, promptLookup }: {
    readonly window: number | undefined;
    readonly sinks: number | undefined;
    readonly draft: string | undefined;
    readonly promptLookup: boolean;
  },
): RollingOptions | undefined {
  if (window === undefined) {
    if (sinks === undefined) return undefined;
    throw new UsageError("Cannot use --sinks without --window: a memory that is not limited forgets nothing");
  }
  if (draft !== undefined || promptLookup) {
    throw new UsageError(
      "Cannot use --window with --draft or --prompt-lookup: what was evicted for proposals does not come back when they are rejected",
    );
  }
  if ((sinks ?? 4) >= window) {
    throw new UsageError(
      `Cannot keep ${
        sinks ?? 4
      } sinks in a window of ${window}: the newest token needs a place beside them, and --sinks says how many there are`,
    );
  }
  return { size: window, ...sinks !== undefined && { sinks } };
}

/** The same as an option of the loop, for a model that can use it. */
function windowOf(options: RollingOptions, model: Decoder): { readonly window: ContextWindow; readonly slide: false } {
  if (!(model instanceof DecoderOnly)) {
    throw new UsageError(
      "Cannot use --window with this model: it has no keys and values, and its memory does not grow",
    );
  }
  if (model.positions) {
    throw new UsageError(
      "Cannot use --window with this model: its positions are added to the tokens, and a window would lose their order; " +
        "train lm --positions rotary makes one that has none of these",
    );
  }
  if (options.size > model.contextLength) {
    throw new UsageError(`Cannot use --window ${options.size}: the model sees ${model.contextLength} tokens`);
  }
  return { window: rollingWindow(options), slide: false };
}

/** What is to be continued, and how. */
interface Asked extends OpenedModel {
  readonly begin: string;
  readonly prompt: readonly number[];
  readonly options: Omit<GenerateOptions, "search" | "random">;
}

/** Whether a text has the form that it must have. */
type Form = { accepts(text: string): boolean } | undefined;

/** Writes one text as it comes; says whether it has its form. */
async function writeText(
  { model, vocabulary, begin, prompt, options }: Asked,
  search: TokenSearch,
  form: Form,
): Promise<boolean> {
  standardOutput.write(printable(begin));
  const tokens = stream(model, prompt, { ...options, search });
  const idsOnly = (async function* () {
    for await (const { token } of tokens) yield token;
  })();
  let written = "";
  try {
    for await (const piece of continuation(vocabulary, prompt, idsOnly)) {
      written += piece;
      standardOutput.write(printable(piece));
    }
  } finally {
    // What goes wrong on the way is said on a line of its own.
    line();
  }
  return form?.accepts(written) ?? true;
}

/** What follows the prompt, as text. */
async function following({ vocabulary, prompt }: Asked, tokens: readonly number[]): Promise<string> {
  return (await Array.fromAsync(continuation(vocabulary, prompt, tokens))).join("");
}

/** Prints one text as an object; says whether it has its form. */
async function writeJson(asked: Asked, search: TokenSearch, form: Form): Promise<boolean> {
  const { model, vocabulary, begin, prompt, options } = asked, tokens: StreamedToken[] = [];
  for await (const token of stream(model, prompt, { ...options, search })) tokens.push(token);
  const text = await following(asked, tokens.map(({ token }) => token));
  const found = {
    text,
    tokens: tokens.map(({ output, ...token }) => ({ ...token, ...output })),
    finished: tokens.length < options.maxNewTokens,
  };
  const { jsonText, TokenWriter } = await loadJson();
  line(jsonText(found, new TokenWriter(vocabulary), prompt.at(-1), { prompt: begin }));
  return form?.accepts(text) ?? true;
}

/** Prints what a search of several texts has found; says whether the best one has ended. */
async function writeBeams(
  asked: Asked,
  search: SequenceSearch,
  { allBeams, json }: { readonly allBeams: boolean; readonly json: boolean },
): Promise<boolean> {
  const { model, vocabulary, begin, prompt, options } = asked;
  const { beams = [] } = await generate(model, prompt, { ...options, search });
  const told = json ? await loadJson() : undefined, writer = told && new told.TokenWriter(vocabulary);
  const shown = allBeams ? beams : beams.slice(0, 1);
  const asJson = async ({ steps = [], ...found }: Hypothesis): Promise<string> => {
    const tokens = steps.slice(0, found.tokens.length), text = await following(asked, found.tokens);
    return told!.jsonText({ ...found, text, tokens }, writer!, prompt.at(-1), { prompt: begin });
  };
  for (const [i, each] of shown.entries()) {
    if (json) line(await asJson(each));
    else {
      const written = printable(begin + await following(asked, each.tokens));
      line(allBeams ? `${i > 0 ? "\n" : ""}${i + 1}. ${rank(each)}\n${written}` : written);
    }
  }
  return beams[0]!.finished;
}

/** What prints JSON, which most texts are not printed as. */
function loadJson(): Promise<typeof import("../json_lines.ts")> {
  return load("json_lines.ts");
}
