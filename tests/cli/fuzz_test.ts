/** Command lines that nobody would write: every one is understood, or refused by one sentence of the program's own. */

import { assert } from "@std/assert";
import { parseArgs } from "@std/cli/parse-args";
import { COMMANDS, loadCommand } from "../../core/cli.ts";
import { flagOf, type ParseArgs, readArguments } from "../../core/cli/arguments.ts";
import { DataError, sentence, UsageError } from "../../core/cli/errors.ts";
import { Random } from "../../core/engine/random.ts";
import { testWithFolder } from "../permissions.ts";
import "../../mod.ts";

/** Values and words that parsers, objects and number formats are known to trip over. */
const WORDS = [
  ..."0 1 2 3 4 5 7 8 64 128 1000 1e3 0.5 1.5 -1 -0 -1e9 1e9 1e308 1e400 1e-400 0x10 NaN Infinity １ 9007199254740993"
    .split(" "),
  ..."-_ --_ --_=1 --__proto__ --constructor --toString=1 --no-resume - -- --- -h= --help=1 -a=b --= true false null"
    .split(" "),
  ..."wasm auto reference bytes characters float32 int4 2,1 1,1 1,2 x 我 __proto__ constructor".split(" "),
  ...["", " ", "\n", "\x1b[31m", "\ufeff", "a=b", "'", '"', "$HOME", "…".repeat(500), "--".repeat(500)],
];

/** Words of the engine, which no user should read. */
const ENGINE = /is not a|undefined|\[object|Invalid |Maximum|Cannot read prop|reading '|null|NaN tokens|Error:|\n/;

testWithFolder("no command line is answered by words of the engine", async (folder) => {
  const random = new Random(1);
  const draw = <T>(list: readonly T[]): T => list[random.integer(list.length)]!;
  for (const heading of COMMANDS) {
    const command = await loadCommand(heading), named = { ...heading, ...command };
    const flags = Object.keys(command.options).map(flagOf);
    // What would compute for long is kept from computing: there is no such model, file or experiment.
    const absent: Record<string, string[]> = {
      "translate": [`--model=${folder}/none`],
      "generate": [`--model=${folder}/none`],
      ...Object.fromEntries(
        ["lm", "rnn", "lstm", "gru", "cnn", "feedforward"].map((kind) => [`train ${kind}`, [`--out=${folder}/none`]]),
      ),
      "neighbours": [`--model=${folder}/none`],
      "train ngram": [`--out=${folder}/none`],
      "train word2vec": [`--out=${folder}/none`],
      "train translator": [`--out=${folder}/none`],
    };
    for (let i = 0; i < 1500; i++) {
      const few = Array.from(
        { length: 1 + random.integer(4) },
        () =>
          random.integer(3) > 0
            ? [draw(flags), draw(WORDS)]
            : random.integer(2) > 0
            ? [`${draw(flags)}=${draw(WORDS)}`]
            : [draw(WORDS)],
      );
      const args = [...absent[heading.name] ?? [], ...few.flat()];
      try {
        const read = readArguments(parseArgs as unknown as ParseArgs, named, args);
        if (read === "help" || !absent[heading.name]) continue;
        const file = heading.name.startsWith("train") ? { data: `${folder}/none.txt`, resume: false, threads: 1 } : {};
        await command.run({ ...read.values, ...file }, read.operands);
        assert(false, `${heading.name} ${JSON.stringify(args)} did something`);
      } catch (error) {
        const said = `${heading.name} ${JSON.stringify(args)}: ${error}`;
        assert(error instanceof UsageError || error instanceof DataError, said);
        assert(!ENGINE.test(sentence(error).replace(/"[^]*?"/g, "")), said);
      }
    }
  }
});
