"""Recipe of gguf_files.json: a GGUF file and blocks of every kind, as the format's own library writes and unpacks them.

    python -m venv venv && venv/bin/pip install gguf
    venv/bin/python tests/goldens/gguf_files.py > tests/goldens/gguf_files.json
"""

import base64
import importlib.metadata
import json
import os
import tempfile

import gguf
import numpy as np
from gguf import GGMLQuantizationType as Kind

random = np.random.default_rng(3)
text = lambda array: base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()

# Blocks of random bytes, whose scales are ordinary numbers: where each kind has its float16.
HALVES = {
    "Q4_0": [0], "Q4_1": [0, 2], "Q5_0": [0], "Q5_1": [0, 2], "Q8_0": [0],
    "Q4_K": [0, 2], "Q5_K": [0, 2], "Q6_K": [208],
}
blocks = {}
for name, places in HALVES.items():
    elements, size = gguf.GGML_QUANT_SIZES[Kind[name]]
    count = 6 if elements == 32 else 2
    data = random.integers(0, 256, (count, size), dtype=np.uint8)
    for place in places:
        scales = (random.normal(size=count) * 0.1).astype(np.float16)
        data[:, place : place + 2] = scales.view(np.uint8).reshape(count, 2)
    weights = gguf.quants.dequantize(data, Kind[name]).reshape(-1)
    assert weights.dtype == np.float32 and weights.size == count * elements
    blocks[name] = {"bytes": text(data), "weights": text(weights)}

# Weights of several sizes, all equal ones and zeros among them, as the library packs them.
weights = (random.normal(size=(8, 32)) * np.array([1e-3, 0.02, 1, 1, 30, 1, 1, 1])[:, None]).astype(np.float32)
weights[3] = 0
weights[5] = 0.75
weights[6, 4] = 20
weights[7] = np.abs(weights[7])
packed_weights = {"weights": text(weights)}
for name in ["Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0"]:
    packed_weights[name] = text(gguf.quants.quantize(weights.reshape(1, -1), Kind[name]))

# A file with every type of fact, and tensors of several kinds.
path = os.path.join(tempfile.mkdtemp(), "small.gguf")
writer = gguf.GGUFWriter(path, "llama")
writer.add_uint8("t.uint8", 200)
writer.add_int8("t.int8", -100)
writer.add_uint16("t.uint16", 60000)
writer.add_int16("t.int16", -30000)
writer.add_uint32("t.uint32", 4000000000)
writer.add_int32("t.int32", -2000000000)
writer.add_float32("t.float32", 0.1)
writer.add_bool("t.bool", True)
writer.add_string("t.string", "vier Wörter, 四个词 🙂")
writer.add_uint64("t.uint64", 2**63 + 1)
writer.add_int64("t.int64", -(2**40))
writer.add_float64("t.float64", 0.1)
writer.add_array("t.words", ["a", "", "ab", "注意"])
writer.add_array("t.numbers", [1, -2, 3])
writer.add_array("t.floats", [0.5, -0.25])
writer.add_array("t.bools", [True, False])
tensors = {
    "a.weight": random.normal(size=(2, 3)).astype(np.float32),
    "b.weight": random.normal(size=(5,)).astype(np.float16),
}
for name, array in tensors.items():
    writer.add_tensor(name, array)
matrix = random.normal(size=(3, 64)).astype(np.float32)
packed = gguf.quants.quantize(matrix, Kind.Q8_0)
writer.add_tensor("c.weight", packed, raw_dtype=Kind.Q8_0)
writer.write_header_to_file()
writer.write_kv_data_to_file()
writer.write_tensors_to_file()
writer.close()
expected = {name: {"shape": list(array.shape), "numbers": text(array.astype(np.float32))} for name, array in tensors.items()}
expected["c.weight"] = {"shape": [3, 64], "numbers": text(gguf.quants.dequantize(packed, Kind.Q8_0))}

print(json.dumps({
    "versions": {"gguf": importlib.metadata.version("gguf"), "numpy": np.__version__},
    "blocks": blocks,
    "packed": packed_weights,
    "file": base64.b64encode(open(path, "rb").read()).decode(),
    "tensors": expected,
}, indent=1))
