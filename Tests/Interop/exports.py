#!/usr/bin/env python3
"""Holds the folders of `charrnn export --to pytorch|flax|mlx|keras` to the loss that `charrnn evaluate` prints.

    pip install numpy==2.4.6 safetensors==0.8.0 torch==2.15.0 keras==3.15.1 jax flax==0.12.8 mlx==0.32.4
    python3 Tests/Interop/exports.py [--program .build/release/charrnn] [--only gru] [--package keras]

Trains a tiny model of each kind, exports it to every package, and runs the folder's `model.py` as a user would: `evaluate` must
print the same loss within 1e-5 nats, and `sample` the same text for the same seed in every package. What a package has no
counterpart for must be refused in one line. Prints a table: the difference, or the reason of the refusal.
"""
import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile

root = pathlib.Path(__file__).resolve().parent.parent.parent
parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("--program", type=pathlib.Path, default=root / ".build/release/charrnn")
parser.add_argument("--only", default="", help="kinds whose options hold this text")
parser.add_argument("--package", default="", help="packages whose names hold this text")
arguments = parser.parse_args()

# Columns: a name, the package, and the environment of its program.
COLUMNS = [
    ("pytorch", "pytorch", {}), ("flax", "flax", {"JAX_PLATFORMS": "cpu"}), ("mlx", "mlx", {}),
    ("keras, jax", "keras", {"KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu"}), ("keras, torch", "keras", {"KERAS_BACKEND": "torch"}),
]
COLUMNS = [column for column in COLUMNS if arguments.package in column[1]]
# Kinds of model as options of `train`, and the packages that have no counterpart.
ALL = {"pytorch", "flax", "mlx", "keras"}
KINDS = [
    ("--cell lstm", set()), ("--cell gru", set()), ("--cell rnn", set()), ("--cell rnn-relu", set()),
    ("--cell gru-reset-before", ALL - {"keras"}),
    ("--cell lstm --layers 3 --residual --learned-state", set()), ("--cell gru --residual --learned-state", set()),
    ("--cell rnn --learned-state --layers 1", set()), ("--cell lstm --embedding 5", set()),
    ("--cell gru --embedding 8 --tie", set()), ("--cell lstm --embedding 8 --tie --residual", set()),
    ("--cell rnn-relu --tokens byte", set()), ("--cell lstm --tokens scalar --dropout 0.2 --layers 1", set()),
    ("--cell gru-reset-before --embedding 8 --tie", ALL - {"keras"}),
    ("--cell lstm --projection 4", ALL - {"pytorch"}), ("--cell lstm --projection 4 --residual --learned-state", ALL - {"pytorch"}),
    # The state starts anew after each item, document or file.
    ("--cell lstm --items", set()), ("--cell gru --items --tokens byte --learned-state", set()),
    ("--cell rnn --separator an", set()), ("--cell lstm --embedding 5 --each-file", set()),
    ("--cell lstm --zoneout 0.2", ALL), ("--cell gru --layer-norm", ALL),
] + [(f"--cell {cell}", ALL) for cell in ["peephole-lstm", "coupled-lstm", "min-gru", "min-lstm", "mgu", "indrnn", "slstm"]]
TOLERANCE = 1e-5


def run(*command, code=0, environment={}):
    """Standard output of a command that must end with this code, or standard error where that is not 0."""
    done = subprocess.run(list(map(str, command)), capture_output=True, env=os.environ | environment)
    if done.returncode != code:
        raise AssertionError(f"{command}: ended with {done.returncode}, not {code}\n{done.stderr.decode()}")
    return (done.stderr if code else done.stdout).decode(errors="surrogateescape")  # samples of bytes are not always UTF-8


def train(text, model, options):
    sizes = [word for name, size in [("--layers", 2), ("--hidden", 8)] if name not in options for word in [name, size]]
    texts = [text] * (2 if "--each-file" in options else 1)
    run(arguments.program, "train", *texts, "--out", model, "--plain", "--overwrite", *options.split(), *sizes, "--steps", 20,
        "--batch", 8, "--length", 12, "--learning-rate", 0.02, "--validation-fraction", 0, "--test-fraction", 0,
        "--sample-every", 0)


def difference(text, loss, folder, environment):
    """Difference in nats of the program's loss from that of charrnn, and a sample."""
    program = [sys.executable, folder / "model.py"]
    found = abs(float(run(*program, "evaluate", text, environment=environment)) - loss)
    written = run(*program, "sample", "--length", 20, "--prime", "An", "--seed", 5, environment=environment)
    assert written.startswith("An") and len(written.encode(errors="surrogateescape")) >= 23 and written.endswith("\n"), written
    return found, written


right = True
with tempfile.TemporaryDirectory() as directory:
    directory = pathlib.Path(directory)
    text, model = directory / "text.txt", directory / "run"
    text.write_text((root / "corpora/names.txt").read_text()[:1500])
    print(f"{'':56}" + "".join(f"{name:14}" for name, _, _ in COLUMNS))
    for options, refusing in KINDS:
        if arguments.only not in options:
            continue
        train(text, model, options)
        loss = json.loads(run(arguments.program, "evaluate", model, text, "--split", "all", "--json"))["loss"]
        cells, reasons, samples = [], set(), set()
        for _, package, environment in COLUMNS:
            folder = directory / package
            if package in refusing:
                said = run(arguments.program, "export", model, "--to", package, "--out", directory / "none", code=65)
                assert said.count("\n") == 1 and not (directory / "none").exists(), said
                cells.append("refused")
                reasons.add(said.split(" has no counterpart for ")[-1].strip())
                continue
            run(arguments.program, "export", model, "--to", package, "--out", folder, "--overwrite")
            found, written = difference(text, loss, folder, environment)
            samples.add(written)
            right &= found < TOLERANCE
            cells.append(f"{found:.1e}" + ("" if found < TOLERANCE else " WRONG"))
        right &= len(samples) < 2
        if len(samples) > 1:
            reasons.add("the samples DIFFER")
        print(f"{options:56}" + "".join(f"{cell:14}" for cell in cells) + "; ".join(sorted(reasons)), flush=True)
sys.exit(0 if right else 1)
