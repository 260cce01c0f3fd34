/**
 * # Tasks and shapes
 *
 * **Question.** A program reads a film review and names its mood. Another one reads a Chinese sentence and writes an English one, a
 * third finds the words in a sound. What do these tasks have in common, so that one kind of network can do all of them?
 *
 * **Idea.** Whatever goes in becomes a set of vectors, which are lists of numbers: one for each word of a sentence, each frame of a sound, each
 * patch of an image, each node of a graph. (A graph is here a set of points, its nodes, some of which are joined by lines, its edges: people, and who knows whom.) What comes out is a set of answers.
 * Only their number differs. There is one answer for the whole set (N→1), one for each vector (N→N), or as many as the machine decides (N→M).
 *
 * ```picture task_shapes The three shapes. Squares are vectors that go in, circles are answers. Left: one answer for all, + for a good review. Middle: one for each, pronoun, verb, article, noun.
 * Right: the machine decides how many, and END is its way to stop.
 * ```
 *
 * **By hand.** A sound is a list of numbers, its samples: 0, 3, 5, 3, 0, −3. Frames of 4 samples, each beginning 2 samples after the one before, are two
 * vectors: (0, 3, 5, 3) and (5, 3, 0, −3). An image with the rows 1 2 3 4 and 5 6 7 8, cut into patches of 2 × 2, is two vectors as well: the left half
 * (1, 2, 5, 6) and the right half (3, 4, 7, 8). From these vectors alone nobody can tell which was the sound and which the image. A graph of 3 nodes with the vectors (1), (2), (3) and the edges 0–1 and 1–2 is these three vectors
 * and a table with a row for each node and a 1 where it is joined, a node always with itself: 1 1 0 for node 0, 1 1 1 for node 1, 0 1 1 for node 2.
 *
 * ```ts
 * import { audioFrames, graphNodes, imagePatches, taskShape } from "@heed/heed/introduction";
 * import { tensor } from "@heed/heed/engine";
 *
 * const frames = audioFrames(tensor([0, 3, 5, 3, 0, -3]), { size: 4, hop: 2 });
 * console.log("frames ", Array.from(await frames.read()).join(" "));
 *
 * // A tensor is a table with any number of axes; unsqueeze(-1) adds a last axis of length 1: one colour.
 * const image = tensor([[1, 2, 3, 4], [5, 6, 7, 8]]).unsqueeze(-1);
 * // read() fetches the numbers from the device that computes, so it has to be awaited.
 * console.log("patches", Array.from(await imagePatches(image, { size: 2 }).read()).join(" "));
 *
 * const { mask } = graphNodes(tensor([[1], [2], [3]]), [[0, 1], [1, 2]]);
 * console.log("joined ", Array.from(await mask.read()).join(" "));
 *
 * // A task by examples of what goes in and what comes out.
 * const question = { input: [..."中国的首都是哪里"], output: [..."北京"] };
 * const tags = { input: ["I", "saw", "a", "saw"], output: ["pronoun", "verb", "article", "noun"] };
 * console.log("mood   ", taskShape([{ input: ["a", "fine", "film"], output: ["positive"] }]));
 * console.log("tags   ", taskShape([tags]));
 * console.log("answer ", taskShape([question]));
 * ```
 *
 * ```text
 * frames  0 3 5 3 5 3 0 -3
 * patches 1 2 5 6 3 4 7 8
 * joined  1 1 0 1 1 1 0 1 1
 * mood    N→1
 * tags    N→N
 * answer  N→M
 * ```
 *
 * **Formula.** With $N$ vectors $x_n$ that go in, of width $E$, and a function $f$, a network or a list of rules:
 *
 * $$y = f(x_1, \dots, x_N), \qquad (y_1, \dots, y_N) = f(x_1, \dots, x_N), \qquad (y_1, \dots, y_M) = f(x_1, \dots, x_N)$$
 *
 * | symbol | in code  | shape                                  |
 * | ------ | -------- | -------------------------------------- |
 * | $x$    | `input`  | `[N, E]`: $N$ rows of $E$ numbers; or a list of $N$ words |
 * | $y$    | `output` | one answer, $N$ of them, or $M$        |
 *
 * **Why a set.** A matrix makes one vector of another: each of its rows holds the weights of one weighted sum of the entries ([chapter](mod.ts) has an example). A row of three weights needs a vector of three entries. So a
 * matrix needs vectors of one fixed size, but sentences differ in length. What takes a set of vectors
 * takes any number of them. A set has no order either. Where order matters, the vectors have to say where they stand
 * ([section](../04_attention/positions/mod.ts)).
 *
 * Sources: Lee 2021, *Machine Learning* (lectures at National Taiwan University: the three shapes, four kinds of input); Sutskever,
 * Vinyals and Le 2014, *Sequence to Sequence Learning with Neural Networks*; Dosovitskiy et al. 2021, *An Image is Worth 16x16 Words*
 * (patches).
 *
 * @module
 */

