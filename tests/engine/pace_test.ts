import { assert, assertEquals, assertRejects } from "@std/assert";
import { trainBytePairEncoding } from "../../core/02_words/byte_pair_encoding/mod.ts";
import { Linear } from "../../core/engine/linear.ts";
import { type Clock, hostClock, rest, useClock } from "../../core/engine/pace.ts";
import { Random } from "../../core/engine/random.ts";
import { full, tensor } from "../../core/engine/create.ts";
import { train } from "../../core/06_training/loop.ts";
import { Optimizer } from "../../core/06_training/optimizer.ts";
import { sgd } from "../../core/06_training/optimizers.ts";
import { reinforce } from "../../core/06_training/policy_gradient.ts";
import { generate, stream } from "../../core/07_generation/generate.ts";
import { Steps } from "../../core/experiments/running.ts";
import { languageModel } from "../07_generation/models.ts";
import { granted } from "../permissions.ts";
import { onReference } from "../support.ts";

/** A clock that moves by hand and counts pauses; in each of them `during` is called with their number. */
function countingClock(during: (turns: number) => void = () => {}): Clock & { time: number; turns: number } {
  return {
    period: 50,
    time: 0,
    turns: 0,
    now() {
      return this.time;
    },
    turn() {
      during(++this.turns);
      return Promise.resolve();
    },
  };
}

/** Runs something by another clock. */
async function by<T>(clock: Clock, body: () => Promise<T>): Promise<T> {
  useClock(clock);
  try {
    return await body();
  } finally {
    useClock();
  }
}

Deno.test("rest() pauses once a period, whoever asks, and those who ask meanwhile share the pause", async () => {
  const clock = countingClock();
  await by(clock, async () => {
    for (let step = 0; step < 100; step++) {
      clock.time += 10;
      await rest();
    }
    assertEquals(clock.turns, 20);
    clock.time += 50;
    await Promise.all([rest(), rest(), rest()]);
    assertEquals(clock.turns, 21);
    await rest();
    assertEquals(clock.turns, 21);
  });
});

// ## What a pause of this host lets through

const TIMES = 12;
const nobody = new Int32Array(new SharedArrayBuffer(4));

/**
 * How many pauses of the host something takes to arrive after `send`: the median of several times.
 *
 * This thread sleeps before each, as if it had worked: signals and workers, which have threads of their
 * own, then come as far as they can without it. A busy machine may keep one of them waiting all the same;
 * where pauses let nothing through, each waits for dozens.
 */
async function pausesUntil(send: (arrived: () => void) => void): Promise<number> {
  const found: number[] = [];
  for (let i = 0; i < TIMES; i++) {
    let waiting = true, turns = 0;
    send(() => waiting = false);
    while (waiting && turns < 100) {
      Atomics.wait(nobody, 0, 0, hostClock.period / 2);
      await hostClock.turn();
      turns++;
    }
    found.push(turns);
  }
  return found.sort((a, b) => a - b)[TIMES / 2]!;
}

/** What waits comes through within this many milliseconds. */
const BOUND = 200;

Deno.test("a pause lets timers and messages through, also where there are threads of node:worker_threads", async () => {
  // As the CPU device does that starts threads; with this module loaded Deno's event loop is another one.
  await import("node:worker_threads");
  const { port1, port2 } = new MessageChannel();
  let arrived = (): void => {};
  port1.onmessage = () => arrived();
  const timers = await pausesUntil((then) => setTimeout(then, 1));
  const messages = await pausesUntil((then) => {
    arrived = then;
    port2.postMessage(0);
  });
  port1.close();
  assert(hostClock.period * Math.max(timers, messages) <= BOUND, `pauses: ${timers} for timers, ${messages}`);
});

Deno.test("a pause lets messages of workers through", async () => {
  const source = `onmessage = ({ data }) => { postMessage(0); Atomics.store(data, 0, 1); Atomics.notify(data, 0); }`;
  const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  const worker = new Worker(url, { type: "module" });
  const sent = new Int32Array(new SharedArrayBuffer(4));
  let arrived = (): void => {};
  worker.onmessage = () => arrived();
  const pauses = await pausesUntil((then) => {
    arrived = then;
    sent[0] = 0;
    worker.postMessage(sent);
    Atomics.wait(sent, 0, 0);
  });
  worker.terminate();
  URL.revokeObjectURL(url);
  assert(hostClock.period * pauses <= BOUND, `${pauses} pauses`);
});

Deno.test({
  name: "a pause lets signals through",
  // Windows has no signal that a program sends itself and survives.
  ignore: Deno.build.os === "windows" || !granted("run"),
  async fn() {
    await import("node:worker_threads");
    let arrived = (): void => {};
    const listener = (): void => arrived();
    Deno.addSignalListener("SIGUSR2", listener);
    const pauses = await pausesUntil((then) => {
      arrived = then;
      Deno.kill(Deno.pid, "SIGUSR2");
    });
    Deno.removeSignalListener("SIGUSR2", listener);
    assert(hostClock.period * pauses <= BOUND, `${pauses} pauses`);
  },
});

// ## Who pauses

let model = languageModel(1);
let layer = new Linear(2, 1, new Random(1));

/** Training of a linear layer, whose steps are counted by `onStep`. */
const lesson = (onStep: () => void, signal: AbortSignal, reportEvery: number) =>
  train({
    model: layer,
    loss: () => {
      onStep();
      return layer.forward(full([4, 2], 1)).sum();
    },
    batches: { next: () => 0 },
    optimizer: new Optimizer(layer.parameters(), sgd({ learningRate: 0.001 })),
    steps: 100,
    reportEvery,
    signal,
  });

