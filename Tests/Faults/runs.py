"""Runs of the command for the scripts beside this file: options drawn at random, and comparisons of what runs leave."""

import json
import os
import pathlib
import re
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
COMMAND = os.environ.get("CHARRNN", str(ROOT / ".build/release/charrnn"))

CELLS = ["lstm", "gru", "rnn", "rnn-relu", "peephole-lstm", "coupled-lstm", "gru-reset-before", "min-gru", "min-lstm", "mgu",
         "indrnn", "slstm"]
OPTIMIZERS = ["adam", "adamw", "nadam", "sgd", "rmsprop", "adagrad", "adadelta", "lion"]
SCHEDULES = ["constant", "cosine", "one-cycle", "plateau", "wsd"]
MODELS = ["last.safetensors", "best.safetensors", "undecayed.safetensors"]
# Each is for some cells only; a set that the command refuses is drawn again.
REFINEMENTS = [["--dropout", "0.2"], ["--locked-dropout", "0.3"], ["--zoneout", "0.1"], ["--weight-drop", "0.2"],
               ["--layer-norm"], ["--projection", "4"], ["--residual"], ["--learned-state"], ["--embedding", "5"],
               ["--embedding", "8", "--tie"], ["--embedding", "5", "--embedding-dropout", "0.2"], ["--vary-length"],
               ["--backward-length", "13"], ["--activation-regularization", "2", "--temporal-regularization", "1"],
               ["--weight-decay", "0.01"], ["--heads", "2"], ["--forget-bias", "0"], ["--average", "0.2"]]


def size(draw, short=False):
    """Options for the batch and its length, and the characters of a corpus; short for an epoch of 1 to 5 steps."""
    batch, length = draw.choice([(4, 8), (4, 16), (16, 16), (32, 32)] if short else [(4, 8), (4, 16)])
    # Nine tenths of the text are trained on, and each stream has a token more than it reads.
    characters = batch * (draw.randint(1, 5) * length + 1) * 10 // 9 + 2 if short else 4000
    return ["--batch", str(batch), "--length", str(length)], characters


def options(draw, diverging=False):
    """Options of a small run that decide its bits, beside its size."""
    words = ["--plain", "--hidden", str(draw.choice([6, 8])), "--layers", str(draw.choice([1, 2])),
             "--seed", str(draw.randrange(1000))]
    every = draw.choice([3, 7, 11, 1000, None])
    words += ["--validate-every", str(every)] if every else []
    if diverging:
        return words + ["--cell", draw.choice(["rnn-relu", "rnn", "lstm"]), "--clip", "0", "--optimizer", "sgd",
                        "--learning-rate", str(draw.choice([100, 200, 300, 400]))]
    words += ["--cell", draw.choice(CELLS), "--optimizer", draw.choice(OPTIMIZERS),
              "--schedule", draw.choice(SCHEDULES), "--tokens", draw.choice(["character", "scalar", "byte"])]
    if draw.random() < 0.2:
        words += ["--precision", "bfloat16"]
    for refinement in draw.sample(REFINEMENTS, draw.choice([0, 1, 1, 2])):
        words += refinement
    return words


def train(folder, out, words, extra=(), **named):
    line = [COMMAND, "train", "corpus.txt", "--out", out, *words, *extra, "--sample-every", "0"]
    return subprocess.run(line, cwd=folder, capture_output=True, text=True, **named)


def files(folder, out):
    """What a run left: the bytes of its models and kept states, and its metrics without what differs from time to time."""
    place = pathlib.Path(folder) / out
    found = {}
    for name in MODELS:
        found[name] = (place / name).read_bytes() if (place / name).exists() else None
    lines = []
    for line in (place / "metrics.jsonl").read_text().splitlines():
        entry = json.loads(line)
        for name in ("seconds", "tokens_per_second", "gradient_norm"):
            entry.pop(name, None)
        if entry["event"] not in ("end", "test"):
            lines.append(entry)
    found["metrics"] = lines
    names = sorted(os.listdir(place))
    found["kept"] = {name: (place / name).read_bytes() for name in names if re.fullmatch(r"step-\d+\.safetensors", name)}
    known = {*MODELS, "metrics.jsonl", "config.json", "baselines.json", "report.html", "run.lock", *found["kept"]}
    found["others"] = [name for name in names if name not in known]
    return found


def kept_name(step):
    """Name of the state of a step that is kept."""
    return f"step-{step:06}.safetensors"


def problem(folder, out):
    """What `verify` finds wrong with a run; None if nothing."""
    done = subprocess.run([COMMAND, "verify", out], cwd=folder, capture_output=True, text=True)
    return f"verify ended with {done.returncode}: {(done.stdout + done.stderr).strip()}" if done.returncode else None


def write_corpus(folder, characters=4000):
    text = (ROOT / "corpora/fables.txt").read_text()[:characters]
    (pathlib.Path(folder) / "corpus.txt").write_text(text)
