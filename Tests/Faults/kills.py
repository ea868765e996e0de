#!/usr/bin/env python3
"""Kills runs at random moments and resumes them: each must end with the bytes of a run that was left alone.

    kills.py [--runs 100] [--seed 1] [--workers 2]

A run is of options drawn at random; one in five diverges and is rolled back, one in five replaces another run, half of
those one of its own settings. It is started up to four times, each time on another number of threads, with another number
of states to keep, and stopped by SIGKILL, SIGTERM, SIGINT or SIGHUP at a random moment, and then resumed to its end. What
it leaves must be sound, and no more states must be kept than it was told.
"""

import argparse
import concurrent.futures
import json
import pathlib
import random
import shutil
import signal
import subprocess
import tempfile
import time

import runs

SIGNALS = [signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP]


def owner(place):
    try:
        return json.loads((place / "config.json").read_text()).get("run")
    except FileNotFoundError:
        return None


def once(seed):
    """One run; returns its kind, how often it was killed and what is wrong."""
    draw = random.Random(seed)
    kind = ["diverging", "replacing", "plain", "plain", "plain"][seed % 5]
    with tempfile.TemporaryDirectory() as folder:
        # Of 400 characters an epoch is a few steps, or one.
        runs.write_corpus(folder, draw.choice([400, 1200, 4000, 4000]))
        place = pathlib.Path(folder) / "run"
        while True:
            words = runs.options(draw, diverging=kind == "diverging")
            words += ["--steps", str(draw.randrange(30, 90))]
            began = time.monotonic()
            whole = runs.train(folder, "whole", words)
            duration = time.monotonic() - began
            rolls_back = '"rolled_back"' in (pathlib.Path(folder) / "whole/metrics.jsonl").read_text() \
                if whole.returncode == 0 else False
            if whole.returncode == 0 and (kind != "diverging" or rolls_back):
                break
            if whole.returncode not in (0, 64, 65, 70):
                return kind, 0, f"the whole run ended with {whole.returncode}: {whole.stderr}"
            shutil.rmtree(pathlib.Path(folder) / "whole", ignore_errors=True)
        expected, identity = runs.files(folder, "whole"), owner(pathlib.Path(folder) / "whole")
        if kind == "replacing":
            earlier = ["--cell", "gru", "--hidden", "5", "--batch", "4", "--length", "8", "--validate-every", "2"]
            steps = draw.randrange(1, 20)
            every = int(words[words.index("--validate-every") + 1])
            if every < 30 and draw.random() < 0.5:
                # Its last validation is one that the whole run made too, so that no other model can be the best.
                earlier, steps = words[:-2], every
            other = runs.train(folder, "run", earlier, ["--steps", str(steps), "--keep", "2", "--checkpoint-every", "1"])
            if other.returncode != 0:
                return kind, 0, f"the run to replace ended with {other.returncode}: {other.stderr}"
        kills, replaced = 0, kind != "replacing"

        def how():
            nonlocal replaced
            # What is not given is as in the call before.
            keep = ["--keep", draw.choice("013")] if draw.random() < 0.4 else []
            if not replaced or place.exists() and owner(place) != identity:
                replaced = True
                return ["--overwrite", *keep]
            # Without a directory yet, and repeated until it is done: as --resume, which starts from the beginning.
            return ["--resume", *keep] if place.exists() else keep

        for attempt in range(draw.randrange(1, 5)):
            extra = how() + ["--threads", draw.choice("12"), "--checkpoint-every", str(draw.choice([1, 3, 10, 1000]))]
            line = [runs.COMMAND, "train", "corpus.txt", "--out", "run", *words, *extra, "--sample-every", "0"]
            process = subprocess.Popen(line, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
            time.sleep(draw.random() * duration)
            number = draw.choice(SIGNALS)
            process.send_signal(number)
            errors = process.communicate()[1]
            if process.returncode in (-signal.SIGKILL, 128 + number, -number):
                kills += 1
            elif process.returncode != 0:
                return kind, kills, f"{extra} ended with {process.returncode}: {errors}"
        extra = how()
        end = runs.train(folder, "run", words, extra)
        if end.returncode != 0:
            return kind, kills, f"{extra} ended with {end.returncode}: {end.stderr}"
        found = runs.files(folder, "run")
        wrong = [name for name in expected if found[name] != expected[name]]
        if wrong:
            return kind, kills, f"differs in {wrong}, {words}"
        if len(list(place.glob("step-*.safetensors"))) > 3:
            return kind, kills, "more states are kept than were wanted"
        check = subprocess.run([runs.COMMAND, "verify", "run"], cwd=folder, capture_output=True, text=True)
        return kind, kills, f"verify: {check.stdout}" if check.returncode else None


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=2)
    arguments = parser.parse_args()
    counts, killed, failures = {}, 0, 0
    seeds = range(arguments.seed, arguments.seed + arguments.runs)
    with concurrent.futures.ThreadPoolExecutor(arguments.workers) as pool:
        for seed, (kind, kills, wrong) in zip(seeds, pool.map(once, seeds)):
            counts[kind] = counts.get(kind, 0) + 1
            killed += kills
            if wrong:
                failures += 1
                print(f"seed {seed}, {kind}: {wrong}", flush=True)
    print(f"{sum(counts.values())} runs ({counts}), {killed} times stopped, {failures} failures")
    raise SystemExit(failures > 0)


if __name__ == "__main__":
    main()
