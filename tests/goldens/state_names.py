"""Records models of PyTorch with what they compute and how one step of SGD changes them.

    python tests/goldens/state_names.py tests/goldens/state_names.safetensors

Recorded with torch 2.15.0 and safetensors 0.8.0 on a CPU. A case has a name; its tensors are called
`case/state/…` with PyTorch's own names, `case/input/…`, `case/output` and, of some cases, `case/after/…`, the
state after one step with learning rate 0.5 on the mean square of the output. States and inputs are float32 numbers of
a few digits, the rest was computed from them in float64.
"""

import sys

import torch
from safetensors.torch import save_file
from torch import nn

torch.manual_seed(0)
B, T, S, E, H, F = 2, 3, 4, 4, 2, 6
STEPPED = ["encoder post", "decoder pre", "attention", "reader"]
file = {}


def short(*shape):
    return (torch.randn(*shape, dtype=torch.float64) * 32).round() / 32


def record(name, model, call, **inputs):
    model = model.double()
    for p in model.parameters():
        base = p.data if p.dim() == 1 else 0
        p.data = ((base + torch.randn_like(p) * 0.3) * 64).round() / 64
    for key, value in model.state_dict().items():
        file[f"{name}/state/{key}"] = value.to(torch.float32 if value.is_floating_point() else value.dtype).clone()
    for key, value in inputs.items():
        file[f"{name}/input/{key}"] = (value.float() if value.is_floating_point() else value).clone()
    output = call(model, **inputs)
    file[f"{name}/output"] = output.detach().clone().contiguous()
    if name not in STEPPED:
        return
    output.square().mean().backward()
    torch.optim.SGD(model.parameters(), lr=0.5).step()
    for key, value in model.named_parameters():
        file[f"{name}/after/{key}"] = value.detach().clone()


# True where a position is padding, as PyTorch has it.
source_padding = torch.tensor([[False, False, False, True], [False] * 4])
target_padding = torch.tensor([[False, False, True], [False] * 3])
future = torch.ones(T, T, dtype=torch.bool).triu(1)


def layer(kind, **options):
    return kind(E, H, F, dropout=0, batch_first=True, **options)


for order, options, norm in [
    ("post", dict(norm_first=False, activation="relu"), lambda: nn.LayerNorm(E)),
    ("pre", dict(norm_first=True, activation="gelu"), lambda: None),
]:
    record(
        f"encoder {order}",
        nn.TransformerEncoder(layer(nn.TransformerEncoderLayer, **options), 2, norm(), enable_nested_tensor=False),
        lambda m, x, bias, padding: m(x, mask=bias, src_key_padding_mask=padding),
        x=short(B, S, E), bias=short(S, S), padding=source_padding,
    )
    record(
        f"decoder {order}",
        nn.TransformerDecoder(layer(nn.TransformerDecoderLayer, **options), 1, norm()),
        lambda m, x, memory, padding, source_padding: m(
            x, memory, tgt_mask=future, tgt_key_padding_mask=padding, memory_key_padding_mask=source_padding),
        x=short(B, T, E), memory=short(B, S, E), padding=target_padding, source_padding=source_padding,
    )

record(
    "attention",
    nn.MultiheadAttention(E, H, kdim=3, vdim=5, batch_first=True),
    lambda m, x, key, value, bias, padding: m(x, key, value, attn_mask=bias.flatten(0, 1), key_padding_mask=padding)[0],
    x=short(B, T, E), key=short(B, S, 3), value=short(B, S, 5), bias=short(B, H, T, S), padding=source_padding,
)
record(
    "transformer",
    nn.Transformer(E, H, 1, 1, F, dropout=0, batch_first=True),
    lambda m, x, y: m(x, y, tgt_mask=future),
    x=short(B, S, E), y=short(B, T, E),
)


class Reader(nn.Module):
    def __init__(self):
        super().__init__()
        self.table = nn.Embedding(7, E)
        self.conv = nn.Conv1d(E, 3, 2)
        self.head = nn.Sequential(nn.Linear(3, F), nn.GELU(), nn.Linear(F, 2, bias=False))
        self.scale = nn.RMSNorm(2, eps=1e-5)

    def forward(self, tokens):
        return self.scale(self.head(self.conv(self.table(tokens).mT).mT))


record("reader", Reader(), lambda m, tokens: m(tokens), tokens=torch.tensor([[1, 5, 6, 2], [0, 3, 3, 4]]))

norm = nn.BatchNorm1d(E)
norm.running_mean, norm.running_var = short(E), short(E).abs() + 1
record("batch norm", norm.eval(), lambda m, x: m(x), x=short(B, E))

save_file(file, sys.argv[1])
