/** Recurrent networks: laws, the numbers of PyTorch, and the derivatives that the pages write out. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { GRU, gruStep } from "../../core/03_language_models/lstm/gru.ts";
import { cellDerivatives, LSTM, type LstmStep, lstmStep } from "../../core/03_language_models/lstm/mod.ts";
import { derivativesThroughTime, plainRnn, RNN } from "../../core/03_language_models/rnn.ts";
import { decodeSafetensors, restoreTensors, type StoredTensor } from "../../core/06_training/safetensors.ts";
import { exportState, importState } from "../../core/06_training/state_names.ts";
import { noGrad } from "../../core/engine/autograd.ts";
import { arange, parameter, tensor } from "../../core/engine/create.ts";
import { gradientsOf } from "../../core/engine/derivatives.ts";
import { pack } from "../../core/engine/inference.ts";
import { concat } from "../../core/engine/joining.ts";
import { Random } from "../../core/engine/random.ts";
import { scope } from "../../core/engine/scope.ts";
import type { Tensor } from "../../core/engine/tensor.ts";
import { withBackend } from "../../core/engine/device.ts";
import {
  assertClose,
  assertModuleGradients,
  normal,
  onEveryBackend,
  onItsOwnBackend,
  onReference,
  reference,
} from "../support.ts";

const networks = [RNN, LSTM, GRU] as const;
type Network = InstanceType<typeof networks[number]>;
const sizes = { inputSize: 3, hiddenSize: 4 };

interface Result {
  readonly output: Tensor;
  readonly hiddenState: Tensor;
  readonly cellState?: Tensor;
}

/** Reads from given states on; a cell state only where there is one. */
function read(
  network: Network,
  x: Tensor,
  states: Partial<Result> & { readonly mask?: Tensor | undefined } = {},
): Result {
  const { mask, hiddenState, cellState } = states;
  return network instanceof LSTM
    ? network.forward(x, { mask, hiddenState, cellState })
    : network.forward(x, { mask, hiddenState });
}

/** True for the first words of each text. */
const firstWords = (lengths: readonly number[], T: number): Tensor =>
  tensor(lengths.map((length) => Array.from({ length: T }, (_, t) => t < length)));

// ## PyTorch

const golden = decodeSafetensors(Deno.readFileSync(new URL("../goldens/recurrent.safetensors", import.meta.url)));

/** The tensors whose names begin so, by what follows. */
function recorded(path: string): Map<string, StoredTensor> {
  return new Map(
    [...golden.tensors].flatMap(([name, stored]) => name.startsWith(path) ? [[name.slice(path.length), stored]] : []),
  );
}

const tensors = (path: string): Map<string, Tensor> => restoreTensors(recorded(path));

function made(name: string): Network {
  const [kind, nonlinearity] = name.split(" ") as [string, string];
  const more = /stacked|lengths/.test(name) ? { numLayers: 2, bidirectional: true } : {};
  const options = { inputSize: 4, hiddenSize: 3, ...more };
  if (kind === "LSTM") return new LSTM(options, Random.none);
  if (kind === "GRU") return new GRU(options, Random.none);
  return new RNN({ ...options, nonlinearity: nonlinearity === "relu" ? "relu" : "tanh" }, Random.none);
}

const cases = [...new Set([...golden.tensors.keys()].map((name) => name.split("/")[0]!))];

