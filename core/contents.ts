/**
 * # Contents
 *
 * **Question.** The book is not written in the order in which it is read, and its sections refer to one another by number.
 * Where do the numbers come from, so that none is typed and none changes when a missing section is written?
 *
 * **Idea.** The whole plan is here, in reading order: the chapters by their folders, the sections by their files. A number is a
 * place in this list, whether or not what stands before it is written. Prose refers to a section by a link to its file,
 * with the word *section* as its text; the page and the terminal add the number.
 *
 * To add a section that the plan has, add its file and the line of its chapter's `mod.ts` that exports it. A page that the
 * plan lacks gets its place here first.
 *
 * @module
 */

/** A section of the plan. */
export interface Section {
  /**
   * Its files or folders in the chapter's folder, in reading order, without endings; behind a folder the other files inside it,
   * `positions/rotary`. The first page has the section's number, the others have parts of it.
   */
  readonly pages: readonly string[];
  /** What the plan calls it, until its page has a title of its own. */
  readonly planned?: string;
  /** False for a page between sections, which has no number. */
  readonly numbered?: false;
}

/** A chapter of the plan; its number is its place. */
export interface Chapter {
  /** Its folder in `core`. */
  readonly folder: string;
  /** What it is called. */
  readonly title: string;
  /** In reading order. */
  readonly sections: readonly Section[];
}

