#!/usr/bin/env python3
"""Kills and resumes runs for an hour, fills the disk under others, and watches the memory of long ones. Linux, as root.

    soak.py [--minutes 60] [--seed 1]

Of eight runs seven are those of kills.py, and one has a full disk at random moments. Every run must end with the bytes of
one that was left alone, and `verify` must find nothing. Memory of a run of 20,000 steps must be flat from step 100 on,
within 2%, with long epochs and with short ones.
"""

import argparse
import pathlib
import random
import subprocess
import tempfile
import time

import kills
import runs
from kills import Wrong, require


def fill(seed):
    """A run whose disk is full at random moments; returns how often it could not save, and what is wrong."""
    draw = random.Random(seed)
    with tempfile.TemporaryDirectory() as folder:
        size, characters = runs.size(draw, short=draw.random() < 0.5)
        runs.write_corpus(folder, characters)
        keep = draw.choice([0, 1, 3])
        words = ["--plain", "--hidden", "24", "--layers", "1", *size, "--seed", str(draw.randrange(1000)), "--validate-every", "20",
                 "--checkpoint-every", "5", "--steps", "1500"]
        disk = pathlib.Path(folder) / "disk"
        disk.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "none", str(disk)], check=True)
        failed = 0
        try:
            # A state may be kept for long where later ones could not be.
            require(runs.train(folder, "whole", words, ["--keep", "1000"]), "the whole run")
            code, said = train_while_filling(folder, disk, [*words, "--keep", str(keep)], draw)
            failed = said.count("saving is tried again")
            if code == 74:
                # The disk was full at the end: then a resumed run saves it.
                again = ["--resume"] if draw.random() < 0.5 else ["--resume", "--keep", str(keep)]
                require(runs.train(folder, "disk/run", words, again), f"{again}, the run")
            elif code != 0:
                raise Wrong(f"ended with {code}: {said}")
            require_same(folder, keep)
        except (Wrong, OSError, ValueError) as wrong:
            return failed, f"{wrong}; {' '.join(words)}, {keep} kept"
        finally:
            subprocess.run(["umount", str(disk)], check=True)
        return failed, None


def train_while_filling(folder, disk, words, draw):
    """Trains in `disk/run` and fills the disk meanwhile; returns the exit code and what was said."""
    line = [runs.COMMAND, "train", "corpus.txt", "--out", "disk/run", *words, "--sample-every", "0"]
    said, filler = pathlib.Path(folder) / "said", disk / "filler"
    with open(said, "w") as errors:
        process = subprocess.Popen(line, cwd=folder, stdout=subprocess.DEVNULL, stderr=errors)
    try:
        while process.poll() is None:
            time.sleep(draw.random() * 0.2)
            if not (disk / "run/last.safetensors").exists():
                continue
            try:
                with open(filler, "wb", buffering=0) as file:
                    # What is written may be less than was asked for.
                    while True:
                        file.write(bytes(1 << 16))
            except OSError:
                pass
            time.sleep(draw.random() * 0.1)
            filler.unlink(missing_ok=True)
    finally:
        process.kill()
        process.wait()
    return process.returncode, said.read_text()


def require_same(folder, keep):
    """The bytes of the run that was left alone; the states kept are some of its."""
    expected, found = runs.files(folder, "whole"), runs.files(folder, "disk/run")
    wrong = [name for name in expected if name != "kept" and found[name] != expected[name]]
    wrong += [name for name, state in found["kept"].items() if expected["kept"].get(name) != state]
    if wrong:
        raise Wrong(f"differs in {wrong}")
    kept = found["kept"]
    if len(kept) > keep:
        raise Wrong(f"{len(kept)} states are kept, not {keep}: {sorted(kept)}")
    if keep and not kept:
        raise Wrong("no states are kept")
    problem = runs.problem(folder, "disk/run")
    if problem:
        raise Wrong(problem)


def memory(characters, steps=20_000):
    """Peak memory of a long run at step 100 and at its end, in KiB."""
    with tempfile.TemporaryDirectory() as folder:
        runs.write_corpus(folder, characters)
        line = [runs.COMMAND, "train", "corpus.txt", "--out", "run", "--plain", "--hidden", "32", "--layers", "1", "--batch", "8",
                "--length", "16", "--steps", str(steps), "--validate-every", "50", "--checkpoint-every", "50",
                "--keep", "3", "--sample-every", "50"]
        process = subprocess.Popen(line, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        metrics = pathlib.Path(folder) / "run/metrics.jsonl"
        first = last = None
        while process.poll() is None:
            time.sleep(0.02)
            try:
                status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
                peak = [int(text.split()[1]) for text in status.splitlines() if text.startswith("VmHWM")]
                if not peak:
                    continue
                last = peak[0]
                if first is None and '"step":100,' in metrics.read_text():
                    first = last
            except (FileNotFoundError, ProcessLookupError):
                continue
        assert process.returncode == 0, f"the long run ended with {process.returncode}"
        assert first, "the long run was not seen at step 100"
        problem = runs.problem(folder, "run")
        assert problem is None, problem
        return first, last


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    end, seed, stopped, unsaved, failures = time.monotonic() + 60 * arguments.minutes, arguments.seed, 0, 0, 0
    for epochs, characters in (("long", 60_000), ("short", 600)):
        first, last = memory(characters)
        print(f"memory with {epochs} epochs: {first} KiB at most up to step 100, {last} KiB up to step 20,000: "
              f"{last / first:.4f} times", flush=True)
        failures += last > 1.02 * first
    # Each kind of run at least once, however short the time.
    while time.monotonic() < end or seed < arguments.seed + 8:
        if seed % 8:
            kind, times, wrong = kills.once(seed)
            stopped += times
        else:
            kind = "full disk"
            times, wrong = fill(seed)
            unsaved += times
        if wrong:
            failures += 1
            print(f"seed {seed}, {kind}: {wrong}", flush=True)
        seed += 1
    print(f"{seed - arguments.seed} runs, {stopped} times stopped, {unsaved} times without room, {failures} failures")
    raise SystemExit(failures > 0)


if __name__ == "__main__":
    main()
