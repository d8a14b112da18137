#!/usr/bin/env python3
"""Writes fixture.safetensors from the format's description alone, with nothing but the standard library.

https://github.com/huggingface/safetensors#format. The header's entries stand in another order than the data, and there
is no digest, as in files from elsewhere.
"""
import json
import pathlib
import struct

tensors = {  # in the order of the data
    "dense0.weight": ([2, 3], [0.5, -1.25, 3.0, float("inf"), -0.0, 1e-40]),
    "scalar": ([], [2.5]),
    "empty": ([0, 7], []),
    "dense0.bias": ([2], [1.0, -2.0]),
}
header, data = {}, b""
for name, (shape, values) in tensors.items():
    begin = len(data)
    data += struct.pack(f"<{len(values)}f", *values)
    header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [begin, len(data)]}
ordered = {"__metadata__": {"format": "pt", "maker": "Grüße"}} | dict(sorted(header.items()))
text = json.dumps(ordered).encode()
text += b" " * (-len(text) % 8)
target = pathlib.Path(__file__).with_name("fixture.safetensors")
target.write_bytes(struct.pack("<Q", len(text)) + text + data)