/** The chapters of the book, written or not. */
export const CONTENTS: readonly Chapter[] = [
  {
    folder: "01_introduction",
    title: "Introduction",
    sections: [
      { pages: ["tasks_and_shapes"], planned: "Tasks and shapes" },
      { pages: ["rule_based_classifier"], planned: "A rule-based classifier" },
      { pages: ["bag_of_words"], planned: "Bag of words" },
      { pages: ["evaluation"], planned: "Evaluation" },
      { pages: ["three_ways"], planned: "Three ways to build a system" },
    ],
  },
  {
    folder: "02_words",
    title: "Words",
    sections: [
      {
        pages: [
          "byte_pair_encoding",
          ...["pieces", "letters", "encoding", "replay", "pair_table", "data", "neighbours"].map((name) =>
            `byte_pair_encoding/${name}`
          ),
        ],
      },
      {
        pages: [
          "unigram",
          ...["model", "lattice", "training", "seeds", "trie", "data"].map((name) => `unigram/${name}`),
        ],
      },
      { pages: ["multilingual"] },
      { pages: ["embeddings"] },
      {
        pages: [
          "word2vec",
          ...["training", "noise", "vectors", "projection", "file"].map((name) => `word2vec/${name}`),
        ],
      },
      { pages: ["static_and_contextual"], planned: "Static and contextual vectors" },
      {
        pages: [
          "before_tokens",
          ...["tokenizer", "pipeline", "aligned_text", "pre_tokenizer", "normalizers", "patterns", "character_classes"]
            .map((name) => `before_tokens/${name}`),
          ...["pre_tokenizers", "metaspace", "decoders", "special_tokens", "trie"].map((name) =>
            `before_tokens/${name}`
          ),
          ...["word_level", "vocabulary", "word_piece", "word_piece_training", "file"].map((name) =>
            `before_tokens/${name}`
          ),
        ],
      },
      { pages: ["softmax"], numbered: false },
    ],
  },
  {
    folder: "03_language_models",
    title: "Language models",
    sections: [
      { pages: ["autoregressive"], planned: "Autoregressive models" },
      {
        pages: [
          "n_grams",
          "n_grams/smoothing",
          "n_grams/counts",
          "n_grams/model",
          "n_grams/arpa",
          "n_grams/tf_idf",
          "n_grams/filtering",
        ],
      },
      { pages: ["feed_forward_lm"] },
      { pages: ["rnn"] },
      { pages: ["lstm", "lstm/gru", "lstm/language_model"] },
      { pages: ["cnn", "cnn/language_model", "cnn/classifier"] },
      { pages: ["rnn_encoder_decoder"], planned: "A recurrent encoder–decoder" },
      { pages: ["efficiency"] },
    ],
  },
  {
    folder: "04_attention",
    title: "Attention",
    sections: [
      { pages: ["pooling"], planned: "Attention pooling" },
      { pages: ["score_functions"], planned: "Score functions" },
      { pages: ["scaled_dot_product"] },
      { pages: ["self_and_cross"] },
      { pages: ["masks"] },
      { pages: ["multi_head"] },
      {
        pages: [
          "positions",
          ...["absolute", "relative", "rotary", "rotary_scaling", "scheme"].map((name) => `positions/${name}`),
        ],
      },
      { pages: ["attention_rnn_cnn"], planned: "Attention, recurrence, convolution" },
      { pages: ["faster_attention"], planned: "Faster attention" },
    ],
  },
  {
    folder: "05_transformer",
    title: "Transformer",
    sections: [
      { pages: ["normalization"] },
      { pages: ["residual"] },
      { pages: ["feed_forward", "feed_forward/activations"] },
      { pages: ["encoder"] },
      { pages: ["decoder"] },
      { pages: ["encoder_decoder"] },
      { pages: ["decoder_only"] },
      { pages: ["layout"], numbered: false },
      { pages: ["encoder_only"], planned: "Encoder-only models" },
      { pages: ["non_autoregressive"], planned: "Non-autoregressive models" },
      { pages: ["modern"], planned: "Modern changes" },
      { pages: ["tagging"], planned: "Tagging" },
      { pages: ["copying_and_guiding"], planned: "Copying and guiding" },
      { pages: ["two_shapes"], planned: "Encoder–decoder or decoder-only" },
      { pages: ["speech_and_graphs"], planned: "Speech and graphs" },
    ],
  },
  {
    folder: "06_training",
    title: "Training",
    sections: [
      { pages: ["loss"] },
      { pages: ["batching"] },
      { pages: ["optimizers", "adagrad_and_rmsprop", "adam", "lion", "clipping", "schedules"] },
      { pages: ["optimizer"], numbered: false },
      { pages: ["teacher_forcing"] },
      { pages: ["truncated_backpropagation"], planned: "Truncated backpropagation" },
      { pages: ["loop"], numbered: false },
      { pages: ["early_stopping"], numbered: false },
      { pages: ["low_precision"], planned: "Low precision" },
      { pages: ["safetensors", "state_names", "checkpoints"] },
      { pages: ["bleu", "chrf", "policy_gradient"] },
      { pages: ["fine_tuning"], planned: "Fine-tuning and LoRA" },
      { pages: ["distillation"], planned: "Distillation" },
      { pages: ["what_layers_learn"], planned: "What layers learn" },
    ],
  },
  {
    folder: "07_generation",
    title: "Generation",
    sections: [
      { pages: ["rules"], numbered: false },
      { pages: ["search"], numbered: false },
      { pages: ["confidence"] },
      { pages: ["hallucination"] },
      { pages: ["stops"], numbered: false },
      { pages: ["sampling"] },
      { pages: ["truncation"] },
      { pages: ["temperature", "repetition", "forbidden_and_forced"] },
      { pages: ["contrastive", "contrastive_search"] },
      { pages: ["greedy_and_beam", "beam_sampling", "beam_variants"] },
      { pages: ["minimum_bayes_risk"], planned: "Minimum Bayes risk" },
      {
        pages: [
          "constraints",
          ...["token_masks", "regular_expressions", "context_free", "json_schema"].map((name) => `constraints/${name}`),
          ...["required_words", "rejection", "fudge", "rewards", "preferences"].map((name) => `constraints/${name}`),
          ...["characters", "expressions", "automata", "grammar", "pushdown", "vocabulary"].map((name) =>
            `constraints/${name}`
          ),
        ],
      },
      { pages: ["speculative"], planned: "Speculative decoding" },
      { pages: ["kv_cache"] },
      { pages: ["windows_and_sinks"], planned: "Windows and attention sinks" },
      { pages: ["prompt_cache"], numbered: false },
      { pages: ["session"], numbered: false },
      { pages: ["sequences"], numbered: false },
      { pages: ["outputs"], numbered: false },
      { pages: ["on_device"], numbered: false },
      { pages: ["options"], numbered: false },
      { pages: ["generate"], numbered: false },
      { pages: ["batch"], numbered: false },
    ],
  },
  {
    folder: "08_pretrained",
    title: "Pre-trained models",
    sections: [
      {
        pages: ["files", ...["url", "weights", "gguf", "settings", "fitting"].map((name) => `files/${name}`)],
        planned: "Files",
      },
      {
        pages: [
          "tokenizer_files",
          ...[
            "added_tokens",
            "expressions",
            "normalizing",
            "merges",
            "pieces",
            "sequences",
            "tokenizer",
            "sentence_piece",
            "opening",
            "conversation",
          ]
            .map((name) => `tokenizer_files/${name}`),
        ],
        planned: "Tokenizer files",
      },
      { pages: ["architecture"], numbered: false },
      { pages: ["gpt2"], planned: "GPT-2" },
      { pages: ["bert", "sentence_vectors"], planned: "BERT" },
      { pages: ["bloom"], planned: "BLOOM" },
      { pages: ["llama", "qwen", "gemma", "starcoder2"], planned: "The LLaMA family" },
      { pages: ["marian"], planned: "Marian" },
      { pages: ["t5"], planned: "T5" },
      { pages: ["glm"], planned: "GLM" },
      { pages: ["vit"], planned: "ViT" },
      { pages: ["quantised_weights"], planned: "Quantised weights" },
      { pages: ["x_ray"], planned: "X-ray" },
      {
        pages: [
          "export",
          ...["saving", "shards", "sink", "tokenizer_json", "onnx", "onnx_file"].map((name) => `export/${name}`),
        ],
        planned: "Export",
      },
    ],
  },
  {
    folder: "09_questions",
    title: "Questions",
    sections: [{ pages: ["answers"], planned: "Every question of the notes, answered by a program's output" }],
  },
];

