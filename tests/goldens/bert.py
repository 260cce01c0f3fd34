"""Recipe of bert.json: small encoders with random weights, as transformers saves them, and what they compute.

    python -m venv venv && venv/bin/pip install torch transformers safetensors gguf
    venv/bin/python tests/goldens/bert.py > tests/goldens/bert.json
"""

import base64
import json
import os
import tempfile

import gguf
import torch
import transformers
from safetensors.torch import load_file, save_file
from transformers import (
    BertConfig,
    BertForMaskedLM,
    BertForPreTraining,
    BertModel,
    DistilBertConfig,
    DistilBertForMaskedLM,
    DistilBertModel,
    RobertaConfig,
    RobertaForMaskedLM,
    RobertaModel,
)

SIZES = dict(vocab_size=24, hidden_size=8, num_attention_heads=2, num_hidden_layers=2, intermediate_size=12)
BERT = dict(**SIZES, max_position_embeddings=16, type_vocab_size=2, pad_token_id=0)
ROBERTA = dict(**SIZES, max_position_embeddings=18, type_vocab_size=1, pad_token_id=1, bos_token_id=2, eos_token_id=3)
DISTIL = dict(vocab_size=24, dim=8, n_heads=2, n_layers=2, hidden_dim=12, max_position_embeddings=16, pad_token_id=0)
MODELS = {
    "bert": (BertModel, BertConfig(**BERT)),
    "bert, tanh form of GELU": (BertModel, BertConfig(**BERT, hidden_act="gelu_new")),
    "bert, masked words": (BertForMaskedLM, BertConfig(**BERT)),
    "bert, masked words, untied": (BertForMaskedLM, BertConfig(**BERT, tie_word_embeddings=False)),
    "bert, pre-training, older names": (BertForPreTraining, BertConfig(**BERT)),
    "roberta": (RobertaModel, RobertaConfig(**ROBERTA)),
    "roberta, masked words": (RobertaForMaskedLM, RobertaConfig(**ROBERTA)),
    "distilbert": (DistilBertModel, DistilBertConfig(**DISTIL)),
    "distilbert, masked words": (DistilBertForMaskedLM, DistilBertConfig(**DISTIL)),
}
# Sentences of words of one letter, of which "a" has id 5, between [CLS] and [SEP].
SENTENCES = ["a b c", "d", "s r q p o n m l k j i h", "e f g h i j", ""]
# Two rows, of which the second one is padded.
TOKENS = [[4, 9, 14, 5, 9, 12, 6, 5], [13, 15, 8, 9, 7]]
TYPES = [[0, 0, 0, 0, 1, 1, 1, 1], [0, 0, 0, 1, 1]]


def blocks(model, config, path):
    """The same weights as a GGUF."""
    writer = gguf.GGUFWriter(path, "bert")
    writer.add_block_count(config.num_hidden_layers)
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_layer_norm_eps(config.layer_norm_eps)
    writer.add_causal_attention(False)
    writer.add_pooling_type(gguf.PoolingType.CLS)
    writer.add_token_type_count(config.type_vocab_size)
    writer.add_tokenizer_model("bert")
    writer.add_token_list(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"] + [f"▁{chr(97 + i)}" for i in range(config.vocab_size - 5)])
    names = {
        "embeddings.word_embeddings": "token_embd", "embeddings.position_embeddings": "position_embd",
        "embeddings.token_type_embeddings": "token_types", "embeddings.LayerNorm": "token_embd_norm",
        "attention.self.query": "attn_q", "attention.self.key": "attn_k", "attention.self.value": "attn_v",
        "attention.output.dense": "attn_output", "attention.output.LayerNorm": "attn_output_norm",
        "intermediate.dense": "ffn_up", "output.dense": "ffn_down", "output.LayerNorm": "layer_output_norm",
    }
    for name, tensor in model.state_dict().items():
        if name.startswith("pooler."):
            continue
        short, _, kind = name.rpartition(".")
        if short.startswith("encoder.layer."):
            layer, part = short.removeprefix("encoder.layer.").split(".", 1)
            short = f"blk.{layer}.{names[part]}"
        else:
            short = names[short]
        writer.add_tensor(f"{short}.{kind}", tensor.numpy().copy())
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def pooled_sentences(model):
    """Vectors of sentences, each read alone: the formulas of sentence-transformers."""
    found = {"mean": [], "max": [], "first": [], "last": [], "normalized mean": []}
    for sentence in SENTENCES:
        ids = [2] + [5 + ord(letter) - ord("a") for letter in sentence.split()] + [3]
        hidden = model(torch.tensor([ids])).last_hidden_state[0]
        mean = hidden.sum(0) / len(ids)
        vectors = [mean, hidden.max(0).values, hidden[0], hidden[-1], torch.nn.functional.normalize(mean, dim=0)]
        for kind, vector in zip(found, rounded(torch.stack(vectors))):
            found[kind].append(vector)
    return found


def rounded(tensor):
    return [[round(float(x), 6) for x in row] for row in tensor]


cases = {}
for index, (name, (kind, config)) in enumerate(MODELS.items()):
    torch.manual_seed(index)
    model = kind(config).eval().float()
    with torch.no_grad():
        for weight in model.parameters():
            weight.copy_(torch.randn_like(weight) * (0.3 if weight.dim() > 1 else 0.1))
        for module in model.modules():
            if isinstance(module, torch.nn.LayerNorm):
                module.weight.add_(1)
        if hasattr(model, "tie_weights"):
            model.tie_weights()
        pad, length = config.pad_token_id, max(len(row) for row in TOKENS)
        tokens = torch.tensor([row + [pad] * (length - len(row)) for row in TOKENS])
        inputs = dict(input_ids=tokens, attention_mask=torch.tensor([[1] * len(row) + [0] * (length - len(row)) for row in TOKENS]))
        if getattr(config, "type_vocab_size", 0) == 2:
            inputs["token_type_ids"] = torch.tensor([row + [0] * (length - len(row)) for row in TYPES])
        found = model(**inputs, output_hidden_states=True)
    folder = tempfile.mkdtemp()
    model.save_pretrained(folder)
    weights = os.path.join(folder, "model.safetensors")
    if "older names" in name:
        old = {key.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta"): value for key, value in load_file(weights).items()}
        save_file(old, weights)
    read = lambda file: open(os.path.join(folder, file), "rb").read()
    own = lambda rows: [x for row, tokens in zip(rows, TOKENS) for x in rounded(row[: len(tokens)])]
    logits = getattr(found, "logits", getattr(found, "prediction_logits", None))
    pooled = getattr(found, "pooler_output", None)
    cases[name] = {
        "config": json.loads(read("config.json")),
        "weights": base64.b64encode(read("model.safetensors")).decode(),
        "hidden": own(found.hidden_states[-1]),
        **({} if logits is None else {"logits": own(logits)}),
        **({} if pooled is None else {"pooled": rounded(pooled)}),
    }
    if name == "bert":
        with torch.no_grad():
            sentences = {"texts": SENTENCES, **pooled_sentences(model)}
        blocks(model, config, os.path.join(folder, "small.gguf"))
        cases[name]["gguf"] = base64.b64encode(read("small.gguf")).decode()

print(json.dumps({"versions": {"transformers": transformers.__version__, "torch": torch.__version__}, "tokens": TOKENS, "types": TYPES, "sentences": sentences, "cases": cases}))
