/**
 * # Where a sentence is from
 *
 * **Question.** On the reviews that come with the code, rules are ahead of a bag of words. Is that so on text that nobody wrote for this book?
 *
 * **Idea.** The English Web Treebank has sentences from five sources: answers to questions, e-mails, newsgroups, reviews, weblogs. A classifier reads one sentence and says from which. Rules were written for each source
 * before the data were looked at. Bags of words learn from the development file, whole documents of it kept apart to choose the settings on. The test file is used once.
 *
 * ```sh
 * deno run --allow-read --allow-write=docs/runs docs/runs/genres.ts --data en_ewt-ud-dev.conllu --test en_ewt-ud-test.conllu
 * ```
 *
 * @module
 */

import {
  type BagOfWords,
  gradient,
  perceptron,
  rewarding,
  trainBagOfWords,
  type UpdateRule,
  withPairs,
} from "../../core/01_introduction/bag_of_words.ts";
import {
  accuracyInterval,
  confusionMatrix,
  mcNemar,
  pairedBootstrap,
  precisionRecall,
  splitExamples,
} from "../../core/01_introduction/evaluation.ts";
import {
  accuracy,
  findFeatures,
  scoreFeatures,
  type ScoringRules,
  splitText,
} from "../../core/01_introduction/rule_based_classifier.ts";
import { Random } from "../../core/engine/random.ts";
import { record } from "./run.ts";
import { GENRES, readSentences, type Sentence, TREEBANK } from "./web_treebank.ts";

/** Settings that are tried, chosen on the documents kept apart. */
const EPOCHS = [1, 2, 3, 5, 8, 12], RATES = [0.05, 0.2, 1], PIECES = [1, 2];
/** How often sentences are drawn again; in how many documents a word that is shown occurs. */
const DRAWS = 1000, DOCUMENTS = 3;

/** What one method found. */
export interface GenreResult {
  readonly name: "majority" | "rules" | "rewarding" | "perceptron" | "gradient";
  readonly accuracy: number;
  /** By Wilson's formula. */
  readonly interval: readonly [number, number];
  readonly macroF1: number;
  /** Accuracy above that of the rules: the interval that holds 95 of 100 draws, and the p-value. */
  readonly gain: readonly [low: number, high: number, pValue: number];
  /** The settings that were chosen; none of what is not trained. */
  readonly settings?: { readonly epochs: number; readonly rate: number; readonly pieces: number };
}

/** What is kept. */
export interface GenresRun {
  readonly training: number;
  readonly validation: number;
  readonly test: number;
  readonly phrases: number;
  readonly tried: number;
  readonly draws: number;
  readonly results: readonly GenreResult[];
  /** McNemar's p-value of perceptron against gradient, both trained. */
  readonly betweenTrained: number;
  readonly genres: readonly string[];
  /** The confusion matrix of the gradient. */
  readonly counts: readonly (readonly number[])[];
  /** The words and pairs that tell most for each source, of those in several documents. */
  readonly telling: readonly (readonly string[])[];
  /** In how many documents such a word occurs at least. */
  readonly documents: number;
}

/** One point for each of some phrases. */
const rulesOf = (phrases: string): ScoringRules => ({
  tokenize: (text) => [...splitText(text), ...text.includes("?") ? ["?"] : []],
  points: Object.fromEntries(phrases.split(", ").map((phrase) => [phrase, 1])),
});

/** What was thought of for each source, before the data were looked at. */
const RULES: Readonly<Record<typeof GENRES[number], ScoringRules>> = {
  answers: rulesOf(
    "?, how do i, how can i, how much, what is, what are, where can i, can i, should i, is it, does anyone, anyone, hope this helps, hope that helps, " +
      "good luck, try, best way, advice, question, answer, depends, google, dog, cat, my, i want, i need, would like",
  ),
  email: rulesOf(
    "thanks, thank you, attached, please, regards, sincerely, let me know, fyi, forward, forwarded, meeting, call me, conference, agreement, contract, draft, " +
      "fax, phone, schedule, lunch, monday, tuesday, wednesday, thursday, friday, enron, comments, discuss, review, questions, deal, office, subject, cc",
  ),
  newsgroup: rulesOf(
    "wrote, post, posted, group, groups, message, http, www, com, subscribe, thread, discussion, theory, article, members, list, science, space, nasa, government, research",
  ),
  reviews: rulesOf(
    "great, food, service, staff, place, recommend, highly recommend, price, prices, restaurant, hotel, friendly, experience, customer, best, worst, delicious, " +
      "room, rooms, store, owner, clean, rude, amazing, professional, excellent, awesome, terrible, horrible, love this place, went here, they, pizza, the food",
  ),
  weblog: rulesOf(
    "bush, iraq, iraqi, war, president, blog, iran, israel, minister, military, said, attack, attacks, american, u.s, united states, al, qaeda, election, troops, " +
      "administration, official, officials, government, terrorist, terrorism, country, reported, news",
  ),
};

