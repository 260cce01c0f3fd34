"""Recipe of chrf.json: chrF and chrF++ as sacreBLEU computes them.

    python -m venv venv && venv/bin/pip install sacrebleu==2.6.0
    venv/bin/python tests/goldens/chrf.py > tests/goldens/chrf.json

The sentences were written for this file.
"""

import json

import sacrebleu
from sacrebleu.metrics import CHRF

PAIRS = [
    ("The cat sat on the mat.", ["The cat sat down on the mat.", "A cat was sitting on the mat."]),
    ("I bought two books yesterday.", ["Yesterday I bought two books.", "I bought two books yesterday."]),
    ("She doesn't like tea", ["She does not like tea.", "She doesn't like tea!"]),
    ("", ["Nothing was said.", "Silence."]),
    ("a", ["a", "b"]),
    ("yes", ["yes", "yes, of course"]),
    ("one two three four five six", ["six five four three two one", "seven eight nine"]),
    ('In 2024, 1,234.5 people ("about") paid $3.50 - or 4-5 -- each; e.g. A&B.', ["In 2024 , 1,234.5 people paid $3.50 or 4-5 each.", "x"]),
    ("the the the the the the the", ["the cat is on the mat", "there is a cat on the mat"]),
    ("猫坐在垫子上。", ["一只猫坐在垫子上。", "猫在垫子上坐着。"]),
    ("他说:“你好!”——然后走了…", ["他说“你好”,然后走了。", "他说:“你好!”——然后走了……"]),
    ("🙂 𠀀x\u00a0y\u3000z", ["🙂𠀀 xyz", "y z"]),
    ("...", ["...", "."]),
    ("it's (so) 'good'.", ["its so good", "it's so good'"]),
]


def scores():
    outputs = [output for output, _ in PAIRS]
    references = [[refs[k] for _, refs in PAIRS] for k in range(2)]
    for characters in [2, 6]:
        for words in [0, 2]:
            for beta in [1, 2, 3]:
                for lowercase in [False, True]:
                    for count in [1, 2]:
                        metric = CHRF(char_order=characters, word_order=words, beta=beta, lowercase=lowercase)
                        yield {
                            "options": {"characterOrder": characters, "wordOrder": words, "beta": beta, "lowercase": lowercase},
                            "references": count,
                            "score": metric.corpus_score(outputs, references[:count]).score,
                            "sentences": [metric.sentence_score(o, r[:count]).score for o, r in PAIRS],
                        }


print(json.dumps({"made with": f"sacrebleu {sacrebleu.__version__}", "pairs": PAIRS, "scores": list(scores())}, ensure_ascii=False))
