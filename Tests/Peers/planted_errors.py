#!/usr/bin/env python3
"""Whether the oddest lines of a text are those with errors, and what units of a model follow.

    planted_errors.py [--charrnn COMMAND] [--shakespeare FILE] [--seeds N]

A model learns the first nine tenths of a text: the fables of `corpora/`, sources of Python's library, and Tiny Shakespeare
where its file is given. Then five lines get an error each, in three words of five letters or more: letters are shuffled,
written backwards, typed one key to the right, vowels are lost, or the ends of words exchanged. `charrnn score --lines 5` must
find these five among 400 lines that the model has read. How many it finds for several draws of lines, with errors of one word,
and among 400 lines that it has not read, where names and new words are odd too, is printed besides. At last the units of a
model of this repository's sources are ranked by how they follow quotation marks, and those of Tiny Shakespeare by the position
in the line. Fails where another line is found, or no unit follows its feature. Takes about ten minutes on two cores, and needs
Python 3 alone.
"""

import argparse
import json
import os
import pathlib
import random
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]


KEYS = ["qwertyuiop", "asdfghjkl", "zxcvbnm"]
RIGHT = {key: row[(n + 1) % len(row)] for row in KEYS for n, key in enumerate(row)}


def shuffled(word, draw):
    letters = list(word)
    draw.shuffle(letters)
    return "".join(letters)


ERRORS = [
    ("shuffled", shuffled),
    ("backwards", lambda word, draw: word[::-1]),
    ("one key to the right", lambda word, draw: "".join(RIGHT[letter] for letter in word)),
    ("without vowels", lambda word, draw: "".join(letter for letter in word if letter not in "aeiou")),
    ("ends exchanged", lambda word, draw: word[-2:] + word[2:-2] + word[:2]),
]


def with_errors(lines, words, draw):
    """The lines with an error in so many words of five of them, and the kinds of error by line, from 1."""
    places = [list(re.finditer(r"[a-z]{5,}", line)) for line in lines]
    # An error has to change the word.
    places = [[word for word in found if all(error(word.group(), draw) != word.group() for _, error in ERRORS)] for found in places]
    candidates = [n for n, found in enumerate(places) if len(found) >= words]
    changed, kinds = list(lines), {}
    for n, (kind, error) in zip(sorted(draw.sample(candidates, len(ERRORS))), ERRORS):
        first = draw.randrange(len(places[n]) - words + 1)
        for word in reversed(places[n][first:first + words]):
            changed[n] = changed[n][:word.start()] + error(word.group(), draw) + changed[n][word.end():]
        kinds[n + 1] = kind
    return changed, kinds


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--charrnn", default=str(ROOT / ".build/release/charrnn"))
    parser.add_argument("--shakespeare", type=pathlib.Path)
    parser.add_argument("--seeds", type=int, default=4, help="draws of words, of which the first must be found whole")
    parser.add_argument("--time", default="4m", help="how long the model of this repository's sources learns")
    arguments = parser.parse_args()
    library = pathlib.Path(os.__file__).parent
    texts = {
        "fables": (ROOT / "corpora/fables.txt").read_text(),
        "source": "".join((library / n).read_text() for n in ("argparse.py", "subprocess.py", "typing.py", "tarfile.py")),
    }
    if arguments.shakespeare:
        texts["shakespeare"] = arguments.shakespeare.read_text()
    failures = 0
    with tempfile.TemporaryDirectory() as folder:
        def charrnn(*words):
            done = subprocess.run([arguments.charrnn, *words], cwd=folder, capture_output=True, text=True)
            if done.returncode:
                raise SystemExit(f"charrnn {' '.join(words)} failed: {done.stderr}")
            return done.stdout

        for name, text in texts.items():
            lines = text.splitlines(keepends=True)
            border = len(lines) * 9 // 10
            pathlib.Path(folder, f"{name}.txt").write_text("".join(lines[:border]))
            charrnn("train", f"{name}.txt", "--out", name)
            # The end of what the model learns from is held out.
            read, unread = lines[border // 2:][:400], lines[border:][:400]
            for words, where, part in ((3, "read", read), (1, "read", read), (3, "not read", unread), (1, "not read", unread)):
                hits = 0
                for seed in range(arguments.seeds):
                    changed, kinds = with_errors(part, words, random.Random(seed))
                    pathlib.Path(folder, "changed.txt").write_text("".join(changed))
                    found = [json.loads(line) for line in charrnn(
                        "score", name, "changed.txt", "--lines", "5", "--json", "--unknown", "skip").splitlines()]
                    hits += len({row["line"] for row in found} & set(kinds))
                    if (seed, words, where) != (0, 3, "read"):
                        continue
                    for row in found:
                        kind, text = kinds.get(row["line"], "none"), row["text"].strip()[:70]
                        print(f"  {row['oddness']:6.1f} {row['line']:4} {kind:21} {text}")
                    failures += {row["line"] for row in found} != set(kinds)
                print(f"{name}: of {5 * arguments.seeds} errors of {words} words in {len(part)} lines {where}, "
                      f"{hits} are among the five oddest")
        folders = ("Sources/charrnn", "Tests/CommandLineTests", "Sources/SequenceText", "Sources/LanguageModels")
        sources = [str(ROOT / name) for name in folders]
        charrnn("train", *sources, "--include", "*.swift", "--time", arguments.time, "--out", "swift")
        units = [("swift", sources[:2], "quotes")]
        if arguments.shakespeare:
            units.append(("shakespeare", ["shakespeare.txt"], "line-position"))
        for name, read, feature in units:
            found = json.loads(charrnn("neurons", name, *read, "--by", feature, "--json", "--limit", "300000"))["units"]
            print(f"{name}, {feature}: " + ", ".join(
                f"{u['unit']} {u['correlation']:.3f} (held out {u['held_out']:.3f})" for u in found[:3]))
            failures += abs(found[0]["held_out"] or 0) < 0.4
    print(f"{failures} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
