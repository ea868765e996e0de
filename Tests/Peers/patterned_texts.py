#!/usr/bin/env python3
"""Whether texts that `charrnn sample --matching` writes match, by Python's own regular expressions, and what that costs.

    patterned_texts.py [--charrnn COMMAND] [--texts N]

A small model of the fables writes 500 texts for each of 20 expressions, ever with another seed. Each text must match its expression
as a whole. Then long texts are written with and without an expression in turn. Prints a table, and fails where a text does not
match or an expression costs more than 1.3 times the plain text. Takes about two minutes, and needs Python 3 alone.
"""

import argparse
import json
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
PATTERNS = [
    r"[a-z]+", r"[A-Z][a-z]{2,8}", r"(the|a) [a-z]+", r"The (fox|crow|dog)( [a-z]+){1,5}\.", r"[^\n]{10,40}", r"(.|\n){5,30}",
    r"\"[A-Z][a-z ,]+[.?!]\"", r"([A-Z][a-z]+ ){2,3}[a-z]+", r"a*b?c+", r"(ab|ba){1,10}", r"\w+( \w+)*", r"[^aeiou]{3,12}",
    r"[a-z]+(, [a-z]+){2,6} and [a-z]+\.", r"(?:one|two|three)(?:, (?:one|two|three)){0,9}", r"[a-c]{20}", r"x?y?z?[a-z]{1,3}",
    r"[A-Z]([a-z]*|[A-Z]*)", r"(so|and then|but) .{5,60}\.", r"\S+\s\S+", r"(ha ?){1,15}!?",
]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--charrnn", default=str(ROOT / ".build/release/charrnn"))
    parser.add_argument("--texts", type=int, default=500, help="texts for each expression")
    arguments = parser.parse_args()
    failures = total = 0
    with tempfile.TemporaryDirectory() as folder:
        def charrnn(*words):
            done = subprocess.run([arguments.charrnn, *words], cwd=folder, capture_output=True, text=True)
            if done.returncode:
                raise SystemExit(f"charrnn {' '.join(words)} failed: {done.stderr}")
            return done.stdout

        charrnn("train", str(ROOT / "corpora/fables.txt"), "--out", "run", "--plain", "--hidden", "64", "--layers", "1", "--steps", "300")
        for seed, pattern in enumerate(PATTERNS):
            report = charrnn(
                "sample", "run", "--matching", pattern, "--count", str(arguments.texts), "--length", "120", "--json",
                "--seed", str(1000 * seed), "--temperature", "1")
            texts = [text["text"] for text in json.loads(report)["texts"]]
            missed = [text for text in texts if not re.fullmatch(pattern, text)]
            total += len(texts)
            failures += len(missed) + (len(texts) != arguments.texts)
            print(f"{pattern:45} {len(texts):5} texts, {len(set(texts)):5} different, {len(missed)} do not match {missed[:1]}")
        charrnn("train", str(ROOT / "corpora/fables.txt"), "--out", "large", "--plain", "--steps", "2", "--sample-every", "0")
        seconds = {"plain": [], "matching": []}
        for _ in range(5):
            for name, words in (("plain", []), ("matching", ["--matching", r"(.|\n)*"])):
                began = time.monotonic()
                charrnn("sample", "large", "--length", "50000", "--seed", "1", "--threads", "1", *words)
                seconds[name].append(time.monotonic() - began)
        plain, matching = (statistics.median(seconds[name]) for name in ("plain", "matching"))
        print(f"50,000 characters: plain {plain:.2f} s, matching {matching:.2f} s, ratio {matching / plain:.2f}")
        failures += matching > 1.3 * plain
    print(f"{total} texts of {len(PATTERNS)} expressions, {failures} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
