"""Recipe of tokenizer_files.json: tokenizers of every kind of part, and what the library makes of texts.

    python -m venv venv && venv/bin/pip install tokenizers
    venv/bin/python tests/goldens/tokenizer_files.py > tests/goldens/tokenizer_files.json
"""

import base64
import json
import struct

import tokenizers
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

CORPUS = [
    "the quick brown fox jumps over the lazy dog, and the dog's owner isn't amused at all",
    "a tokenizer cuts a text into tokens; the tokens are numbers, and the numbers are 12345 and 678",
    "def f(x):\n    return x  +  1\n\n\nprint(f(2))",
    "Ça coûte 3,50 € à l'élève. Żółć, naïve façade.",
    "注意力机制 让 模型 看见 每 一个 词。机器学习",
    "the mask hides the future, the future hides the mask",
] * 3

TEXTS = [
    "the quick tokenizer",
    "The dog's  numbers:\t123,456 aren't 7!",
    " leading and trailing  ",
    "",
    " ",
    "\n\n  x\r\n",
    "Ça coûte naïve ﬁn ① ｆｕｌｌ",
    "e\u0301le\u0300ve",
    "注意力 unknown 龘 🙂👨‍👩‍👧 tail",
    "<s>the</s> [MASK] mask<mask>ed  <mask> x",
    "foo<extra>bar <extra> EXTRA",
    "\u0000control\u200b\u00a0nbsp\u3000wide",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "def f(x):\n        return x+1",
    "I'LL we'VE don’t",
    "½ ² ٣ Ⅷ 12345678",
]


def charsmap():
    """A small double array: a few sequences of bytes and what they become."""
    entries = {"①": "1", "ﬁ": "fi", "ｆ": "f", "\t": " ", "\u00a0": " ", "\u200b": "", "e\u0301": "é"}
    strings, places = b"", {}
    for key, value in entries.items():
        places[key.encode()] = len(strings)
        strings += value.encode() + b"\0"
    # A trie, then a double array built the plain way: an offset is tried until all children fit.
    trie = {}
    for key, place in places.items():
        node = trie
        for byte in key:
            node = node.setdefault(byte, {})
        node["value"] = place
    units, used = [0] * 4096, [False] * 4096
    used[0] = True

    def build(node, at):
        labels = sorted(label for label in node if label != "value")
        has_leaf = "value" in node
        for offset in range(1, 2048):
            base = at ^ offset
            wanted = [base ^ label for label in labels] + ([base] if has_leaf else [])
            if offset < (1 << 21) and base < 4096 and all(place < 4096 and not used[place] for place in wanted):
                break
        for place in wanted:
            used[place] = True
        units[at] |= offset << 10
        if has_leaf:
            units[at] |= 1 << 8
            units[base] = (1 << 31) | node["value"]
        for label in labels:
            units[base ^ label] |= label
        for label in labels:
            build(node[label], base ^ label)

    build(trie, 0)
    last = max(place for place in range(4096) if used[place]) + 256
    array = b"".join(struct.pack("<I", unit) for unit in units[:last])
    return struct.pack("<I", len(array)) + array + strings


def bpe(size=320, **more):
    options = {key: more.pop(key) for key in list(more) if key in ("special_tokens", "initial_alphabet", "continuing_subword_prefix", "end_of_word_suffix", "limit_alphabet")}
    return models.BPE(**more), trainers.BpeTrainer(vocab_size=size, show_progress=False, **options)


def trained(model, trainer, normalizer=None, pre=None, decoder=None, post=None, added=(), special=()):
    tokenizer = Tokenizer(model)
    if normalizer: tokenizer.normalizer = normalizer
    if pre: tokenizer.pre_tokenizer = pre
    if decoder: tokenizer.decoder = decoder
    if trainer: tokenizer.train_from_iterator(CORPUS, trainer)
    if post: tokenizer.post_processor = post(tokenizer)
    tokenizer.add_special_tokens(list(special))
    tokenizer.add_tokens(list(added))
    return tokenizer


def template(tokenizer, begin, end):
    ids = {token: tokenizer.token_to_id(token) for token in (begin, end)}
    return processors.TemplateProcessing(
        single=f"{begin} $A {end}", pair=f"{begin} $A {end} $B:1 {end}:1", special_tokens=list(ids.items())
    )


