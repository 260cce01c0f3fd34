"""A small random LLaMA with weights in blocks of several kinds, and what transformers computes with the numbers they stand for.

    python -m venv venv && venv/bin/pip install torch transformers gguf
    venv/bin/python tests/goldens/quantised_models.py > tests/goldens/quantised_models.json
"""

import base64
import json
import os
import tempfile

import gguf
import torch
import transformers
from transformers import AutoModelForCausalLM, LlamaConfig

TOKENS = [3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8]
config = LlamaConfig(
    vocab_size=24, hidden_size=32, num_attention_heads=4, num_key_value_heads=2, num_hidden_layers=2,
    intermediate_size=64, max_position_embeddings=32, tie_word_embeddings=True, rms_norm_eps=1e-5,
)
KINDS = {"embed_tokens": "Q8_0", "q_proj": "Q4_0", "k_proj": "Q4_1", "v_proj": "Q5_0", "o_proj": "Q5_1", "gate_proj": "Q8_0", "up_proj": "Q4_1", "down_proj": "Q4_0"}
NAMES = {
    "model.embed_tokens": "token_embd", "model.norm": "output_norm", "input_layernorm": "attn_norm",
    "post_attention_layernorm": "ffn_norm", "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v", "self_attn.o_proj": "attn_output", "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down",
}


def permute(weights, heads):
    """Rows of queries and keys in the order that such files have."""
    return weights.reshape(heads, 2, weights.shape[0] // heads // 2, *weights.shape[1:]).swapaxes(1, 2).reshape(weights.shape)


torch.manual_seed(3)
model = AutoModelForCausalLM.from_config(config).eval()
for parameter in model.parameters():
    torch.nn.init.normal_(parameter, std=0.3 if parameter.dim() == 2 else 0.1)
    if parameter.dim() == 1: parameter.data += 1

with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "small.gguf")
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
    state = model.state_dict()
    for name, tensor in state.items():
        if name == "lm_head.weight": continue
        short = name.removesuffix(".weight")
        part = short.split(".", 3)[3] if short.startswith("model.layers.") else short
        target = f"blk.{short.split('.')[2]}.{NAMES[part]}.weight" if short.startswith("model.layers.") else f"{NAMES[part]}.weight"
        array = tensor.numpy().copy()
        kind = KINDS.get(short.split(".")[-1])
        if kind is None:
            writer.add_tensor(target, array)
            continue
        heads = config.num_attention_heads if "q_proj" in name else config.num_key_value_heads if "k_proj" in name else None
        if heads: array = permute(array, heads)
        kind = gguf.GGMLQuantizationType[kind]
        blocks = gguf.quants.quantize(array, kind)
        writer.add_tensor(target, blocks, raw_dtype=kind)
        numbers = gguf.quants.dequantize(blocks, kind)
        if heads:
            numbers = numbers.reshape(heads, numbers.shape[0] // heads // 2, 2, *numbers.shape[1:]).swapaxes(1, 2).reshape(numbers.shape)
        tensor.copy_(torch.from_numpy(numbers.copy()))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    file = open(path, "rb").read()

with torch.no_grad():
    logits = model(torch.tensor([TOKENS])).logits[0]
print(json.dumps({
    "versions": {"transformers": transformers.__version__, "torch": torch.__version__},
    "tokens": TOKENS, "file": base64.b64encode(file).decode(), "logits": [[float(x) for x in row] for row in logits],
}))
