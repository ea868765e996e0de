#!/usr/bin/env python3
"""What `charrnn train TEXT` alone reaches on seven texts, beside `--plain` and beside twenty runs tuned by hand.

    default_choice.py [--charrnn COMMAND] [--tries 20] [--texts NAME …]

The texts are those of `corpora/` and what a Debian system holds: Python's language reference and sources, the log of its
packages, Japanese messages of programs. Each try is a run with other units, dropping, rate, batch and length, of as many
steps as read the text 5 to 80 times, and as take no more arithmetic than `--plain` on a text of 150 KB, with a validation 25
times on the way. A row says the best validation loss (nats a token) and the seconds. With `--tries 20` it takes about two
hours on one core.
"""

import argparse
import gettext
import glob
import itertools
import json
import os
import pathlib
import pydoc_data.topics
import random
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]


def japanese():
    """Messages of more than half Japanese characters, without spaces."""
    parts = []
    for path in sorted(glob.glob("/usr/share/locale/ja/LC_MESSAGES/*.mo")):
        with open(path, "rb") as file:
            messages = gettext.GNUTranslations(file)._catalog.values()
        parts += [message for message in messages if isinstance(message, str)
                  and sum(ord(character) > 0x3000 for character in message) > 0.6 * len(message) > 3]
    return "".join("".join(part.split()) for part in parts)[:100_000]


def prose():
    """Chapters of Python's language reference; of paragraphs that stand in several, the first."""
    paragraphs = "\n\n".join(pydoc_data.topics.topics.values()).split("\n\n")
    return "\n\n".join(dict.fromkeys(paragraphs))[:300_000]


def texts():
    """Each text by its name; None where this machine lacks it."""
    library = pathlib.Path(os.__file__).parent
    log = pathlib.Path("/var/log/dpkg.log")
    source = "".join((library / name).read_text() for name in ("argparse.py", "subprocess.py", "typing.py", "tarfile.py"))
    return {
        "names": "".join(sorted((ROOT / "corpora/names.txt").read_text().splitlines(keepends=True))),
        "prose3k": (ROOT / "corpora/fables.txt").read_text()[:3000],
        "fables": (ROOT / "corpora/fables.txt").read_text(),
        "japanese": japanese() or None,
        "prose300k": prose(),
        "source": source[:300_000],
        "log": log.read_text() if log.exists() else None,
    }


# About 3,000 updates of 50 × 50 tokens by an LSTM of 2 × 128 units.
MOST_OPERATIONS = 1e13


def settings(length, draw):
    """Options of a run tuned by hand for a text of so many characters."""
    layers = draw.choice([1, 1, 2])
    units = draw.choice([64, 128, 256, 384])
    batch, steps = draw.choice([(4, 32), (16, 32), (32, 32), (32, 64)])
    passes = draw.choice([5, 10, 20, 40, 80])
    # Six operations a weight: those of the recurrence, of the inputs from a layer below, and of 65 symbols in and out.
    operations = 6 * (4 * units * units * (2 * layers - 1) + 5 * 65 * units)
    tokens = min(passes * length, MOST_OPERATIONS / operations)
    updates = max(100, int(tokens // (batch * steps)))
    dropped, weights = draw.choice([(0, 0), (0.2, 0.1), (0.3, 0.2), (0.5, 0.3), (0.6, 0.5)])
    words = {"layers": layers, "hidden": units, "batch": batch, "length": steps, "steps": updates,
             "learning-rate": draw.choice([0.003, 0.005, 0.01, 0.015]), "locked-dropout": dropped, "weight-drop": weights,
             "schedule": draw.choice(["cosine", "wsd"]), "validate-every": max(1, updates // 25)}
    return ["--plain", *itertools.chain(*((f"--{name}", str(value)) for name, value in words.items()))]


def train(command, text, out, words, threads):
    """The best validation loss of a run, and its seconds."""
    began = time.monotonic()
    line = [command, "train", text, "--out", out, "--overwrite", "--sample-every", "0", "--threads", threads, *words]
    done = subprocess.run(line, capture_output=True, text=True)
    seconds = time.monotonic() - began
    if done.returncode:
        raise SystemExit(f"{' '.join(map(str, line))}: {done.stderr.splitlines()[-1]}")
    losses = [json.loads(line).get("validation_loss") for line in (pathlib.Path(out) / "metrics.jsonl").open()]
    return min(loss for loss in losses if loss is not None), seconds


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--charrnn", default=str(ROOT / ".build/release/charrnn"))
    parser.add_argument("--tries", type=int, default=20)
    parser.add_argument("--texts", nargs="*")
    parser.add_argument("--threads", default="1")
    arguments = parser.parse_args()
    print(f"{'text':10} {'alone':>16} {'--plain':>16} {'best of ' + str(arguments.tries):>16}  its options", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        for name, text in texts().items():
            if text is None or arguments.texts and name not in arguments.texts:
                continue
            path, out = f"{folder}/{name}.txt", f"{folder}/run"
            pathlib.Path(path).write_text(text)
            draw = random.Random(1)
            # On the same part of the text: of a list, items are drawn for it.
            items = ["--items"] if name == "names" else []
            rows = [train(arguments.charrnn, path, out, words, arguments.threads) for words in ([], ["--plain", *items])]
            tries = [(*train(arguments.charrnn, path, out, words + items, arguments.threads), words)
                     for words in (settings(len(text), draw) for _ in range(arguments.tries))]
            best = min(tries, default=(float("nan"), 0, []))
            shown = [f"{loss:.3f} {seconds:5.0f} s" for loss, seconds in [*rows, best[:2]]]
            print(f"{name:10} {shown[0]:>16} {shown[1]:>16} {shown[2]:>16}  {' '.join(best[2][1:])}", flush=True)


if __name__ == "__main__":
    main()
