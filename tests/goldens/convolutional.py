"""Records convolutional networks of PyTorch with what they compute, forwards and backwards.

    python tests/goldens/convolutional.py tests/goldens/convolutional.safetensors

Recorded with torch 2.15.0 and safetensors 0.8.0 on a CPU. A case has a name; its tensors are called `case/state/…` with
PyTorch's own names, `case/input/…`, `case/output`, and `case/gradient/…` of the state and of inputs that are no tokens: those of the
mean square of the output. States and inputs are float32 numbers of a few digits, the rest was computed from them in float64.
Words lie on the second axis, features on the last.
"""

import sys

import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from torch import nn

torch.manual_seed(0)
B, T, E, H, V = 3, 7, 4, 3, 9
file = {}


def short(*shape):
    return (torch.randn(*shape, dtype=torch.float64) * 16).round() / 32


class Layer(nn.Module):
    """One convolution, to both sides or causal."""

    def __init__(self, kernel_size, dilation, causal):
        super().__init__()
        self.reach = (kernel_size - 1) * dilation if causal else 0
        self.convolution = nn.Conv1d(
            E, H, kernel_size, dilation=dilation, padding="valid" if causal else "same"
        )

    def forward(self, x):
        x = F.pad(x.transpose(1, 2), (self.reach, 0))
        return self.convolution(x).transpose(1, 2)


class Block(nn.Module):
    def __init__(self, width, kernel_size, dilation, gated):
        super().__init__()
        self.reach, self.gated = (kernel_size - 1) * dilation, gated
        self.convolution = nn.Conv1d(width, width * (2 if gated else 1), kernel_size, dilation=dilation)

    def forward(self, x):
        windows = self.convolution(F.pad(x, (self.reach, 0)))
        return x + (F.glu(windows, dim=1) if self.gated else F.relu(windows))


class LanguageModel(nn.Module):
    def __init__(self, gated, tied):
        super().__init__()
        self.embedding = nn.Embedding(V, E)
        self.layers = nn.ModuleList([Block(E, 3, d, gated) for d in (1, 2, 1)])
        if not tied:
            self.head = nn.Linear(E, V)

    def forward(self, tokens):
        x = self.embedding(tokens).transpose(1, 2)
        for layer in self.layers:
            x = layer(x)
        x = x.transpose(1, 2)
        return self.head(x) if hasattr(self, "head") else x @ self.embedding.weight.T


class Classifier(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(V, E)
        self.convolutions = nn.ModuleList([nn.Conv1d(E, H, k, padding=k - 1) for k in (2, 3)])
        self.head = nn.Linear(2 * H, 2)

    def forward(self, tokens):
        x = self.embedding(tokens).transpose(1, 2)
        return self.head(torch.cat([F.relu(c(x)).amax(-1) for c in self.convolutions], -1))


def record(name, model, **inputs):
    model = model.double()
    for p in model.parameters():
        p.data = short(*p.shape)
    for key, value in inputs.items():
        file[f"{name}/input/{key}"] = value.float() if value.is_floating_point() else value.int()
        if value.is_floating_point():
            value.requires_grad_()
    for key, value in model.state_dict().items():
        file[f"{name}/state/{key}"] = value.float().clone()
    output = model(*inputs.values())
    output.square().mean().backward()
    file[f"{name}/output"] = output.detach().clone().contiguous()
    for key, value in [*model.named_parameters(), *inputs.items()]:
        if value.grad is not None:
            file[f"{name}/gradient/{key}"] = value.grad.clone().contiguous()


for kernel_size, dilation in [(1, 1), (2, 1), (3, 2), (4, 1)]:
    for causal in (False, True):
        kind = "causal" if causal else "both sides"
        record(f"{kind} {kernel_size} {dilation}", Layer(kernel_size, dilation, causal), x=short(B, T, E))
tokens = torch.randint(V, (B, T))
record("model gated", LanguageModel(True, True), tokens=tokens)
record("model relu", LanguageModel(False, False), tokens=tokens)
record("classifier", Classifier(), tokens=tokens)

save_file(file, sys.argv[1], {"torch": torch.__version__.split("+")[0]})
