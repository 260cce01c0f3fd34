"""Exports a BERT of a folder as ONNX, with axes of any length: what transformers.js would run.

    python3 bench/peers/torch/sentences.py FOLDER model.onnx
"""

import sys

import torch
from transformers import AutoModel

model = AutoModel.from_pretrained(sys.argv[1], attn_implementation="eager").eval().float().requires_grad_(False)


class Hidden(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.model = model

    def forward(self, input_ids, attention_mask, token_type_ids):
        return self.model(input_ids=input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids).last_hidden_state


tokens = torch.ones(2, 8, dtype=torch.long)
names = ["input_ids", "attention_mask", "token_type_ids"]
torch.onnx.export(
    Hidden(), (tokens, tokens, tokens * 0), sys.argv[2], input_names=names, output_names=["hidden"], opset_version=17,
    dynamic_axes={name: {0: "batch", 1: "length"} for name in [*names, "hidden"]}, dynamo=False,
)
