#!/usr/bin/env python3
"""What `charrnn doctor` forecasts of a run, beside the run that follows, on the texts of `default_choice.py`.

    forecast.py [--charrnn COMMAND] [--texts NAME …]

A row says the seconds and the most memory that were forecast and that it took; it fails where one is off by more than a
quarter. With all seven texts it takes about five minutes on two cores that nothing else uses.
"""

import argparse
import json
import os
import pathlib
import subprocess
import tempfile
import time

from default_choice import ROOT, texts


def measured(words):
    """Standard output of a command, its seconds, and the most memory that it held, in MiB."""
    began = time.monotonic()
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{' '.join(words)}: failed")
    return output, time.monotonic() - began, usage.ru_maxrss / 1024


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--charrnn", default=str(ROOT / ".build/release/charrnn"))
    parser.add_argument("--texts", nargs="*")
    arguments = parser.parse_args()
    misses = 0
    print(f"{'text':10} {'forecast, s':>12} {'taken, s':>9} {'ratio':>6} {'forecast, MiB':>14} {'taken, MiB':>11} {'ratio':>6}")
    with tempfile.TemporaryDirectory() as folder:
        for name, text in texts().items():
            if text is None or arguments.texts and name not in arguments.texts:
                continue
            path = f"{folder}/{name}.txt"
            pathlib.Path(path).write_text(text)
            forecast = json.loads(measured([arguments.charrnn, "doctor", path, "--json"])[0])
            # Without patience: the forecast is that of all steps.
            steps = ["--patience", "1000"]
            _, seconds, memory = measured(
                [arguments.charrnn, "train", path, "--out", f"{folder}/run", "--overwrite", *steps])
            ratios = (forecast["seconds"] / seconds, forecast["memory_mb"] / memory)
            misses += sum(abs(ratio - 1) > 0.25 for ratio in ratios)
            print(f"{name:10} {forecast['seconds']:12.1f} {seconds:9.1f} {ratios[0]:6.2f} "
                  f"{forecast['memory_mb']:14.0f} {memory:11.0f} {ratios[1]:6.2f}", flush=True)
    if misses:
        raise SystemExit(f"{misses} forecasts are off by more than a quarter")


if __name__ == "__main__":
    main()
