"""PyTorch as a peer: the same workloads, inputs and protocol as peer.ts.

    peer.py THREADS CACHE          speaks the protocol on standard input and output
    peer.py --train-reference      prints the losses of the first steps in float64
"""

import json
import math
import pathlib
import sys
import time

import numpy as np
import torch
import torch.nn.functional as F

WORKLOADS = json.loads((pathlib.Path(__file__).resolve().parent.parent / "workloads.json").read_text())


def random(shape, seed, scale=1.0, offset=0.0):
    """The same stream as inputs/random.ts."""
    x = np.arange(math.prod(shape), dtype=np.uint32) + np.uint32(seed * 0x9E3779B1 & 0xFFFFFFFF)
    x = (x ^ (x >> 16)) * np.uint32(0x7FEB352D)
    x = (x ^ (x >> 15)) * np.uint32(0x846CA68B)
    x ^= x >> 16
    return torch.from_numpy((((x >> 8) / 8388608.0 - 1) * scale + offset).astype(np.float32)).reshape(shape)


def random_tokens(count, seed, vocab_size):
    numbers = random((count,), seed).double()
    return torch.clamp(torch.floor((numbers + 1) / 2 * vocab_size), max=vocab_size - 1).long()


def gpt_weights(model):
    """The weights of inputs/gpt.ts, in the same order."""
    E, weights = model["hiddenSize"], {}

    def add(name, shape, scale=0.02 * math.sqrt(3), offset=0.0):
        weights[name] = random(shape, 1000 + len(weights), scale, offset)

    def norm(name):
        add(f"{name}.g", (E,), 0.1, 1.0)
        add(f"{name}.b", (E,))

    def linear(name, rows, columns):
        add(f"{name}.w", (rows, columns))
        add(f"{name}.b", (columns,))

    add("wte", (model["vocabSize"], E))
    add("wpe", (model["contextLength"], E))
    for i in range(model["numLayers"]):
        norm(f"h{i}.ln1")
        linear(f"h{i}.qkv", E, 3 * E)
        linear(f"h{i}.proj", E, E)
        norm(f"h{i}.ln2")
        linear(f"h{i}.fc", E, 4 * E)
        linear(f"h{i}.fc2", 4 * E, E)
    norm("lnf")
    if not model["tieHead"]:
        add("head", (E, model["vocabSize"]))
    return weights


def relative_error(got, want):
    return float(torch.linalg.norm((got.double() - want).flatten()) / torch.linalg.norm(want.flatten()))


