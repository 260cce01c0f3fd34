"""Recipe of before_tokens.json: what Hugging Face tokenizers does before the tokens, and how its WordPiece cuts.

    python -m venv venv && venv/bin/pip install tokenizers==0.23.3
    venv/bin/python tests/goldens/before_tokens.py > tests/goldens/before_tokens.json

The texts were written for this file. Places are counted in units of UTF-16, as JavaScript counts.
"""

import json
from tokenizers import Regex, Tokenizer, __version__, decoders, models, normalizers, pre_tokenizers

TEXTS = [
    "",
    " ",
    "The newest coats, isn't it? WE'LL see: I'd've said 'Tis so.",
    "In 1999 there were 12 students; in 2024 there are 2,024,123.   Three spaces.",
    "line one\nline two\n\n\tline three\r\n  \n  four  \n",
    "Naïve café owners — déjà vu! — paid 30 € for œufs à la coque.",
    "Nai\u0308ve cafe\u0301 o\u0302\u0323 \u0301x \u1e69 s\u0323\u0307 s\u0307\u0323",
    "我是一名学生。你是25岁,hello世界!",
    "\ufb01ne \u2460 \u2122 \uff21\uff42\uff43 \u00bd \u337f \ufdfa \u00b4",
    "\ud55c\uad6d\uc5b4 \u1112\u1161\u11ab \u314e\u314f\u3134 \uffbb\uffc2",
    "\u304b\u3099\u30ab\uff9e \u304c \u309b",
    "ΌΣΟΣ ΣΑΣ İstanbul ǅ ẞ",
    "a\u0000b\ufffdc\u200bd\u00ade\u2028f\u0085g\u00a0h\u3000i\ufeffj\x7f",
    "🙂🙃 👩‍👩‍👧‍👦 🇨🇳 1️⃣ 𝒳𠀀x",
    "$9.99+tax=10%^2 `code` <tag> #hash @me ~x |y| a_b ‿c «q» ¿d?",
    "HelloWorld XMLHttp iPhone ABC abcDEF ÉCOLE É́cole e\u0301A\u0301b",
    "x/y//\n\n/z ... --- !!!\r\n\r\n?",
    "don\u2019t '\u017f 'ſ 'S 'RE 'Ll 'x ''s '",
    "٣٤٥ Ⅷ ²³ ½¾ 𝟘𝟙𝟚𝟛 1²3Ⅳ5",
    "नमस्ते ก็ שָׁלוֹם العالم",
    "   ",
    " a  b   c ",
    "▁x ▁▁y z▁",
    "<0x41>Ġthe Ċ",
]
LONG = "abc" * 40

GPT2 = r"""'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"""
CL100K = r"""(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"""
QWEN2 = CL100K.replace(r"\p{N}{1,3}", r"\p{N}")
O200K = "|".join([
    r"""[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?""",
    r"""[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?""",
    r"""\p{N}{1,3}""",
    r""" ?[^\s\p{L}\p{N}]+[\r\n/]*""",
    r"""\s*[\r\n]+""",
    r"""\s+(?!\S)""",
    r"""\s+""",
])

N, P = normalizers, pre_tokenizers
NORMALIZERS = {
    "nfc": N.NFC(),
    "nfd": N.NFD(),
    "nfkc": N.NFKC(),
    "nfkd": N.NFKD(),
    "lowerCase": N.Lowercase(),
    "stripAccents": N.StripAccents(),
    "nfd stripAccents": N.Sequence([N.NFD(), N.StripAccents()]),
    "strip": N.Strip(),
    "strip left": N.Strip(left=True, right=False),
    "replace": N.Replace(" ", "▁"),
    "replace spaces": N.Replace(Regex(" {2,}"), " "),
    "prepend": N.Prepend("▁"),
    "bert": N.BertNormalizer(),
    "bert cased": N.BertNormalizer(lowercase=False),
    "bert accents": N.BertNormalizer(lowercase=True, strip_accents=False, handle_chinese_chars=False, clean_text=False),
}
PRE_TOKENIZERS = {
    "whitespaceSplit": P.WhitespaceSplit(),
    "whitespace": P.Whitespace(),
    "punctuation": P.Punctuation(),
    "punctuation removed": P.Punctuation("removed"),
    "punctuation contiguous": P.Punctuation("contiguous"),
    "punctuation mergedWithPrevious": P.Punctuation("merged_with_previous"),
    "punctuation mergedWithNext": P.Punctuation("merged_with_next"),
    "digits": P.Digits(individual_digits=False),
    "digits 1": P.Digits(individual_digits=True),
    "digits 3": P.Split(Regex(r"\p{N}{1,3}"), "isolated"),
    "split space mergedWithNext": P.Split(" ", "merged_with_next"),
    "split space removed": P.Split(" ", "removed"),
    "split letters inverted": P.Split(Regex(r"\p{L}+"), "removed", invert=True),
    "metaspace": P.Metaspace(),
    "metaspace first": P.Metaspace(prepend_scheme="first"),
    "metaspace never": P.Metaspace(prepend_scheme="never"),
    "metaspace whole": P.Metaspace(split=False),
    "digits metaspace": P.Sequence([P.Digits(individual_digits=True), P.Metaspace(prepend_scheme="first")]),
    "byteLevel": P.ByteLevel(add_prefix_space=False),
    "byteLevel prefix": P.ByteLevel(add_prefix_space=True),
    "byteLevel whole": P.ByteLevel(add_prefix_space=False, use_regex=False),
    "bert": P.BertPreTokenizer(),
    "gpt2": P.Split(Regex(GPT2), "isolated"),
    "cl100k": P.Split(Regex(CL100K), "isolated"),
    "qwen2": P.Split(Regex(QWEN2), "isolated"),
    "o200k": P.Split(Regex(O200K), "isolated"),
    "llama3 bytes": P.Sequence([P.Split(Regex(CL100K), "isolated"), P.ByteLevel(add_prefix_space=False, use_regex=False)]),
}