for (const name of cases) {
  onEveryBackend(`importState() reads the recurrent networks of PyTorch, ${name}`, async (device) => {
    const network = made(name), inputs = tensors(`${name}/input/`);
    importState(network, recorded(`${name}/state/`));
    const [x, hiddenState, cellState] = ["x", "hidden_state", "cell_state"].map((key) => {
      const input = inputs.get(key);
      return input && parameter(input);
    });
    const lengths = inputs.get("lengths");
    const mask = lengths && arange(x!.shape[1]!).unsqueeze(0).less(lengths.unsqueeze(1));
    const result = read(network, x!, { mask, hiddenState: hiddenState!, ...(cellState && { cellState }) });
    const close = device.name === "reference" ? { rtol: 1e-10, atol: 1e-12 } : { rtol: 1e-4, atol: 1e-6 };
    const expected = tensors(`${name}/`);
    await assertClose(result.output, expected.get("output")!, close);
    await assertClose(result.hiddenState, expected.get("hidden_state")!, close);
    if (result.cellState) await assertClose(result.cellState, expected.get("cell_state")!, close);

    const results = [result.output, result.hiddenState, ...(result.cellState ? [result.cellState] : [])];
    results.map((each) => each.square().mean()).reduce((a, b) => a.add(b)).backward();
    const found = tensors(`${name}/gradient/`);
    await assertClose(x!.grad!, found.get("x")!, close);
    await assertClose(hiddenState!.grad!, found.get("hidden_state")!, close);
    if (cellState) await assertClose(cellState.grad!, found.get("cell_state")!, close);
    const layers = network.layers.flatMap(({ forwards, backwards }, layer) =>
      [[forwards, ""], [backwards, "_reverse"]].flatMap(([cell, suffix]) => cell ? [[cell, `l${layer}${suffix}`]] : [])
    ) as [NonNullable<typeof network.layers[number]["backwards"]>, string][];
    for (const [{ input, hidden }, place] of layers) {
      await assertClose(input.weight.tensor.grad!.transpose(), found.get(`weight_ih_${place}`)!, close);
      await assertClose(hidden.weight.tensor.grad!.transpose(), found.get(`weight_hh_${place}`)!, close);
      await assertClose(input.bias!.grad!, found.get(`bias_ih_${place}`)!, close);
      await assertClose(hidden.bias!.grad!, found.get(`bias_hh_${place}`)!, close);
    }
  });
}

Deno.test("exportState() names a recurrent network as PyTorch does, and gives its numbers back", async () => {
  for (const name of cases) {
    const network = made(name), state = recorded(`${name}/state/`);
    importState(network, state);
    const exported = await exportState(network);
    assertEquals([...exported.keys()].sort(), [...state.keys()].sort());
    const ours = restoreTensors(exported), theirs = restoreTensors(state);
    for (const [key, value] of ours) await assertClose(value, theirs.get(key)!, { tolerance: 0 });
  }
});

// ## Laws

for (const Make of networks) {
  const { name } = Make;

  onEveryBackend(`${name}() reads a text in pieces as it reads it whole`, async () => {
    const network = new Make({ ...sizes, numLayers: 2 }, new Random(1)), x = normal(2, 5, 7, 3);
    const whole = read(network, x), first = read(network, x.slice(1, 0, 4));
    const rest = read(network, x.slice(1, 4), first);
    await assertClose(concat([first.output, rest.output], 1), whole.output);
    await assertClose(rest.hiddenState, whole.hiddenState);
    if (rest.cellState) await assertClose(rest.cellState, whole.cellState!);
  });

  onEveryBackend(`${name}() cannot see the future in one direction, and can in two`, async () => {
    const x = normal(3, 2, 6, 3), changed = concat([x.slice(1, 0, 5), normal(4, 2, 1, 3)], 1);
    const one = new Make(sizes, new Random(1)), both = new Make({ ...sizes, bidirectional: true }, new Random(1));
    const past = (network: Network, of: Tensor): Tensor => read(network, of).output.slice(1, 0, 5);
    await assertClose(past(one, changed), past(one, x), { tolerance: 0 });
    const [a, b] = await Promise.all([past(both, changed).read(), past(both, x).read()]);
    assert(a.some((value, i) => Math.abs(value - b[i]!) > 1e-3));
  });

  onEveryBackend(`${name}() in two directions is two networks side by side`, async () => {
    const both = new Make({ ...sizes, bidirectional: true }, new Random(1)), x = normal(5, 2, 6, 3);
    const single = (side: "forwards" | "backwards"): Network => {
      const one = new Make(sizes, Random.none), state = new Map<string, Tensor>();
      for (const [path, value] of both.stateDict()) {
        if (path.includes(side)) state.set(path.replace("backwards", "forwards"), value as Tensor);
      }
      one.loadStateDict(state);
      return one;
    };
    const turned = concat(Array.from({ length: 6 }, (_, t) => x.slice(1, 5 - t, 6 - t)), 1);
    const { output, hiddenState } = read(both, x);
    const forwards = read(single("forwards"), x), backwards = read(single("backwards"), turned);
    await assertClose(output.slice(2, 0, 4), forwards.output);
    for (let t = 0; t < 6; t++) await assertClose(output.slice(2, 4).at(1, t), backwards.output.at(1, 5 - t));
    await assertClose(hiddenState, concat([forwards.hiddenState, backwards.hiddenState], 1));
  });

  onEveryBackend(`${name}() of a packed model is close to that of the model`, async () => {
    const network = new Make(sizes, new Random(1)), x = normal(6, 2, 5, 3), { output } = read(network, x);
    await assertClose(read(pack(network, "float32"), x).output, output, { rtol: 1e-5, atol: 1e-6 });
  });

  onReference(`${name}() has the gradients of central differences`, async () => {
    const network = new Make({ ...sizes, numLayers: 2, bidirectional: true }, new Random(1)), x = normal(7, 3, 4, 3);
    const mask = firstWords([4, 2, 3], 4);
    await assertModuleGradients(network, () => read(network, x, { mask }).output);
  });

  onItsOwnBackend(`${name}() keeps memory flat over many steps`, async (device) => {
    const network = new Make(sizes, new Random(1)), x = normal(8, 2, 5, 3);
    const step = (): Promise<number> => {
      let loss: Promise<number>;
      scope(() => {
        const value = read(network, x).output.square().mean();
        loss = value.item();
        value.backward();
      });
      return loss!;
    };
    for (let i = 0; i < 3; i++) await step();
    const before = device.memory().bytes;
    for (let i = 0; i < 20; i++) await step();
    assertEquals(device.memory().bytes, before);
  });
}