import { checkList, checkTensors } from "../engine/arguments.ts";
import { tensor } from "../engine/create.ts";
import { checkOptions, type Checks, flag, integer, shown } from "../engine/options.ts";
import type { Tensor } from "../engine/tensor.ts";
import { dims } from "../engine/shape.ts";

/** One answer for the whole input (N→1): text classification, an embedding of an image. */
export type ManyToOne<X, Y> = (input: readonly X[]) => Y;

/** One answer for each element of the input (N→N): the compiler counts them where it knows how many go in. */
export type SequenceLabeling<X, Y> = <const T extends readonly X[]>(input: T) => { readonly [K in keyof T]: Y };

/** As many answers as the machine decides (N→M): they arrive one after the other, and end. */
export type SequenceToSequence<X, Y> = (input: readonly X[]) => Iterable<Y>;

/** The shape of a task: how many answers there are for N vectors. */
export type TaskShape = "N→1" | "N→N" | "N→M";

/** What goes in, and what has to come out. */
export interface TaskExample<X = unknown, Y = unknown> {
  /** The elements that go in: words, frames, nodes, patches. */
  readonly input: readonly X[];
  /** The answers. */
  readonly output: readonly Y[];
}

/**
 * The narrowest shape that fits all examples of a task.
 *
 * One answer each is N→1, as many answers as inputs N→N, all else N→M. With inputs of one element the first two cannot be told apart; they
 * count as N→1.
 *
 * @param examples what goes in and what comes out
 * @returns the shape
 * @throws {RangeError} if there is no example
 */
export function taskShape(examples: readonly TaskExample[]): TaskShape {
  checkList("find the shape of a task", "examples", examples, "objects with input and output, two lists", isExample);
  if (examples.length === 0) throw new RangeError("Cannot find the shape of a task without examples");

  // $y$: one for the whole input.
  if (examples.every(({ output }) => output.length === 1)) return "N→1";

  // $y_n$: one for each $x_n$.
  if (examples.every(({ input, output }) => output.length === input.length)) return "N→N";

  // $M$ follows from no rule: the machine has to decide it.
  return "N→M";
}

function isExample(value: unknown): boolean {
  const { input, output } = (value ?? {}) as Partial<TaskExample>;
  return Array.isArray(input) && Array.isArray(output);
}

// ## Four kinds of input
//
// A word becomes a vector by a table ([section](../02_words/embeddings.ts)). Sound is cut into overlapping frames (speech recognition, 语音识别), an image
// into patches, and each is a vector as it stands. A node of a graph brings the vector of its features; its edges become a mask: who may
// look at whom ([section](../04_attention/masks.ts)). A matrix then gives the vectors of all four the same width.

/** How {@linkcode audioFrames} cuts. */
export interface FrameOptions {
  /** Samples in a frame; 400 by default. */
  readonly size?: number | undefined;
  /** Samples from the start of a frame to that of the next one; 160 by default. */
  readonly hop?: number | undefined;
}

const frameChecks: Checks<FrameOptions> = { size: integer(), hop: integer() };

/**
 * Cuts a sound into overlapping frames, each a vector of its samples.
 *
 * At 16,000 samples in a second the defaults are those of speech recognition. Samples at the end that fill no frame are left out.
 *
 * @param samples the sound, `[…, samples]`
 * @param options size and distance of the frames
 * @returns one vector per frame, `[…, N, size]`
 * @throws {RangeError} if the sound is shorter than a frame
 */
export function audioFrames(samples: Tensor, options: FrameOptions = {}): Tensor {
  checkTensors("cut frames", { samples });
  checkOptions("cut frames", options, frameChecks);
  const { size = 400, hop = 160 } = options, length = samples.shape.at(-1) ?? 0;
  if (length < size) {
    throw new RangeError(`Cannot cut frames of ${size} from ${length} samples: at least one frame must fit`);
  }
  // A window of `size` numbers of the last axis every `hop` numbers.
  return samples.unfold(-1, size, hop);
}

