import { assert, assertEquals } from "@std/assert";
import { smallLanguages } from "../../core/corpora/small_languages.ts";

Deno.test("smallLanguages() draws the same sentences on every call, none twice, fewer for each language", () => {
  const languages = smallLanguages();
  assertEquals(languages, smallLanguages());
  for (const [i, { training, test }] of languages.entries()) {
    assertEquals(new Set([...training, ...test]).size, training.length + test.length);
    if (i > 0) assert(training.length < languages[i - 1]!.training.length);
    for (const sentence of [...training, ...test]) assert(/^\p{Lu}.*\.$/u.test(sentence), sentence);
  }
});

Deno.test("smallLanguages() tests with words that were seen", () => {
  for (const { name, training, test } of smallLanguages()) {
    const words = (sentences: readonly string[]): Set<string> => new Set(sentences.flatMap((one) => one.split(" ")));
    const seen = words(training), unseen = [...words(test)].filter((word) => !seen.has(word));
    assert(unseen.length <= 2, `${name}: ${unseen.join()}`);
  }
});
