"""Records what PyTorch computes for chapters 2, 4 and 5.

    python tests/goldens/transformer.py > tests/goldens/transformer.json

Recorded with torch 2.13.0 on a CPU, in float64. An array is written as
{"shape": [...], "data": "numbers separated by spaces"}; matrices are turned to
[inputs, outputs], the order in which this library keeps them.
"""

import json
import math
import sys

import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
torch.manual_seed(0)


def array(x):
    x = x.detach()
    if x.dtype == torch.bool:
        return {"shape": list(x.shape), "dtype": "bool", "data": " ".join(str(int(v)) for v in x.flatten().tolist())}
    if not x.is_floating_point():
        return {"shape": list(x.shape), "dtype": "int32", "data": " ".join(str(v) for v in x.flatten().tolist())}
    return {"shape": list(x.shape), "data": " ".join(f"{v:.10g}" for v in x.flatten().tolist())}


def normal(*shape):
    """Numbers that need few digits, so that the file holds them exactly."""
    return (torch.randn(*shape) * 128).round() / 128


def randomize(module):
    """Replaces every parameter, gains and biases included, by short numbers around its own size."""
    for p in module.parameters():
        scale = 0.3 if p.dim() > 1 else 0.2
        base = p.data if p.dim() == 1 else 0
        p.data = base + (torch.randn_like(p) * scale * 256).round() / 256
    return module


def attention_state(prefix, m):
    E = m.embed_dim
    state = {}
    for i, name in enumerate(["query", "key", "value"]):
        state[f"{prefix}{name}.weight"] = array(m.in_proj_weight[i * E:(i + 1) * E].T)
        state[f"{prefix}{name}.bias"] = array(m.in_proj_bias[i * E:(i + 1) * E])
    state[f"{prefix}output.weight"] = array(m.out_proj.weight.T)
    state[f"{prefix}output.bias"] = array(m.out_proj.bias)
    return state


def linear_state(prefix, m):
    return {f"{prefix}weight": array(m.weight.T), f"{prefix}bias": array(m.bias)}


def norm_state(prefix, m):
    return {f"{prefix}gain": array(m.weight), f"{prefix}bias": array(m.bias)}


def encoder_layer_state(prefix, m):
    return {
        **attention_state(f"{prefix}attention.", m.self_attn),
        **norm_state(f"{prefix}attentionResidual.norm.", m.norm1),
        **linear_state(f"{prefix}feedForward.up.", m.linear1),
        **linear_state(f"{prefix}feedForward.down.", m.linear2),
        **norm_state(f"{prefix}feedForwardResidual.norm.", m.norm2),
    }


def decoder_layer_state(prefix, m):
    return {
        **attention_state(f"{prefix}selfAttention.", m.self_attn),
        **norm_state(f"{prefix}selfAttentionResidual.norm.", m.norm1),
        **attention_state(f"{prefix}crossAttention.", m.multihead_attn),
        **norm_state(f"{prefix}crossAttentionResidual.norm.", m.norm2),
        **linear_state(f"{prefix}feedForward.up.", m.linear1),
        **linear_state(f"{prefix}feedForward.down.", m.linear2),
        **norm_state(f"{prefix}feedForwardResidual.norm.", m.norm3),
    }


goldens = {}

# Softmax, with its gradient.
x = torch.tensor([[1.0, 2.0, 3.0], [1e4, -1e4, 0.0], [1e4, 1e4, 1e4], [-1e4, -1e4, -9999.0], [0.0, -math.inf, 1.0]])
direction = normal(5, 3)
z = x.clone().requires_grad_()
y = F.softmax(z, -1)
y.backward(direction)
goldens["softmax"] = {"direction": array(direction), "y": array(y), "gradient": array(z.grad)}
z = x[:4].clone().requires_grad_()
y = F.log_softmax(z, -1)
y.backward(direction[:4])
goldens["logSoftmax"] = {"y": array(y), "gradient": array(z.grad)}

# Activations.
x = torch.cat([torch.linspace(-6, 6, 25), torch.tensor([-40.0, 40.0, 0.125])])
record = {"x": array(x)}
for name, f in {
    "relu": F.relu,
    "gelu": F.gelu,
    "geluTanh": lambda v: F.gelu(v, approximate="tanh"),
    "silu": F.silu,
}.items():
    z = x.clone().requires_grad_()
    y = f(z)
    y.sum().backward()
    record[name] = array(y)
    record[name + "Gradient"] = array(z.grad)
goldens["activations"] = record

