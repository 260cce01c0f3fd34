"""Recipe of confidence.json: calibration as scikit-learn, NumPy and SciPy compute it.

    python -m venv venv && venv/bin/pip install scikit-learn scipy
    venv/bin/python tests/goldens/confidence.py > tests/goldens/confidence.json
"""

import json

import numpy as np
import scipy
import sklearn
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax
from sklearn.calibration import calibration_curve
from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score

random = np.random.default_rng(11)
cases = []
# Rows, classes, how far logits spread, how much of them is noise, bins.
for rows, classes, spread, noise, bins in [(60, 2, 1.0, 0.5, 5), (300, 4, 3.0, 2.0, 10), (120, 7, 0.3, 0.1, 4), (100, 20, 5.0, 4.0, 20)]:
    truth = random.normal(size=(rows, classes)) * spread
    labels = np.array([random.choice(classes, p=softmax(row)) for row in truth])
    logits = np.round(truth + random.normal(size=truth.shape) * noise, 3)
    probabilities = softmax(logits, axis=1)
    answers, confidence = probabilities.argmax(axis=1), probabilities.max(axis=1)
    correct = answers == labels
    case = {"logits": logits.tolist(), "labels": labels.tolist(), "bins": bins}
    for name, strategy in [("width", "uniform"), ("mass", "quantile")]:
        accuracies, confidences = calibration_curve(correct, confidence, n_bins=bins, strategy=strategy)
        edges = np.linspace(0, 1, bins + 1) if strategy == "uniform" else np.percentile(confidence, np.linspace(0, 1, bins + 1) * 100)
        counts = np.bincount(np.searchsorted(edges[1:-1], confidence), minlength=bins)
        counts = counts[counts > 0]
        case[name] = {
            "accuracies": accuracies.tolist(),
            "confidences": confidences.tolist(),
            "counts": counts.tolist(),
            "error": float((counts / rows * np.abs(accuracies - confidences)).sum()),
        }
    case["brier"] = float(brier_score_loss(correct, confidence))
    case["auroc"] = float(roc_auc_score(correct, confidence))
    loss = lambda logarithm: log_loss(labels, softmax(logits / np.exp(logarithm), axis=1), labels=np.arange(classes))
    found = minimize_scalar(loss, bracket=(-1, 1), tol=1e-14)
    case["temperature"] = float(np.exp(found.x))
    case["loss"] = float(-log_softmax(logits / np.exp(found.x), axis=1)[np.arange(rows), labels].mean())
    cases.append(case)
print(json.dumps({"scikit-learn": sklearn.__version__, "scipy": scipy.__version__, "numpy": np.__version__, "cases": cases}))