/** The source whose rules find most; of several, the one that is most frequent where the bags learn. */
function byRules(sentence: string, order: readonly string[]): string {
  const scores = order.map((genre) => scoreFeatures(findFeatures(sentence, RULES[genre as typeof GENRES[number]])));
  return order[scores.indexOf(Math.max(...scores))]!;
}

/** The words that tell most, of those that occur in several documents: not the names of single ones. */
function tellingWords(model: BagOfWords, genre: string, sentences: readonly Sentence[]): string[] {
  const documents = new Map<string, Set<string>>();
  for (const { text, document } of sentences) {
    for (const word of model.tokenize(text)) documents.set(word, (documents.get(word) ?? new Set()).add(document));
  }
  return model.tellingWords(genre, model.vocabulary.length).map(({ word }) => word)
    .filter((word) => documents.get(word)!.size >= DOCUMENTS).slice(0, 8);
}

/** Rules and bags, trained on one file and judged by another. */
async function make(path: string, testPath: string): Promise<GenresRun> {
  const all = await readSentences(path), test = await readSentences(testPath);
  const { training, validation } = splitExamples(all, new Random(1), {
    validation: 0.2,
    test: 0,
    group: ({ document }) => document,
  });
  const count = (genre: string): number => training.filter(({ label }) => label === genre).length;
  const order = GENRES.toSorted((a, b) => count(b) - count(a)), labels = test.map(({ label }) => label);

  const train = async (
    rule: UpdateRule,
  ): Promise<{ model: BagOfWords; settings: NonNullable<GenreResult["settings"]> }> => {
    let best: { model: BagOfWords; settings: NonNullable<GenreResult["settings"]>; right: number } | undefined;
    for (const pieces of PIECES) {
      // The answers of a rule that moves by whole steps are the same at every rate.
      for (const rate of rule === gradient ? RATES : [1]) {
        for (const epochs of EPOCHS) {
          const model = await trainBagOfWords(training, {
            rule,
            epochs,
            learningRate: rate,
            labels: GENRES,
            tokenize: withPairs(splitText, pieces),
          });
          const right = accuracy(
            validation.map(({ label }) => label),
            validation.map(({ text }) => model.classify(text)),
          );
          if (!best || right > best.right) best = { model, settings: { epochs, rate, pieces }, right };
        }
      }
    }
    return best!;
  };
  const trained = {
    rewarding: await train(rewarding),
    perceptron: await train(perceptron),
    gradient: await train(gradient),
  };
  const answers: Record<GenreResult["name"], string[]> = {
    majority: test.map(() => order[0]!),
    rules: test.map(({ text }) => byRules(text, order)),
    rewarding: test.map(({ text }) => trained.rewarding.model.classify(text)),
    perceptron: test.map(({ text }) => trained.perceptron.model.classify(text)),
    gradient: test.map(({ text }) => trained.gradient.model.classify(text)),
  };
  const random = new Random(2);
  const results = (Object.entries(answers) as [GenreResult["name"], string[]][]).map(([name, own]): GenreResult => {
    const right = own.filter((answer, i) => answer === labels[i]).length;
    const { interval, pValue } = pairedBootstrap<string>(labels, own, answers.rules, accuracy, {
      draws: DRAWS,
      random: random.split(),
    });
    return {
      name,
      accuracy: right / labels.length,
      interval: accuracyInterval(right, labels.length),
      macroF1: precisionRecall<string>(labels, own, GENRES).macro.f1,
      gain: [...interval, pValue],
      ...name in trained && { settings: trained[name as keyof typeof trained].settings },
    };
  });
  return {
    training: training.length,
    validation: validation.length,
    test: test.length,
    phrases: Object.values(RULES).reduce((sum, { points }) => sum + Object.keys(points).length, 0),
    tried: PIECES.length * EPOCHS.length * RATES.length,
    draws: DRAWS,
    results,
    betweenTrained: mcNemar(labels, answers.perceptron, answers.gradient).pValue,
    genres: GENRES,
    counts: confusionMatrix<string>(labels, answers.gradient, GENRES).counts,
    documents: DOCUMENTS,
    telling: GENRES.map((genre) => tellingWords(trained.gradient.model, genre, training)),
  };
}

if (import.meta.main) {
  await record({
    name: "genres",
    summary: "Say from which source a sentence is, by rules and by bags of words, and record what is found.",
    ...TREEBANK,
    files: { test: "en_ewt-ud-test.conllu, to judge by" },
    make: (path, { test }) => make(path, test!),
  });
}
