#!/usr/bin/env python3
"""Holds `charrnn export --to onnx` to the numbers of `charrnn` itself, in onnxruntime.

    pip install numpy==2.4.6 onnx==1.23.2 onnxruntime==1.32.0
    python3 Tests/Interop/onnx_export.py [CHARRNN]      # the command to test; default: .build/release/charrnn

Trains a tiny model of each kind that ONNX has an operator for, exports it, and compares: every symbol's bits, the entropy of
every prediction and the loss with `score` and `evaluate`; whole, in pieces with the state carried, and in a batch. With
`--weights int8` each probability of a short text is that of `sample --weights int8`. Over a longer one an integer is rounded the
other way where the last bits of a state differ, and the states go apart from there: the loss is that of `evaluate --weights int8`
within a twentieth of what a prediction in int8 is from one in float32.
"""
import json
import math
import os
import pathlib
import subprocess
import sys
import tempfile
import numpy
import onnx
import onnxruntime

root = pathlib.Path(__file__).resolve().parent.parent.parent
command = os.path.abspath(sys.argv[1]) if len(sys.argv) > 1 else root / ".build/release/charrnn"
# Kinds of model, as options of `train`.
KINDS = [
    "--cell lstm", "--cell gru", "--cell rnn", "--cell rnn-relu", "--cell gru-reset-before", "--cell peephole-lstm",
    "--cell lstm --layers 3 --residual --learned-state", "--cell gru --learned-state --layers 1",
    "--cell lstm --embedding 6", "--cell gru --embedding 12 --tie", "--cell rnn --hidden 5 --tokens byte", "--cell lstm --dropout 0.3",
    "--cell peephole-lstm --embedding 5 --layers 1",
]
REFUSED = [f"--cell {cell}" for cell in ["coupled-lstm", "min-gru", "min-lstm", "mgu", "indrnn", "slstm"]] + [
    "--cell lstm --layer-norm", "--cell lstm --projection 4", "--cell gru --zoneout 0.2"]
TOLERANCE = 1e-5


def charrnn(*arguments, code=0):
    done = subprocess.run([command, *map(str, arguments)], capture_output=True, text=True)
    assert done.returncode == code, (arguments, done.returncode, done.stderr)
    return done.stdout if code == 0 else done.stderr


def train(text, run, options):
    sizes = [word for name, size in [("--layers", 2), ("--hidden", 12)] if name not in options for word in [name, size]]
    charrnn("train", text, "--out", run, "--plain", "--overwrite", *options.split(), *sizes, "--steps", 60, "--batch", 8,
            "--length", 12, "--learning-rate", 0.02, "--validation-fraction", 0, "--test-fraction", 0, "--sample-every", 0)


def log_softmax(logits):
    logits = logits.astype("f8")
    shifted = logits - logits.max(-1, keepdims=True)
    return shifted - numpy.log(numpy.exp(shifted).sum(-1, keepdims=True))


def encoded(text, metadata):
    """Positions in the vocabulary, int64 [time, 1]."""
    symbols = json.loads(metadata["vocabulary"])
    units = list(text.encode()) if metadata["tokens"] == "byte" else text
    return numpy.array([[symbols.index(unit)] for unit in units], "int64")


def difference(a, b):
    return float(numpy.abs(numpy.asarray(a, "f8") - numpy.asarray(b, "f8")).max())


def predictions(logits, tokens):
    """Natural logarithms of the probability of each token but the first, and the whole distributions."""
    predicted = log_softmax(logits)[:-1, 0]
    return predicted[numpy.arange(len(predicted)), tokens[1:, 0]], predicted


def opened(run, path, weights):
    """A session of the model, exported; the names of its states."""
    charrnn("export", run, "--to", "onnx", "--weights", weights, "--out", path, "--overwrite")
    onnx.checker.check_model(path, full_check=True)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4  # it warns of inputs that have defaults, and says what it refuses
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    names = [value.name for value in session.get_inputs() + session.get_overridable_initializers()]
    states = sorted((name for name in names if name.endswith("0") and len(name) == 2), reverse=True)
    assert states == ["h0", "c0"][:len(session.get_outputs()) - 1], names
    assert session.get_modelmeta().custom_metadata_map.get("weights", "float32") == weights
    return session, states


