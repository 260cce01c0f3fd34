"""Recipe of pretrained.json: small models with random weights, as transformers saves them, and their logits.

    python -m venv venv && venv/bin/pip install torch transformers safetensors gguf
    venv/bin/python tests/goldens/pretrained.py > tests/goldens/pretrained.json
"""

import base64
import json
import os
import tempfile

import gguf
import torch
import transformers
from transformers import AutoModelForCausalLM, GPT2Config, LlamaConfig, MistralConfig

TOKENS = [3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8]
SIZES = dict(vocab_size=24, hidden_size=16, num_attention_heads=4, num_hidden_layers=2)
LLAMA3 = dict(rope_type="llama3", factor=4.0, low_freq_factor=1.0, high_freq_factor=2.0, original_max_position_embeddings=8, rope_theta=500.0)
CONFIGS = {
    "llama, tied": LlamaConfig(**SIZES, intermediate_size=20, num_key_value_heads=2, max_position_embeddings=32, tie_word_embeddings=True, rms_norm_eps=1e-5),
    "llama, untied, scaled, wide heads": LlamaConfig(**SIZES, intermediate_size=20, num_key_value_heads=1, head_dim=8, max_position_embeddings=32, tie_word_embeddings=False, rope_parameters=LLAMA3),
    "mistral, window": MistralConfig(**SIZES, intermediate_size=20, num_key_value_heads=2, max_position_embeddings=32, sliding_window=4, attn_implementation="eager"),
    "gpt2": GPT2Config(vocab_size=24, n_embd=16, n_head=4, n_layer=2, n_positions=32, n_inner=40),
}


def blocks(model, config, path):
    """The same weights as a GGUF, with the rows of queries and keys in the order that such files have."""
    def permute(weights, heads):
        return weights.reshape(heads, 2, weights.shape[0] // heads // 2, *weights.shape[1:]).swapaxes(1, 2).reshape(weights.shape)

    writer = gguf.GGUFWriter(path, "llama")
    writer.add_block_count(config.num_hidden_layers)
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_rope_freq_base(10000.0)
    writer.add_vocab_size(config.vocab_size)
    names = {
        "model.embed_tokens": "token_embd", "model.norm": "output_norm", "lm_head": "output",
        "input_layernorm": "attn_norm", "post_attention_layernorm": "ffn_norm", "self_attn.q_proj": "attn_q",
        "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v", "self_attn.o_proj": "attn_output",
        "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down",
    }
    for name, tensor in model.state_dict().items():
        if name == "lm_head.weight" and config.tie_word_embeddings:
            continue
        array, short = tensor.numpy(), name.removesuffix(".weight")
        if "q_proj" in name: array = permute(array, config.num_attention_heads)
        if "k_proj" in name: array = permute(array, config.num_key_value_heads)
        if short.startswith("model.layers."):
            layer, part = short.removeprefix("model.layers.").split(".", 1)
            short = f"blk.{layer}.{names[part]}"
        else:
            short = names[short]
        writer.add_tensor(short + ".weight", array.copy())
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


cases = {}
for index, (name, config) in enumerate(CONFIGS.items()):
    torch.manual_seed(index)
    model = AutoModelForCausalLM.from_config(config).eval().float()
    with torch.no_grad():
        for weight in model.parameters():
            weight.copy_(torch.randn_like(weight) * (0.3 if weight.dim() > 1 else 0.1) + (0 if weight.dim() > 1 else 1))
        logits = model(torch.tensor([TOKENS])).logits[0]
    folder = tempfile.mkdtemp()
    model.save_pretrained(folder)
    read = lambda file: open(os.path.join(folder, file), "rb").read()
    cases[name] = {
        "config": json.loads(read("config.json")),
        "weights": base64.b64encode(read("model.safetensors")).decode(),
        "logits": [[round(float(x), 6) for x in row] for row in logits],
    }
    if name == "llama, tied":
        blocks(model, config, os.path.join(folder, "small.gguf"))
        cases[name]["gguf"] = base64.b64encode(read("small.gguf")).decode()

print(json.dumps({"versions": {"transformers": transformers.__version__, "torch": torch.__version__}, "tokens": TOKENS, "cases": cases}))
