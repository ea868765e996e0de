#!/usr/bin/env python3
"""Trains on a file system of 2 MB: a run of every size either refuses at the start (73) or trains to its end. Linux, as root.

    small_disk.py [--size 2m]

Each size is tried as a new run that keeps no states, or two; resumed; and replaced by a run of the next sizes, of the smallest
and of the largest one.
"""

import argparse
import pathlib
import subprocess
import tempfile

import runs


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", default="2m")
    size = parser.parse_args().size
    failures, refused, trained = 0, 0, 0

    def expect(done, *what):
        nonlocal failures, refused, trained
        # A save that failed and was tried again is said on the way; there must be none.
        if done.returncode == 73 and not any("note: resuming" in text for text in done.stderr.splitlines()):
            refused += 1
        elif done.returncode == 0 and "tried again" not in done.stderr:
            trained += 1
        else:
            failures += 1
            print(*what, done.returncode, done.stderr, flush=True)
        return done.returncode == 0

    with tempfile.TemporaryDirectory() as folder:
        runs.write_corpus(folder, 3000)
        disk = pathlib.Path(folder) / "disk"
        disk.mkdir()
        widths = list(range(8, 120, 2))
        for index, hidden in enumerate(widths):
            kept = ["--keep", str(index % 2 * 2)]
            subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "none", str(disk)], check=True)
            try:
                words = ["--layers", "1", "--batch", "4", "--length", "8", "--checkpoint-every", "3",
                         "--validate-every", "2"]
                begun = expect(runs.train(folder, "disk/run", ["--hidden", str(hidden), *words, *kept, "--steps", "30"]),
                               "new", hidden, kept)
                if begun:
                    expect(runs.train(folder, "disk/run", ["--resume", "--steps", "60"]), "resumed", hidden, kept)
                    for other in (widths[index - 1], widths[(index + 1) % len(widths)], widths[-1], widths[0], hidden):
                        expect(runs.train(folder, "disk/run", ["--hidden", str(other), *words, *kept, "--steps", "20",
                                                               "--overwrite"]), "replaced", hidden, other, kept)
            finally:
                subprocess.run(["umount", str(disk)], check=True)
    print(f"{len(widths)} sizes: {trained} runs trained to their end, {refused} were refused, {failures} failures")
    raise SystemExit(failures > 0)


main()
