/**
 * # What a trick saves, in English
 *
 * @module
 */

import type { Words } from "../../experiments/experiment.ts";
import { number } from "../../experiments/numbers.ts";
import { SEED_WORDS } from "../../experiments/seed.words.ts";
import type { Efficiency } from "./efficiency.ts";

/** What the experiment says. */
export const words: Words<Efficiency> = {
  title: "What a trick saves",
  purpose:
    "Four tricks are run with and without on a small recurrent network. The calls of the device and the transfers are counted, which are the same on every machine. Then " +
    "the operations per byte of two large models are computed by the size of the batch. Choose a clock, and the tricks and this machine are timed as well.",
  controls: {
    sequences: { label: "Sequences", description: "Sequences that are read one by one, or at once" },
    width: { label: "Width", description: "Numbers of a state of the network that is run" },
    past: { label: "Context", description: "Tokens that the Transformer of the second figure has read before" },
    clock: {
      label: "Clock",
      description: "Whether this machine is timed",
      choices: { none: "none", "this machine": "this machine" },
    },
    seed: SEED_WORDS,
  },
  constants: { tokens: "tokens of a sequence", vocabulary: "tokens of the vocabulary" },
  claims: {
    same: "No trick changes a result by more than rounding",
    calls: "The mini-batch, the hoisted product and the joined matrix each take fewer calls of the device",
    transfers: "Losses that are read at the end are one transfer in place of one for each step",
    batch: "Without a long context, the operations per byte grow in proportion to the batch, up to 64 sequences",
    cache: "With a long context they do not: each sequence brings its own keys and values",
    memory: "What a batch costs is memory: its peak is higher",
  },
  captions: {
    tricks: ({ calls, transfers, peakTogether, peakSingle, shown: { sequences, tokens } }) =>
      `What is asked of the device. ${sequences} sequences of ${tokens} tokens take ${
        number(calls[0]![0])
      } calls one by one and ${number(calls[0]![1])} at once. Reading ${tokens} losses takes ${
        number(transfers[3]![0])
      } transfers one by one and ${number(transfers[3]![1])} at the end, and ${
        number(calls[3]![1] - calls[3]![0])
      } calls more, which copy the losses beside one another. At its peak the batch holds ${
        number(peakTogether)
      } bytes, a single sequence ${number(peakSingle)}.`,
    intensity: ({ recurrent, later, bound, shown: { past } }) =>
      `Operations per byte of one more token, by the number of sequences at once, for an LSTM and a Transformer of the size of GPT-2. The LSTM goes from ${
        number(recurrent[0]!, 2)
      } to ${number(recurrent.at(-1)!, 3)}. After ${number(past)} tokens the Transformer goes from ${
        number(later[0]!, 2)
      } to ${number(later.at(-1)!, 2)}, and cannot exceed ${
        number(bound, 2)
      }, the operations of one sequence divided by the bytes of its own keys and values.`,
    roofline: ({ shown: { machine, attained } }) =>
      `This machine does ${number(machine[0]!.peak / 1e9, 3)} billion operations and moves ${
        number(machine[0]!.bandwidth / 1e9, 3)
      } billion bytes per second, as far as this library reaches them. The network that reads one token of several sequences attains ${
        number(attained[0]![1] / 1e9, 2)
      } to ${
        number(attained.at(-1)![1] / 1e9, 3)
      } billion operations. Small weights stay in a cache, which is faster than memory.`,
    latency: ({ shown: { tokens } }) =>
      `The network reads a prompt of ${tokens} tokens and generates ${tokens} more: the time to the first token and to the last, and the tokens per second of all sequences together.`,
  },
  reading: ({ recurrent, first, later, shown: { seconds } }) => [
    `A single sequence does about half an operation per byte, ${number(recurrent[0]!, 2)} and ${
      number(first[0]!, 2)
    }, since each weight of 4 bytes is multiplied and added once. On every usual machine the ratio of peak to bandwidth is larger than that, so one sequence alone waits for memory. ` +
    `Up to the ratio of the machine a larger batch costs hardly any time, and beyond it the time grows with the batch.`,
    `With a long context the ratio stays at ${
      number(later.at(-1)!, 2)
    } or less. Then more sequences no longer help, and fewer keys and values do: heads that share them, or shorter numbers.`,
    ...seconds.length > 0
      ? [
        `On this machine the four tricks take ${
          seconds.map(([without, within]) => number(within / without, 2)).join(", ")
        } of the time without them, in the order of the table. What a trick saves in calls it need not save in time: a small product costs more than its call, and on a CPU fetching a loss is a copy.`,
      ]
      : [],
  ],
  labels: {
    trick: "trick",
    without: "without",
    with: "with",
    calls: "calls",
    transfers: "transfers",
    seconds: "seconds",
    batch: "sequences at once",
    intensity: "operations per byte",
    recurrent: "LSTM",
    first: "Transformer, first token",
    speed: "operations per second",
    attainable: "attainable",
    attained: "attained",
    firstToken: "first token, s",
    lastToken: "last token, s",
    perSecond: "tokens per second",
    tricks: {
      batch: "mini-batch",
      hoist: "hoist out of the loop",
      join: "join the gates",
      transfers: "read losses at the end",
    },
    later: (past) => `Transformer, after ${number(past)}`,
  },
};
