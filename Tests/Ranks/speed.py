#!/usr/bin/env python3
"""Measures training on two ranks of one thread beside one process of two threads, in turn, and what the ranks send.

    swift build -c release --traits MPI --product charrnn
    Tests/Ranks/speed.py CORPUS [--program PATH] [--rounds N]

Prints medians over the rounds. Run it on a quiet machine with two cores.
"""
import argparse
import pathlib
import re
import statistics
import tempfile

import jobs

SIZES = {256: 120, 512: 40}


def speed(ranks, hidden, corpus, folder, program):
    """Tokens a second of the second half of a short run, and what rank 0 says of its messages."""
    steps = SIZES[hidden]
    done = jobs.run(ranks, [
        "train", corpus, "--out", "run", "--overwrite", "--plain", "--hidden", hidden, "--layers", 2, "--batch", 64,
        "--length", 64, "--steps", steps, "--validate-every", steps // 2, "--validation-fraction", "0.002",
        "--test-fraction", 0, "--sample-every", 0, "--threads", 1 if ranks else 2], folder, program)
    lines = [line for line in jobs.metrics(folder / "run") if line["event"] == "validation"]
    said = re.search(r"rank 0 sent.*", done.stderr)
    return lines[1]["tokens_per_second"], said and said.group(0)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("corpus", type=pathlib.Path)
    parser.add_argument("--program", type=pathlib.Path, default=jobs.PROGRAM)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    for hidden in SIZES:
        alone, together = [], []
        with tempfile.TemporaryDirectory() as name:
            for _ in range(arguments.rounds):
                for ranks, speeds in [(None, alone), (2, together)]:
                    found, said = speed(
                        ranks, hidden, arguments.corpus.resolve(), pathlib.Path(name), arguments.program.resolve())
                    speeds.append(found)
        ratio = statistics.median(b / a for a, b in zip(alone, together))
        print(f"lstm 2x{hidden}: {statistics.median(alone):,.0f} tokens/s on two threads, "
              f"{statistics.median(together):,.0f} on two ranks; ratio {ratio:.2f}\n  {said}", flush=True)


if __name__ == "__main__":
    main()
