#!/usr/bin/env python3
"""Trains on a file system of 2 MB: a run either refuses at the start (73) or trains to its end. Linux, as root.

    small_disk.py [--size 2m] [--stride 2]

Each size is tried with `--keep` 0 and 2: as a new run, resumed with that option and without it, and in turn with the
smallest size, the largest, one as far from the largest as this is from the smallest, and the next. A run replaces the one
before it, whole or not at all: `verify` must find nothing, also after a refusal.
"""

import argparse
import pathlib
import subprocess
import tempfile

import runs


WORDS = ["--plain", "--layers", "1", "--batch", "4", "--length", "8", "--checkpoint-every", "3", "--validate-every", "2"]


class Disk:
    """A small file system with at most one run, in `run`; counts what became of the runs there."""

    def __init__(self, folder):
        self.folder, self.path = folder, pathlib.Path(folder) / "disk"
        self.path.mkdir()
        self.failures = self.refused = self.trained = 0

    def train(self, what, words, may_refuse=True):
        """Trains; returns whether it did."""
        done = runs.train(self.folder, "disk/run", words)
        # A save that failed and was tried again is said on the way; there must be none.
        is_trained = done.returncode == 0 and "tried again" not in done.stderr
        is_refused = done.returncode == 73 and "note: resuming" not in done.stderr
        self.trained += is_trained
        self.refused += is_refused
        if not is_trained and not (is_refused and may_refuse):
            said = [text for text in done.stderr.splitlines() if "error: " in text or "tried again" in text]
            self.fail(what, f"ended with {done.returncode}: {said[:1] + said[-1:]}")
        if (self.path / "run/last.safetensors").exists():
            problem = runs.problem(self.folder, "disk/run")
            if problem:
                self.fail(what, problem)
        return done.returncode == 0

    def require_kept(self, what, count, steps):
        """The latest states are kept: that of the last step, or else the one before."""
        kept = runs.files(self.folder, "disk/run")["kept"]
        if len(kept) != count:
            self.fail(what, f"{len(kept)} states are kept, not {count}: {sorted(kept)}")
        elif kept and max(kept) < runs.kept_name(steps - 3):
            self.fail(what, f"none of the latest states is kept: {sorted(kept)}")

    def fail(self, what, how):
        self.failures += 1
        print(f"{what}: {how}", flush=True)


def try_size(disk, hidden, others, keep):
    """Trains a run of a size and resumes it; then runs of other sizes, and of this, replace each other in turn."""
    keeping = ["--keep", str(keep)]
    what = f"{hidden} units, {keep} states kept"
    if disk.train(f"{what}, new", ["--hidden", str(hidden), *WORDS, *keeping, "--steps", "30"]):
        disk.require_kept(f"{what}, new", keep, 30)
        for steps, words in ((60, keeping), (90, [])):
            line = ["--resume", "--checkpoint-every", "3", *words, "--steps", str(steps)]
            # What it needs is there from the run before.
            if disk.train(f"{what}, resumed with {words}", line, may_refuse=False):
                disk.require_kept(f"{what}, resumed with {words}", keep, steps)
    for other in others:
        # Where one is refused, the next replaces the one before it.
        for size in (other, hidden):
            line = ["--hidden", str(size), *WORDS, *keeping, "--steps", "20", "--overwrite"]
            if disk.train(f"{what}, replaced by one of {size} units in turn with {other}", line):
                disk.require_kept(f"{what}, replaced by one of {size} units", keep, 20)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", default="2m")
    parser.add_argument("--stride", type=int, default=2)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        runs.write_corpus(folder, 3000)
        disk = Disk(folder)
        widths = list(range(8, 120, arguments.stride))
        for index, hidden in enumerate(widths):
            others = {widths[0], widths[-1], widths[-1 - index], widths[(index + 1) % len(widths)]} - {hidden}
            for keep in (0, 2):
                mount = ["mount", "-t", "tmpfs", "-o", f"size={arguments.size}", "none", str(disk.path)]
                subprocess.run(mount, check=True)
                try:
                    try_size(disk, hidden, sorted(others), keep)
                finally:
                    subprocess.run(["umount", str(disk.path)], check=True)
    print(f"{len(widths)} sizes: {disk.trained} runs trained to their end, {disk.refused} were refused, "
          f"{disk.failures} failures")
    raise SystemExit(disk.failures > 0)


main()
