"""Writes engine.json: operations of the engine as PyTorch computes them, in double precision.

Needs torch: python engine.py
"""

import json
import pathlib

import torch
import torch.nn.functional as F

torch.manual_seed(0)
records = {}


def record(name, run, *inputs):
    def pack(t):
        kind = {torch.float64: "float32", torch.int64: "int32", torch.bool: "bool"}[t.dtype]
        data = [round(v, 14) if kind == "float32" else int(v) for v in t.flatten().tolist()]
        return {"shape": list(t.shape), "dtype": kind, "data": data}

    records[name] = {"inputs": [pack(t) for t in inputs], "output": pack(run(*inputs))}


def normal(*shape):
    # Two decimals: the same number in JSON, in double precision and in this file's readers' eyes.
    return (torch.randn(*shape, dtype=torch.float64) * 100).round() / 100


def integers(end, *shape):
    return torch.randint(0, end, shape)


x, y, z = normal(2, 3, 4), normal(2, 3, 4), normal(3, 1)
record("mean over 0 and 2", lambda a: a.mean((0, 2)), x)
record("variance over 1", lambda a: a.var(1, correction=0), x)
record("sample variance over 2, kept", lambda a: a.var(2, correction=1, keepdim=True), x)
record("logSumExp over 0 and 1", lambda a: a.logsumexp((0, 1)), x)
record("max over 2", lambda a: a.amax(2), x)
record("argmax over 1", lambda a: a.argmax(1), x)
record("cumulativeSum over 1", lambda a: a.cumsum(1), x)
record("broadcast sum of three", lambda a, b, c: a + b * c, x, y, z)
record("remainder", lambda a, b: torch.remainder(a, b), x, y)
record("power", lambda a, b: a.abs() ** b, x, y)
record("erf", torch.erf, x)
record("softplus", lambda a: F.softplus(a * 10), x)
record("clamp", lambda a: a.clamp(-0.5, 0.75), x)
record("unfold", lambda a: a.unfold(2, 2, 1), x)
record("flip over 1", lambda a: a.flip(1), x)
record("roll over 2 by -3", lambda a: a.roll(-3, 2), x)
record("pad", lambda a: F.pad(a, (1, 2, 0, 1), value=0.5), x)
record("gather over 1", lambda a, i: a.gather(1, i), x, integers(3, 2, 2, 4))
record("scatter over 2", lambda a, i, v: a.scatter_add(2, i, v), x, integers(4, 2, 3, 4), y)
record("oneHot", lambda i: F.one_hot(i, 5).double(), integers(5, 2, 3))
record("sort", lambda a: a.sort(-1).values, x)
record("argsort, descending", lambda a: a.argsort(-1, descending=True), x)
record("topK", lambda a: a.topk(2).values, x)
record("lower triangle", lambda a: torch.ones_like(a).tril(1).bool(), normal(3, 4))
record("matmul of batches", lambda a, b: a @ b, normal(2, 1, 3, 4), normal(3, 4, 2))
record("einsum bthd,bshd->bhts", lambda a, b: torch.einsum("bthd,bshd->bhts", a, b), normal(2, 2, 2, 3), normal(2, 3, 2, 3))
record("einsum ...ij,...jk->...ki", lambda a, b: torch.einsum("...ij,...jk->...ki", a, b), normal(2, 3, 4), normal(4, 2))
record("einsum iji->j", lambda a: torch.einsum("iji->j", a), normal(3, 2, 3))
record("einsum ba", lambda a: torch.einsum("ba", a), normal(2, 3))
record("einsum ij,jk,k->i", lambda a, b, c: torch.einsum("ij,jk,k->i", a, b, c), normal(2, 3), normal(3, 4), normal(4))

signal, image = normal(2, 4, 9), normal(1, 2, 6, 7)
record("conv1d", lambda a, w, b: F.conv1d(a, w, b), signal, normal(3, 4, 3), normal(3))
record(
    "conv1d with stride 2, padding 2, dilation 2, groups 2",
    lambda a, w: F.conv1d(a, w, stride=2, padding=2, dilation=2, groups=2),
    signal,
    normal(6, 2, 3),
)
record("conv2d", lambda a, w: F.conv2d(a, w, padding=1), image, normal(3, 2, 3, 2))
record(
    "conv2d with stride 2, dilation 2, groups 2",
    lambda a, w, b: F.conv2d(a, w, b, stride=2, dilation=2, groups=2),
    image,
    normal(4, 1, 2, 3),
    normal(4),
)
record("maxPool1d", lambda a: F.max_pool1d(a, 3, stride=2, padding=1), signal)
record("maxPool2d", lambda a: F.max_pool2d(a, 2), image)
record("averagePool1d", lambda a: F.avg_pool1d(a, 3, stride=2, padding=1), signal)
record("averagePool2d", lambda a: F.avg_pool2d(a, 3, stride=1), image)

pathlib.Path(__file__).with_suffix(".json").write_text(
    json.dumps({"recipe": "engine.py", "torch": torch.__version__.split("+")[0], "cases": records}) + "\n"
)