ALPHABET = pre_tokenizers.ByteLevel.alphabet()
LLAMA3 = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
MASK = AddedToken("<mask>", lstrip=True, rstrip=False, normalized=False, special=True)
EXTRA = AddedToken("<extra>", single_word=True, normalized=True)

made = {}
model, trainer = bpe(initial_alphabet=ALPHABET, special_tokens=["<s>", "</s>"])
made["gpt2"] = trained(model, trainer, pre=pre_tokenizers.ByteLevel(add_prefix_space=False), decoder=decoders.ByteLevel(),
                       post=lambda t: processors.ByteLevel(trim_offsets=True), special=[MASK])
model, trainer = bpe(initial_alphabet=ALPHABET, special_tokens=["<s>", "</s>"])
made["roberta"] = trained(model, trainer, pre=pre_tokenizers.ByteLevel(add_prefix_space=True), decoder=decoders.ByteLevel(),
                          post=lambda t: processors.RobertaProcessing(("</s>", 1), ("<s>", 0)), special=[MASK], added=[EXTRA])
model, trainer = bpe(initial_alphabet=ALPHABET, ignore_merges=True, special_tokens=["<s>", "</s>"])
made["llama3"] = trained(
    model, trainer,
    pre=pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(LLAMA3), "isolated"), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]),
    decoder=decoders.ByteLevel(),
    post=lambda t: processors.Sequence([processors.ByteLevel(trim_offsets=False), template(t, "<s>", "</s>")]),
)
model, trainer = bpe(initial_alphabet=ALPHABET)
made["smollm"] = trained(
    model, trainer, normalizer=normalizers.NFC(),
    pre=pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]),
    decoder=decoders.ByteLevel(),
)
model, trainer = bpe(initial_alphabet=ALPHABET)
made["deepseek"] = trained(
    model, trainer,
    pre=pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(r"[\r\n]"), "isolated"),
        pre_tokenizers.Split(Regex(r"\s?[A-Za-zµÀ-ÖØ-öø-ƺ]+"), "isolated"),
        pre_tokenizers.Split(Regex(r"\s?[!-/:-~！-／：-～‘-‟　-。]+"), "isolated"),
        pre_tokenizers.Split(Regex(r"\s+$"), "isolated"),
        pre_tokenizers.Split(Regex(r"[一-龥ࠀ-一가-퟿]+"), "isolated"),
        pre_tokenizers.Digits(individual_digits=True),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
    ]),
    decoder=decoders.ByteLevel(),
)
model, trainer = bpe(initial_alphabet=ALPHABET)
made["bytes first"] = trained(model, trainer, normalizer=normalizers.ByteLevel(), decoder=decoders.ByteLevel(),
                              pre=pre_tokenizers.Split(Regex(r"Ġ?\w+|Ġ?[^\wĠ]+|Ġ+"), "removed", invert=True))

BYTES = [f"<0x{byte:02X}>" for byte in range(256)]
def llama2(fuse):
    seed, trainer = bpe(size=600, special_tokens=["<unk>", "<s>", "</s>"] + BYTES)
    first = trained(seed, trainer, normalizer=normalizers.Replace(" ", "▁"))
    state = json.loads(first.to_str())["model"]
    merges = [tuple(merge) if not isinstance(merge, str) else tuple(merge.split(" ")) for merge in state["merges"]]
    return models.BPE(vocab=state["vocab"], merges=merges, unk_token="<unk>", fuse_unk=fuse, byte_fallback=True)
made["llama2"] = trained(
    llama2(True), None, normalizer=normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")]),
    decoder=decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]),
    post=lambda t: template(t, "<s>", "</s>"), special=["<s>", "</s>"],
)
made["gemma"] = trained(
    llama2(False), None, normalizer=normalizers.Replace(" ", "▁"),
    pre=pre_tokenizers.Split(" ", "merged_with_previous"),
    decoder=decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()]), special=["<s>", "</s>"],
)
made["mistral"] = trained(
    llama2(True), None, pre=pre_tokenizers.Metaspace(prepend_scheme="first", split=False),
    decoder=decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]),
    special=["<s>", "</s>"],
)

