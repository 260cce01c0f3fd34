"""Recipe of sentence_piece.json: models that SentencePiece trains, as files, and what it makes of texts.

    python -m venv venv && venv/bin/pip install sentencepiece
    venv/bin/python tests/goldens/sentence_piece.py > tests/goldens/sentence_piece.json
"""

import base64
import importlib.metadata
import io
import json

import sentencepiece

CORPUS = [
    "the quick brown fox jumps over the lazy dog, and the dog's owner isn't amused at all",
    "a tokenizer cuts a text into tokens; the tokens are numbers, and the numbers are 12345 and 678",
    "Ça coûte 3,50 € à l'élève. Żółć, naïve façade.",
    "注意力机制 让 模型 看见 每 一个 词。机器学习",
    "the mask hides the future, the future hides the mask",
    "lower newest widest low new wide lowest newer",
] * 4
TEXTS = [
    "the quick tokenizer",
    "  two  spaces   and a tab\there ",
    "",
    " ",
    "naïve ﬁnal ① ｆｕｌｌ ｗｉｄｔｈ",
    "e\u0301le\u0300ve",
    "注意力 unknown 龘 🙂👨‍👩‍👧 tail",
    "the lowest newest <sep> mask",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "new\nline\u3000wide\u00a0nbsp",
    "12345 67890",
]
SETTINGS = {
    "unigram": dict(model_type="unigram", vocab_size=150, normalization_rule_name="identity"),
    "unigram with bytes": dict(model_type="unigram", vocab_size=380, byte_fallback=True, normalization_rule_name="identity", add_dummy_prefix=False),
    "merges": dict(model_type="bpe", vocab_size=160, normalization_rule_name="identity", user_defined_symbols=["<sep>"]),
    "merges with bytes": dict(model_type="bpe", vocab_size=400, byte_fallback=True, normalization_rule_name="identity", remove_extra_whitespaces=False),
    "merges with controls": dict(model_type="bpe", vocab_size=160, normalization_rule_name="identity", control_symbols=["<mask>"], pad_id=3),
}
TABLE = {"\u2460": "1", "\ufb01": "fi", "e\u0301": "\u00e9", "\t": " ", "\n": " ", "\u3000": " ", "\u00a0": " ", **{chr(0xFEE0 + code): chr(code) for code in range(33, 127)}}

cases = {}
for name, settings in SETTINGS.items():
    made = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(sentence_iterator=iter(CORPUS), model_writer=made, hard_vocab_limit=False, minloglevel=2, **settings)
    cases[name] = made.getvalue()
# A table of characters of its own, as the standard one has hundreds of kilobytes.
import os, tempfile
rules = os.path.join(tempfile.mkdtemp(), "rules.tsv")
with open(rules, "w") as file:
    for source, target in TABLE.items():
        file.write(" ".join(f"{ord(c):X}" for c in source) + "\t" + " ".join(f"{ord(c):X}" for c in target) + "\n")
made = io.BytesIO()
sentencepiece.SentencePieceTrainer.train(sentence_iterator=iter(CORPUS), model_writer=made, model_type="unigram", vocab_size=150, hard_vocab_limit=False, minloglevel=2, normalization_rule_tsv=rules)
cases["table of characters"] = made.getvalue()

recorded = {}
for name, model in cases.items():
    processor = sentencepiece.SentencePieceProcessor(model_proto=model)
    ids = [processor.encode(text) for text in TEXTS]
    recorded[name] = {"file": base64.b64encode(model).decode(), "ids": ids, "decoded": [processor.decode(one) for one in ids]}

print(json.dumps({"versions": {"sentencepiece": importlib.metadata.version("sentencepiece")}, "inputs": TEXTS, "cases": recorded}, ensure_ascii=False))
