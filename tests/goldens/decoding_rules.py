"""Recipe of decoding_rules.json: what the logits processors of Hugging Face transformers leave of rows of logits.

    python -m venv venv && venv/bin/pip install transformers==5.24.0 torch==2.15.0
    venv/bin/python tests/goldens/decoding_rules.py > tests/goldens/decoding_rules.json

Frequency, presence, top-n-sigma and DRY have no processor there: their formulas are written out here, in NumPy, from OpenAI's
documentation, the paper and the description of DRY. Of a rule that only forbids, the tokens that are left are recorded; of any
other, the logits.
"""

import json
import math

import numpy
import torch
import transformers
from transformers.generation import logits_process as hf

V, T, PROMPT, MOST = 40, 14, 5, 9
generator = torch.Generator().manual_seed(7)
LOGITS = [
    [round(x, 2) for x in (torch.randn(V, generator=generator) * scale).tolist()] for scale in (0.2, 1, 2.5, 2.5, 6, 0)
]
LOGITS[3] = [round(x) for x in LOGITS[3]]  # ties
TOKENS = [torch.randint(0, 4, (T,), generator=generator).tolist() for _ in LOGITS]
TOKENS[5] = [1, 2, 3, 1, 2, 3, 1, 2, 3, 1, 2, 3, 1, 2]


def numpy_rule(f):
    return lambda ids, scores: torch.tensor(
        numpy.stack([f(row.tolist(), z.double().numpy()) for row, z in zip(ids, scores)])
    )


def counts(ids):
    return numpy.bincount(ids[PROMPT:], minlength=V)


def top_n_sigma(n):
    # As llama.cpp has it: the deviation of all that is finite, divided by its number.
    return numpy_rule(lambda ids, z: numpy.where(z >= z.max() - n * z.std(), z, -math.inf))


def dry(multiplier, base, allowed, breakers):
    def rule(ids, z):
        z = z.copy()
        for token in range(V):
            # Every way to cut the text in two before an earlier occurrence of the token.
            longest = 0
            for at in range(1, len(ids)):
                if ids[at] != token or token in breakers:
                    continue
                length = 0
                while length < at and length < 50 and ids[at - 1 - length] == ids[-1 - length] and ids[-1 - length] not in breakers:
                    length += 1
                longest = max(longest, length)
            if longest >= allowed:
                z[token] -= multiplier * base ** (longest - allowed)
        return z

    return numpy_rule(rule)


PHRASES = [[7], [1, 2], [2, 3, 1], [0, 0], [3, 9], [1, 2, 30], [2, 31]]
BIAS = {3: 1.5, 0: -2.25, 39: 0.125}
CASES = [
    ("repetitionPenalty", 1.3, hf.RepetitionPenaltyLogitsProcessor(1.3), "logits"),
    ("repetitionPenalty", 0.7, hf.RepetitionPenaltyLogitsProcessor(0.7), "logits"),
    ("noRepeatNgramSize", 1, hf.NoRepeatNGramLogitsProcessor(1), "kept"),
    ("noRepeatNgramSize", 2, hf.NoRepeatNGramLogitsProcessor(2), "kept"),
    ("noRepeatNgramSize", 3, hf.NoRepeatNGramLogitsProcessor(3), "kept"),
    ("temperature", 0.4, hf.TemperatureLogitsWarper(0.4), "probabilities"),
    ("topK", 5, hf.TopKLogitsWarper(5), "kept"),
    ("topP", 0.3, hf.TopPLogitsWarper(0.3), "kept"),
    ("topP", 0.9, hf.TopPLogitsWarper(0.9), "kept"),
    ("minP", 0.1, hf.MinPLogitsWarper(0.1), "kept"),
    ("epsilonCutoff", 0.02, hf.EpsilonLogitsWarper(0.02), "kept"),
    ("epsilonCutoff", 0.3, hf.EpsilonLogitsWarper(0.3), "kept"),
    ("etaCutoff", 0.02, hf.EtaLogitsWarper(0.02), "kept"),
    ("etaCutoff", 0.3, hf.EtaLogitsWarper(0.3), "kept"),
    ("etaCutoff", 0.9, hf.EtaLogitsWarper(0.9), "kept"),
    ("typicalP", 0.2, hf.TypicalLogitsWarper(0.2), "kept"),
    ("typicalP", 0.9, hf.TypicalLogitsWarper(0.9), "kept"),
    ("bannedWords", PHRASES, hf.NoBadWordsLogitsProcessor(PHRASES), "kept"),
    ("suppressTokens", [0, 5, 39], hf.SuppressTokensLogitsProcessor([0, 5, 39]), "kept"),
    ("logitBias", BIAS, hf.SequenceBiasLogitsProcessor({(k,): v for k, v in BIAS.items()}), "logits"),
    ("minNewTokens", MOST, hf.MinNewTokensLengthLogitsProcessor(PROMPT, MOST, 2), "kept"),
    ("minNewTokens", MOST + 1, hf.MinNewTokensLengthLogitsProcessor(PROMPT, MOST + 1, 2), "kept"),
    ("forcedLastToken", 2, hf.ForcedEOSTokenLogitsProcessor(T + 1, 2), "kept"),
    ("frequencyPenalty", 0.4, numpy_rule(lambda ids, z: z - 0.4 * counts(ids)), "logits"),
    ("frequencyPenalty", -0.4, numpy_rule(lambda ids, z: z + 0.4 * counts(ids)), "logits"),
    ("presencePenalty", 0.9, numpy_rule(lambda ids, z: z - 0.9 * (counts(ids) > 0)), "logits"),
    ("topNSigma", 0.5, top_n_sigma(0.5), "kept"),
    ("topNSigma", 2, top_n_sigma(2), "kept"),
    ("dry", [0.8, 1.75, 2, []], dry(0.8, 1.75, 2, []), "logits"),
    ("dry", [0.8, 1.75, 2, [3]], dry(0.8, 1.75, 2, [3]), "logits"),
    ("dry", [2, 1.1, 1, []], dry(2, 1.1, 1, []), "logits"),
]


def line(xs):
    return " ".join(f"{x:.6g}" if abs(x) < math.inf else "-inf" for x in xs)


cases = []
for option, value, processor, kind in CASES:
    left = processor(torch.tensor(TOKENS), torch.tensor(LOGITS, dtype=torch.float32))
    if kind == "probabilities":
        left = left.softmax(-1)
    rows = [line([i for i, x in enumerate(row) if x > -math.inf] if kind == "kept" else row) for row in left.tolist()]
    cases.append({"option": option, "value": value, "kind": kind, "rows": rows})

file = {
    "transformers": transformers.__version__,
    "promptLength": PROMPT,
    "maxNewTokens": MOST + 1,
    "eosToken": 2,
    "logits": [line(row) for row in LOGITS],
    "tokens": [line(row) for row in TOKENS],
    "cases": cases,
}
print(json.dumps(file, indent=2))
