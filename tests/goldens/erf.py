"""Writes erf.json: the error function to double precision. Needs mpmath: python erf.py"""

import json
import pathlib

import mpmath

mpmath.mp.dps = 40
x = [1e-300, 1e-20, 1e-8, 1e-4] + [i / 64 for i in range(1, 64 * 6, 3)] + [1.4999999999, 1.5000000001, 6.5]
pathlib.Path(__file__).with_suffix(".json").write_text(
    json.dumps({"recipe": "erf.py", "x": x, "erf": [float(mpmath.erf(mpmath.mpf(v))) for v in x]}) + "\n"
)
