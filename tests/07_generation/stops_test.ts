/** Ends of a text: tokens, several of them, and strings that tokens divide anywhere; several texts of one prompt. */

import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { EncoderDecoder } from "../../core/05_transformer/encoder_decoder.ts";
import { generate, stream } from "../../core/07_generation/generate.ts";
import { greedySearch } from "../../core/07_generation/greedy_and_beam.ts";
import type { GenerateOptions } from "../../core/07_generation/options.ts";
import type { Decoder } from "../../core/07_generation/sampling.ts";
import { Stops, type StopStrings, stopStrings } from "../../core/07_generation/stops.ts";
import { full } from "../../core/engine/create.ts";
import { Random } from "../../core/engine/random.ts";
import { onEveryBackend, onReference } from "../support.ts";
import { languageModel, sizes } from "./models.ts";

/** Writes these tokens one after the other, whatever stands before them. */
function writes(text: readonly number[], vocabSize = 300): Decoder {
  let step = 0;
  return {
    vocabSize,
    contextLength: Infinity,
    forward: (tokens) => {
      const next = text[step++ % text.length]!, B = tokens.shape[0]!;
      const row = Array.from({ length: vocabSize }, (_, token) => token === next ? 5 : 0);
      return full([B, 1, vocabSize], 0).add([row]);
    },
  };
}

/** A tokenizer of pieces; a piece that begins with a byte that is no character shows as U+FFFD alone. */
function tokenizerOf(pieces: readonly (string | readonly number[])[]): StopStrings["decode"] {
  const encoder = new TextEncoder();
  return (tokens) =>
    new TextDecoder().decode(
      Uint8Array.from(tokens.flatMap((token) => {
        const piece = pieces[token]!;
        return typeof piece === "string" ? [...encoder.encode(piece)] : piece;
      })),
    );
}

/** All ways to cut a text into pieces. */
function* cuts(text: string): Generator<string[]> {
  if (text === "") yield [];
  for (let size = 1; size <= text.length; size++) {
    for (const rest of cuts(text.slice(size))) yield [text.slice(0, size), ...rest];
  }
}

onReference("a stop string is found wherever tokens divide it", async () => {
  const text = "a b##\nzq";
  for (const pieces of cuts(text)) {
    const decode = tokenizerOf(pieces), tokens = pieces.map((_, i) => i);
    const found = await generate(writes(tokens), [0], {
      maxNewTokens: 30,
      stopStrings: { stop: ["\n\n", "#\n"], decode },
    });
    assertEquals([found.text, found.stop, found.finished], ["a b#", "#\n", true], pieces.join("|"));
    // The tokens that lie before the cut as a whole.
    const whole = tokens.filter((i) => pieces.slice(0, i + 1).join("").length <= 4);
    assertEquals(found.tokens, whole);
    const shown: number[] = [];
    for await (
      const { token, step } of stream(writes(tokens), [0], { maxNewTokens: 30, stopStrings: { stop: ["#\n"], decode } })
    ) {
      shown.push(token);
      assertEquals(step, shown.length);
    }
    assertEquals(shown, whole);
  }
});

onReference("a stream holds back what may be the beginning of a stop string, and half a character", async () => {
  // é is two bytes, each a token of its own.
  const pieces = ["x", [0xc3], [0xa9], "!", "é"], decode = tokenizerOf(pieces);
  const stops = new Stops({ stopStrings: { stop: ["é!", "xx"], decode } });
  const held = (...tokens: number[]) => stops.held(tokens);
  assertEquals([held(3), held(0), held(1), held(1, 2), held(3, 1, 2), held(4), held(4, 0)], [0, 1, 1, 2, 2, 1, 1]);
  const shown: number[] = [];
  const options = { maxNewTokens: 6, stopStrings: { stop: ["é!"], decode } };
  for await (const { token } of stream(writes([0, 1, 2, 0, 1, 2, 3]), [0], options)) shown.push(token);
  assertEquals(shown, [0, 1, 2, 0, 1, 2]);
  shown.length = 0;
  for await (const { token } of stream(writes([0, 1, 2, 3, 0]), [0], options)) shown.push(token);
  assertEquals(shown, [0]);
});

onReference("a text without its stop string is given whole, a long one too", async () => {
  const pieces = Array.from({ length: 20 }, (_, i) => `word${i} `), decode = tokenizerOf(pieces);
  const order = Array.from({ length: 500 }, (_, i) => i % 19);
  let chars = 0;
  const counting = (tokens: readonly number[]) => {
    const text = decode(tokens);
    chars += text.length;
    return text;
  };
  const found = await generate(writes([...order, 19]), [0], {
    maxNewTokens: 600,
    stopStrings: { stop: ["d19 "], decode: counting },
  });
  assertEquals([found.tokens.length, found.text!.length, found.stop], [500, decode(order).length + 3, "d19 "]);
  // The end of the text is read at each token, the whole once or twice: no square of the length.
  assert(chars < 501 * 120 + 5 * found.text!.length, `${chars}`);
  const whole = await generate(writes(order), [0], { maxNewTokens: 50, stopStrings: { stop: ["d19 "], decode } });
  assertEquals([whole.text, whole.finished, "stop" in whole], [decode(order.slice(0, 50)), false, false]);
});

