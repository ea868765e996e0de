#!/usr/bin/env python3
"""Measures streams and sequences of many lengths: steps beside onnxruntime in turn, and memory.

    pip install onnx==1.23.2 onnxruntime==1.32.0 numpy
    swift build -c release --product SequenceMeasurements
    Tests/Peers/sequences.py [--program PATH] [--rounds N] [--batches N]

A step reads one vector of 128 numbers through one or two layers of 128 units on one thread, with the state carried on. Of
onnxruntime the time of a step is that of `run_with_iobinding`, without copies, and beside it that of `run` with arrays.
Prints medians over the rounds and their ratios. Fails where memory for sequences of many lengths is more than 1.3 times that of
the longest alone, or grows by more than 2% over the batches after the first tenth.
"""

import argparse
import pathlib
import statistics
import subprocess
import sys
import time

import numpy
import onnx
import onnxruntime
from onnx import TensorProto, helper

ROOT = pathlib.Path(__file__).resolve().parents[2]
WIDTH = 128


def graph(kind, layers):
    """An ONNX model of so many layers: x, [1, 1, 128], and states to y and states."""
    gates = 4 if kind == "lstm" else 3
    random = numpy.random.default_rng(1)
    nodes, weights, inputs, outputs = [], [], [], []

    def value(name):
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 1, WIDTH])

    def weight(name, shape):
        data = random.uniform(-0.1, 0.1, shape).astype(numpy.float32)
        weights.append(helper.make_tensor(name, TensorProto.FLOAT, shape, data.tobytes(), raw=True))
        return name

    below = "x"
    for layer in range(layers):
        states = ["h", "c"] if kind == "lstm" else ["h"]
        before, after = [f"{s}{layer}" for s in states], [f"{s}{layer}_after" for s in states]
        names = [weight(f"W{layer}", (1, gates * WIDTH, WIDTH)), weight(f"R{layer}", (1, gates * WIDTH, WIDTH)),
                 weight(f"B{layer}", (1, 2 * gates * WIDTH))]
        options = {"linear_before_reset": 1} if kind == "gru" else {}
        nodes.append(helper.make_node(
            kind.upper(), [below, *names, "", *before], ["", *after], hidden_size=WIDTH, **options))
        inputs += [value(name) for name in before]
        outputs += [value(name) for name in after]
        below = after[0]
    model = helper.make_model(
        helper.make_graph(nodes, "layers", [value("x"), *inputs], outputs, weights), ir_version=10,
        opset_imports=[helper.make_opsetid("", 22)])
    onnx.checker.check_model(model)
    return model.SerializeToString()


def onnx_step(kind, layers, runs=41, count=500):
    """Microseconds of a step: bound, and with arrays."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(graph(kind, layers), options, providers=["CPUExecutionProvider"])
    names = [i.name for i in session.get_inputs()]
    results = [o.name for o in session.get_outputs()]
    feeds = {name: numpy.zeros((1, 1, WIDTH), numpy.float32) for name in names}
    feeds["x"] = numpy.random.default_rng(2).standard_normal((1, 1, WIDTH)).astype(numpy.float32)
    values = {name: onnxruntime.OrtValue.ortvalue_from_numpy(array) for name, array in feeds.items()}
    bindings = []
    for turn in range(2):  # states of even and odd steps
        binding = session.io_binding()
        for name in names:
            binding.bind_ortvalue_input(name, values[name if name == "x" or not turn else name + "_after"])
        for name in results:
            target = name if not turn else name.removesuffix("_after")
            values.setdefault(target, onnxruntime.OrtValue.ortvalue_from_numpy(numpy.zeros((1, 1, WIDTH), numpy.float32)))
            binding.bind_ortvalue_output(name, values[target])
        bindings.append(binding)

    def bound():
        for _ in range(count // 2):
            session.run_with_iobinding(bindings[0])
            session.run_with_iobinding(bindings[1])

    def arrays():
        state = dict(feeds)
        for _ in range(count):
            for name, found in zip(results, session.run(results, state)):
                state[name.removesuffix("_after")] = found

    def median(body):
        times = []
        for _ in range(runs):
            start = time.perf_counter()
            body()
            times.append(time.perf_counter() - start)
        return statistics.median(times) / count * 1e6

    return median(bound), median(arrays)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default=str(ROOT / ".build/release/SequenceMeasurements"))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--batches", type=int, default=100_000)
    options = parser.parse_args()

    def run(*words):
        return subprocess.run([options.program, *words], check=True, capture_output=True, text=True).stdout

    print(f"onnxruntime {onnxruntime.__version__}")
    for kind in ("lstm", "gru"):
        for layers in (1, 2):
            rounds = [(float(run("step", kind, str(layers))), *onnx_step(kind, layers)) for _ in range(options.rounds)]
            ours, bound, arrays = (statistics.median(column) for column in zip(*rounds))
            print(f"step of {kind} x {layers}: {ours:.1f} µs; onnxruntime {bound:.1f} bound, {arrays:.1f} with arrays; "
                  f"ratio {ours / bound:.2f}, {ours / arrays:.2f}")
            for weights in ("bfloat16Weights", "int8Weights"):
                found = statistics.median(float(run("step", kind, str(layers), weights)) for _ in range(options.rounds))
                print(f"  with {weights}: {found:.1f} µs; ratio {found / bound:.2f}, {found / arrays:.2f}")
    for kind in ("lstm", "gru"):
        rates = [float(run("streams", kind, count)) for count in ("1", "1000")]
        print(f"streams of {kind}: {rates[0]:,.0f} items a second of one, {rates[1]:,.0f} of a thousand as one batch")
    failed = False
    for name in ("tagger", "training", "lstm"):
        longest, ragged = (float(run("memory", name, lengths)) for lengths in ("longest", "ragged"))
        failed |= ragged > 1.3 * longest
        print(f"memory of {name}: {ragged:.0f} MiB for many lengths, {longest:.0f} for the longest; ratio {ragged / longest:.2f}")
    if options.batches:
        found = [float(line.split()[1]) for line in run("batches", str(options.batches)).splitlines()]
        failed |= found[-1] > 1.02 * found[0]
        print(f"{options.batches} batches of random lengths: {', '.join(f'{m:.1f}' for m in found)} MiB after each tenth")
    sys.exit("memory grew" if failed else 0)


main()