def scored(text, run, logits, tokens):
    """Differences, in nats, from what `score` says of each symbol but the first, before which there is nothing."""
    lines = [json.loads(line) for line in charrnn("score", run, text, "--json").splitlines()][1:]
    found, predicted = predictions(logits, tokens)
    if len(lines) != len(predicted):  # of bytes, a line is a character of several
        return []
    entropy = -(numpy.exp(predicted) * predicted).sum(-1) / math.log(2)
    return [difference(-found / math.log(2), [line["bits"] for line in lines]) * math.log(2),
            difference(entropy, [line["expected_bits"] for line in lines]) * math.log(2)]


def sampled(session, run, weights):
    """The largest difference, in nats, from the probabilities that `sample` drew the tokens of a short text with."""
    done = json.loads(charrnn("sample", run, "--weights", weights, "--seed", 1, "--temperature", 1, "--prime", "a",
                              "--length", 20, "--json"))
    drawn = done["texts"][0]["tokens"]
    prime = encoded("a", session.get_modelmeta().custom_metadata_map)
    tokens = numpy.concatenate([prime, numpy.array([[token["id"]] for token in drawn], "int64")])
    found, _ = predictions(session.run(None, {"tokens": tokens})[0], tokens)
    return difference(found, numpy.log([token["probability"] for token in drawn]))


def in_pieces(session, states_in, tokens, logits, states):
    """Differences of a run in two pieces, in a batch of two, and with the state given, from a run over the whole."""
    half = len(tokens) // 2
    first, *carried = session.run(None, {"tokens": tokens[:half]})
    second, *last = session.run(None, {"tokens": tokens[half:], **dict(zip(states_in, carried))})
    found = [difference(numpy.concatenate([first, second]), logits), *map(difference, last, states)]
    both, *_ = session.run(None, {"tokens": numpy.concatenate([tokens[:half], tokens[half:2 * half]], 1)})
    found.append(difference(both[:, :1], first))
    given = [numpy.concatenate([state, state], 1) for state in carried]
    both, *_ = session.run(None, {
        "tokens": numpy.concatenate([tokens[half:], tokens[half:]], 1), **dict(zip(states_in, given))})
    return found + [difference(both[:, :1], second), difference(both[:, 1:], second)]


def compare(text, run, path, weights):
    """The difference of the losses and the largest of anything else that is compared, in nats; predictions of each symbol."""
    session, states_in = opened(run, path, weights)
    tokens = encoded(pathlib.Path(text).read_text(), session.get_modelmeta().custom_metadata_map)
    logits, *states = session.run(None, {"tokens": tokens})
    said = charrnn("evaluate", run, text, "--split", "all", "--json", "--weights", weights)
    found, _ = predictions(logits, tokens)
    loss = abs(json.loads(said)["loss"] + found.mean())
    others = in_pieces(session, states_in, tokens, logits, states) + [sampled(session, run, weights)]
    if weights == "float32":
        others += scored(text, run, logits, tokens)
    try:
        session.run(None, {"tokens": numpy.full((1, 1), logits.shape[2], "int64")})
        raise AssertionError("a token beyond the vocabulary was accepted")
    except onnxruntime.capi.onnxruntime_pybind11_state.InvalidArgument:
        pass
    return loss, max(others), found


failed = 0
with tempfile.TemporaryDirectory() as directory:
    text, run, path = f"{directory}/text.txt", f"{directory}/run", f"{directory}/model.onnx"
    pathlib.Path(text).write_text((root / "corpora/fables.txt").read_text()[:1500])
    for options in KINDS:
        train(text, run, options)
        loss, others, exact = compare(text, run, path, "float32")
        found = max(loss, others)
        loss, rounded, integers = compare(text, run, path, "int8")
        distance = numpy.abs(integers - exact).mean()
        right = max(found, rounded) < TOLERANCE and loss < distance / 20
        failed += not right
        print(f"{options:60} {found:.1e}; int8: {rounded:.1e}, loss {loss:.1e}, from float32 {distance:.1e} "
              f"{'' if right else 'WRONG'}", flush=True)
    for options in REFUSED:
        train(text, run, options)
        for weights in ["float32", "int8"]:
            said = charrnn("export", run, "--to", "onnx", "--weights", weights, "--out", f"{directory}/none.onnx", code=65)
            assert said.count("\n") == 1 and "ONNX has no" in said and not os.path.exists(f"{directory}/none.onnx"), said
        print(f"{options:60} refused", flush=True)
print(f"{len(KINDS) + len(REFUSED) - failed} of {len(KINDS) + len(REFUSED)} right")
sys.exit(1 if failed else 0)
