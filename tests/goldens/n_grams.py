"""Records n-gram probabilities of NLTK, scores of KenLM and tf-idf of scikit-learn.

    python3 -m venv venv && venv/bin/pip install nltk==3.10.4 kenlm==0.3.0 scikit-learn==1.9.1
    deno run --allow-read tests/goldens/n_grams_arpa.ts > n_grams.arpa
    venv/bin/python tests/goldens/n_grams.py n_grams.arpa > tests/goldens/n_grams.json
"""

import json
import sys

import kenlm
from nltk.lm import AbsoluteDiscountingInterpolated, KneserNeyInterpolated, Lidstone, WittenBellInterpolated
from nltk.lm.smoothing import WittenBell
from nltk.lm.models import InterpolatedLanguageModel
from nltk.util import everygrams
from sklearn.feature_extraction.text import TfidfVectorizer

V, ORDER = 6, 3
TEXT = [0, 1, 2, 0, 1, 3, 2, 0, 1, 2, 3, 3, 0, 1, 4, 2, 0, 1, 2, 2, 4, 0, 3, 1, 2, 0, 1]
CONTEXTS = [[], [0], [0, 1], [1, 2], [2, 0], [3, 4], [4], [1, 3], [5, 0]]


class FlooredWittenBell(InterpolatedLanguageModel):
    """Witten and Bell's method down to the uniform distribution; NLTK's ends with frequencies."""

    class Smoothing(WittenBell):
        def unigram_score(self, word):
            words, types = self.counts.unigrams.N(), len(self.counts.unigrams)
            return (self.counts.unigrams[word] + types / V) / (words + types)

    def __init__(self, order):
        super().__init__(FlooredWittenBell.Smoothing, order)


def table(model):
    grams = list(everygrams([str(token) for token in TEXT], max_len=ORDER))
    model.fit([grams], vocabulary_text=[str(token) for token in range(V)])
    return [[model.score(str(w), [str(t) for t in context]) for w in range(V)] for context in CONTEXTS]


documents = [[0, 1, 1, 2], [3, 3, 3, 0], [4, 0], [1, 2, 2, 2, 0, 0]]
query = [1, 1, 3, 2]
spell = lambda tokens: " ".join(f"w{token}" for token in tokens)
vectorizer = TfidfVectorizer(token_pattern=r"\S+", norm="l2", vocabulary=[f"w{token}" for token in range(V)])
vectors = vectorizer.fit_transform([spell(document) for document in documents])
sublinear = TfidfVectorizer(
    token_pattern=r"\S+", norm="l2", sublinear_tf=True, vocabulary=[f"w{token}" for token in range(V)]
)
more = sublinear.fit_transform([spell(document) for document in documents])

with open(sys.argv[1]) as file:
    arpa = file.read()
language = kenlm.Model(sys.argv[1])
sentences = ["the cat sat on the mat", "the dog sat", "a mat on a cat", "cat cat cat", "sat the xyzzy on mat"]

print(json.dumps({
    "vocabSize": V,
    "order": ORDER,
    "text": TEXT,
    "contexts": CONTEXTS,
    "kneserNey": table(KneserNeyInterpolated(ORDER, discount=0.75)),
    "absolute": table(AbsoluteDiscountingInterpolated(ORDER, discount=0.75)),
    "wittenBell": table(FlooredWittenBell(ORDER)),
    "lidstone": table(Lidstone(0.5, ORDER)),
    "tfIdf": {
        "documents": documents,
        "query": query,
        "scores": (vectors @ vectorizer.transform([spell(query)]).T).toarray().ravel().tolist(),
        "sublinear": (more @ sublinear.transform([spell(query)]).T).toarray().ravel().tolist(),
    },
    "kenlm": {
        "arpa": arpa,
        "sentences": [
            {"text": text, "log10": [score for score, _, _ in language.full_scores(text)]} for text in sentences
        ],
    },
}))