/** The folder of a chapter by its name without the number: `04_attention` of `attention`. */
export function chapterFolder(name: string): string | undefined {
  return CONTENTS.find(({ folder }) => folder.slice(3) === name)?.folder;
}

/**
 * The number of a chapter or section.
 *
 * @param path of any of its files, from the root of the repository: `core/04_attention/positions/mod.ts`
 * @returns such as `4` for a chapter's `mod.ts`, `4.7` for the page of a section, `4.7.1` for its next page; nothing for all else
 */
export function numberOf(path: string): string | undefined {
  const [, folder, name] = /^core\/(\d\d_\w+)\/(\w+(?:\/\w+)?)\.ts$/.exec(path) ?? [];
  const chapter = CONTENTS.findIndex((one) => one.folder === folder);
  if (chapter < 0) return undefined;
  if (name === "mod") return `${chapter + 1}`;
  const numbered = CONTENTS[chapter]!.sections.filter(({ numbered }) => numbered !== false);
  const page = name!.replace(/\/mod$/, ""), section = numbered.findIndex(({ pages }) => pages.includes(page));
  if (section < 0) return undefined;
  const part = numbered[section]!.pages.indexOf(page);
  return `${chapter + 1}.${section + 1}${part === 0 ? "" : `.${part}`}`;
}

/**
 * The section that a number belongs to.
 *
 * @param number of a section or of a part of one
 * @returns `4.7` of `4.7.1`
 */
export function sectionOf(number: string): string {
  return number.split(".").slice(0, 2).join(".");
}

/** A link whose text is the kind of what it leads to; the number is added where it is read. */
const REFERENCE = /\[([Ss]ection|[Cc]hapter)\]\(([^)\s]+)\)/g;

/**
 * A text whose references to chapters and sections have their numbers.
 *
 * @param text Markdown, or words without markup
 * @param from the file that it stands in, from the root of the repository
 * @param print a reference from its words, the number among them, and its address; the words alone by default
 * @returns the text with every reference printed
 * @throws {RangeError} if a reference leads to a file that is no chapter or section, or is called by the other's name
 */
export function withNumbers(
  text: string,
  from: string,
  print: (words: string, href: string) => string = (words) => words,
): string {
  return text.replace(REFERENCE, (_, word: string, href: string) => {
    const path = new URL(href, `file:///${from}`).pathname.slice(1);
    const number = numberOf(path);
    if (number === undefined || number.includes(".") !== /section/i.test(word)) {
      throw new RangeError(`Cannot refer to ${path} from ${from}: the contents have no ${word.toLowerCase()} there`);
    }
    return print(`${word} ${number}`, href);
  });
}

/**
 * A text whose links to statements of the notes are numbers: `the notes (004.27)`.
 *
 * @param text words without other markup
 * @returns the text with every link printed
 */
export function withStatementNumbers(text: string): string {
  return text.replace(
    /\[([^\]]+)\]\(notes:([\d.,]+)\)/g,
    (_, words, list) => `${words} (${list.replaceAll(",", ", ")})`,
  );
}
