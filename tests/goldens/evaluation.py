"""Recipe of evaluation.json: scores of answers as scikit-learn and statsmodels compute them.

    python -m venv venv && venv/bin/pip install scikit-learn statsmodels
    venv/bin/python tests/goldens/evaluation.py > tests/goldens/evaluation.json
"""

import json
import warnings

import numpy as np
import sklearn
import statsmodels
from sklearn.metrics import accuracy_score, confusion_matrix, precision_recall_fscore_support
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.proportion import proportion_confint

warnings.filterwarnings("ignore")
random = np.random.default_rng(7)
cases = []
for classes, texts, noise in [(2, 40, 0.3), (3, 200, 0.5), (5, 97, 0.7), (4, 12, 0.9), (2, 1, 0.0), (6, 60, 0.2)]:
    # The last class is rare, and sometimes nobody answers it.
    weights = np.arange(classes, 0, -1) ** 2
    labels = random.choice(classes, texts, p=weights / weights.sum())
    first = np.where(random.random(texts) < noise, random.integers(0, max(1, classes - 1), texts), labels)
    second = np.where(random.random(texts) < noise / 2, random.integers(0, classes, texts), labels)
    order = list(range(classes))
    report = lambda average: [
        float(x) for x in precision_recall_fscore_support(labels, first, labels=order, average=average, zero_division=0)[:3]
    ]
    each = precision_recall_fscore_support(labels, first, labels=order, zero_division=0)
    only_first = int(((first == labels) & (second != labels)).sum())
    only_second = int(((first != labels) & (second == labels)).sum())
    cases.append({
        "labels": labels.tolist(),
        "first": first.tolist(),
        "second": second.tolist(),
        "classes": order,
        "accuracy": float(accuracy_score(labels, first)),
        "confusion": confusion_matrix(labels, first, labels=order).tolist(),
        "each": [[float(x) for x in row] for row in each],
        "macro": report("macro"),
        "micro": report("micro"),
        "weighted": report("weighted"),
        "mcNemar": float(mcnemar([[0, only_first], [only_second, 0]], exact=True).pvalue),
        "wilson": [float(x) for x in proportion_confint(int((first == labels).sum()), texts, alpha=0.05, method="wilson")],
    })
print(json.dumps({"scikit-learn": sklearn.__version__, "statsmodels": statsmodels.__version__, "cases": cases}))
