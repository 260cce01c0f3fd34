"""Recipe of word2vec.json: steps of negative sampling and principal components by numpy, vectors and neighbours by gensim.

    python -m venv venv && venv/bin/pip install gensim==4.4.0
    venv/bin/python tests/goldens/word2vec.py > tests/goldens/word2vec.json
"""

import json
import os
import tempfile

import gensim
import numpy as np
from gensim.models import KeyedVectors, Word2Vec

random = np.random.default_rng(11)
sigmoid = lambda z: 1 / (1 + np.exp(-z))

# One step, and many in a row on two tables; the mean of several rows is CBOW.
V, E = 9, 7
inputs, outputs = random.normal(size=(V, E)), random.normal(size=(V, E))
start = {"inputs": inputs.tolist(), "outputs": outputs.tolist()}
steps = []
for _ in range(40):
    source = random.integers(V, size=random.choice([1, 1, 2, 4])).tolist()
    words = random.integers(V, size=random.choice([1, 2, 4, 6])).tolist()
    words = [words[0]] + [word for word in words[1:] if word != words[0]]
    rate = float(random.uniform(0.05, 0.5))
    hidden, rows = inputs[source].mean(0), outputs[words]
    scores = rows @ hidden
    wanted = np.eye(len(words))[0]
    loss = -np.log(sigmoid(np.where(wanted == 1, scores, -scores))).sum()
    errors = wanted - sigmoid(scores)
    np.add.at(outputs, words, rate * np.outer(errors, hidden))
    np.add.at(inputs, source, np.tile(rate * errors @ rows / len(source), (len(source), 1)))
    steps.append({"from": source, "words": words, "rate": rate, "loss": float(loss)})
trained = {"inputs": inputs.tolist(), "outputs": outputs.tolist()}

# Vectors that gensim writes, and what it finds in them.
words = ["king", "queen", "man", "woman", "mom", "dad", "female", "male", "茶", "l'été", "a_b"]
vectors = KeyedVectors(5)
vectors.add_vectors(words, random.normal(size=(len(words), 5)).astype(np.float32))
path = os.path.join(tempfile.mkdtemp(), "vectors.txt")
vectors.save_word2vec_format(path)
text = open(path, encoding="utf-8").read()
near = {word: vectors.most_similar(word, topn=4) for word in ["king", "茶"]}
# gensim averages unit vectors, as the page adds them.
asked = [["female", "mom", "male"], ["man", "king", "woman"]]
answers = [vectors.most_similar(positive=[b, c], negative=[a], topn=4) for a, b, c in asked]

# What gensim keeps of frequent words, and the noise that it draws from.
counts = [1000, 300, 100, 30, 10, 3, 1]
model = Word2Vec(vector_size=2, min_count=1, sample=1e-2, negative=5, ns_exponent=0.75)
model.build_vocab_from_freq({f"w{i}": count for i, count in enumerate(counts)})
order = [f"w{i}" for i in range(len(counts))]
keep = [min(1.0, float(model.wv.get_vecattr(word, "sample_int")) / 2**32) for word in order]
table = model.cum_table.astype(float) / (2**31 - 1)
noise = np.diff(table, prepend=0)[[model.wv.key_to_index[word] for word in order]].tolist()

# Principal components by a singular value decomposition.
rows = random.normal(size=(14, 6)) * [3, 2, 1.5, 1, 0.5, 0.2] @ np.linalg.qr(random.normal(size=(6, 6)))[0]
centred = rows - rows.mean(0)
_, singular, directions = np.linalg.svd(centred, full_matrices=False)
directions = directions[:3] * np.sign([row[np.argmax(np.abs(row))] for row in directions[:3]])[:, None]

json.dump(
    {
        "numpy": np.__version__,
        "gensim": gensim.__version__,
        "start": start,
        "steps": steps,
        "trained": trained,
        "text": text,
        "near": near,
        "asked": asked,
        "answers": answers,
        "counts": counts,
        "threshold": 1e-2,
        "keep": keep,
        "noise": noise,
        "rows": rows.tolist(),
        "variances": (singular[:3] ** 2 / len(rows)).tolist(),
        "coordinates": (centred @ directions.T).tolist(),
        "directions": directions.tolist(),
    },
    __import__("sys").stdout,
    ensure_ascii=False,
)
