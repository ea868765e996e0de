#!/usr/bin/env python3
"""Kills runs at random moments and resumes them: each must end with the bytes of a run that was left alone.

    kills.py [--runs 100] [--seed 1] [--workers 2]

A run is of options drawn at random, half of them with epochs of 1 to 5 steps. Of seven runs one diverges and is rolled back,
one is resumed amid steps that were skipped where an epoch ends or begins, one replaces another run and one replaces a run of
the same settings and text. Each is started up to four times, each time on another number of threads and stopped by SIGKILL,
SIGTERM, SIGINT or SIGHUP at a random moment, and then resumed to its end. It keeps 0, 1 or 3 states; these must be those of
the run that was left alone, and one of them, copied over the last, must lead to the same end. `verify` must find nothing.
"""

import argparse
import concurrent.futures
import json
import pathlib
import random
import re
import shutil
import signal
import subprocess
import tempfile
import time

import runs

KINDS = ["diverging", "skipping", "replacing", "repeating", "plain", "plain", "plain"]
SIGNALS = [signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP]
# States that a replaced run keeps: a number that no other run here keeps, so that config.json tells them apart.
OLD_KEEP = 5
# Seconds after which a run that was told to stop hangs.
PATIENCE = 120


class Wrong(Exception):
    """What is wrong with a run."""


def require(done, what):
    if done.returncode != 0:
        raise Wrong(f"{what} ended with {done.returncode}: {done.stderr.strip()}")
    return done