onEveryBackend("RNN, LSTM and GRU do not see padding", async () => {
  for (const Make of networks) {
    const network = new Make({ ...sizes, numLayers: 2, bidirectional: true }, new Random(1)), x = normal(9, 3, 6, 3);
    const lengths = [6, 1, 4], mask = firstWords(lengths, 6);
    const padded = read(network, x, { mask });
    for (const [row, length] of lengths.entries()) {
      const alone = read(network, x.slice(0, row, row + 1).slice(1, 0, length));
      await assertClose(padded.output.slice(0, row, row + 1).slice(1, 0, length), alone.output);
      await assertClose(padded.hiddenState.slice(0, row, row + 1), alone.hiddenState);
      const behind = await padded.output.slice(0, row, row + 1).slice(1, length).read();
      assert(behind.every((value) => value === 0));
    }
  }
});

Deno.test("RNN() draws for its dropout between layers in training, and not at inference", async () => {
  const network = new RNN({ ...sizes, numLayers: 2, dropout: 0.5 }, new Random(1)), x = normal(10, 2, 5, 3);
  const [a, b] = await Promise.all([read(network, x).output.read(), read(network, x).output.read()]);
  assert(a.some((value, i) => value !== b[i]));
  network.eval();
  assertEquals(await read(network, x).output.read(), await read(network, x).output.read());
});

Deno.test("LSTM() starts with forget gates that keep", async () => {
  const { layers } = new LSTM({ ...sizes, forgetBias: 2 }, new Random(1));
  assertEquals([...await layers[0]!.forwards.hidden.bias!.read()], [0, 0, 0, 0, 2, 2, 2, 2, ...new Array(8).fill(0)]);
});

// ## The pages' formulas

onEveryBackend("plainRnn() is RNN() for one text", async () => {
  const network = new RNN(sizes, new Random(1)), { input, hidden } = network.layers[0]!.forwards, x = normal(11, 6, 3);
  const states = plainRnn(x, input.weight.tensor, hidden.weight.tensor, input.bias!);
  await assertClose(states.unsqueeze(0), network.forward(x.unsqueeze(0)).output);
});

onEveryBackend("lstmStep() and gruStep() are a step of LSTM() and of GRU()", async () => {
  const x = normal(12, 2, 1, 3), state = normal(13, 2, 4), cell = normal(14, 2, 4);
  const [lstm, gru] = [new LSTM(sizes, new Random(1)), new GRU(sizes, new Random(1))];
  const { input, hidden } = lstm.layers[0]!.forwards;
  const step = lstmStep(input.forward(x.at(1, 0)).add(hidden.forward(state)), cell);
  const whole = lstm.forward(x, { hiddenState: state.unsqueeze(1), cellState: cell.unsqueeze(1) });
  await assertClose(step.hiddenState, whole.output.at(1, 0));
  await assertClose(step.cellState, whole.cellState.at(1, 0));
  const cellOfGru = gru.layers[0]!.forwards;
  const next = gruStep(cellOfGru.input.forward(x.at(1, 0)), cellOfGru.hidden.forward(state), state);
  await assertClose(next, gru.forward(x, { hiddenState: state.unsqueeze(1) }).output.at(1, 0));
});