# Norms.
x, gain, bias, direction = normal(3, 4, 6) * 3 + 1, normal(6), normal(6), normal(3, 4, 6)
record = {"x": array(x), "gain": array(gain), "bias": array(bias), "direction": array(direction)}
for name, f in {
    "layerNorm": lambda v, g, b: F.layer_norm(v, [6], g, b, 1e-5),
    "rmsNorm": lambda v, g, b: F.rms_norm(v, [6], g, 1e-5) + 0 * b,
}.items():
    v, g, b = [t.clone().requires_grad_() for t in (x, gain, bias)]
    y = f(v, g, b)
    y.backward(direction)
    record[name] = {"y": array(y), "x": array(v.grad), "gain": array(g.grad), "bias": array(b.grad)}
goldens["norms"] = record

norm = torch.nn.BatchNorm1d(6)
norm.weight.data, norm.bias.data = gain.clone(), bias.clone()
v = x.clone().requires_grad_()
first = norm(v.transpose(1, 2)).transpose(1, 2)
first.backward(direction)
second = norm((x * 2 - 1).transpose(1, 2)).transpose(1, 2)
norm.eval()
goldens["batchNorm"] = {
    "first": array(first), "gradient": array(v.grad), "second": array(second),
    "mean": array(norm.running_mean), "variance": array(norm.running_var),
    "eval": array(norm(x.transpose(1, 2)).transpose(1, 2)),
}

# Scaled dot-product attention.
q, k, v, d = normal(2, 4, 5, 8), normal(2, 4, 7, 8), normal(2, 4, 7, 8), normal(2, 4, 5, 8)
mask = torch.rand(2, 1, 5, 7) < 0.6
mask[..., 0] = True
bias = normal(4, 5, 7)
cases = {
    "plain": {},
    "masked": {"attn_mask": mask},
    "biased": {"attn_mask": bias, "scale": 0.25},
}
record = {"query": array(q), "key": array(k), "value": array(v), "direction": array(d), "mask": array(mask), "bias": array(bias)}
for name, options in cases.items():
    a, b, c = [t.clone().requires_grad_() for t in (q, k, v)]
    y = F.scaled_dot_product_attention(a, b, c, **options)
    y.backward(d)
    record[name] = {"y": array(y), "query": array(a.grad), "key": array(b.grad), "value": array(c.grad)}
a, b, c = [t.clone().requires_grad_() for t in (q, k[:, :, :5], v[:, :, :5])]
y = F.scaled_dot_product_attention(a, b, c, is_causal=True)
y.backward(d)
record["causal"] = {"y": array(y), "query": array(a.grad), "key": array(b.grad), "value": array(c.grad)}
a, b, c = [t.clone().requires_grad_() for t in (q, k[:, :2], v[:, :2])]
y = F.scaled_dot_product_attention(a, b, c, attn_mask=mask, enable_gqa=True)
y.backward(d)
record["grouped"] = {"y": array(y), "query": array(a.grad), "key": array(b.grad), "value": array(c.grad)}
goldens["attention"] = record

# Multi-head attention, with itself and with a context of another length.
m = randomize(torch.nn.MultiheadAttention(8, 2, batch_first=True))
x, c = normal(2, 4, 8), normal(2, 5, 8)
allowed = torch.tensor([[True, True, True, True, True], [True, True, False, True, False]])
own, own_weights = m(x, x, x, attn_mask=torch.ones(4, 4, dtype=torch.bool).triu(1), average_attn_weights=False)
cross, cross_weights = m(x, c, c, key_padding_mask=~allowed, average_attn_weights=False)
goldens["multiHead"] = {
    "state": attention_state("", m), "hidden": array(x), "context": array(c), "mask": array(allowed),
    "own": array(own), "ownWeights": array(own_weights), "cross": array(cross), "crossWeights": array(cross_weights),
}

# Layers, in both orders.
for norm_first, activation in [(False, "relu"), (True, "gelu")]:
    options = dict(d_model=8, nhead=2, dim_feedforward=12, dropout=0.0, batch_first=True, norm_first=norm_first, activation=activation)
    layer = randomize(torch.nn.TransformerEncoderLayer(**options))
    x, memory = normal(2, 5, 8), normal(2, 5, 8)
    y = layer(x, src_key_padding_mask=~allowed)
    name = "pre" if norm_first else "post"
    goldens[f"encoderLayer {name}"] = {
        "state": encoder_layer_state("", layer), "hidden": array(x), "mask": array(allowed), "y": array(y),
    }
    layer = randomize(torch.nn.TransformerDecoderLayer(**options))
    target = normal(2, 4, 8)
    y = layer(target, memory, tgt_mask=torch.ones(4, 4, dtype=torch.bool).triu(1), memory_key_padding_mask=~allowed)
    goldens[f"decoderLayer {name}"] = {
        "state": decoder_layer_state("", layer), "hidden": array(target), "memory": array(memory),
        "mask": array(allowed), "y": array(y),
    }