/** How {@linkcode imagePatches} cuts. */
export interface PatchOptions {
  /** Height and width of a patch in pixels; 16 by default. */
  readonly size?: number | undefined;
}

const patchChecks: Checks<PatchOptions> = { size: integer() };

/**
 * Cuts an image into square patches, each a vector of its pixels.
 *
 * @param image pixels by row, column and colour, `[…, height, width, channels]`
 * @param options size of the patches
 * @returns one vector per patch, row by row, `[…, N, size · size · channels]`
 * @throws {RangeError} if the size does not divide height and width
 */
export function imagePatches(image: Tensor, options: PatchOptions = {}): Tensor {
  checkTensors("cut patches", { image });
  checkOptions("cut patches", options, patchChecks);
  const { size = 16 } = options, [height = 0, width = 0, channels = 0] = image.shape.slice(-3);
  if (image.rank < 3) dims(image, "height width channels");
  if (height % size !== 0 || width % size !== 0 || height * width === 0) {
    throw new RangeError(
      `Cannot cut patches of ${size} × ${size} from ${height} × ${width} pixels: ${size} must divide height and width`,
    );
  }
  const outer = image.shape.slice(0, -3), down = height / size, across = width / size, rank = outer.length;
  // Five axes: row of patches, row within a patch, patch in its row, column within a patch, colour. The second and the third are
  // exchanged (`permute`), so that all rows of one patch come to stand together. `reshape` gives the same numbers other axes.
  const axes = [...outer.keys(), ...[0, 2, 1, 3, 4].map((axis) => rank + axis)];
  return image.reshape([...outer, down, size, across, size, channels]).permute(axes)
    .reshape([...outer, down * across, size * size * channels]);
}

/** A graph as a set of vectors. */
export interface GraphNodes {
  /** One vector for each node, `[N, E]`. */
  readonly vectors: Tensor;
  /** True where a node may look: at itself and at its neighbours, bool `[N, N]`. */
  readonly mask: Tensor;
}

/** How {@linkcode graphNodes} reads edges. */
export interface GraphOptions {
  /** Whether the first node of an edge looks at the second and not back; false by default. */
  readonly directed?: boolean | undefined;
}

const graphChecks: Checks<GraphOptions> = { directed: flag };

/**
 * Makes a set of vectors of a graph, and a mask of its edges.
 *
 * @param features one row for each node, `[N, E]`
 * @param edges pairs of nodes, counted from 0
 * @param options whether edges have a direction
 * @returns the vectors and who may look at whom
 * @throws {RangeError} if an edge names a node that is not there
 */
export function graphNodes(
  features: Tensor,
  edges: readonly (readonly [from: number, to: number])[],
  options: GraphOptions = {},
): GraphNodes {
  checkTensors("read a graph", { features });
  checkOptions("read a graph", options, graphChecks);
  checkList("read a graph", "edges", edges, "pairs of nodes", (edge) => Array.isArray(edge) && edge.length === 2);
  const { N } = dims(features, "N E"), allowed = new Uint8Array(N * N);
  for (let node = 0; node < N; node++) allowed[node * N + node] = 1;
  for (const [from, to] of edges) {
    for (const node of [from, to]) {
      if (Number.isInteger(node) && node >= 0 && node < N) continue;
      throw new RangeError(`Cannot join node ${shown(node)}: a node must be an integer in [0, ${N - 1}]`);
    }
    allowed[from * N + to] = 1;
    if (!options.directed) allowed[to * N + from] = 1;
  }
  return { vectors: features, mask: tensor(Array.from(allowed), [N, N], "bool") };
}

// ## One encoder for all four
//
// The [experiment](experiments/tasks_and_shapes.ts) trains the encoder of [section](../05_transformer/encoder.ts) on words, sounds, graphs and
// images. It looks ahead: how an encoder works, and what its layers and heads are, is the subject of chapters to come; steps, batches and the learning
// rate are that of [chapter](../06_training/mod.ts). The width is the number of entries of the vectors within the encoder. What matters here is that nothing
// between the first matrix and the last one knows what kind of input it was. The four tasks are chosen so that the order of the vectors does not matter. Training begins with random numbers, and a seed fixes which.
//
// **The notes, 003.4.** It holds, and images belong to the list too. The experiment trains on all four.
//
// **The notes, 003.3.** A sentence is a *list* of vectors as long as somebody says which comes first; a set forgets it. By a table each word becomes a
// vector ([section](../02_words/embeddings.ts)).
//
// **The notes, 003.2.** Refuted. A sum of vectors takes any number of them, and it is not attention: [section](../02_words/embeddings.ts) classifies texts of any length
// by a sum. Recurrent networks ([section](../03_language_models/rnn.ts)) and convolutions ([section](../03_language_models/cnn/mod.ts)) take any length too.

