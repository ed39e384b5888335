"""Evaluates numpy expressions that come as lines of JSON, and tells how long they took.

Requests: {"load": name, "dtype": "<f8", "shape": [r, c], "bytes": b}, followed by b bytes;
{"time": expression}; {"get": expression}. Answers: a line of JSON, and for "get" f64 bytes.
"""

import json
import sys
import time

import numpy

names = {"np": numpy}
source = sys.stdin.buffer
target = sys.stdout.buffer


def answer(fields, data=b""):
    target.write(json.dumps(fields).encode() + b"\n" + data)
    target.flush()


answer({"version": numpy.__version__})
while line := source.readline():
    request = json.loads(line)
    if "load" in request:
        data = source.read(request["bytes"])
        values = numpy.frombuffer(data, request["dtype"]).reshape(request["shape"])
        names[request["load"]] = values.copy()
        answer({})
    elif "time" in request:
        code = compile(request["time"], "expression", "eval")
        start = time.perf_counter()
        eval(code, names)
        answer({"ms": 1000 * (time.perf_counter() - start)})
    else:
        result = numpy.ascontiguousarray(eval(request["get"], names), "<f8")
        answer({"bytes": result.nbytes}, result.tobytes())
