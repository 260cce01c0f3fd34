/**
 * # 1 · Introduction
 *
 * **Question.** A computer calculates with numbers. What has to happen so that it understands a sentence that a person wrote?
 *
 * **Idea.** Natural language processing (自然语言处理) makes numbers of the sentence, computes with them, and makes an answer of the result. A person can write
 * the rules of this computation. A machine can find them in examples. The second way has won wherever there are enough examples, and the rest of the book is about
 * one family of machines that learn so, attention and Transformers. This chapter builds one small system in both ways, and measures it. Every later chapter replaces
 * one of its parts by a better one.
 *
 * | page                    | answers                                                              |
 * | ----------------------- | -------------------------------------------------------------------- |
 * | `tasks_and_shapes`      | what goes in and what comes out, whatever the task                   |
 * | `rule_based_classifier` | how far one comes by writing rules, and where they fail |
 * | `bag_of_words`          | how a machine finds the weights that rules guess |
 * | `evaluation`            | which of two systems is better, and what is luck |
 * | `three_ways`            | how a model answers that was trained for something else |
 *
 * ## What this book is
 *
 * It is a book that runs, about attention and Transformers. Each page is a file of TypeScript. Code stands on a darker ground; what it does is said beside it or
 * above it. This code is the library that programs import: the function that is explained is the function that is called. Pages show what they
 * claim by experiments, whose numbers the code of the book has computed, on the machine of its authors and again on yours when you press *run*.
 *
 * The book follows five sets of study notes in Chinese, [the notes](../../docs/pages/notes.md). It restates each of their statements and questions, says
 * whether it holds, and shows by what.
 *
 * **For whom.** You know mathematics from school, up to the derivative and the chain rule, and have written some programs, in any language. What else is needed is explained
 * where it is first used: vectors and matrices on this page, probabilities and gradients in [section](bag_of_words.ts), networks in [chapter](../02_words/mod.ts). Those who come to use the
 * library begin with its [tour](../../docs/pages/library/tour.md).
 *
 * **How to read it.** From the front to the back: each page explains itself by what the earlier ones explain. Where a page looks ahead, a link leads to the page that explains it, and may be followed later. On a page, read the question and the idea, follow the
 * example that is worked by hand with pencil and paper, then look for its numbers in the formula and for the formula in the code. Names that belong together have
 * one colour. What is folded can wait. Most pages end with a mistake that its tests catch, and with an exercise.
 *
 * **How to read an experiment.** It begins with the settings that you can change, then those that are *fixed*. The claims below were decided in advance. One *holds* if the numbers bear it out.
 * It is *refuted* if it is said elsewhere and the numbers contradict it. It *fails* if it was expected and is not so. Training begins with random numbers, and a *seed* fixes which: the same seed gives the same run.
 * Where several seeds were run, a thin line at a bar goes from the lowest of their results to the highest.
 *
 * | to read                                 | begin with                                                                             |
 * | --------------------------------------- | -------------------------------------------------------------------------------------- |
 * | everything, from rules to Transformers  | [tasks and shapes](tasks_and_shapes.ts), the next page                                 |
 * | what a network is and how it learns     | [chapter](../02_words/mod.ts)                                                          |
 * | attention, with networks known          | [chapter](../04_attention/mod.ts)                                                      |
 * | how a text is generated                 | [chapter](../07_generation/mod.ts)                                                     |
 *
 * ## What research asks
 *
 * **The notes, 004.1.** It holds as a definition of the field. What *understanding* means is left open there, and this book replaces it by something that can be
 * measured: a system understands as much as it answers rightly.
 *
 * **The notes, 004.3.** Each page of this book asks these three questions of its own model. *Why is it good at some things?* An experiment that takes a part away answers this.
 * *Where does it fail?* Error analysis, sentence by sentence, answers it. *How is it improved?* The next page does it.
 *
 * ## Notation
 *
 * A text is a list of words, $N$ of them. A class [类别] is one of $C$ possible answers; the right class of an example, written down by a person, is its
 * label [标签]. The vocabulary has $V$ words.
 *
 * ## Vectors and matrices
 *
 * A vector is a list of numbers, its entries: (3, 4, 5) has three. Two vectors are added entry by entry: (3, 4, 5) + (1, 0, 2) = (4, 4, 7). Their dot product multiplies entry by entry and
 * adds the products: (1, 0, 2) · (3, 4, 5) = 1·3 + 0·4 + 2·5 = 13. It is a weighted sum of the entries of the one, with the entries of the other as weights.
 *
 * A matrix is a table of numbers. It makes one vector of another, by a dot product for each of its rows. The matrix $W$ with the rows (1, 0, 2) and (0, 1, 1) makes of $x$ = (3, 4, 5) the vector $Wx$ =
 * (1·3 + 0·4 + 2·5, 0·3 + 1·4 + 1·5) = (13, 9). The transpose $W^\top$ is the same table with rows and columns exchanged: its rows are (1, 0), (0, 1) and (2, 1).
 *
 * This chapter writes $Wx$, with the matrix on the left, and each *row* of $W$ holds the weights of one sum. From [chapter](../02_words/mod.ts) on vectors are the rows of a table, and the matrix stands on the right, $xW$: each *column* of $W$ holds
 * the weights of one sum. Both are the same sums; the tables are transposes of each other.
 *
 * The shape `[N, E]` is that of a table of $N$ rows with $E$ numbers each. A tensor is such a table in code, with any number of axes: a vector has one, a matrix two, an image three: row, column and colour.
 *
 * @example
 * ```ts
 * import { taskShape } from "@heed/heed/introduction";
 *
 * const shape = taskShape([{ input: ["a", "fine", "film"], output: ["positive"] }]);
 * console.assert(shape === "N→1");
 * ```
 *
 * @module
 */

// #region What programs import from this chapter
// All that the pages of the chapter export, in the order of the pages.

export * from "./tasks_and_shapes.ts";
export {
  accuracy,
  chineseSentiment,
  type ClassifierError,
  decide,
  englishSentiment,
  type Feature,
  findErrors,
  findFeatures,
  RuleBasedClassifier,
  scoreFeatures,
  type ScoringRules,
  splitText,
  type TextClassifier,
} from "./rule_based_classifier.ts";
export * from "./bag_of_words.ts";
export * from "./evaluation.ts";
export * from "./three_ways.ts";

// #endregion