// ## Which task has which shape
//
// | task                                                      | what goes in → what comes out                      | shape | here                                                                   |
// | --------------------------------------------------------- | -------------------------------------------------- | ----- | ---------------------------------------------------------------------- |
// | text classification (文本分类), such as sentiment classification (情感分类) and topic classification (主题分类) | words → a class                               | N→1   | [section](../02_words/embeddings.ts) |
// | part-of-speech tagging (词性标注)            | words → a tag for each                             | N→N   | [section](../05_transformer/encoder.ts)                                |
// | machine translation (机器翻译)                            | words → words of another language                  | N→M   | [section](../05_transformer/encoder_decoder.ts)                        |
// | question answering (问答系统)                             | 中国的首都是哪里 → 北京                            | N→M   | [section](../05_transformer/decoder_only.ts)                           |
// | summarization (文本摘要)                                  | a text → a shorter text                            | N→M   | [section](../05_transformer/decoder_only.ts)                           |
// | dialogue system (对话系统)                                | all turns so far → the next turn                   | N→M   | [section](../05_transformer/decoder_only.ts)                           |
// | grammar correction                                        | words, some wrong → words                          | N→M   | [section](../05_transformer/encoder_decoder.ts)                        |
// | writing code                                              | a request in words → a program                     | N→M   | [section](../05_transformer/decoder_only.ts)                           |
// | image captioning                                          | patches → words                                    | N→M   | [section](../04_attention/self_and_cross.ts)                           |
//
// **The notes, 001.9.** The list holds. Classification is N→1; all other fields of the list are N→M, generative tasks (生成式任务). That is no accident:
// an answer in words has the length that it needs.
//
// **The notes, 004.2.** It holds as a list. The four kinds sort tasks by who talks with whom, people and machines. The shape sorts them by what a
// network must be able to do, and there the second and the third kind are the same.

// ## Sequence to sequence
//
// A model from sequence to sequence (seq2seq) does N→M. It also does the other two: a class is a sequence of one word, tags are a sequence of as
// many words as came in.
//
// **The notes, 000.1.** It holds. The machine decides by a token that ends the answer ([section](../05_transformer/decoder.ts)).
//
// **The notes, 000.2.** It holds, and the field calls it sequence labelling [序列标注]. The type {@linkcode SequenceLabeling} says so to the compiler: four words in, four labels out.
//
// **The notes, 003.5.** It holds, and {@linkcode taskShape} tells from examples which of them it is. One answer for the whole input, as in text classification,
// is the third case, which the notes leave out here.
//
// **The notes, 003.1.** It holds with a condition. Whatever is a sequence can be given to such a model, but a model that suits the shape of the
// task has less to learn: that an answer is one of five classes, or that there is exactly one tag for each word, a model for sequences has to find out from
// examples, and it may still write a sixth class or one tag too few.

// ## Pitfall: an image that is cut by reshape alone
//
// `image.reshape([N, size * size * channels])` has the right shape and is wrong: it puts pixels of one *row* together, and not those of one patch. No
// error says so, and a network still learns something of it. The test "imagePatches() puts neighbours of both directions together" compares with a cut by loops.

// ## Exercise
//
// Which shape has finding all names of people in a text, and can it be given another shape without loss?
//
// **Hint.** Write down what comes out for *Ada Lovelace met Charles Babbage*, once as a list of names, once as a label for each of the words.
//
// **Solution.** As a list of names it is N→M. As a label for each word, *first word of a name*, *further word of a name* or *outside*, it is N→N, and the
// names can be read off. The labels say where each name stands, which the list does not.
//
// ```ts
// import { taskShape } from "@heed/heed/introduction";
//
// const input = ["Ada", "Lovelace", "met", "Charles", "Babbage"];
// console.log(taskShape([{ input, output: ["Ada Lovelace", "Charles Babbage"] }]));
// console.log(taskShape([{ input, output: ["first", "further", "outside", "first", "further"] }]));
// ```
//
// ```text
// N→M
// N→N
// ```
