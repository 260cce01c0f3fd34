"""Writes rotary_scaling.json: frequencies of scaled rotary positions, from the definitions that transformers'
modeling_rope_utils.py (4.47) states, written out once more in double precision: python rotary_scaling.py"""

import json
import math
import pathlib


def default(width, base):
    return [1 / base ** (k / width) for k in range(0, width, 2)]


def linear(width, base, factor):
    return [f / factor for f in default(width, base)]


def ntk(width, base, factor):
    return default(width, base * factor ** (width / (width - 2)))


def yarn(width, base, factor, trained, fast, slow):
    def dimension(rotations):
        return width * math.log(trained / (rotations * 2 * math.pi)) / (2 * math.log(base))

    low, high = max(math.floor(dimension(fast)), 0), min(math.ceil(dimension(slow)), width - 1)
    high = high + 0.001 if low == high else high
    result = []
    for i, frequency in enumerate(default(width, base)):
        extrapolated = 1 - min(max((i - low) / (high - low), 0), 1)
        result.append(frequency / factor * (1 - extrapolated) + frequency * extrapolated)
    return result


def llama3(width, base, factor, trained, low, high):
    result = []
    for frequency in default(width, base):
        wavelength = 2 * math.pi / frequency
        if wavelength < trained / high:
            result.append(frequency)
        elif wavelength > trained / low:
            result.append(frequency / factor)
        else:
            smooth = (trained / wavelength - low) / (high - low)
            result.append((1 - smooth) * frequency / factor + smooth * frequency)
    return result


cases = []
for width, base in [(8, 10000), (64, 10000), (128, 500000)]:
    cases.append({"scheme": "linear", "width": width, "base": base, "options": {"factor": 4},
                  "frequencies": linear(width, base, 4)})
    cases.append({"scheme": "ntk", "width": width, "base": base, "options": {"factor": 8},
                  "frequencies": ntk(width, base, 8)})
    cases.append({"scheme": "yarn", "width": width, "base": base,
                  "options": {"factor": 16, "trainedLength": 4096},
                  "magnitude": 0.1 * math.log(16) + 1,
                  "frequencies": yarn(width, base, 16, 4096, 32, 1)})
    cases.append({"scheme": "yarn", "width": width, "base": base,
                  "options": {"factor": 2, "trainedLength": 2048, "betaFast": 16, "betaSlow": 2, "magnitude": 1.5},
                  "magnitude": 1.5,
                  "frequencies": yarn(width, base, 2, 2048, 16, 2)})
    cases.append({"scheme": "llama3", "width": width, "base": base,
                  "options": {"factor": 8, "trainedLength": 8192, "lowFrequencyFactor": 1, "highFrequencyFactor": 4},
                  "frequencies": llama3(width, base, 8, 8192, 1, 4)})
pathlib.Path(__file__).with_suffix(".json").write_text(
    json.dumps({"recipe": "rotary_scaling.py", "cases": cases}) + "\n"
)
