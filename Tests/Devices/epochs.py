#!/usr/bin/env python3
"""Trains the same runs on the CPU and on a device, and compares the validation losses of every epoch.

    epochs.py CORPUS [--program FILE] [--device 0] [--epochs 10] [--cells lstm,gru,rnn] [--hidden 128] [--repeat]

Fails where a loss on the device is 0.2% or more from the CPU's, or, with --repeat, where a second run on the device has other bits.
"""

import argparse
import hashlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("corpus")
    options.add_argument("--program", default=str(ROOT / ".build/release/charrnn"))
    options.add_argument("--device", default="0")
    options.add_argument("--epochs", type=int, default=10)
    options.add_argument("--cells", default="lstm,gru,rnn")
    options.add_argument("--hidden", type=int, default=128)
    options.add_argument("--repeat", action="store_true")
    options = options.parse_args()

    def train(folder, cell, device, name):
        out = os.path.join(folder, f"{cell}-{name}")
        began = time.time()
        subprocess.run(
            [options.program, "train", options.corpus, "--plain", "--cell", cell, "--layers", "2", "--hidden",
             str(options.hidden), "--batch", "50", "--length", "50", "--epochs", str(options.epochs), "--seed", "1",
             "--sample-every", "0", "--device", device, "--out", out],
            check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        lines = [json.loads(line) for line in open(os.path.join(out, "metrics.jsonl"))]
        losses = [line["validation_loss"] for line in lines if line["event"] == "validation"]
        weights = hashlib.sha256(open(os.path.join(out, "last.safetensors"), "rb").read()).hexdigest()
        print(f"{cell} on {name}: {time.time() - began:.0f} s, {' '.join(f'{loss:.4f}' for loss in losses)}", flush=True)
        return losses, weights

    failed = False
    with tempfile.TemporaryDirectory() as folder:
        for cell in options.cells.split(","):
            (cpu, _), (device, weights) = train(folder, cell, "cpu", "cpu"), train(folder, cell, options.device, "device")
            largest = max(abs(found / expected - 1) for found, expected in zip(device, cpu))
            failed |= len(cpu) != options.epochs or len(device) != options.epochs or largest >= 0.002
            print(f"{cell}: {len(device)} epochs, at most {100 * largest:.4f}% from the CPU's")
            if options.repeat:
                again = train(folder, cell, options.device, "device, again")
                failed |= again != (device, weights)
                print(f"{cell}: {'the same bits' if again == (device, weights) else 'OTHER BITS'} the second time")
    sys.exit(failed)


main()
