#!/usr/bin/env python3
"""Makes every n-th call of a graphics driver fail, while a model is trained on it; see driver.c.

    faults.py [--program FILE] [--stride 1] [--workers 2]

After a failed call the command ends well, or with one line and the code 69, and what it saved before is whole: the run is then
resumed on the processor, and ends. Where the device was to be chosen (--device auto), the processor goes on.
"""

import argparse
import concurrent.futures
import os
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
WORDS = ["--plain", "--hidden", "32", "--layers", "1", "--batch", "8", "--length", "8", "--validation-fraction", "0",
         "--test-fraction", "0", "--checkpoint-every", "4", "--sample-every", "0", "--seed", "3", "--threads", "1"]
# Out of resources, a failed allocation, an invalid queue.
STATUSES = [-5, -4, -36]


class Bench:
    def __init__(self, program, folder):
        self.program, self.folder = program, pathlib.Path(folder)
        self.driver = str(self.folder / "driver.so")
        subprocess.run(["clang", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-O1",
                        str(pathlib.Path(__file__).with_name("driver.c")), "-o", self.driver], check=True)
        (self.folder / "corpus.txt").write_text("the quick brown fox jumps over the lazy dog. " * 40)

    def run(self, words, cache="cache", **environment):
        environment = {**os.environ, "XDG_CACHE_HOME": str(self.folder / cache), "CHARRNN_OPENCL": self.driver,
                       **{name: str(value) for name, value in environment.items()}}
        return subprocess.run([self.program, *words], cwd=self.folder, env=environment, capture_output=True, text=True,
                              timeout=120)

    def train(self, out, device, *more, **environment):
        return self.run(["train", "corpus.txt", "--out", out, "--device", device, *WORDS, *more], **environment)

    def calls(self, device, cold):
        """Calls of a training that nothing goes wrong with; unless it is cold, its kernels were built before, and tilings tried."""
        for name in ["first", "counted"]:
            cache = f"cache-{name}" if cold else "cache"
            done = self.train(f"{device}-{cold}-{name}", device, "--steps", "8", cache=cache, CALLS=self.folder / "calls")
            assert done.returncode == 0, done.stderr
        return int((self.folder / "calls").read_text())

    def fault(self, device, cold, call):
        """What is wrong with the end of a training whose call fails; None where nothing is."""
        out = f"{device}-{'cold-' if cold else ''}{call}"
        lost = {} if call % 2 else {"FAIL_ON": 1}
        environment = {"FAIL_AT": call, "FAIL_STATUS": STATUSES[call % 3], **lost}
        done = self.train(out, device, "--steps", "8", cache=f"cache-{call}" if cold else "cache", **environment)
        errors = [line for line in done.stderr.splitlines() if line.startswith("charrnn: error: ")]
        place = f"--device {device}{', cold' if cold else ''}, call {call} with status {STATUSES[call % 3]}"
        if done.returncode not in [0, 69]:
            return f"{place}: ended with {done.returncode}: {done.stderr[-400:]}"
        if done.returncode == 69 and len(errors) != 1:
            return f"{place}: {len(errors)} lines of errors: {done.stderr[-400:]}"
        if done.returncode == 69 and (self.folder / out / "last.safetensors").exists() != ("is saved up to" in done.stderr):
            return f"{place}: wrong about what is saved: {done.stderr[-400:]}"
        # The first calls fail before the run has a folder.
        resume = ["--resume"] if (self.folder / out).exists() else []
        again = self.train(out, "cpu", "--steps", "9", *resume)
        if again.returncode != 0:
            return f"{place}: resumed, ended with {again.returncode}: {again.stderr[-400:]}"
        checked = self.run(["verify", out])
        return None if checked.returncode == 0 else f"{place}: verify: {checked.stdout}{checked.stderr}"


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--program", default=str(ROOT / ".build/release/charrnn"))
    options.add_argument("--stride", type=int, default=1)
    options.add_argument("--workers", type=int, default=2)
    options = options.parse_args()
    with tempfile.TemporaryDirectory() as folder, concurrent.futures.ThreadPoolExecutor(options.workers) as pool:
        bench = Bench(options.program, folder)
        failed = tried = 0
        for device, cold in [("gpu", False), ("gpu", True), ("auto", False)]:
            count = bench.calls(device, cold)
            # A trial takes steps for a second, of which some are as good as all.
            last = count if device == "gpu" else min(count, 2000)
            calls = range(1, last + 1, options.stride)
            for problem in pool.map(lambda call: bench.fault(device, cold, call), calls):
                tried += 1
                if problem:
                    failed += 1
                    print(problem)
            print(f"--device {device}{', cold' if cold else ''}: {len(calls)} of {count} calls failed on purpose")
        for device, code, said in [("gpu", 69, "charrnn: error: "), ("auto", 0, "charrnn: note: training on the CPU: ")]:
            done = bench.train(f"{device}-unbuilt", device, "--steps", "8", cache="cache-unbuilt", FAIL_BUILD=1)
            tried += 1
            if done.returncode != code or f"{said}device 0 (stand-in): the driver cannot build a kernel: kernel.cl:1:1: " \
                    "error: out of registers" not in done.stderr:
                failed += 1
                print(f"--device {device}, a kernel that is not built: ended with {done.returncode}: {done.stderr[-400:]}")
    print(f"{tried} faults, {failed} not met well")
    sys.exit(1 if failed or not tried else 0)


main()
