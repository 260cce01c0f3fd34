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
from transformers import AutoModelForCausalLM, Gemma2Config, Gemma3TextConfig, GemmaConfig, GPT2Config, LlamaConfig, MistralConfig, Qwen2Config, Qwen3Config

TOKENS = [3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8]
SIZES = dict(vocab_size=24, hidden_size=16, num_attention_heads=4, num_hidden_layers=2)
LLAMA3 = dict(rope_type="llama3", factor=4.0, low_freq_factor=1.0, high_freq_factor=2.0, original_max_position_embeddings=8, rope_theta=500.0)
YARN = dict(rope_type="yarn", factor=4.0, original_max_position_embeddings=8, rope_theta=500.0)
MORE = dict(**SIZES, intermediate_size=20, num_key_value_heads=2, max_position_embeddings=32)
ONE = {**MORE, "num_hidden_layers": 1}
GEMMA = dict(**MORE, head_dim=8, attn_implementation="eager")
SLIM = {**GEMMA, "hidden_size": 8, "num_attention_heads": 2, "num_key_value_heads": 1, "intermediate_size": 12, "num_hidden_layers": 7, "head_dim": 4}
LOCAL, GLOBAL = "sliding_attention", "full_attention"
CONFIGS = {
    "llama, tied": LlamaConfig(**SIZES, intermediate_size=20, num_key_value_heads=2, max_position_embeddings=32, tie_word_embeddings=True, rms_norm_eps=1e-5),
    "llama, untied, scaled, wide heads": LlamaConfig(**SIZES, intermediate_size=20, num_key_value_heads=1, head_dim=8, max_position_embeddings=32, tie_word_embeddings=False, rope_parameters=LLAMA3),
    "mistral, window": MistralConfig(**SIZES, intermediate_size=20, num_key_value_heads=2, max_position_embeddings=32, sliding_window=4, attn_implementation="eager"),
    "gpt2": GPT2Config(vocab_size=24, n_embd=16, n_head=4, n_layer=2, n_positions=32, n_inner=40),
    "llama, biases": LlamaConfig(**ONE, attention_bias=True, mlp_bias=True, tie_word_embeddings=True),
    "llama, yarn": LlamaConfig(**ONE, rope_parameters=YARN, tie_word_embeddings=True),
    "qwen2, tied": Qwen2Config(**MORE, tie_word_embeddings=True),
    "qwen2, window in upper layers": Qwen2Config(**MORE, use_sliding_window=True, sliding_window=4, max_window_layers=1, attn_implementation="eager"),
    "qwen3, wide heads": Qwen3Config(**MORE, head_dim=8, tie_word_embeddings=True),
    "gemma": GemmaConfig(**{**GEMMA, "num_hidden_layers": 1}),
    "gemma2, capped": Gemma2Config(**GEMMA, sliding_window=4, attn_logit_softcapping=2.0, final_logit_softcapping=5.0, query_pre_attn_scalar=5),
    "gemma3": Gemma3TextConfig(**SLIM, sliding_window=4, query_pre_attn_scalar=4),
    "gemma3, scaled": Gemma3TextConfig(**GEMMA, sliding_window=4, query_pre_attn_scalar=7, layer_types=[LOCAL, GLOBAL], rope_parameters={
        LOCAL: dict(rope_type="default", rope_theta=100.0), GLOBAL: dict(rope_type="linear", factor=8.0, rope_theta=1000.0)}),
}


NAMES = {
    "model.embed_tokens": "token_embd", "model.norm": "output_norm", "lm_head": "output",
    "input_layernorm": "attn_norm", "post_attention_layernorm": "ffn_norm", "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v", "self_attn.o_proj": "attn_output",
    "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down",
    "self_attn.q_norm": "attn_q_norm", "self_attn.k_norm": "attn_k_norm",
}
FOUR_NORMS = {"post_attention_layernorm": "post_attention_norm", "pre_feedforward_layernorm": "ffn_norm", "post_feedforward_layernorm": "post_ffw_norm"}


def blocks(model, config, path):
    """The same weights as a GGUF, as llama.cpp converts them: rows of queries and keys in another order for Llama, one added to the gains of Gemma."""
    def permute(weights, heads):
        return weights.reshape(heads, 2, weights.shape[0] // heads // 2, *weights.shape[1:]).swapaxes(1, 2).reshape(weights.shape)

    word = config.model_type.removesuffix("_text")
    names = {**NAMES, **(FOUR_NORMS if word in ("gemma2", "gemma3") else {})}
    writer = gguf.GGUFWriter(path, word)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    if word == "gemma3":
        writer.add_rope_freq_base(config.rope_parameters[GLOBAL]["rope_theta"])
        writer.add_sliding_window(config.sliding_window)
    else:
        writer.add_rope_freq_base(config.rope_parameters["rope_theta"])
    if word != "llama" and word != "qwen2":
        writer.add_key_length(config.head_dim)
        writer.add_value_length(config.head_dim)
    writer.add_vocab_size(config.vocab_size)
    for name, tensor in model.state_dict().items():
        if name == "lm_head.weight" and config.tie_word_embeddings:
            continue
        array, (short, kind) = tensor.numpy(), name.rsplit(".", 1)
        if word == "llama" and "q_proj" in name: array = permute(array, config.num_attention_heads)
        if word == "llama" and "k_proj" in name: array = permute(array, config.num_key_value_heads)
        if word.startswith("gemma") and "norm" in name: array = array + 1
        if short.startswith("model.layers."):
            layer, part = short.removeprefix("model.layers.").split(".", 1)
            short = f"blk.{layer}.{names[part]}"
        else:
            short = names[short]
        writer.add_tensor(f"{short}.{kind}", array.copy())
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
            weight.copy_(torch.randn_like(weight) * (0.3 if weight.dim() > 1 else 0.1) + (0 if weight.dim() > 1 or name.startswith("gemma") else 1))
        logits = model(torch.tensor([TOKENS])).logits[0]
    folder = tempfile.mkdtemp()
    model.save_pretrained(folder)
    read = lambda file: open(os.path.join(folder, file), "rb").read()
    cases[name] = {
        "config": json.loads(read("config.json")),
        "weights": base64.b64encode(read("model.safetensors")).decode(),
        "logits": [[round(float(x), 6) for x in row] for row in logits],
    }
    if name in ("llama, tied", "qwen2, tied", "qwen3, wide heads", "gemma3"):
        blocks(model, config, os.path.join(folder, "small.gguf"))
        cases[name]["gguf"] = base64.b64encode(read("small.gguf")).decode()

print(json.dumps({"versions": {"transformers": transformers.__version__, "torch": torch.__version__}, "tokens": TOKENS, "cases": cases}))
