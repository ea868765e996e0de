#!/usr/bin/env python3
"""Makes every n-th system call on files fail, in every way, for each command; see faults.c. Linux only.

    faults.py [--stride 1] [--kinds enospc,eio,…] [--workers 2]

After a failed call a command ends well, with all that it would have left without the failure, or with one line that says
what failed and the exit code of it; a training is then resumed and must end with the same files.
"""

import argparse
import concurrent.futures
import os
import pathlib
import shutil
import subprocess
import tempfile

import runs

KINDS = ["enospc", "eio", "emfile", "full", "short", "interrupted", "kill"]
WORDS = ["--plain", "--hidden", "6", "--layers", "1", "--batch", "4", "--length", "8", "--validate-every", "5",
         "--checkpoint-every", "4", "--seed", "3", "--threads", "1"]
# What a command may end with when a call fails: no input, no output, an input/output error; a directory in use.
FAILURES = {66, 73, 74}


def line(command, out="run"):
    """The words of a command, and what it needs to be there."""
    return {
        "train": (["train", "corpus.txt", "--out", out, "--steps", "8", "--sample-every", "4", *WORDS], None),
        "overwrite": (["train", "corpus.txt", "--out", out, "--steps", "8", "--overwrite", "--sample-every", "4", *WORDS],
                      "other"),
        "resume": (["train", "corpus.txt", "--out", out, "--steps", "12", "--resume", "--sample-every", "0", *WORDS],
                   "run"),
        "sample": (["sample", out, "--length", "20", "--threads", "1", "--seed", "1"], "run"),
        "evaluate": (["evaluate", out, "corpus.txt", "--threads", "1"], "run"),
        "inspect": (["inspect", out], "run"),
        "verify": (["verify", out], "run"),
        "runs": (["runs", "--in", "."], "run"),
    }[command]


def start(folder, words, kind=None, call=0, shim=None, count=None):
    environment = dict(os.environ)
    if shim:
        environment.update(LD_PRELOAD=shim, FAULT_CALL=str(call), FAULT_KIND=kind or "none")
        if count:
            environment["FAULT_COUNT"] = count
    return subprocess.run([runs.COMMAND, *words], cwd=folder, env=environment, capture_output=True, text=True)


class Bench:
    def __init__(self, folder, shim):
        self.folder, self.shim = pathlib.Path(folder), shim
        runs.write_corpus(folder, 700)
        for name, words in [("run", line("train")[0]),
                            ("other", ["train", "corpus.txt", "--out", "other", "--steps", "5", "--cell", "gru",
                                       "--sample-every", "0", *WORDS]),
                            ("resumed", line("train", "resumed")[0])]:
            done = start(folder, words)
            assert done.returncode == 0, done.stderr
        done = start(folder, line("resume", "resumed")[0])
        assert done.returncode == 0, done.stderr
        self.expected = {"train": runs.files(folder, "run"), "overwrite": runs.files(folder, "run"),
                         "resume": runs.files(folder, "resumed")}

    def place(self, command):
        """A folder of its own with what the command needs."""
        folder = tempfile.mkdtemp(dir=self.folder)
        shutil.copy(self.folder / "corpus.txt", folder)
        needs = line(command)[1]
        if needs:
            shutil.copytree(self.folder / needs, pathlib.Path(folder) / "run")
        return folder

    def calls(self, command):
        folder = self.place(command)
        count = str(self.folder / f"count-{command}")
        done = start(folder, line(command)[0], shim=self.shim, count=count)
        assert done.returncode == 0, done.stderr
        self.output = {**getattr(self, "output", {}), command: done.stdout}
        shutil.rmtree(folder)
        return int(pathlib.Path(count).read_text())

    def attempt(self, command, kind, call):
        folder = self.place(command)
        try:
            done = start(folder, line(command)[0], kind, call, self.shim)
            return self.problem(command, kind, done, folder)
        finally:
            shutil.rmtree(folder)

    def problem(self, command, kind, done, folder):
        failed = done.returncode != 0
        if kind == "kill":
            if failed and done.returncode != -9:
                return f"ended with {done.returncode}: {done.stderr}"
        elif kind in ("short", "interrupted") and failed:
            return f"ended with {done.returncode}: {done.stderr}"
        elif failed:
            errors = [text for text in done.stderr.splitlines() if text.startswith("charrnn: error: ")]
            if done.returncode not in FAILURES or len(errors) != 1:
                return f"ended with {done.returncode}: {done.stderr}"
        if command not in self.expected:
            # A list of runs goes on, and says of the run that it cannot be read.
            is_said = command == "runs" and "cannot be read" in done.stdout
            if not failed and done.stdout != self.output[command] and not is_said:
                return f"wrote something else: {done.stdout!r}"
            return None
        if failed:
            words = line(command)[0]
            if command != "resume":
                words = [word for word in words if word != "--overwrite"]
                # Not taken yet, the directory is still the other run's, which is whole.
                if command == "overwrite" and b'"cell": "gru"' in (pathlib.Path(folder) / "run/config.json").read_bytes():
                    verified = start(folder, ["verify", "run"])
                    return None if verified.returncode == 0 else f"the old run is not whole: {verified.stdout}"
                words = words + ["--resume"]
            again = start(folder, words)
            if again.returncode != 0:
                return f"resumed, it ended with {again.returncode}: {again.stderr}"
        found = runs.files(folder, "run")
        wrong = [name for name in found if found[name] != self.expected[command][name]]
        return f"differs in {wrong} (failed: {failed}) {done.stderr}" if wrong else None


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--stride", type=int, default=1)
    parser.add_argument("--kinds", default=",".join(KINDS))
    parser.add_argument("--commands", default="train,overwrite,resume,sample,evaluate,inspect,verify,runs")
    parser.add_argument("--workers", type=int, default=2)
    arguments = parser.parse_args()
    tried, failures = 0, 0
    with tempfile.TemporaryDirectory() as folder, concurrent.futures.ThreadPoolExecutor(arguments.workers) as pool:
        shim = os.path.join(folder, "faults.so")
        source = pathlib.Path(__file__).with_name("faults.c")
        subprocess.run(["clang", "-shared", "-fPIC", "-O1", "-Wall", "-o", shim, source, "-ldl"], check=True)
        bench = Bench(folder, shim)
        for command in arguments.commands.split(","):
            calls = bench.calls(command)
            cases = [(kind, call) for kind in arguments.kinds.split(",")
                     for call in range(1, calls + 1, arguments.stride)]
            wrong = 0
            for (kind, call), problem in zip(cases, pool.map(lambda case: bench.attempt(command, *case), cases)):
                if problem:
                    wrong += 1
                    print(f"{command}, {kind} at call {call}: {problem}", flush=True)
            print(f"{command}: {calls} calls, {len(cases)} faults, {wrong} failures", flush=True)
            tried, failures = tried + len(cases), failures + wrong
    print(f"{tried} faults, {failures} failures")
    raise SystemExit(failures > 0)


main()
