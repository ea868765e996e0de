#!/usr/bin/env python3
"""Bits per character of a run, of models that count, and of compressors, on the last 5% of the text that the run was trained on.

    text_models.py RUN TEXT [--charrnn COMMAND]

Everyone has read the first 90% before, and nothing else. What a compressor needs for the last 5% is the size of both
together less that of the first 90% alone. PPMd is 7-Zip's (variant H) of order 6, from the Python package pyppmd, which is
installed in a folder of its own; xz and bzip2 are Python's. zpaq is used where it is installed, and only after the first
95%: it chooses its models by size, with a border at 1 MiB that lies between the parts of Tiny Shakespeare. Needs Python 3
and a network.
"""

import argparse
import bz2
import json
import lzma
import pathlib
import shutil
import subprocess
import sys
import tempfile

PYPPMD = "pyppmd==1.3.1"
ROOT = pathlib.Path(__file__).resolve().parents[2]


def ppmd(folder):
    """The size of bytes compressed by PPMd of order 6."""
    subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", "--target", folder, PYPPMD], check=True)
    sys.path.insert(0, folder)
    import pyppmd

    def size(data):
        encoder = pyppmd.Ppmd7Encoder(6, 64 << 20)
        return len(encoder.encode(data) + encoder.flush())
    return size


def zpaq(folder):
    """The size of bytes compressed by zpaq -m5."""
    def size(data):
        text, archive = pathlib.Path(folder) / "text", pathlib.Path(folder) / "archive.zpaq"
        text.write_bytes(data)
        archive.unlink(missing_ok=True)
        subprocess.run(["zpaq", "add", archive, text, "-m5"], check=True, capture_output=True)
        return archive.stat().st_size
    return size


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run")
    parser.add_argument("text")
    parser.add_argument("--charrnn", default=str(ROOT / ".build/release/charrnn"))
    arguments = parser.parse_args()
    text = pathlib.Path(arguments.text).read_text(encoding="utf-8")
    heads = {percent: text[:len(text) * percent // 100].encode() for percent in (90, 95)}
    tail = text[len(text) * 95 // 100:]
    rows = []

    def evaluate(*options):
        line = [arguments.charrnn, "evaluate", arguments.run, arguments.text, "--split", "test", "--json", *options]
        return json.loads(subprocess.run(line, check=True, capture_output=True, text=True).stdout)

    for name, options in [("network", []), ("network with n-grams", ["--with-ngrams"]), ("network, dynamic", ["--dynamic"]),
                          ("network, dynamic, with n-grams", ["--dynamic", "--with-ngrams"])]:
        found = evaluate(*options)
        rows.append((name, found["bits_per_character"]))
    # Losses are in nats a token; the two rates of the network say how many bits a character that is.
    scale = found["bits_per_character"] / found["loss"]
    rows += [(name, loss * scale) for name, loss in found["baselines"].items()]
    with tempfile.TemporaryDirectory() as folder:
        sizes = [("PPMd", ppmd(folder)), ("xz", lambda data: len(lzma.compress(data, preset=9 | lzma.PRESET_EXTREME))),
                 ("bzip2", lambda data: len(bz2.compress(data)))]
        if shutil.which("zpaq"):
            sizes.append(("zpaq -m5", zpaq(folder)))
        for name, size in sizes:
            for percent, head in heads.items():
                if name == "zpaq -m5" and percent == 90:
                    continue
                bits = (size(head + tail.encode()) - size(head)) * 8 / len(tail)
                rows.append((name if percent == 90 else f"{name}, after {percent}%", bits))
    for name, bits in sorted(rows, key=lambda row: -row[1]):
        print(f"{name:32}{bits:.4f}")


if __name__ == "__main__":
    main()
