#!/usr/bin/env python3
"""Compresses and restores 200 files with a small model, under every instruction set of the machine, by one thread and by two.

    compression.py [--charrnn COMMAND] [--files N] [--seed N]

Among the files are empty ones, binary ones, ones with symbols, line ends and marks that the model does not know, and one of
5 MB. Each is compressed statically, dynamically, with n-grams or with both. Every instruction set and number of threads must
write the same bytes and restore the file; a flipped bit and a missing byte must be errors; the size must be at most 0.5% and
64 bytes above what `evaluate --split all` counts, where it accepts the text, and never more than 64 bytes above the
file's own. Prints a summary and fails on any failure. Takes about half an hour, and needs Python 3 alone.
"""

import argparse
import json
import math
import os
import pathlib
import random
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
MODES = [[], ["--dynamic"], ["--with-ngrams"], ["--dynamic", "--with-ngrams"]]
LONG = 5_000_000


def texts(seed):
    """Endless contents of files of each kind, with the kind's name."""
    draw = random.Random(seed)
    fables = (ROOT / "corpora/fables.txt").read_bytes()
    foreign = (ROOT / "corpora/multilingual.txt").read_bytes()

    def part(source, longest):
        start = draw.randrange(len(source))
        return source[start:start + draw.randrange(1, longest)]

    def noise(count):
        return bytes(draw.randrange(256) for _ in range(count))

    kinds = {
        "empty": lambda: b"",
        "one byte": lambda: noise(1),
        "text": lambda: part(fables, 4000),
        "line ends": lambda: part(fables, 1500).replace(b"\n", b"\r\n"),
        "odd line end": lambda: part(fables, 1500).replace(b"\n", b"\r\n") + b"the end\n",
        "marked": lambda: b"\xef\xbb\xbf" + part(fables, 1500),
        "unseen symbols": lambda: part(fables, 800) + "Ünknown 水 \U0001F98A e\u0301".encode() + part(fables, 800),
        "foreign": lambda: part(foreign, 3000),
        "binary": lambda: noise(draw.randrange(1, 3000)),
        "zeros": lambda: bytes(draw.randrange(1, 3000)),
        "text and binary": lambda: part(fables, 1000) + noise(draw.randrange(1, 500)) + part(fables, 1000),
        "cut scalars": lambda: part(foreign, 500)[1:-1],
        "repeated": lambda: part(fables, 30) * draw.randrange(1, 100),
    }
    while True:
        for name, content in kinds.items():
            yield name, content()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--charrnn", default=str(ROOT / ".build/release/charrnn"))
    parser.add_argument("--files", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    command = str(pathlib.Path(arguments.charrnn).resolve())
    failures, runs, sizes, excess, compared, refused = [], 0, {}, 0, 0, 0

    with tempfile.TemporaryDirectory() as folder:
        def call(*words, isa=None):
            nonlocal runs
            runs += 1
            environment = {key: value for key, value in os.environ.items() if key != "CHARRNN_ISA"}
            environment.update({"CHARRNN_ISA": isa} if isa else {})
            return subprocess.run([command, *words], cwd=folder, env=environment, capture_output=True)

        def content(name):
            return (pathlib.Path(folder) / name).read_bytes()

        sets = [isa for isa in ("reproducible", "portable", "avx2", "avx512", "amx")
                if call("--version", isa=isa).returncode == 0]
        (pathlib.Path(folder) / "fables.txt").write_bytes((ROOT / "corpora/fables.txt").read_bytes())
        trained = call("train", "fables.txt", "--out", "run", "--plain", "--layers", "1", "--hidden", "24", "--batch", "16",
                       "--steps", "400", "--sample-every", "0")
        if trained.returncode:
            sys.exit(trained.stderr.decode())

        for number, (kind, text) in zip(range(arguments.files), texts(arguments.seed)):
            mode = MODES[number // 13 % len(MODES)]
            if number == arguments.files - 1:
                source = (ROOT / "corpora/fables.txt").read_bytes()
                kind, text, mode = "5 MB", (source * (LONG // len(source) + 1))[:LONG], []
            (pathlib.Path(folder) / "text").write_bytes(text)
            what = f"file {number} ({kind}, {' '.join(mode) or 'static'})"

            def fail(reason, outcome=None):
                failures.append(f"{what}: {reason} {outcome.stderr.decode().strip() if outcome else ''}")

            first = None
            ways = [(isa, threads) for isa in sets for threads in ("1", "2")]
            for isa, threads in ways if len(text) < LONG else [ways[0], ways[-1]]:
                packed = call("compress", "run", "text", "--out", "packed", "--overwrite", "--threads", threads, *mode, isa=isa)
                if packed.returncode:
                    fail(f"compress under {isa}", packed)
                    continue
                if first is None:
                    first = content("packed")
                if content("packed") != first:
                    fail(f"other bytes under {isa} with {threads} threads")
                restored = call("decompress", "run", "packed", "--out", "restored", "--overwrite", "--threads", threads, isa=isa)
                if restored.returncode or content("restored") != text:
                    fail(f"not restored under {isa} with {threads} threads", restored)
            if first is None:
                continue
            sizes.setdefault(kind, []).append((len(text), len(first)))

            draw = random.Random(number)
            flipped = bytearray(first)
            flipped[draw.randrange(len(first))] ^= 1 << draw.randrange(8)
            for name, damaged in [("flipped", bytes(flipped)), ("short", first[:draw.randrange(len(first))]), ("long", first + b"\0")]:
                (pathlib.Path(folder) / name).write_bytes(damaged)
                outcome = call("decompress", "run", name, "--out", "wrong")
                refused += 1
                if outcome.returncode != 65 or outcome.stderr.count(b"\n") != 1:
                    fail(f"the {name} file was answered with {outcome.returncode}", outcome)

            if len(first) > len(text) + 64:
                fail(f"grew from {len(text)} bytes to {len(first)}")
            evaluated = call("evaluate", "run", "text", "--split", "all", "--json", *mode)
            if evaluated.returncode == 0:
                report = json.loads(evaluated.stdout)
                bits = report["loss"] * report["tokens"] / math.log(2)
                compared += 1
                excess = max(excess, len(first) - bits / 8 * 1.005)
                if len(first) > bits / 8 * 1.005 + 64:
                    fail(f"{len(first)} bytes, and evaluate counts {bits / 8:.1f}")

    print(f"{arguments.files} files, {runs} commands, under {', '.join(sets)} with 1 and 2 threads")
    for kind, pairs in sizes.items():
        before, after = (sum(column) for column in zip(*pairs))
        print(f"  {kind:16} {len(pairs):4} files  {before:9} bytes  {after:9} compressed")
    print(f"{compared} sizes compared with evaluate: at most {excess:.1f} bytes above its count and 0.5%")
    print(f"{refused} damaged files refused; {len(failures)} failures")
    for failure in failures[:40]:
        print("  " + failure)
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
