"""Records recurrent networks of PyTorch with what they compute, forwards and backwards.

    python tests/goldens/recurrent.py tests/goldens/recurrent.safetensors

Recorded with torch 2.15.0 and safetensors 0.8.0 on a CPU. A case has a name; its tensors are called `case/state/…` with
PyTorch's own names, `case/input/…`, `case/output`, `case/hidden_state`, `case/cell_state`, and `case/gradient/…` of the state and of
the inputs: those of the sum of the mean squares of all that comes out. States and inputs are float32 numbers of a few digits, the
rest was computed from them in float64.
"""

import sys

import torch
from safetensors.torch import save_file
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

torch.manual_seed(0)
B, T, E, H = 3, 5, 4, 3
LENGTHS = torch.tensor([5, 1, 3])
file = {}


def short(*shape):
    return (torch.randn(*shape, dtype=torch.float64) * 32).round() / 32


def record(name, model, lengths=None):
    model = model.double()
    for p in model.parameters():
        p.data = short(*p.shape) / 2
        p.data = (p.data * 64).round() / 64
    L = model.num_layers * (2 if model.bidirectional else 1)
    inputs = {"x": short(B, T, E), "hidden_state": short(L, B, H)}
    if isinstance(model, nn.LSTM):
        inputs["cell_state"] = short(L, B, H)
    for key, value in inputs.items():
        value.requires_grad_()
        # States lie batch first here.
        file[f"{name}/input/{key}"] = (value if key == "x" else value.transpose(0, 1)).detach().float().contiguous()
    for key, value in model.state_dict().items():
        file[f"{name}/state/{key}"] = value.float().clone()
    x = inputs["x"]
    if lengths is not None:
        file[f"{name}/input/lengths"] = lengths.int()
        x = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
    states = tuple(inputs[key] for key in inputs if key != "x")
    output, last = model(x, states if len(states) > 1 else states[0])
    if lengths is not None:
        output, _ = pad_packed_sequence(output, batch_first=True, total_length=T)
    results = {"output": output}
    for key, value in zip(["hidden_state", "cell_state"], last if isinstance(last, tuple) else [last]):
        results[key] = value.transpose(0, 1)
    sum(value.square().mean() for value in results.values()).backward()
    for key, value in results.items():
        file[f"{name}/{key}"] = value.detach().clone().contiguous()
    for key, value in model.named_parameters():
        file[f"{name}/gradient/{key}"] = value.grad.clone()
    for key, value in inputs.items():
        file[f"{name}/gradient/{key}"] = (value.grad if key == "x" else value.grad.transpose(0, 1)).contiguous()


for kind, options in [
    ("RNN", {}),
    ("RNN relu", {"nonlinearity": "relu"}),
    ("LSTM", {}),
    ("GRU", {}),
]:
    make = getattr(nn, kind.split()[0])
    record(kind, make(E, H, batch_first=True, **options))
    record(f"{kind} stacked", make(E, H, num_layers=2, bidirectional=True, batch_first=True, **options))
    record(f"{kind} lengths", make(E, H, num_layers=2, bidirectional=True, batch_first=True, **options), LENGTHS)

save_file(file, sys.argv[1], {"torch": torch.__version__.split("+")[0]})
