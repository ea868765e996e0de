#!/usr/bin/env python3
"""Reads with TensorBoard the events that charrnn writes.

    tensorboard.py [CHARRNN]      # the command to try; default: .build/release/charrnn

Installs TensorBoard from PyPI for the time of the test. A run is stopped, resumed and made longer. What TensorBoard's reader
finds must be what metrics.jsonl says, and a server, which has read the first part before the run is resumed, must show the whole.
"""
import json
import os
import pathlib
import re
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
# The server needs pkg_resources, which later versions of setuptools lack.
PACKAGES = ["tensorboard==2.20.0", "setuptools==80.9.0"]
TAGS = {
    "train_loss": "loss/train", "validation_loss": "loss/validation", "test_loss": "loss/test",
    "validation_bits_per_character": "bits_per_character/validation",
    "test_bits_per_character": "bits_per_character/test", "learning_rate": "learning_rate",
    "gradient_norm": "gradient_norm", "tokens_per_second": "tokens_per_second",
}
READER = """
import json, sys
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
events = EventAccumulator(sys.argv[1], size_guidance={"scalars": 0, "tensors": 0})
events.Reload()
tags = events.Tags()
print(json.dumps({
    "scalars": {tag: [(event.step, event.value) for event in events.Scalars(tag)] for tag in tags["scalars"]},
    "texts": {tag: [(event.step, event.tensor_proto.string_val[0].decode()) for event in events.Tensors(tag)]
              for tag in tags["tensors"]}}))
"""


def float32(number):
    return struct.unpack("f", struct.pack("f", number))[0]


def metrics(run):
    """Points of each tag, and samples as Markdown that shows them as they are."""
    scalars, samples = {tag: {} for tag in TAGS.values()}, []
    for line in map(json.loads, (run / "metrics.jsonl").read_text().splitlines()):
        if "text" in line:
            samples.append([line["step"], "\n".join("    " + row for row in line["text"].split("\n"))])
            continue
        for name in TAGS.keys() & line.keys():
            scalars[TAGS[name]].setdefault(line["step"], float32(line[name]))
    return {tag: [list(point) for point in points.items()] for tag, points in scalars.items() if points}, samples


def train(command, folder, *options):
    words = [command, "train", str(ROOT / "corpora/fables.txt"), "--out", "runs/one", *options]
    return subprocess.Popen(words, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def stopped(command, folder, run):
    """Trains, and stops after some validations."""
    process = train(
        command, folder, "--overwrite", "--plain", "--tensorboard", "--hidden", "16", "--time", "600s",
        "--validate-every", "10", "--sample-every", "20")
    while process.poll() is None and not (run / "last.safetensors").exists():
        time.sleep(0.1)
    # A script in the background may have started this with SIGINT ignored.
    process.send_signal(signal.SIGTERM)
    if process.wait() != 143:
        sys.exit(f"the run ended with {process.returncode}")


def resumed(command, folder, run):
    """Trains 40 steps more, to the end."""
    steps = max(json.loads(line)["step"] for line in (run / "metrics.jsonl").read_text().splitlines()) + 40
    if train(command, folder, "--resume", "--steps", str(steps)).wait():
        sys.exit("the run could not be resumed")


class Server:
    """TensorBoard's server on the runs of a folder."""

    def __init__(self, python, folder, options):
        words = [python, "-I", "-m", "tensorboard.main", "--logdir", "runs", "--port", "0", "--reload_interval", "1"]
        self.log = open(f"{folder}/server.log", "w+")
        self.process = subprocess.Popen([*words, *options], cwd=folder, stdout=self.log, stderr=self.log)
        found = self.wait(lambda: re.search(r"http://\S+:\d+/", pathlib.Path(self.log.name).read_text()))
        if not found:
            self.close()
            sys.exit(f"TensorBoard does not start: {pathlib.Path(self.log.name).read_text()}")
        self.address = found.group()

    def wait(self, value, seconds=60):
        """What `value` gives once that is something; else the last that it gave."""
        end = time.monotonic() + seconds
        while not (found := value()) and time.monotonic() < end and self.process.poll() is None:
            time.sleep(0.2)
        return found

    def points(self, tag):
        query = urllib.parse.urlencode({"run": "one", "tag": tag})
        try:
            with urllib.request.urlopen(f"{self.address}data/plugin/scalars/scalars?{query}", timeout=20) as answer:
                return [[step, value] for _, step, value in json.load(answer)]
        except urllib.error.HTTPError:
            return None  # not read yet

    def shows(self, tag, points):
        return self.wait(lambda: self.points(tag) == points) or print(f"  {self.points(tag)}, not {points}")

    def close(self):
        self.process.terminate()
        self.process.wait()
        self.log.close()


def main():
    command = os.path.abspath(sys.argv[1]) if len(sys.argv) > 1 else str(ROOT / ".build/release/charrnn")
    failures = 0

    def check(name, is_right):
        nonlocal failures
        print(f"{'right' if is_right else 'WRONG'}: {name}")
        failures += not is_right

    with tempfile.TemporaryDirectory() as folder:
        python, run = f"{folder}/venv/bin/python", pathlib.Path(folder, "runs/one")
        subprocess.run([sys.executable, "-m", "venv", f"{folder}/venv"], check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", "--no-input", *PACKAGES], check=True)

        def check_reader(part):
            scalars, samples = metrics(run)
            words = [python, "-I", "-c", READER, str(run)]
            read = json.loads(subprocess.run(words, check=True, capture_output=True).stdout)
            check(f"{part} has the numbers of its metrics", read["scalars"] == scalars)
            check(f"{part} has the samples of its metrics", read["texts"] == {"sample": samples})

        for fast in ("false", "true"):
            shutil.rmtree(run, ignore_errors=True)
            stopped(command, folder, run)
            check_reader("a run that was stopped")
            server = Server(python, folder, ["--load_fast", fast])
            try:
                for part in ("a run", "a resumed run"):
                    points = metrics(run)[0]["loss/train"]
                    check(f"the server (--load_fast {fast}) shows {part}", server.shows("loss/train", points))
                    if part == "a run":
                        resumed(command, folder, run)
                points = metrics(run)[0]["loss/test"]
                check(f"the server (--load_fast {fast}) shows the test loss", server.shows("loss/test", points))
            finally:
                server.close()
            check_reader("a run that was resumed")
            resumed(command, folder, run)
            check_reader("a run that was made longer")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