/** Everything of the library that goes on for long: each calls `onStep` in every step and ends after many. */
const LOOPS: Readonly<Record<string, (onStep: () => void, signal: AbortSignal) => Promise<unknown>>> = {
  "train()": (onStep, signal) => lesson(onStep, signal, 1),
  "train() that never reads a loss": (onStep, signal) => lesson(onStep, signal, 100),
  "reinforce()": (onStep, signal) =>
    reinforce({
      policy: {
        model: layer,
        write: (examples) => {
          onStep();
          return Promise.resolve(examples.map(() => ({ tokens: [1], finished: true })));
        },
        forward: (_, inputs) => layer.forward(full([...inputs.shape, 2], 1)).mul(tensor([0, 1, 2, 3])),
      },
      reward: () => 1,
      baseline: "none",
      prompt: [1],
      endToken: 2,
      padToken: 0,
      batches: { next: () => [0] },
      optimizer: new Optimizer(layer.parameters(), sgd({ learningRate: 0.001 })),
      steps: 100,
      random: new Random(1),
      signal,
    }),
  "many short calls of generate()": async (onStep, signal) => {
    for (let i = 0; i < 100; i++) {
      await generate(model, [1], { maxNewTokens: 1, signal, onProgress: onStep });
    }
  },
  "greedy search": (onStep, signal) =>
    generate(model, [1], { maxNewTokens: 100, slide: true, signal, onProgress: onStep }),
  "sampling": (onStep, signal) =>
    generate(model, [[1], [2]], {
      maxNewTokens: 100,
      slide: true,
      random: new Random(1),
      topK: 3,
      signal,
      onProgress: onStep,
    }),
  "beam search": (onStep, signal) =>
    generate(model, [1], { maxNewTokens: 100, slide: true, numBeams: 3, signal, onProgress: onStep }),
  "stream()": async (onStep, signal) => {
    for await (const _ of stream(model, [1], { maxNewTokens: 100, slide: true, signal })) onStep();
  },
  "many short streams": async (onStep, signal) => {
    for (let i = 0; i < 100; i++) for await (const _ of stream(model, [1], { maxNewTokens: 1, signal })) onStep();
  },
  "byte-pair encoding": (onStep, signal) =>
    trainBytePairEncoding(["abcdefghijklmnopqrstuvwxyz".repeat(9)], {
      vocabSize: 400,
      level: "bytes",
      minFrequency: 1,
      signal,
      onProgress: onStep,
    }),
  "decodeStream()": async (onStep, signal) => {
    const encoding = await trainBytePairEncoding([], { vocabSize: "alphabet", level: "bytes" });
    for await (const _ of encoding.decodeStream(encoding.encode("a".repeat(100)))) {
      onStep();
      signal.throwIfAborted();
    }
  },
  "experiments": async (onStep, signal) => {
    const steps = new Steps({ signal }, 100);
    for (let i = 0; i < 100; i++) {
      await steps.next();
      onStep();
    }
  },
  "a loop of one's own that reads a number": async (onStep, signal) => {
    for (let i = 0; i < 100 && !signal.aborted; i++) {
      onStep();
      await full([], 1).item();
    }
    signal.throwIfAborted();
  },
};

for (const [name, loop] of Object.entries(LOOPS)) {
  onReference(
    `${name}: an abort during a pause is heard before another step ends, and pauses come in time`,
    async () => {
      const controller = new AbortController(), reason = new Error("enough");
      model = languageModel(1);
      layer = new Linear(2, 1, new Random(1));
      let steps = 0, stepsAtAbort = 0;
      const clock = countingClock((turns) => {
        if (turns < 4) return;
        stepsAtAbort = steps;
        controller.abort(reason);
      });
      const run = () =>
        loop(() => {
          steps++;
          clock.time += 20;
        }, controller.signal);
      assertEquals(await by(clock, () => assertRejects(run, Error, "enough")), reason);
      // Each three steps of 20 make up for a period of 50.
      assert(stepsAtAbort >= 9 && stepsAtAbort <= 13, `the fourth pause came after ${stepsAtAbort} steps`);
      assert(steps <= stepsAtAbort + 1, `${steps - stepsAtAbort} steps followed the abort`);
    },
  );
}

Deno.test("byte-pair encoding pauses also before the first merge: in a long text, and among many words", async () => {
  // Every question whether to pause is answered with yes.
  const pauses = async (texts: readonly string[], level: "bytes" | "characters", stop = Infinity) => {
    const controller = new AbortController();
    let turns = 0;
    const turn = () => Promise.resolve(void (++turns === stop && controller.abort(new Error("enough"))));
    const options = { vocabSize: 262, level, minFrequency: 1e9, signal: controller.signal };
    await by({ period: 0, now: () => 0, turn }, () => trainBytePairEncoding(texts, options));
    return turns;
  };
  assertEquals(await pauses(["word ".repeat(1000)], "bytes"), 2);
  const long = await pauses(["word ".repeat(100_000)], "bytes");
  assert(long >= 20, `${long} in a text of 100,000 words`);
  const words = [
    Array.from({ length: 50_000 }, (_, i) => `${i.toString(7).replaceAll(/./g, (x) => "abcdefg"[+x]!)} `).join(""),
  ];
  for (const level of ["bytes", "characters"] as const) {
    const many = await pauses(words, level);
    assert(many >= 100, `${many} among 50,000 words`);
    for (const stop of [1, 5, 30, 60, 90]) await assertRejects(() => pauses(words, level, stop), Error, "enough");
  }
});
