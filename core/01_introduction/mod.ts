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
 * It is a book about attention and Transformers that runs. Each page is a file of TypeScript. The left column says what the right one computes, and
 * the right one is the library that programs import: the function that is explained is the function that is called. Pages show what they
 * claim by experiments, whose numbers the code of the book has computed, on the machine of its authors and again on yours when you press *run*.
 *
 * The book follows five sets of study notes in Chinese, [the notes](../../docs/pages/notes.md). It restates each of their statements and questions, says
 * whether it holds, and shows by what.
 *
 * **For whom.** You know mathematics from school, up to the derivative, and have written some programs, in any language. Chapters explain what else is needed
 * where it is needed: vectors and matrices here and in [chapter](../02_words/mod.ts), probability with the [softmax](../02_words/softmax.ts). Those who come to use the
 * library begin with its [tour](../../docs/pages/library/tour.md).
 *
 * **How to read it.** From the front to the back, each page uses what the earlier ones explain. Where an experiment looks ahead, its page says so. On a page, read the question and the idea, follow the
 * example that is worked by hand with pencil and paper, then look for its numbers in the formula and for the formula in the code. Names that belong together have
 * one colour. What is folded can wait. Each page ends with a mistake that its tests catch, and with an exercise.
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
 * **The notes, 004.3.** These are the three questions that each page of this book asks of its own model. *Why is it good at some things* is what an experiment
 * answers that takes a part away. *Where does it fail* is error analysis, sentence by sentence. *How
 * is it improved* is the next page.
 *
 * ## Notation
 *
 * A text is a list of words, $N$ of them. A class [类别] is one of a fixed number of answers, $C$ of them; the class of an example that somebody has written down is its
 * label [标签]. The vocabulary has $V$ words.
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
