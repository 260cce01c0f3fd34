/**
 * # What a mistyped word may have meant
 *
 * Names are compared by their letters alone, so that `--batch_size`, `--batchSize` and `--batch-size` are one. What
 * counts, the surest first: the same letters, a word of other programs, initials (`lr`), a beginning, one of several
 * words (`layers`), and at last few wrong letters, few in proportion to the length: a short word is not near to
 * every other short word.
 *
 * @module
 */

/** What other programs call the options of this one. */
const ELSEWHERE: Readonly<Record<string, readonly string[]>> = {
  steps: ["epochs", "iterations", "iters", "maxsteps", "maxiters", "numsteps", "trainsteps"],
  batchSize: ["batch", "minibatch"],
  contextLength: ["blocksize", "seqlen", "sequencelength", "maxlength", "maxlen", "window", "ctx", "contextsize"],
  hiddenSize: ["dmodel", "width", "dim", "nembd", "embeddingsize", "embedsize", "embdim"],
  numLayers: ["nlayer", "nlayers", "depth"],
  numHeads: ["nhead", "nheads"],
  learningRate: ["rate", "eta", "alpha"],
  warmupSteps: ["warmup"],
  weightDecay: ["decay", "l2"],
  evaluateEvery: ["evalevery", "evalinterval", "every", "interval"],
  seed: ["randomseed", "rng"],
  data: ["input", "file", "dataset", "corpus", "text", "i", "f", "train"],
  out: ["output", "outputdir", "outdir", "save", "savedir", "to", "o", "folder"],
  resume: ["continue", "restart", "restore", "load"],
  replace: ["force", "overwrite", "y", "yes"],
  device: ["gpu", "cuda", "cpu", "backend"],
  threads: ["jobs", "j", "cores", "workers", "cpus", "numthreads"],
  weights: ["dtype", "precision", "quantize", "quantization", "quant", "bits"],
  model: ["checkpoint", "m", "from"],
  numBeams: ["beamsize", "beamwidth", "beam", "k"],
  maxNewTokens: ["maxtokens", "tokens", "length", "n", "numtokens"],
  debug: ["verbose", "trace", "v", "stack"],
  help: ["usage", "man"],
};

/** The letters and digits of a name, in lower case. */
const plain = (name: string): string => name.toLowerCase().replace(/[^\p{L}\p{N}]/gu, "");

/** The words of a name: of `numBeams`, `num beams` or `--num-beams` the same two. */
const wordsOf = (name: string): string[] =>
  name.replace(/[A-Z]/g, (letter) => ` ${letter}`).toLowerCase().split(/[^\p{L}\p{N}]+/u).filter(Boolean);

/** How near names are, the surest kind first. */
const KINDS: readonly ((typed: string, known: string) => boolean)[] = [
  (typed, known) => plain(known) === typed,
  (typed, known) => Object.hasOwn(ELSEWHERE, known) && ELSEWHERE[known]!.includes(typed),
  (typed, known) => wordsOf(known).length > 1 && wordsOf(known).map(([first]) => first).join("") === typed,
  (typed, known) => typed.length >= 2 && plain(known).startsWith(typed),
  (typed, known) => wordsOf(known).some((word) => word === typed || (typed.length >= 4 && word.startsWith(typed))),
  (typed, known) => typed.length >= 6 && plain(known).includes(typed),
];

/**
 * The names that a mistyped one may have meant, at most three that are equally near.
 *
 * @param typed what was typed
 * @param known what there is, in camelCase or in several words
 */
export function suggestions(typed: string, known: readonly string[]): string[] {
  const letters = plain(typed);
  if (letters === "") return [];
  for (const isNear of KINDS) {
    const found = known.filter((name) => isNear(letters, name));
    if (found.length > 0 && found.length <= 3) return found;
  }
  const most = Math.floor(letters.length / 3);
  const distances = known.map((name) => editDistance(letters, plain(name)));
  const least = Math.min(...distances);
  return least > most ? [] : known.filter((_, i) => distances[i] === least).slice(0, 3);
}

/** How many letters must be typed, dropped, replaced or swapped to get to the other word. */
export function editDistance(a: string, b: string): number {
  let before: number[] = [], row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? before[j - 2]! + 1 : Infinity;
      next.push(Math.min(replaced, swapped, row[j]! + 1, next[j - 1]! + 1));
    }
    [before, row] = [row, next];
  }
  return row[b.length]!;
}
