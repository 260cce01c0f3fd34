/**
 * # The same task by rules, by training and by prompting, in English
 *
 * @module
 */

import type { Words } from "../../experiments/experiment.ts";
import { number, percent } from "../../experiments/numbers.ts";
import { SEED_WORDS } from "../../experiments/seed.words.ts";
import type { Ways } from "./three_ways.ts";

const LABELS = ["negative", "neutral", "positive"];

/** The label that is answered most often. */
const most = (counts: readonly number[]): string => LABELS[counts.indexOf(Math.max(...counts))]!;

/** Which labels the solved examples of a prompt have, and which they lack. */
function exampleLabels(prompt: string): string {
  const there = Array.from(prompt.matchAll(/^Mood: (\w+)/gm), ([, label]) => label!);
  const missing = LABELS.filter((label) => !there.includes(label));
  return `The examples are ${there.join(", ")}${missing.length > 0 ? `; none is ${missing.join(" or ")}` : ""}.`;
}

/** Whether subtracting and solved examples gave more right answers, and whether that can be luck. */
function remedies(zero: number, subtracted: number, examples: number, tests: number): string {
  const changes = [subtracted, examples].map((right) => Math.round((right - zero) * tests));
  const [first, second] = changes.map((change) =>
    change === 0 ? "as many" : `${Math.abs(change)} ${change > 0 ? "more" : "fewer"}`
  );
  // Of 5 texts or fewer, all won by one side, the exact test has p = 0.0625 or more.
  return `Of ${tests} answers ${first} are right after subtracting, and ${second} with solved examples. ${
    changes.every((change) => Math.abs(change) <= 5)
      ? "By the exact test of the page before, differences of up to five answers are within luck: whether either helps or harms cannot be told here."
      : "Whether that is luck, the exact test of the page before says."
  }`;
}

/** What the experiment says. */
export const words: Words<Ways> = {
  title: "The same task by rules, by training and by prompting",
  purpose:
    "Rules, a bag of words and a small language model judge the same reviews. The language model has read reviews with their moods and is then asked by prompts. Change how long it " +
    "learns, or how many solved examples stand in the prompt. Compare the form that it has read with another one.",
  controls: {
    steps: { label: "Steps", description: "Steps of training of the language model" },
    width: { label: "Width", description: "Width of the language model" },
    examples: { label: "Examples", description: "Solved examples in a few-shot prompt" },
    seed: SEED_WORDS,
  },
  constants: {
    layers: "layers",
    heads: "heads",
    context: "longest context in tokens",
    batch: "windows in a batch",
    rate: "learning rate",
    dropout: "dropout, the fraction of entries set to 0 in training",
    emphasis: "further weight of labels in the loss",
    threshold: "threshold of the rules",
  },
  claims: {
    asked: "Asked in the form that it has read, the model is right more often than the most frequent label",
    form: "Asked in a form that it has never read, it is right less often",
    rules: "The rules are ahead of both other ways on these reviews",
  },
  captions: {
    accuracy: ({ accuracy: [rules, bag, zero, , few, , other], majority, shown: { tests } }) =>
      `Fraction of ${tests} test reviews that is right, drawn from those of the pages before, since the language model is slow: rules ${
        percent(rules!)
      }, bag of words ${percent(bag!)}, zero-shot ${percent(zero!)}, with solved examples ${
        percent(few!)
      }, in another form ${percent(other!)}. The most frequent label would be right in ${percent(majority)}.`,
    answers: ({ answers: [plain, subtracted] }) =>
      `How often each label is the answer: negative, neutral, positive ${plain!.join(", ")} as they are, ${
        subtracted!.join(", ")
      } after subtracting what they have anyway.`,
    prompt: () =>
      "A prompt with solved examples, as the model gets it. The label that continues it with the highest probability is the answer. The model reads and writes small letters only, so that its “mood:” is the “Mood:” of the prompt.",
    thinking: ({ thought: [answered, right], shown: { written } }) =>
      `An invitation to think, and what the model writes after it (from ▸ on). Of ${written} such texts ${answered} come to an answer, and ${right} to the right one.`,
  },
  reading: (
    { accuracy: [rules, bag, zero, calibrated, few, , other, otherFew], answers: [plain, subtracted], shown },
  ) => [
    `The language model of ${
      number(shown.weights)
    } weights was trained on ${shown.reviews} reviews with their moods. In the form that it has read it is right in ${
      percent(zero!)
    }, ${percent(calibrated!)} after subtracting ${
      calibrated! < zero!
        ? `(worse: it now answers ${most(subtracted!)} most often, where it answered ${most(plain!)} before)`
        : "what the labels have anyway"
    }; the rules in ${percent(rules!)}, the bag of words, trained on the same reviews, in ${percent(bag!)}.`,
    `Solved examples in the prompt bring it to ${percent(few!)}, another form to ${percent(other!)}, and to ${
      percent(otherFew!)
    } with solved examples. ${exampleLabels(shown.prompt)} ${
      remedies(zero!, calibrated!, few!, shown.tests)
    } A prompt is text, and for a small model a text that looks different is a different task.`,
    "What this shows: how a task becomes a text, how labels are scored, and that the form counts. What it does not show is what large models are prompted for. This model has learned the task itself from labelled reviews, so it is training, the second way of this page, that looks like prompting, the third. A model that " +
    "learns from its prompt, and one that gains by writing its reasoning, must be larger by orders of magnitude and have read far more.",
  ],
  labels: {
    rules: "rules",
    bag: "bag of words",
    zero: "zero-shot",
    calibrated: "zero-shot, subtracted",
    few: "few-shot",
    fewCalibrated: "few-shot, subtracted",
    other: "another form",
    otherFew: "another form, few-shot",
    right: "fraction right",
    plain: "as they are",
    subtracted: "subtracted",
    answered: "answers",
    negative: "negative",
    neutral: "neutral",
    positive: "positive",
  },
};