# A whole encoder-decoder of two layers: logits, loss and a gradient.
def sinusoidal(T, E):
    position = torch.arange(T).unsqueeze(1).double()
    rate = torch.exp(torch.arange(0, E, 2).double() * -(math.log(10000.0) / E))
    table = torch.zeros(T, E)
    table[:, 0::2] = torch.sin(position * rate)
    table[:, 1::2] = torch.cos(position * rate)
    return table


goldens["sinusoidal"] = array(sinusoidal(12, 8))
options = dict(d_model=8, nhead=2, dim_feedforward=12, dropout=0.0, batch_first=True)
encoder = torch.nn.TransformerEncoder(randomize(torch.nn.TransformerEncoderLayer(**options)), 2, enable_nested_tensor=False)
decoder = torch.nn.TransformerDecoder(randomize(torch.nn.TransformerDecoderLayer(**options)), 2)
randomize(encoder), randomize(decoder)
table = torch.nn.Parameter(normal(11, 8) * 0.5)
source = torch.tensor([[3, 4, 5, 6, 7], [8, 9, 0, 10, 0]])
target = torch.tensor([[1, 3, 5, 7], [1, 2, 4, 0]])
labels = torch.tensor([[3, 5, 7, 2], [2, 4, 9, 2]])
enter = lambda ids: table[ids] * math.sqrt(8) + sinusoidal(ids.shape[1], 8)
memory = encoder(enter(source), src_key_padding_mask=~allowed)
hidden = decoder(enter(target), memory, tgt_mask=torch.ones(4, 4, dtype=torch.bool).triu(1), memory_key_padding_mask=~allowed)
logits = hidden @ table.T
loss = F.cross_entropy(logits.reshape(-1, 11), labels.reshape(-1))
loss.backward()
state = {"targetEmbedding.weight": array(table)}
for i in range(2):
    state.update(encoder_layer_state(f"encoder.layers.{i}.", encoder.layers[i]))
for i in range(2):
    state.update(decoder_layer_state(f"decoder.layers.{i}.", decoder.layers[i]))
goldens["encoderDecoder"] = {
    "state": state, "source": array(source.int()), "target": array(target.int()), "labels": array(labels.int()),
    "mask": array(allowed), "memory": array(memory), "logits": array(logits), "loss": loss.item(),
    "tableGradient": array(table.grad),
    "queryGradient": array(encoder.layers[0].self_attn.in_proj_weight.grad[:8].T),
}


# Rotations as two libraries write them: halves (GPT-NeoX, LLaMA) and neighbours (RoFormer, GPT-J).
def rotate_half(x):
    half = x.shape[-1] // 2
    return torch.cat((-x[..., half:], x[..., :half]), dim=-1)


def rotate_every_two(x):
    return torch.stack((-x[..., 1::2], x[..., 0::2]), dim=-1).flatten(-2)


x = normal(2, 3, 5, 8)
rate = 1.0 / (10000 ** (torch.arange(0, 8, 2).double() / 8))
angles = torch.outer(torch.arange(5).double() + 3, rate)
halves = torch.cat((angles, angles), -1)
neighbours = angles.repeat_interleave(2, -1)
goldens["rotary"] = {
    "x": array(x), "start": 3,
    "halves": array(x * halves.cos() + rotate_half(x) * halves.sin()),
    "interleaved": array(x * neighbours.cos() + rotate_every_two(x) * neighbours.sin()),
}


# The buckets of T5, as published with the model (mesh-tensorflow and Hugging Face), in float32 as there.
def relative_position_bucket(relative_position, bidirectional, num_buckets, max_distance):
    relative_buckets = 0
    if bidirectional:
        num_buckets //= 2
        relative_buckets += (relative_position > 0).to(torch.long) * num_buckets
        relative_position = torch.abs(relative_position)
    else:
        relative_position = -torch.min(relative_position, torch.zeros_like(relative_position))
    max_exact = num_buckets // 2
    is_small = relative_position < max_exact
    relative_position_if_large = max_exact + (
        torch.log(relative_position.float() / max_exact)
        / math.log(max_distance / max_exact)
        * (num_buckets - max_exact)
    ).to(torch.long)
    relative_position_if_large = torch.min(
        relative_position_if_large, torch.full_like(relative_position_if_large, num_buckets - 1)
    )
    return relative_buckets + torch.where(is_small, relative_position, relative_position_if_large)


offsets = torch.arange(-300, 301)
goldens["buckets"] = {
    f"{bidirectional} {count} {distance}": array(relative_position_bucket(offsets, bidirectional, count, distance).int())
    for bidirectional, count, distance in [(True, 32, 128), (False, 32, 128), (True, 8, 20), (False, 6, 50)]
}

json.dump(goldens, sys.stdout, indent=2)
sys.stdout.write("\n")