/** The matrix of the derivatives of each number of `of` by each of `by`, rows by the latter. */
async function jacobian(of: Tensor, by: Tensor): Promise<number[][]> {
  const columns: number[][] = [];
  for (let j = 0; j < of.size; j++) {
    const [gradient] = gradientsOf(of.at(0, j), [by]);
    columns.push([...await gradient!.read()]);
  }
  return Array.from({ length: by.size }, (_, i) => columns.map((column) => column[i]!));
}

onReference("derivativesThroughTime() is what backward() finds, and what differences find", async () => {
  const weight = normal(15, 4, 4).mul(0.6), x = normal(16, 6, 3), inputWeight = normal(17, 3, 4), bias = normal(18, 4);
  const states = noGrad(() => plainRnn(x, inputWeight, weight, bias));
  const products = derivativesThroughTime(weight, states);
  for (const t of [0, 2, 5]) {
    const start = parameter(states.at(0, t));
    const last = t === 5 ? start.mul(1) : plainRnn(x.slice(0, t + 1), inputWeight, weight, bias, start).at(0, -1);
    await assertClose(products.at(0, t), await jacobian(last, start), { rtol: 1e-10, atol: 1e-12 });
  }
});

onReference("the gradient of the input's matrix is the notes' sum over time", async () => {
  const weight = normal(15, 4, 4).mul(0.6),
    x = normal(16, 6, 3),
    inputWeight = parameter(normal(17, 3, 4)),
    bias = normal(18, 4);
  const states = plainRnn(x, inputWeight, weight, bias), direction = normal(19, 4);
  states.at(0, -1).mul(direction).sum().backward();
  const products = derivativesThroughTime(weight, states.detach());
  // Each word, times what its own step sends to the last state.
  const terms = Array.from({ length: 6 }, (_, t) => {
    const arriving = products.at(0, t).matmul(direction.unsqueeze(1)).squeeze(1);
    const slope = states.detach().at(0, t).square().neg().add(1);
    return x.at(0, t).unsqueeze(1).matmul(arriving.mul(slope).unsqueeze(0));
  });
  await assertClose(terms.reduce((a, b) => a.add(b)), inputWeight.grad!, { rtol: 1e-10, atol: 1e-12 });
});

onReference("cellDerivatives() are the four terms of the derivative by the cell before", async () => {
  const H = 3, weight = normal(20, H, 4 * H), words = normal(21, 2, 4 * H), start = normal(22, H);
  const before = lstmStep(words.at(0, 0), start), cell = parameter(before.cellState);
  // The hidden state follows the cell; its gate was decided before.
  const next = (memory: Tensor, gate: Tensor): LstmStep =>
    lstmStep(words.at(0, 1).add(gate.mul(memory.tanh()).unsqueeze(0).matmul(weight).squeeze(0)), memory);
  const step = next(cell, before.outputGate);
  const whole = await jacobian(step.cellState, cell);
  const parts = cellDerivatives(weight, before, step), diagonal = arange(H).unsqueeze(1).equal(arange(H));
  const sum = parts.direct.unsqueeze(0).where(diagonal, 0)
    .add(parts.throughForgetGate).add(parts.throughCandidate).add(parts.throughInputGate);
  await assertClose(sum.detach(), whole, { rtol: 1e-10, atol: 1e-12 });
});

// ## What is refused

Deno.test("RNN, LSTM and GRU say what does not fit", () => {
  withBackend(reference, () => {
    const lstm = new LSTM(sizes, new Random(1)), x = normal(23, 2, 5, 3);
    assertThrows(() => lstm.forward(normal(24, 2, 5, 4)), TypeError, "[B, T, E=3]");
    assertThrows(() => lstm.forward(x, { hiddenState: normal(25, 2, 2, 4) }), TypeError, "L=1");
    assertThrows(() => lstm.forward(x, { mask: firstWords([5, 5, 5], 5) }), TypeError, "B=2");
    assertThrows(() => new RNN({ inputSize: 3, hiddenSize: 0 }, new Random(1)), RangeError, "hiddenSize");
    assertThrows(() => new GRU({ ...sizes, dropout: 1 }, new Random(1)), RangeError, "dropout");
    const wrong = { ...sizes, nonlinearity: "sigmoid" as "tanh" };
    assertThrows(() => new RNN(wrong, new Random(1)), TypeError, "nonlinearity");
  });
});