def block(x, weights, i, model, attend):
    """One layer of GPT-2; attend(i, query, key, value) on [B, H, T, D]."""
    (B, T, E), H, name = x.shape, model["numHeads"], f"h{i}."
    linear = lambda x, part: torch.addmm(weights[f"{name}{part}.b"], x.reshape(-1, x.shape[-1]), weights[f"{name}{part}.w"])
    norm = lambda x, part: F.layer_norm(x, (E,), weights[f"{name}{part}.g"], weights[f"{name}{part}.b"])
    query, key, value = linear(norm(x, "ln1"), "qkv").view(B, T, 3, H, E // H).permute(2, 0, 3, 1, 4).unbind(0)
    x = x + linear(attend(i, query, key, value).transpose(1, 2).reshape(B, T, E), "proj").view(B, T, E)
    wide = F.gelu(linear(norm(x, "ln2"), "fc"), approximate="tanh")
    return x + linear(wide, "fc2").view(B, T, E)


def repeated(run):
    """Seconds to milliseconds per call, short calls in groups of a millisecond or more."""
    group = 0

    def timed(calls):
        start = time.perf_counter()
        for _ in range(calls):
            run()
        return (time.perf_counter() - start) / calls * 1e3

    def take(seconds):
        nonlocal group
        if not group:
            timed(2)
            group = max(1, round(1 / max(1e-4, timed(1))))
        samples, end = [], time.perf_counter() + seconds
        while not samples or time.perf_counter() < end:
            samples.append(timed(group))
        return samples

    return take


def kernel(run, want, variant=None):
    return dict(error=relative_error(run(), want), slice=repeated(run), **({"variant": variant} if variant else {}))


def load_gpt(work):
    model, P, steps = work["model"], work["prompt"], work.get("steps", 2)
    weights, tokens = gpt_weights(model), random_tokens(P + steps, 77, model["vocabSize"])
    E, H, L = model["hiddenSize"], model["numHeads"], model["numLayers"]
    keys = torch.zeros(L, 1, H, model["contextLength"], E // H)
    values = torch.zeros_like(keys)
    turned = weights["wte"].t().contiguous()
    heads = {"table": lambda x: F.linear(x, weights["wte"]), "table copied by columns": lambda x: x @ turned}

    def read(ids, start, head):
        end = start + len(ids)

        def attend(i, query, key, value):
            keys[i, :, :, start:end] = key
            values[i, :, :, start:end] = value
            return F.scaled_dot_product_attention(
                query, keys[i, :, :, :end], values[i, :, :, :end], is_causal=len(ids) > 1
            )

        x = (weights["wte"][ids] + weights["wpe"][start:end])[None]
        for i in range(L):
            x = block(x, weights, i, model, attend)
        return head(F.layer_norm(x[:, -1], (E,), weights["lnf.g"], weights["lnf.b"]))[0]

    def decode(head):
        def take(_seconds):
            samples = []
            read(tokens[:P], 0, head)
            for i in range(P, P + steps):
                start = time.perf_counter()
                read(tokens[i : i + 1], i, head)
                samples.append((time.perf_counter() - start) * 1e3)
            return samples

        return take

    want = torch.from_numpy(np.fromfile(f"{CACHE}/logits-{P}", dtype=np.float64)).view(3, -1)
    kernels = []
    for variant, head in heads.items():
        got = [read(tokens[:P], 0, head)] + [read(tokens[i : i + 1], i, head) for i in (P, P + 1)]
        error = max(relative_error(a, b) for a, b in zip(got, want))
        take = decode(head) if work["kind"] == "decode" else repeated(lambda head=head: read(tokens[:P], 0, head))
        kernels.append(dict(variant=variant, error=error, slice=take))
    return kernels


def recurrent_weights(model):
    """The weights of inputs/recurrent.ts, in the same order."""
    H, V = model["hiddenSize"], model["vocabSize"]
    columns, even = {"lstm": 4, "gru": 3}[model["recurrence"]] * H, 1 / math.sqrt(H)
    shapes = {
        "embedding": (V, H),
        "input.w": (H, columns),
        "input.b": (columns,),
        "hidden.w": (H, columns),
        "hidden.b": (columns,),
        "head.w": (H, V),
        "head.b": (V,),
    }
    return {
        name: random(shape, 2000 + i, 1.0 if name == "embedding" else even)
        for i, (name, shape) in enumerate(shapes.items())
    }


def batch_of(work):
    B, model = work["batch"], work["model"]
    texts = random_tokens(B * (model["contextLength"] + 1), 99, model["vocabSize"]).view(B, -1)
    return texts[:, :-1].contiguous(), texts[:, 1:].reshape(-1)


def stepper(work, parameters, loss_of, dtype):
    """Steps of AdamW; only matrices decay."""
    options = work["optimizer"]
    decays = lambda wanted: [x for x in parameters if (x.dim() > 1) == wanted]
    optimizer = torch.optim.AdamW(
        [
            dict(params=decays(True), weight_decay=options["weightDecay"]),
            dict(params=decays(False), weight_decay=0.0),
        ],
        lr=options["learningRate"],
        betas=(options["beta1"], options["beta2"]),
        eps=options["epsilon"],
        fused=dtype == torch.float32,
    )

    def step():
        with torch.enable_grad():
            loss = loss_of()
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
        optimizer.step()
        return float(loss.detach())

    return step


def gpt_trainer(work, dtype):
    model, E = work["model"], work["model"]["hiddenSize"]
    weights = {name: x.to(dtype).requires_grad_() for name, x in gpt_weights(model).items()}
    inputs, targets = batch_of(work)
    attend = lambda i, query, key, value: F.scaled_dot_product_attention(query, key, value, is_causal=True)

    def loss_of():
        x = F.embedding(inputs, weights["wte"]) + weights["wpe"]
        for i in range(model["numLayers"]):
            x = block(x, weights, i, model, attend)
        last = F.layer_norm(x, (E,), weights["lnf.g"], weights["lnf.b"])
        return F.cross_entropy(last.view(-1, E) @ weights["head"], targets)

    return stepper(work, list(weights.values()), loss_of, dtype)


def recurrent_trainer(work, dtype):
    model, H = work["model"], work["model"]["hiddenSize"]
    weights = {name: x.to(dtype) for name, x in recurrent_weights(model).items()}
    network = {"lstm": torch.nn.LSTM, "gru": torch.nn.GRU}[model["recurrence"]](H, H, batch_first=True, dtype=dtype)
    head = torch.nn.Linear(H, model["vocabSize"], dtype=dtype)
    table = torch.nn.Parameter(weights["embedding"])
    network.weight_ih_l0.copy_(weights["input.w"].t())
    network.bias_ih_l0.copy_(weights["input.b"])
    network.weight_hh_l0.copy_(weights["hidden.w"].t())
    network.bias_hh_l0.copy_(weights["hidden.b"])
    head.weight.copy_(weights["head.w"].t())
    head.bias.copy_(weights["head.b"])
    inputs, targets = batch_of(work)

    def loss_of():
        states, _ = network(F.embedding(inputs, table))
        return F.cross_entropy(head(states.reshape(-1, H)), targets)

    return stepper(work, [table, *network.parameters(), *head.parameters()], loss_of, dtype)


def trainer(work, dtype=torch.float32):
    return (gpt_trainer if work["kind"] == "train" else recurrent_trainer)(work, dtype)


def load(work):
    kind = work["kind"]
    if kind == "matmul":
        M, K, N = work["M"], work["K"], work["N"]
        a, b, out = random((M, K), 11), random((K, N), 12), torch.empty(M, N)
        want = a.double() @ b.double()
        kernels = [kernel(lambda: torch.mm(a, b, out=out), want, "rows" if M == 1 else None)]
        if M == 1:
            turned = b.t().contiguous()  # as torch.nn.Linear stores weights
            kernels.append(kernel(lambda: F.linear(a, turned), want, "columns"))
        return kernels
    if kind == "softmax":
        x = random((work["rows"], work["columns"]), 21, 5.0)
        return [kernel(lambda: torch.softmax(x, -1), torch.softmax(x.double(), -1))]
    if kind == "layernorm":
        width = (work["columns"],)
        x, gain, bias = random((work["rows"], *width), 21, 5.0), random(width, 22, 0.1, 1.0), random(width, 23)
        want = F.layer_norm(x.double(), width, gain.double(), bias.double(), work["epsilon"])
        return [kernel(lambda: F.layer_norm(x, width, gain, bias, work["epsilon"]), want)]
    if kind == "attention":
        shape = (1, work["H"], work["T"], work["D"])
        query, key, value = random(shape, 31, 2.0), random(shape, 32, 2.0), random(shape, 33)
        allowed = torch.tril(torch.ones(work["T"], work["T"], dtype=torch.bool))
        scores = (query.double() @ key.double().mT / math.sqrt(work["D"])).masked_fill(~allowed, -torch.inf)
        want = torch.softmax(scores, -1) @ value.double()
        return [kernel(lambda: F.scaled_dot_product_attention(query, key, value, is_causal=True), want)]
    if kind in ("prefill", "decode"):
        return load_gpt(work)
    step = trainer(work)
    error = max(abs(step() - want) / want for want in work["losses"])
    return [dict(error=error, slice=repeated(step))]


def say(**answer):
    print(json.dumps(answer), flush=True)


torch.set_grad_enabled(False)
if sys.argv[1] == "--train-reference":
    for work in WORKLOADS:
        if "losses" in work:
            step = trainer(work, torch.float64)
            print(work["id"], json.dumps([step() for _ in range(5)]))
    sys.exit()

THREADS, CACHE = int(sys.argv[1]), sys.argv[2]
torch.set_num_threads(THREADS)
say(started=f"torch {torch.__version__}, {torch.backends.cpu.get_cpu_capability()}")
kernels = []
for line in sys.stdin:
    request = json.loads(line)
    try:
        if "load" in request:
            work = next(work for work in WORKLOADS if work["id"] == request["load"])
            if "format" in work:
                say(skipped="not offered")
                continue
            kernels = load(work)
            for one in kernels:
                one["slice"](request["warm"])
            say(kernels=[{key: value for key, value in one.items() if key != "slice"} for one in kernels])
        else:
            processor, start = time.process_time(), time.perf_counter()
            samples = kernels[request["kernel"]]["slice"](request["seconds"])
            wall, processor = time.perf_counter() - start, time.process_time() - processor
            say(samples=samples, processor=processor * 1e3, wall=wall * 1e3)
    except Exception as error:
        say(failed=str(error).split("\n")[0][:200])
