"""Records the feed-forward language model of Bengio et al. 2003, written in PyTorch, with what it computes.

    python tests/goldens/feed_forward_lm.py tests/goldens/feed_forward_lm.safetensors

Recorded with torch 2.15.0 and safetensors 0.8.0 on a CPU. A case has a name; its tensors are called `case/state/…` with
PyTorch's own names, `case/input/tokens`, `case/output`, and `case/gradient/…` of the state: those of the mean square of the output.
States are float32 numbers of a few digits, the rest was computed from them in float64. Before the first token there are zeros.
"""

import sys

import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from torch import nn

torch.manual_seed(0)
B, T, N, E, H, V = 2, 6, 3, 4, 5, 9
file = {}


class Model(nn.Module):
    def __init__(self, direct):
        super().__init__()
        self.embedding = nn.Embedding(V, E)
        self.hidden = nn.Linear(N * E, H)
        self.head = nn.Linear(H, V)
        if direct:
            self.direct = nn.Linear(N * E, V, bias=False)

    def forward(self, tokens):
        vectors = F.pad(self.embedding(tokens), (0, 0, N - 1, 0))
        x = torch.stack([vectors[:, t : t + N].flatten(1) for t in range(tokens.shape[1])], 1)
        scores = self.head(self.hidden(x).tanh())
        return scores + self.direct(x) if hasattr(self, "direct") else scores


for name, direct in [("direct", True), ("hidden only", False)]:
    model, tokens = Model(direct).double(), torch.randint(V, (B, T))
    for p in model.parameters():
        p.data = (torch.randn(*p.shape, dtype=torch.float64) * 16).round() / 32
    output = model(tokens)
    output.square().mean().backward()
    file[f"{name}/input/tokens"] = tokens.int()
    file[f"{name}/output"] = output.detach().clone()
    for key, value in model.named_parameters():
        file[f"{name}/state/{key}"] = value.detach().float()
        file[f"{name}/gradient/{key}"] = value.grad.clone()

save_file(file, sys.argv[1], {"torch": torch.__version__.split("+")[0]})
