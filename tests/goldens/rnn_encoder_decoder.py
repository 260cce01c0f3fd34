"""Records encoder–decoders of PyTorch's recurrent networks with what they compute, forwards and backwards.

    python tests/goldens/rnn_encoder_decoder.py tests/goldens/rnn_encoder_decoder.safetensors

Recorded with torch 2.15.0 and safetensors 0.8.0 on a CPU. Each case reads sources of different lengths, packed without their padding and
in the second case word by word from the last to the first, and begins the decoder with the encoder's last states. A case has
`case/state/…`, `case/source`, `case/lengths`, `case/target`, `case/labels`, `case/logits`, `case/loss` and `case/gradient/…`. Weights are
float32 numbers of a few digits, the rest was computed from them in float64.
"""

import sys

import torch
from safetensors.torch import save_file
from torch import nn
from torch.nn.functional import cross_entropy
from torch.nn.utils.rnn import pack_padded_sequence

torch.manual_seed(0)
B, S, T, SOURCES, TARGETS = 3, 5, 4, 6, 7
LENGTHS = torch.tensor([5, 1, 3])
file = {}


class Writer(nn.Module):
    def __init__(self, kind, embedding_size, hidden_size, tied):
        super().__init__()
        self.embedding = nn.Embedding(TARGETS, embedding_size)
        self.network = kind(embedding_size, hidden_size, num_layers=2, batch_first=True)
        self.head = None if tied else nn.Linear(hidden_size, TARGETS)

    def forward(self, target, states):
        hidden, _ = self.network(self.embedding(target), states)
        return self.head(hidden) if self.head else hidden @ self.embedding.weight.T


class Translator(nn.Module):
    def __init__(self, kind, embedding_size, hidden_size, tied):
        super().__init__()
        self.sourceEmbedding = nn.Embedding(SOURCES, embedding_size)
        self.encoder = kind(embedding_size, hidden_size, num_layers=2, batch_first=True)
        self.decoder = Writer(kind, embedding_size, hidden_size, tied)

    def forward(self, source, target):
        embedded = self.sourceEmbedding(source)
        packed = pack_padded_sequence(embedded, LENGTHS, batch_first=True, enforce_sorted=False)
        _, states = self.encoder(packed)
        return self.decoder(target, states)


def record(name, kind, embedding_size, hidden_size, tied, reverse):
    model = Translator(kind, embedding_size, hidden_size, tied).double()
    for p in model.parameters():
        p.data = (torch.randn(*p.shape, dtype=torch.float64) * 32).round() / 64
    source = torch.randint(SOURCES, (B, S))
    target, labels = torch.randint(TARGETS, (B, T)), torch.randint(TARGETS, (B, T))
    labels[1, 2:] = -100
    turned = source.clone()
    if reverse:
        for row, length in enumerate(LENGTHS):
            turned[row, :length] = source[row, :length].flip(0)
    logits = model(turned, target)
    loss = cross_entropy(logits.transpose(1, 2), labels)
    loss.backward()
    for key, value in model.state_dict().items():
        file[f"{name}/state/{key}"] = value.float().clone()
    for key, value in [("source", source), ("lengths", LENGTHS), ("target", target), ("labels", labels)]:
        file[f"{name}/{key}"] = value.int().clone()
    file[f"{name}/logits"] = logits.detach().clone()
    file[f"{name}/loss"] = loss.detach().clone()
    for key, value in model.named_parameters():
        file[f"{name}/gradient/{key}"] = value.grad.clone()


record("lstm", nn.LSTM, 5, 4, False, False)
record("lstm reversed", nn.LSTM, 4, 4, True, True)
record("gru", nn.GRU, 4, 4, True, True)
record("rnn", nn.RNN, 5, 4, False, False)

save_file(file, sys.argv[1], {"torch": torch.__version__.split("+")[0]})
