"""Recipe of bleu.json: tokens and scores as sacreBLEU computes them.

    python -m venv venv && venv/bin/pip install sacrebleu==2.6.0
    venv/bin/python tests/goldens/bleu.py > tests/goldens/bleu.json

The sentences were written for this file.
"""

import json
import sacrebleu
from sacrebleu.metrics import BLEU

ENGLISH = [
    ("The cat sat on the mat.", ["The cat sat down on the mat.", "A cat was sitting on the mat."]),
    ("I bought two books yesterday.", ["Yesterday I bought two books.", "I bought two books yesterday."]),
    ("She doesn't like tea", ["She does not like tea.", "She doesn't like tea!"]),
    ("", ["Nothing was said.", "Silence."]),
    ("yes", ["yes", "yes, of course"]),
    ("one two three four five six", ["six five four three two one", "seven eight nine"]),
    ("In 2024, 1,234.5 people (\"about\") paid $3.50 - or 4-5 -- each; e.g. A&B.", ["In 2024 , 1,234.5 people paid $3.50 or 4-5 each.", "x"]),
    ("the the the the the the the", ["the cat is on the mat", "there is a cat on the mat"]),
    ("It&apos;s 5 &lt; 6 &amp; 7 &gt; 6, &quot;right&quot;?", ["It's 5 < 6 & 7 > 6, \"right\"?", "no"]),
]
CHINESE = [
    ("猫坐在垫子上。", ["一只猫坐在垫子上。", "猫在垫子上坐着。"]),
    ("我昨天买了2本书,花了30.5元。", ["昨天我买了2本书,花了30.5元。", "我昨天买了两本书。"]),
    ("他说:“你好!”——然后走了…", ["他说“你好”,然后走了。", "他说:“你好!”——然后走了……"]),
    ("GPT-2是一个模型", ["GPT-2 是一个语言模型", "模型GPT-2"]),
    ("3.5", ["3.5", "3.6"]),
    ("5.", ["5。", "5."]),
]
TOKENIZE = [
    "a.b,c 1.5,6 7. .8 9-10 x-y a- -b don't 'tis (x)[y]{z} ~`!@#$%^&*_+=|\\:;\"<>?/",
    "tabs\tand\u00a0spaces \u3000 wide  ", "naïve café — “quotes” … ½ ٣", "中文,English混合。3.14是π!", "<skipped>x &amp;lt; y", "🙂学🙂",
    "end.", "end. ", "5.", "5. ", ".", ",", "-", "", " ", "1.", "a-\nb\nc",
]

# What some programming language takes for white space, or for nothing at all, in every place where it matters.
SPACES = [chr(c) for c in [
    *range(0x01, 0x21), 0x7F, 0x80, 0x84, 0x85, 0x86, 0xA0, 0xAD, 0x1680, 0x180E, *range(0x2000, 0x2010), 0x2028, 0x2029,
    0x202A, 0x202F, 0x205F, 0x2060, 0x2800, 0x3000, 0x3164, 0xFEFF, 0xFFA0, 0x1D173,
]]
PLACES = ["a{}b c", "{}a b", "a b{}", "a b.{}", "1.{}5", "-{}", "中{}文。{}", "{}", "a{}{}b", "5.{}{}"]


def corpus(pairs, tokenizer):
    outputs = [output for output, _ in pairs]
    references = [[refs[k] for _, refs in pairs] for k in range(2)]
    for lowercase in [False, True]:
        for order in [1, 2, 4, 5]:
            for method, value in [("none", None), ("floor", None), ("floor", 0.5), ("add-k", None), ("add-k", 0.5), ("exp", None)]:
                for count in [1, 2]:
                    metric = BLEU(lowercase=lowercase, tokenize=tokenizer, smooth_method=method, smooth_value=value, max_ngram_order=order)
                    sentence = BLEU(lowercase=lowercase, tokenize=tokenizer, smooth_method=method, smooth_value=value, max_ngram_order=order, effective_order=True)
                    score = metric.corpus_score(outputs, references[:count])
                    yield {
                        "options": {"lowercase": lowercase, "maxOrder": order, "smoothing": method, "tokenizer": tokenizer}
                        | ({} if value is None else {"smoothingValue": value}),
                        "references": count,
                        "score": score.score,
                        "precisions": score.precisions,
                        "brevityPenalty": score.bp,
                        "outputLength": score.sys_len,
                        "referenceLength": score.ref_len,
                        "sentences": [sentence.sentence_score(o, r[:count]).score for o, r in pairs],
                    }


def tokens(tokenizer):
    cut = BLEU(tokenize=tokenizer)._preprocess_segment
    return [cut(text).split() for text in TOKENIZE]


print(json.dumps({
    "made with": f"sacrebleu {sacrebleu.__version__}",
    "13a": {"pairs": ENGLISH, "scores": list(corpus(ENGLISH, "13a"))},
    "zh": {"pairs": CHINESE, "scores": list(corpus(CHINESE, "zh"))},
    "spaces": {
        "characters": SPACES,
        "places": PLACES,
        **{
            tokenizer: [[cut(place.replace("{}", space)).split() for place in PLACES] for space in SPACES]
            for tokenizer in ["13a", "zh", "none"] for cut in [BLEU(tokenize=tokenizer)._preprocess_segment]
        },
        "scores": [
            BLEU(tokenize="13a").corpus_score([f"the{space}cat sat on the mat"], [["the cat sat on the mat"]]).score
            for space in SPACES
        ],
    },
    "tokenize": {"texts": TOKENIZE, "13a": tokens("13a"), "zh": tokens("zh")},
}, ensure_ascii=False))