onEveryBackend("several tokens may end a text, and the result says which did", async () => {
  const model = languageModel(18);
  const { tokens } = await generate(model, [1], { maxNewTokens: 12 });
  const [a, b] = [...new Set(tokens)].slice(-2) as [number, number];
  for (
    const options of [{}, { numBeams: 3 }, { numBeams: 3, earlyStopping: true }, {
      numBeams: 2,
      stochastic: true,
      random: new Random(1),
    }]
  ) {
    const found = await generate(model, [1], { maxNewTokens: 12, eosToken: [a, b], ...options });
    for (const one of found.beams ?? [found]) {
      assert(!one.tokens.includes(a) && !one.tokens.includes(b));
      assertEquals(one.finished, one.stop === a || one.stop === b);
    }
  }
  const one = await generate(model, [1], { maxNewTokens: 12, eosToken: [a] });
  const same = await generate(model, [1], { maxNewTokens: 12, eosToken: a });
  assertEquals([one.tokens, one.stop, "stop" in same], [same.tokens, a, false]);
});

onEveryBackend("beams end at stop strings, and are cut there", async () => {
  const model = languageModel(19), letters = "abcdefghijk";
  const decode = (tokens: readonly number[]) => tokens.map((token) => letters[token]).join("");
  const whole = await generate(model, [1], { maxNewTokens: 10, numBeams: 3 });
  const middle = decode(whole.tokens).slice(3, 5);
  for (
    const options of [{}, { earlyStopping: "never" as const }, { numBeamGroups: 3 }, {
      stochastic: true,
      random: new Random(1),
    }]
  ) {
    const found = await generate(model, [1], {
      maxNewTokens: 10,
      numBeams: 3,
      stopStrings: { stop: [middle], decode },
      ...options,
    });
    for (const { tokens, text, stop, finished } of found.beams!) {
      assertEquals([decode(tokens), finished], [text, stop === middle]);
      assert(!text!.includes(middle));
    }
  }
});

onEveryBackend("numReturnSequences draws what as many equal prompts draw, and reads each prompt once", async () => {
  const model = languageModel(3), prompts = [[3, 1, 4], [5]], fed: number[] = [];
  const decoder: Decoder = {
    vocabSize: model.vocabSize,
    contextLength: model.contextLength,
    newCaches: (create) => model.newCaches(create),
    forward: (tokens, call) => {
      fed.push(tokens.size);
      return model.forward(tokens, call);
    },
  };
  const common = () => ({ maxNewTokens: 7, eosToken: 2, topK: 5, random: new Random(4) });
  const found = await generate(decoder, prompts, { ...common(), numReturnSequences: 3 });
  const apart = await generate(model, prompts.flatMap((prompt) => [prompt, prompt, prompt]), common());
  assertEquals(
    found.flatMap(({ sequences }) => sequences!.map(({ tokens }) => tokens)),
    apart.map(({ tokens }) => tokens),
  );
  assertEquals(found.map(({ tokens }) => tokens), [apart[0]!.tokens, apart[3]!.tokens]);
  assertEquals(fed.slice(0, 2), [6, 6]);
  const one = await generate(model, prompts, common());
  assertEquals("sequences" in one[0]!, false);
});

onReference("numReturnSequences returns the best beams", async () => {
  const model = languageModel(5);
  const searches: Partial<GenerateOptions>[] = [{}, { numBeamGroups: 2 }, { stochastic: true, random: new Random(2) }, {
    random: new Random(2),
  }];
  for (const search of searches) {
    const { sequences, beams } = await generate(model, [1], {
      maxNewTokens: 6,
      eosToken: 3,
      numBeams: 4,
      numReturnSequences: 2,
      ...search,
    });
    assertEquals(sequences!.map(({ tokens }) => tokens), beams!.slice(0, 2).map(({ tokens }) => tokens));
  }
  const translator = new EncoderDecoder({ ...sizes, dropout: 0 }, new Random(6)).eval();
  const given = translator.given(translator.encode([[3, 4], [5, 6]]));
  const drawn = await generate(given, [[1]], { maxNewTokens: 4, random: new Random(1), numReturnSequences: 3 });
  assertEquals(drawn.map(({ sequences }) => sequences!.length), [3, 3]);
});

onReference("several texts that would be the same, and ends that are none, are refused", async () => {
  const model = languageModel(1), decode = (): string => "";
  const refused: [object, string][] = [
    [{ numReturnSequences: 2 }, "Cannot use numReturnSequences without"],
    [{ numReturnSequences: 2, search: greedySearch() }, "Cannot use numReturnSequences = 2 with greedy search"],
    [{ numReturnSequences: 3, numBeams: 2 }, "Cannot return 3 sequences of 2 beams"],
    [{ eosToken: [] }, "eosToken must be an integer of at least 0 or a list of at least one token id"],
    [{ eosToken: [1, 11] }, "Cannot end with eosToken = 11: the vocabulary has 11"],
    [{ stopStrings: { stop: [], decode } }, "stopStrings must be strings and how tokens are read"],
    [{ stopStrings: { stop: [""], decode } }, "stopStrings must be strings and how tokens are read"],
    [{ stopStrings: { stop: ["a"] } }, "stopStrings must be strings and how tokens are read"],
  ];
  for (const [options, message] of refused) {
    await assertRejects(() => generate(model, [1], { maxNewTokens: 2, ...options }), Error, message);
  }
  assertThrows(() => stopStrings({} as never, ["a"]), TypeError, "a tokenizer with decode()");
  assertThrows(() => stopStrings({ decode }, []), TypeError, "at least one string");
});