def places(text: str) -> list[int]:
    """Where each character begins in units of UTF-16, and where the last one ends."""
    found = [0]
    for letter in text:
        found.append(found[-1] + len(letter.encode("utf-16-le")) // 2)
    return found


def pieces(pre_tokenizer, text: str) -> list:
    at = places(text)
    return [[piece, at[start], at[end]] for piece, (start, end) in pre_tokenizer.pre_tokenize_str(text)]


VOCABULARY = (
    "[PAD] [UNK] [CLS] [SEP] [MASK] the new ##est ##er coat ##s , . ! ' t isn it we ll i d n ca ##f ##fe ##e cafe naive ##ï "
    "我 是 学 生 hello 世 界 s ##o ##σ σα 1 ##9 ##99 in 20 ##2 ##4 $ 9 un ##a ##ff ##able a ##b ##c abc ##abc x fine"
).split(" ")


def word_piece(lowercase: bool) -> Tokenizer:
    vocabulary = {token: i for i, token in enumerate(VOCABULARY)}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]", max_input_chars_per_word=100))
    tokenizer.normalizer = N.BertNormalizer(lowercase=lowercase)
    tokenizer.pre_tokenizer = P.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    tokenizer.add_special_tokens(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"])
    return tokenizer


def encoded(tokenizer: Tokenizer, text: str) -> dict:
    at, encoding = places(text), tokenizer.encode(text, add_special_tokens=False)
    return {
        "ids": encoding.ids,
        "ranges": [[at[start], at[end]] for start, end in encoding.offsets],
        "text": tokenizer.decode(encoding.ids, skip_special_tokens=False),
    }


def ranges(which) -> list:
    """Code points of which something is true, as first and last ones of runs."""
    found: list = []
    for point in range(0x110000):
        if 0xD800 <= point < 0xE000 or not which(chr(point)):
            continue
        if found and found[-1][1] == point - 1:
            found[-1][1] = point
        else:
            found.append([point, point])
    return found


WORDS = TEXTS + [LONG, "a" + LONG, "unaffable unaffableness [CLS] the [MASK] [UNK]x"]
TOKEN_LISTS = [
    ["the", "new", "##est", "coat", ".", "is", "##n", "n't", "'s", "do not"],
    ["▁the", "▁new", "est", "▁", "▁▁x"],
    ["a", "<0xE5>", "<0xAD>", "<0xA6>", "b", "<0xE5>", "<0xAD>", "c", "<0xF0>", "<0x9F>"],
    ["low", "er</w>", "new", "est</w>"],
    ["Ġthe", "Ġnaï", "ve", "åŃ", "¦", "ð"],
    ["▁Hello", "▁", "<0xE5>", "<0xAD>", "<0xA6>", "▁w", "orld"],
]
DECODERS = {
    "wordPiece": decoders.WordPiece(),
    "wordPiece raw": decoders.WordPiece(cleanup=False),
    "metaspace": decoders.Metaspace(),
    "metaspace never": decoders.Metaspace(prepend_scheme="never"),
    "byteFallback": decoders.ByteFallback(),
    "suffix": decoders.BPEDecoder(),
    "byteLevel": decoders.ByteLevel(),
    "llama": decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    ),
}
CLEAN = N.BertNormalizer(clean_text=True, handle_chinese_chars=False, strip_accents=False, lowercase=False)
print(json.dumps({
    "made with": f"tokenizers {__version__}",
    "texts": TEXTS,
    "normalizers": {name: [one.normalize_str(text) for text in TEXTS] for name, one in NORMALIZERS.items()},
    "preTokenizers": {name: [pieces(one, text) for text in TEXTS] for name, one in PRE_TOKENIZERS.items()},
    "wordPiece": {
        "vocabulary": VOCABULARY,
        "words": WORDS,
        "uncased": [encoded(word_piece(True), text) for text in WORDS],
        "cased": [encoded(word_piece(False), text) for text in WORDS],
    },
    "tokenLists": TOKEN_LISTS,
    "decoders": {name: [one.decode(tokens) for tokens in TOKEN_LISTS] for name, one in DECODERS.items()},
    "bert": {
        "dropped": ranges(lambda letter: CLEAN.normalize_str(f"a{letter}b") == "ab"),
        "spaces": ranges(lambda letter: CLEAN.normalize_str(f"a{letter}b") == "a b"),
        "signs": ranges(lambda letter: len(P.BertPreTokenizer().pre_tokenize_str(f"a{letter}b")) == 3),
    },
}, ensure_ascii=False))
