#!/usr/bin/env python3
"""Runs for an hour: kills and resumes runs, fills the disk under others, and watches the memory of a long one. Linux, as root.

    soak.py [--minutes 60] [--seed 1]

Every run must end with the bytes of one that was left alone, and the memory of a run of 20,000 steps must be flat from step
100 on, within 2%.
"""

import argparse
import os
import pathlib
import random
import subprocess
import tempfile
import threading
import time

import kills
import runs


def fill(seed):
    """A run whose disk is full at random moments; returns how often it was, and what is wrong."""
    draw = random.Random(seed)
    with tempfile.TemporaryDirectory() as folder:
        runs.write_corpus(folder)
        words = ["--hidden", "24", "--layers", "1", "--batch", "4", "--length", "8", "--seed", str(draw.randrange(1000)),
                 "--validate-every", "20", "--checkpoint-every", "5", "--steps", "1500"]
        whole = runs.train(folder, "whole", words)
        assert whole.returncode == 0, whole.stderr
        disk = pathlib.Path(folder) / "disk"
        disk.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "none", str(disk)], check=True)
        try:
            line = [runs.COMMAND, "train", "corpus.txt", "--out", "disk/run", *words, "--sample-every", "0"]
            process = subprocess.Popen(line, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
            errors = []
            reader = threading.Thread(target=lambda: errors.append(process.stderr.read()))
            reader.start()
            fills = 0
            while process.poll() is None:
                time.sleep(draw.random() * 0.2)
                if not (disk / "run/last.safetensors").exists():
                    continue
                try:
                    with open(disk / "filler", "wb") as filler:
                        while True:
                            filler.write(bytes(1 << 16))
                            filler.flush()
                except OSError:
                    fills += 1
                time.sleep(draw.random() * 0.1)
                (disk / "filler").unlink()
            reader.join()
            if process.returncode != 0:
                # The disk was full at the end: then a resumed run saves it.
                if process.returncode != 74:
                    return fills, f"ended with {process.returncode}: {errors[0]}"
                again = runs.train(folder, "disk/run", words, ["--resume"])
                if again.returncode != 0:
                    return fills, f"resumed, it ended with {again.returncode}: {again.stderr}"
            expected, found = runs.files(folder, "whole"), runs.files(folder, "disk/run")
            wrong = [name for name in expected if found[name] != expected[name]]
            return fills, f"differs in {wrong}" if wrong else None
        finally:
            subprocess.run(["umount", str(disk)], check=True)


def memory(steps=20_000):
    """Peak memory of a long run at step 100 and at its end, in KiB."""
    with tempfile.TemporaryDirectory() as folder:
        runs.write_corpus(folder, 60_000)
        line = [runs.COMMAND, "train", "corpus.txt", "--out", "run", "--hidden", "32", "--layers", "1", "--batch", "8",
                "--length", "16", "--steps", str(steps), "--validate-every", "50", "--checkpoint-every", "50",
                "--sample-every", "200"]
        process = subprocess.Popen(line, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        metrics = pathlib.Path(folder) / "run/metrics.jsonl"
        first = last = None
        while process.poll() is None:
            time.sleep(0.02)
            try:
                peak = [int(text.split()[1]) for text in open(f"/proc/{process.pid}/status") if text.startswith("VmHWM")]
                if not peak:
                    continue
                last = peak[0]
                if first is None and '"step":100,' in metrics.read_text():
                    first = last
            except (FileNotFoundError, ProcessLookupError):
                continue
        assert process.returncode == 0
        return first, last


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    first, last = memory()
    print(f"memory: {first} KiB at most up to step 100, {last} KiB up to step 20,000: {last / first:.4f} times", flush=True)
    failures = int(last > 1.02 * first)
    end, seed, killed, filled = time.monotonic() + 60 * arguments.minutes, arguments.seed, 0, 0
    while time.monotonic() < end:
        if seed % 8:
            _, times, wrong = kills.once(seed)
            killed += times
        else:
            times, wrong = fill(seed)
            filled += times
        if wrong:
            failures += 1
            print(f"seed {seed}: {wrong}", flush=True)
        seed += 1
    print(f"{seed - arguments.seed} runs, {killed} times stopped, {filled} times without room, {failures} failures")
    raise SystemExit(failures > 0)


main()
