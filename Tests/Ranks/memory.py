#!/usr/bin/env python3
"""Measures the peak memory of each of four ranks on a corpus of 1 GB, beside that of one process.

    swift build -c release --traits MPI --product charrnn
    Tests/Ranks/memory.py [--program PATH] [--megabytes N]

A rank must take at most 0.35 of what one process takes.
"""
import argparse
import os
import pathlib
import signal
import tempfile

import jobs

LIMIT = 0.35


def peak(number):
    """The most memory that a process has held, in MiB."""
    for line in pathlib.Path(f"/proc/{number}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    raise SystemExit(f"process {number} does not say its memory")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", type=pathlib.Path, default=jobs.PROGRAM)
    parser.add_argument("--megabytes", type=int, default=1000)
    arguments = parser.parse_args()
    program = arguments.program.resolve()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        jobs.write_text(folder / "piece", 1_000_000)
        with open(folder / "text", "wb") as text:
            for _ in range(arguments.megabytes):
                text.write((folder / "piece").read_bytes())
        words = [
            "train", "text", "--out", "run", "--overwrite", "--plain", "--hidden", 32, "--batch", 32, "--length", 32,
            "--steps", 10 ** 6, "--checkpoint-every", 10, "--sample-every", 0, "--threads", 1]
        peaks = {}
        for ranks in [None, 4]:
            # Stopped when it trains: the validation of so much text takes minutes.
            job = jobs.start(ranks, words, folder, program)
            jobs.wait_for(lambda: (folder / "run/last.safetensors").exists(), 600, "state")
            numbers = jobs.processes(job) if ranks else {"alone": job.pid}
            for rank, number in numbers.items():
                peaks[rank] = peak(number)
            for number in numbers.values():
                os.kill(number, signal.SIGTERM)
            _, errors = job.communicate(timeout=60)
            assert "stopped after step" in errors, errors
            (folder / "run/last.safetensors").unlink()
    alone = peaks.pop("alone")
    print(f"{arguments.megabytes} MB of text: one process {alone:.0f} MiB; " + ", ".join(
        f"rank {rank} {peak:.0f} MiB ({peak / alone:.2f})" for rank, peak in sorted(peaks.items())))
    assert max(peaks.values()) <= LIMIT * alone


if __name__ == "__main__":
    main()