class Trial:
    """A run that is left alone, in `whole`, and one that is stopped and resumed, in `run`."""

    def __init__(self, folder, kind, draw):
        self.folder, self.kind, self.draw, self.kills = pathlib.Path(folder), kind, draw, 0
        self.place = self.folder / "run"
        self.words, self.limit, self.keep = [], [], draw.choice([0, 1, 3])

    # The run that is left alone.

    def train_whole(self):
        while not self.draws_whole():
            shutil.rmtree(self.folder / "whole", ignore_errors=True)
        self.expected, self.identity = runs.files(self.folder, "whole"), self.configuration("whole").get("run")
        self.states = None
        if self.keep:
            saving = ["--checkpoint-every", "1", "--keep", "1000"]
            require(runs.train(self.folder, "states", self.words, self.limit + saving), "the run that keeps all states")
            self.require_end("states")
            # What is kept after a rollback depends on when states were saved.
            if not self.rolls_back:
                steps = int(self.limit[1])
                self.states = runs.files(self.folder, "states")["kept"]
                self.states[runs.kept_name(steps)] = self.expected["last.safetensors"]
                missing = {runs.kept_name(step) for step in range(1, steps)} - self.states.keys()
                if missing:
                    raise Wrong(f"of all states these were not kept: {sorted(missing)}")

    def draws_whole(self):
        """Trains with options drawn at random; returns whether it is a run of the kind."""
        draw, diverges = self.draw, self.kind in ("diverging", "skipping")
        size, characters = runs.size(draw, short=self.kind == "skipping" or draw.random() < 0.5)
        runs.write_corpus(self.folder, characters)
        self.words = size + runs.options(draw, diverging=diverges)
        if self.kind == "skipping":
            # Without validation no best model depends on where the run was cut in two.
            self.words += ["--validation-fraction", "0"]
        self.limit = ["--steps", str(draw.randrange(30, 90))]
        began = time.monotonic()
        whole = runs.train(self.folder, "whole", self.words, self.limit)
        self.duration = time.monotonic() - began
        if whole.returncode in (64, 70):
            return False
        require(whole, "the whole run")
        events = [json.loads(line) for line in (self.folder / "whole/metrics.jsonl").read_text().splitlines()]
        self.rolls_back = any(entry["event"] == "rolled_back" for entry in events)
        self.cuts = skips_at_borders(events, int(re.search(r"(\d+) steps? an epoch", whole.stderr)[1]))
        return {"diverging": self.rolls_back, "skipping": self.cuts}.get(self.kind, True)

    # The run that is stopped.

    def begin(self):
        """Trains what is there before: the run that is replaced, or the run up to a step that was skipped."""
        keeping = ["--keep", str(OLD_KEEP), "--checkpoint-every", "1"]
        if self.kind == "replacing":
            words = ["--plain", "--cell", "gru", "--hidden", "5", "--batch", "4", "--length", "8", "--validate-every", "2"]
            limit = ["--steps", str(self.draw.randrange(1, 20))]
            require(runs.train(self.folder, "run", words, limit + keeping), "the replaced run")
        elif self.kind == "repeating":
            # The end of a schedule is a setting; without one a run of the same settings may be longer.
            longer = "cosine" not in self.words and "one-cycle" not in self.words
            limit = ["--steps", str(int(self.limit[1]) * self.draw.choice([1, 2]))] if longer else self.limit
            old = runs.train(self.folder, "run", self.words, limit + keeping)
            # A longer run may diverge beyond recovery.
            if old.returncode != 70:
                require(old, "the replaced run")
        elif self.kind == "skipping":
            extra = self.extra([])
            limit = ["--steps", str(self.draw.choice(self.cuts))]
            require(runs.train(self.folder, "run", self.words, limit + extra), f"the run up to {limit}")
            self.require_sound()

    def stop(self):
        """Starts the run or resumes it, and stops it at a random moment."""
        # Without a directory yet, and repeated until it is done: as --resume, which starts from the beginning.
        how = self.how() if self.place.exists() else []
        extra = self.extra(how)
        line = [runs.COMMAND, "train", "corpus.txt", "--out", "run", *self.words, *self.limit, *how, *extra,
                "--sample-every", "0"]
        process = subprocess.Popen(line, cwd=self.folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        time.sleep(self.draw.random() * self.duration)
        number = self.draw.choice(SIGNALS)
        process.send_signal(number)
        try:
            errors = process.communicate(timeout=PATIENCE)[1]
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            raise Wrong(f"{how} {extra} did not end after {number.name}")
        if process.returncode in (128 + number, -number):
            self.kills += 1
        elif process.returncode != 0:
            raise Wrong(f"{how} {extra} ended with {process.returncode}: {errors.strip()}")
        if process.returncode == 0 or "the run is saved in" in errors:
            self.require_sound()

    def finish(self):
        how = self.how()
        extra = self.extra(how)
        require(runs.train(self.folder, "run", self.words, self.limit + how + extra), f"{how} {extra}")
        self.require_end("run")
        kept = self.require_sound()
        stored = self.configuration("run").get("keep")
        if stored != self.keep:
            raise Wrong(f"{extra}: config.json has {stored} as --keep")
        if kept:
            self.go_on_from(self.draw.choice(sorted(kept)))

    def go_on_from(self, state):
        """Resumes a copy of the run from a state that it kept."""
        copy = self.folder / "copy"
        shutil.copytree(self.place, copy)
        shutil.copy(copy / state, copy / "last.safetensors")
        require(runs.train(self.folder, "copy", self.words, self.limit + ["--resume", "--keep", str(self.keep)]),
                f"resumed from {state}, the run")
        self.require_end("copy")

    def how(self):
        """Whether to resume the run or to replace the one before it."""
        if self.kind not in ("replacing", "repeating"):
            return ["--resume"]
        found = self.configuration("run")
        return ["--resume"] if found.get("run") == self.identity and found.get("keep") != OLD_KEEP else ["--overwrite"]

    def extra(self, how):
        """Options that decide no bits. A resumed run keeps as many states as before where --keep is left out."""
        words = ["--threads", str(self.draw.choice([1, 2]))]
        every = self.draw.choice([1, 3, 10, 1000, None])
        if every:
            words += ["--checkpoint-every", str(every)]
        is_stored = how == ["--resume"] and (self.place / "config.json").exists()
        gives_keep = self.draw.random() < 0.5 or self.keep > 0 and not is_stored
        return words + (["--keep", str(self.keep)] if gives_keep else [])

    def configuration(self, out):
        try:
            return json.loads((self.folder / out / "config.json").read_text())
        except FileNotFoundError:
            return {}

    # What must hold.

    def require_end(self, out):
        """The bytes of the run that was left alone, but for the states kept."""
        found = runs.files(self.folder, out)
        wrong = [name for name in self.expected if name != "kept" and found[name] != self.expected[name]]
        if wrong:
            raise Wrong(f"{out} differs in {wrong}")

    def require_sound(self):
        """What holds whenever the run was saved; returns the states that it kept."""
        kept = runs.files(self.folder, "run")["kept"]
        if len(kept) > self.keep:
            raise Wrong(f"{len(kept)} states are kept, not {self.keep}: {sorted(kept)}")
        wrong = [name for name in kept if self.states is not None and kept[name] != self.states.get(name)]
        if wrong:
            raise Wrong(f"kept states differ: {wrong}")
        problem = runs.problem(self.folder, "run")
        if problem:
            raise Wrong(problem)
        return kept


def skips_at_borders(events, steps_per_epoch):
    """Steps skipped before the first rollback that end an epoch, or before which all steps of their epoch were skipped."""
    skipped = [entry["step"] for entry in events if entry["event"] == "skipped" and "rollbacks" not in entry]
    first = {step: (step - 1) // steps_per_epoch * steps_per_epoch + 1 for step in skipped}
    return [step for step in skipped
            if step % steps_per_epoch == 0 or all(earlier in skipped for earlier in range(first[step], step))]


def once(seed):
    """One run; returns its kind, how often it was stopped and what is wrong."""
    draw = random.Random(seed)
    kind = KINDS[seed % len(KINDS)]
    with tempfile.TemporaryDirectory() as folder:
        trial = Trial(folder, kind, draw)
        try:
            trial.train_whole()
            trial.begin()
            for _ in range(draw.randrange(1, 5)):
                trial.stop()
            trial.finish()
        # Files that are missing or cannot be read are wrong too.
        except (Wrong, OSError, ValueError) as wrong:
            return kind, trial.kills, f"{wrong}; {' '.join(trial.words + trial.limit)}, {trial.keep} kept"
    return kind, trial.kills, None


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
