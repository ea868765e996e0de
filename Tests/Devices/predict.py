#!/usr/bin/env python3
"""Counts what a step of training asks of a graphics processor, and predicts from it how long published cards take.

    predict.py [--program FILE]

The launches are those of a run on the stand-in of driver.c, which says that it is a graphics processor. The model: a launch takes as
long as the slowest of three, its operations at half of the card's float32 peak, its bytes of memory at the card's bandwidth, and for
kernels that go through a sequence the weights that each unit reads from the second cache, at 64 bytes a clock; and 2 microseconds
more, between which the card idles. A work group of such a kernel has a unit for itself, while there are some. The host puts a launch
into the queue in 4 microseconds, beside the card. Nothing here was measured on a card.
"""

import argparse
import collections
import os
import pathlib
import subprocess
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
# Makers' figures: units, clock in GHz, float32 peak in TFLOP/s, memory in GB/s.
CARDS = {"NVIDIA GeForce RTX 4090": (128, 2.52, 82.6, 1008), "NVIDIA A100 40 GB": (108, 1.41, 19.5, 1555),
         "AMD Radeon RX 7900 XTX": (96, 2.5, 61.4, 960)}
RUNS = [("lstm", 2, 128, 50, 50), ("lstm", 2, 512, 64, 100), ("lstm", 1, 1024, 64, 64), ("gru", 2, 256, 50, 50)]
GATES = {"lstm": 4, "gru": 3, "elman": 1}
HOST, GAP = 4e-6, 2e-6


def launches(program, driver, folder, run, steps):
    cell, layers, hidden, batch, length = run
    file = os.path.join(folder, "launches")
    subprocess.run(
        [program, "train", "corpus.txt", "--plain", "--cell", cell, "--layers", str(layers), "--hidden", str(hidden),
         "--batch", str(batch), "--length", str(length), "--steps", str(steps), "--sample-every", "0",
         "--validation-fraction", "0", "--test-fraction", "0", "--device", "gpu", "--out", f"run-{steps}", "--overwrite"],
        cwd=folder, check=True, capture_output=True,
        env={**os.environ, "CHARRNN_OPENCL": driver, "LAUNCHES": file, "XDG_CACHE_HOME": folder})
    counts = collections.Counter()
    for line in open(file):
        count, items, name, *arguments = line.split()
        counts[(name, int(items), tuple(map(int, arguments)))] += int(count)
    return counts


def cost(name, items, arguments):
    """Operations, bytes of memory, and bytes that each work group reads of the weights with their number of groups."""
    if name == "product":
        m, n, k = arguments[:3]
        return 2 * m * n * k, 4 * (m * k + k * n + 2 * m * n), 0, 1
    if "_sequence" in name:
        time, batch, hidden = arguments[:3]
        gates = GATES[name.split("_")[0]]
        weights = gates * hidden * hidden
        return 2 * time * batch * weights, 4 * time * batch * hidden * (3 * gates + 4), 4 * time * weights, batch
    return 4 * items, 12 * items, 0, 1


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--program", default=str(ROOT / ".build/release/charrnn"))
    program = options.parse_args().program
    with tempfile.TemporaryDirectory() as folder:
        driver = os.path.join(folder, "driver.so")
        subprocess.run(["clang", "-shared", "-fPIC", "-O1", str(pathlib.Path(__file__).with_name("driver.c")), "-o", driver],
                       check=True)
        letters = "".join(chr(33 + index) for index in range(65))
        pathlib.Path(folder, "corpus.txt").write_text(letters * 4000)
        for run in RUNS:
            cell, layers, hidden, batch, length = run
            # In the first run tilings of products are tried; a later one finds the choice in the cache.
            _, few, many = (launches(program, driver, folder, run, steps) for steps in (2, 10, 30))
            step = {kind: (many[kind] - few[kind]) / 20 for kind in many if many[kind] > few[kind]}
            costs = {kind: cost(*kind) for kind in step}
            count = sum(step.values())
            operations = sum(step[kind] * costs[kind][0] for kind in step)
            memory = sum(step[kind] * costs[kind][1] for kind in step)
            print(f"{cell} {layers}×{hidden}, batch {batch}, length {length}: {count:.0f} launches, {operations / 1e9:.2f} GFLOP and "
                  f"{memory / 1e6:.0f} MB of memory a step")
            for card, (units, clock, peak, bandwidth) in CARDS.items():
                seconds = 0
                for kind in step:
                    work, moved, weights, groups = costs[kind]
                    rounds = -(-groups // units)
                    slowest = max(work / (peak * 5e11), moved / (bandwidth * 1e9), rounds * weights / (64e9 * clock))
                    seconds += step[kind] * (slowest + GAP)
                seconds = max(seconds, count * HOST)
                print(f"  {card}: {1e3 * seconds:.2f} ms, {batch * length / seconds / 1e6:.2f} million tokens a second")


main()
