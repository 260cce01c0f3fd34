"""Recipe of tokenizer_lengths.json: files that cut and fill up, and what the library makes of texts.

    python -m venv venv && venv/bin/pip install tokenizers
    venv/bin/python tests/goldens/tokenizer_lengths.py > tests/goldens/tokenizer_lengths.json
"""

import json

import tokenizers
from tokenizers import Tokenizer, models, pre_tokenizers, processors

WORDS = "[PAD] [UNK] [CLS] [SEP] a b c d e f g h".split()
TEXTS = [["a b c d e f g"], ["a b c d e f g", "h g f"], ["a b", "h g f e d c b a"], ["a"], ["a b c d e", "h"]]
CUTS = [dict(max_length=6, strategy="longest_first"), dict(max_length=7, strategy="only_first", direction="left"), dict(max_length=12, strategy="only_second")]
FILLS = [dict(length=14), dict(direction="left", pad_to_multiple_of=8, pad_type_id=3), dict(pad_to_multiple_of=4)]

cases = []
for cut, fill in zip(CUTS, FILLS):
    tokenizer = Tokenizer(models.WordLevel({word: i for i, word in enumerate(WORDS)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.post_processor = processors.TemplateProcessing(single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 2), ("[SEP]", 3)])
    tokenizer.enable_truncation(**cut)
    tokenizer.enable_padding(pad_id=0, pad_token="[PAD]", **fill)
    found = []
    for texts in TEXTS:
        try:
            one = tokenizer.encode(*texts)
            found.append(dict(texts=texts, ids=one.ids, typeIds=one.type_ids, specialMask=one.special_tokens_mask, attentionMask=one.attention_mask))
        except Exception as error:
            found.append(dict(texts=texts, error=str(error)))
    cases.append(dict(file=json.loads(tokenizer.to_str()), found=found))
print(json.dumps(dict(versions=dict(tokenizers=tokenizers.__version__), cases=cases)))
