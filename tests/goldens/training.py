"""Writes training.json: losses, optimizers and schedules as PyTorch computes them, in double precision.

Needs torch: python training.py
"""

import json
import pathlib

import torch
import torch.nn.functional as F

torch.manual_seed(6)
torch.set_default_dtype(torch.float64)


def numbers(t):
    return " ".join(repr(round(v, 14)) for v in t.detach().flatten().tolist())


def normal(*shape):
    return (torch.randn(*shape) * 100).round() / 100


# Losses: options as the TypeScript side spells them, value, gradient by the logits.
N, V = 6, 5
logits = normal(N, V) * 3
classes = torch.tensor([0, 4, -100, 2, 2, -100])
soft = torch.softmax(normal(N, V), 1)
weights = torch.tensor([0.5, 1.0, 2.0, 0.25, 1.5])
cross_entropy = []
for kind, targets in [("classes", classes), ("soft", soft)]:
    for smoothing in [0.0, 0.1]:
        for weighted in [False, True]:
            for reduction in ["mean", "sum", "none"]:
                x = logits.clone().requires_grad_()
                loss = F.cross_entropy(x, targets, weight=weights if weighted else None,
                                       label_smoothing=smoothing, reduction=reduction)
                loss.sum().backward()
                cross_entropy.append({"kind": kind, "labelSmoothing": smoothing, "weighted": weighted,
                                      "reduction": reduction, "loss": numbers(loss), "gradient": numbers(x.grad)})

yes_logits = torch.tensor([-30.0, -2.5, 0.0, 0.0, 0.3, 40.0, -1000.0, 1000.0])
yes = torch.tensor([0.0, 1.0, 1.0, 0.0, 0.4, 1.0, 0.0, 1.0])
binary = []
for weight in [1.0, 3.0]:
    for reduction in ["mean", "sum", "none"]:
        x = yes_logits.clone().requires_grad_()
        loss = F.binary_cross_entropy_with_logits(x, yes, pos_weight=torch.tensor(weight), reduction=reduction)
        loss.sum().backward()
        binary.append({"positiveWeight": weight, "reduction": reduction,
                       "loss": numbers(loss), "gradient": numbers(x.grad)})

log_probabilities = torch.log_softmax(logits, 1)
shares = soft.clone()
shares[0] = torch.tensor([0.0, 1.0, 0.0, 0.0, 0.0])
kl = {"mean": numbers(F.kl_div(log_probabilities, shares, reduction="batchmean")),
      "sum": numbers(F.kl_div(log_probabilities, shares, reduction="sum")),
      "none": numbers(F.kl_div(log_probabilities, shares, reduction="none").sum(1))}
mse = {r: numbers(F.mse_loss(logits, soft, reduction=r)) for r in ["mean", "sum", "none"]}

# Optimizers: the same gradients for all, a matrix and a bias; parameters after every step.
STEPS = 12
start = {"matrix": normal(3, 2), "bias": normal(2)}
gradients = [{name: normal(*p.shape) * 10 ** (-step % 3) for name, p in start.items()} for step in range(STEPS)]


def trajectory(make):
    parameters = {name: p.clone().requires_grad_() for name, p in start.items()}
    optimizer = make(parameters)
    path = []
    for step in range(STEPS):
        for name, p in parameters.items():
            p.grad = gradients[step][name].clone()
        optimizer.step()
        path.append({name: numbers(p) for name, p in parameters.items()})
    return path


optimizers = {
    "sgd": trajectory(lambda p: torch.optim.SGD(p.values(), lr=0.1)),
    "momentum": trajectory(lambda p: torch.optim.SGD(p.values(), lr=0.1, momentum=0.9)),
    "nesterov": trajectory(lambda p: torch.optim.SGD(p.values(), lr=0.1, momentum=0.9, nesterov=True)),
    "adaGrad": trajectory(lambda p: torch.optim.Adagrad(p.values(), lr=0.1, eps=1e-6)),
    "rmsProp": trajectory(lambda p: torch.optim.RMSprop(p.values(), lr=0.05, alpha=0.9, eps=1e-6)),
    "adam": trajectory(lambda p: torch.optim.Adam(p.values(), lr=0.05, betas=(0.8, 0.95), eps=1e-6)),
    "adamPenalty": trajectory(lambda p: torch.optim.Adam(p.values(), lr=0.05, weight_decay=0.1)),
    "adamw": trajectory(lambda p: torch.optim.AdamW(
        [{"params": [p["matrix"]], "weight_decay": 0.1}, {"params": [p["bias"]], "weight_decay": 0.0}], lr=0.05)),
}

clip = []
for bound in [0.5, 1e6]:
    parameters = [p.clone().requires_grad_() for p in start.values()]
    for p, g in zip(parameters, gradients[0].values()):
        p.grad = g.clone()
    norm = torch.nn.utils.clip_grad_norm_(parameters, bound)
    clip.append({"maxNorm": bound, "norm": numbers(norm), "gradients": [numbers(p.grad) for p in parameters]})


def rates(make, count=20):
    parameter = torch.zeros(1, requires_grad=True)
    optimizer = torch.optim.SGD([parameter], lr=0.3)
    schedule = make(optimizer)
    found = []
    for _ in range(count):
        optimizer.step()
        schedule.step()
        found.append(optimizer.param_groups[0]["lr"])
    return numbers(torch.tensor(found))


L = torch.optim.lr_scheduler
schedules = {
    "cosine": rates(lambda o: L.CosineAnnealingLR(o, T_max=20, eta_min=0.03)),
    "linear": rates(lambda o: L.LinearLR(o, start_factor=1, end_factor=0.1, total_iters=20)),
}

result = {"N": N, "V": V, "logits": numbers(logits), "classes": classes.tolist(), "soft": numbers(soft),
          "weights": numbers(weights), "crossEntropy": cross_entropy,
          "yesLogits": numbers(yes_logits), "yes": numbers(yes), "binary": binary,
          "shares": numbers(shares), "kl": kl, "mse": mse,
          "start": {n: numbers(p) for n, p in start.items()},
          "gradients": [{n: numbers(g) for n, g in step.items()} for step in gradients],
          "optimizers": optimizers, "clip": clip, "schedules": schedules}
pathlib.Path(__file__).with_name("training.json").write_text(json.dumps(result, indent=2) + "\n")