model = models.BPE(unk_token="<unk>", end_of_word_suffix="</w>")
made["gpt1"] = trained(model, trainers.BpeTrainer(vocab_size=260, special_tokens=["<unk>"], end_of_word_suffix="</w>", limit_alphabet=60, show_progress=False),
                       normalizer=normalizers.BertNormalizer(), pre=pre_tokenizers.BertPreTokenizer(), decoder=decoders.BPEDecoder())

made["bert"] = trained(
    models.WordPiece(unk_token="[UNK]"),
    trainers.WordPieceTrainer(vocab_size=260, special_tokens=["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"], limit_alphabet=80, show_progress=False),
    normalizer=normalizers.BertNormalizer(), pre=pre_tokenizers.BertPreTokenizer(), decoder=decoders.WordPiece(),
    post=lambda t: processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2)),
)
made["cased"] = trained(
    models.WordPiece(unk_token="[UNK]"),
    trainers.WordPieceTrainer(vocab_size=260, special_tokens=["[PAD]", "[UNK]", "[CLS]", "[SEP]"], show_progress=False),
    normalizer=normalizers.BertNormalizer(lowercase=False, strip_accents=False, handle_chinese_chars=False),
    pre=pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Punctuation("contiguous")]),
    decoder=decoders.WordPiece(cleanup=False), post=lambda t: template(t, "[CLS]", "[SEP]"), added=[EXTRA],
)

def unigram(size=220, **more):
    return models.Unigram(), trainers.UnigramTrainer(vocab_size=size, special_tokens=["<unk>", "<s>", "</s>"], unk_token="<unk>", show_progress=False, **more)
model, trainer = unigram()
made["t5"] = trained(model, trainer, normalizer=normalizers.Sequence([normalizers.Precompiled(charsmap()), normalizers.Replace(Regex(" {2,}"), " ")]),
                     pre=pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace()]),
                     decoder=decoders.Metaspace(), post=lambda t: template(t, "<s>", "</s>"), special=[MASK])
model, trainer = unigram()
made["albert"] = trained(model, trainer,
                         normalizer=normalizers.Sequence([normalizers.Replace("``", '"'), normalizers.NFKD(), normalizers.StripAccents(), normalizers.Lowercase(), normalizers.Strip(), normalizers.Nmt()]),
                         pre=pre_tokenizers.Metaspace(prepend_scheme="always"), decoder=decoders.Metaspace())
seed, trainer = unigram()
first = trained(seed, trainer, pre=pre_tokenizers.Metaspace())
state = json.loads(first.to_str())["model"]
made["unigram bytes"] = trained(models.Unigram([tuple(one) for one in state["vocab"]] + [(token, -20.0) for token in BYTES], 0, True), None,
                                pre=pre_tokenizers.Metaspace(prepend_scheme="never"),
                                decoder=decoders.Sequence([decoders.ByteFallback(), decoders.Metaspace(prepend_scheme="never")]))
made["words"] = trained(models.WordLevel({"[UNK]": 0, "the": 1, "quick": 2, ",": 3, "x": 5}, unk_token="[UNK]"), None,
                        normalizer=normalizers.Lowercase(), pre=pre_tokenizers.Whitespace())

cases = {}
for name, tokenizer in made.items():
    rows = []
    for text in TEXTS:
        found = tokenizer.encode(text, add_special_tokens=False)
        rows.append({
            "ids": found.ids,
            "offsets": [list(pair) for pair in found.offsets],
            "decoded": tokenizer.decode(found.ids, skip_special_tokens=True),
        })
    both = tokenizer.encode("the quick brown fox", "over the dog")
    one = tokenizer.encode("the quick")
    tokenizer.enable_truncation(7)
    short = tokenizer.encode("the quick brown fox jumps", "over the lazy dog, and")
    tokenizer.no_truncation()
    cases[name] = {
        "file": json.loads(tokenizer.to_str()),
        "texts": rows,
        "single": one.ids,
        "pair": [both.ids, both.type_ids, both.special_tokens_mask],
        "short": [short.ids, short.type_ids],
    }

print(json.dumps({"versions": {"tokenizers": tokenizers.__version__}, "inputs": TEXTS, "cases": cases}, ensure_ascii=False))
