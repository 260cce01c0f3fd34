/**
 * # The same task by rules, by training and by prompting, in English
 *
 * @module
 */

import type { Words } from "../../experiments/experiment.ts";
import { fixed, number, percent } from "../../experiments/numbers.ts";
import { SEED_WORDS } from "../../experiments/seed.words.ts";
import type { Ways } from "./three_ways.ts";

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
    dropout: "dropout",
    emphasis: "further weight of labels in the loss",
  },
  claims: {
    asked: "Asked in the form that it has read, the model is right more often than the most frequent label",
    form: "Asked in a form that it has never read, it is right less often",
    rules: "The rules are ahead of both other ways on these reviews",
  },
  captions: {
    accuracy: ({ accuracy: [rules, bag, zero, , few, , other], majority, shown: { tests } }) =>
      `Fraction of ${tests} test reviews that is right: rules ${percent(rules!)}, bag of words ${
        percent(bag!)
      }, zero-shot ${percent(zero!)}, with solved examples ${percent(few!)}, in another form ${
        percent(other!)
      }. The most frequent label would be right in ${percent(majority)}.`,
    answers: ({ answers: [plain, subtracted] }) =>
      `How often each label is the answer: negative, neutral, positive ${plain!.join(", ")} as they are, ${
        subtracted!.join(", ")
      } after subtracting what they have anyway.`,
    prompt: () =>
      "A prompt with solved examples, as the model gets it. The label that continues it with the highest probability is the answer.",
    thinking: ({ thought: [answered, right], shown: { written } }) =>
      `An invitation to think, and what the model writes after it (from ▸ on). Of ${written} such texts ${answered} come to an answer, and ${right} to the right one.`,
  },
  reading: (
    { accuracy: [rules, bag, zero, calibrated, few, , other, otherFew], loss, shown: { reviews, weights } },
  ) => [
    `The language model of ${number(weights)} weights was trained on ${reviews} reviews with their moods (loss ${
      fixed(loss, 2)
    } nats for each token). In the form that it has read it is right in ${percent(zero!)}, ${
      percent(calibrated!)
    } after subtracting; the rules in ${percent(rules!)}, the bag of words, trained on the same reviews, in ${
      percent(bag!)
    }.`,
    `Solved examples in the prompt bring it to ${percent(few!)}, another form to ${percent(other!)}, and to ${
      percent(otherFew!)
    } with solved examples. A prompt is text, and for a small model a text that looks different is a different task.`,
    "What this shows: how a task becomes a text, how labels are scored, and that the form counts. What it does not show is what large models are prompted for. This model has learned the task itself from labelled reviews, so it is the second way in the clothes of the third. A model that " +
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
