"""Recipe of export.json: what transformers, tokenizers, torchrun and onnxruntime make of what heed exports.

    python -m venv venv && venv/bin/pip install torch transformers tokenizers safetensors onnxruntime
    venv/bin/python tests/goldens/export.py > tests/goldens/export.json

It needs deno. For each model: the folder opens, the logits are those that heed wrote beside, transformers saves the same
bytes, two processes of torchrun make a step, and heed reads what they saved. It ends with an error where that is not so.
"""

import base64
import hashlib
import json
import os
import subprocess
import sys
import tempfile

import onnxruntime
import numpy
import safetensors
import tokenizers
import torch
import transformers
from tokenizers import Tokenizer
from transformers import AutoModelForCausalLM

HERE = os.path.dirname(os.path.abspath(__file__))
TOKENS = [3, 1, 4, 1, 5, 9, 2, 6, 5]
# Models that are trained on: their files are committed, so few of them.
STEPPED = ["gpt2", "llama"]
TOLERANCE = 1e-5

root = tempfile.mkdtemp()
deno = ["deno", "run", "--no-check", "--allow-read", "--allow-write", os.path.join(HERE, "export.ts")]
subprocess.run([*deno, root], check=True)
read = lambda *path: open(os.path.join(root, *path), "rb").read()
sha256 = lambda data: hashlib.sha256(data).hexdigest()
rows = lambda logits: [[round(float(x), 6) for x in row] for row in logits]


def tensors(folder):
    """The bytes of every tensor of a folder, whatever their order in the file."""
    found = {}
    with safetensors.safe_open(os.path.join(folder, "model.safetensors"), "pt") as file:
        for name in file.keys():
            found[name] = sha256(file.get_tensor(name).contiguous().numpy().tobytes())
    return dict(sorted(found.items()))


def require_close(name, found, wanted):
    far = float(numpy.abs(found - wanted).max() / numpy.abs(wanted).max())
    print(f"{name}: {far:.1e}", file=sys.stderr)
    if not far <= TOLERANCE:
        raise SystemExit(f"{name}: logits differ by {far}")


def run_onnx(folder, own):
    """What onnxruntime computes: two rows at once, another length, and the same text in two calls with a cache."""
    session = lambda file: onnxruntime.InferenceSession(os.path.join(folder, file), providers=["CPUExecutionProvider"])
    plain, cached = session("model.onnx"), session("cached/model.onnx")
    (found,) = plain.run(["logits"], {"input_ids": numpy.array([TOKENS[::-1], TOKENS])})
    require_close(f"{folder}, onnxruntime", found[1], own)
    (short,) = plain.run(["logits"], {"input_ids": numpy.array([TOKENS[:4]])})
    require_close(f"{folder}, onnxruntime, a prefix", short[0], own[:4])
    # Other kinds of numbers hold these weights exactly; those of the last one lie in a file beside the model.
    for kind in ["float16", "bfloat16"]:
        (narrow,) = session(f"{kind}/model.onnx").run(["logits"], {"input_ids": numpy.array([TOKENS])})
        require_close(f"{folder}, onnxruntime, {kind}", narrow[0], own)
    past = {one.name: numpy.zeros([1, one.shape[1], 0, one.shape[3]], numpy.float32) for one in cached.get_inputs()[1:]}
    names = [one.name for one in cached.get_outputs()]
    first = dict(zip(names, cached.run(names, {"input_ids": numpy.array([TOKENS[:5]]), **past})))
    past = {name: first[name.replace("past_key_values", "present")] for name in past}
    second = dict(zip(names, cached.run(names, {"input_ids": numpy.array([TOKENS[5:]]), **past})))
    require_close(f"{folder}, onnxruntime, with a cache", numpy.concatenate([first["logits"][0], second["logits"][0]]), own)
    return {"file": sha256(read(folder, "model.onnx")), "cached": sha256(read(folder, "cached/model.onnx")), "logits": rows(found[1])}


models = {}
for name in sorted(os.listdir(os.path.join(root, "models"))):
    folder = os.path.join(root, "models", name)
    own = numpy.array(json.loads(read("models", name, "heed_logits.json"))).reshape(len(TOKENS), -1)
    one = models[name] = {"onnx": run_onnx(folder, own)}
    if not os.path.exists(os.path.join(folder, "config.json")):
        continue
    model = AutoModelForCausalLM.from_pretrained(folder, attn_implementation="eager").eval()
    with torch.no_grad():
        logits = model(torch.tensor([TOKENS])).logits[0].numpy()
    require_close(f"{name}, transformers", logits, own)
    again = tempfile.mkdtemp()
    model.save_pretrained(again)
    one |= {
        "class": type(model).__name__,
        "files": {file: sha256(read("models", name, file)) for file in ["config.json", "model.safetensors"]},
        "tensors": tensors(again),
        "logits": rows(logits),
    }
    if tensors(folder) != one["tensors"]:
        raise SystemExit(f"{name}: transformers saves other tensors")
    if name in STEPPED:
        out = tempfile.mkdtemp()
        step = ["torchrun", "--nproc-per-node", "2", os.path.join(HERE, "export_step.py"), folder, out]
        subprocess.run(step, check=True, stdout=sys.stderr, env={**os.environ, "OMP_NUM_THREADS": "1"})
        told = json.load(open(os.path.join(out, "step.json")))
        back = subprocess.run([*deno, out, "back"], check=True, capture_output=True).stdout
        stepped = numpy.array(told["logits"])
        require_close(f"{name}, back from torchrun", numpy.array(json.loads(back)).reshape(stepped.shape), stepped)
        if float(numpy.abs(stepped - logits).max()) < 1e-3:
            raise SystemExit(f"{name}: the step changed nothing")
        encode = lambda file: base64.b64encode(open(os.path.join(out, file), "rb").read()).decode()
        one["stepped"] = {**told, "config": json.load(open(os.path.join(out, "config.json"))), "weights": encode("model.safetensors")}

texts = {}
for file in sorted(os.listdir(os.path.join(root, "tokenizers"))):
    name, kind = os.path.splitext(file)
    if kind != ".json":
        continue
    tokenizer, found = Tokenizer.from_file(os.path.join(root, "tokenizers", file)), []
    for one in json.loads(read("tokenizers", name + ".own")):
        ids = tokenizer.encode(one["text"], add_special_tokens=False).ids
        if ids != one["ids"]:
            raise SystemExit(f"{name}: {one['text']!r} is {ids} to tokenizers, {one['ids']} to heed")
        found.append({"ids": ids, "text": tokenizer.decode(ids)})
    special = [token.content for token in tokenizer.get_added_tokens_decoder().values()]
    texts[name] = {"file": sha256(read("tokenizers", file)), "found": found, "special": tokenizer.encode("".join(special), add_special_tokens=False).ids}

versions = {library.__name__: library.__version__ for library in (torch, transformers, tokenizers, onnxruntime)}
print(json.dumps({"versions": versions, "tokens": TOKENS, "models": models, "tokenizers": texts}, separators=(",", ":")))
