#!/usr/bin/env python3
"""Writes ragged.safetensors: PyTorch models trained on sequences of several lengths, in double precision.

    pip install torch==2.15.0 numpy safetensors
    python3 Tests/Fixtures/generate_ragged.py            # rewrites ragged.safetensors beside this script

Each case trains a recurrent layer and a linear one for five steps of Adam (learning rate 0.05) on one batch. The recurrent
layer reads packed sequences (pack_padded_sequence); the loss is a mean over the steps that a mask keeps, or over the
sequences, weighted by sequence.

Under a prefix (`case0/`):

    input                      [sequences, time, features], zeros after the end of each sequence
    lengths                    [sequences]
    classes                    [sequences, time], or [sequences]: classes
    values                     [sequences, time, outputs], or [sequences, outputs]: numbers
    mask                       [sequences, time], 1 where a step counts
    weights                    [sequences], absent where all count alike
    before/NAME, after/NAME    the parameters at first and after five steps
    gradient/NAME              the gradient of the first step
    losses                     [5]: the loss of each step

The metadata hold, under `cases`, a JSON list of the configurations.
"""
import json, pathlib
import numpy, torch
from safetensors.numpy import save
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

SEQUENCES, TIME, FEATURES, HIDDEN, OUTPUTS = 6, 7, 3, 4, 3


def cases():
    for cell in ("lstm", "gru", "rnn"):
        for bidirectional in (False, True):
            for steps in (True, False):
                for target in ("classes", "values"):
                    yield {"cell": cell, "bidirectional": bidirectional, "steps": steps, "target": target}


def run(c, number):
    torch.manual_seed(number)
    random = numpy.random.default_rng(number)
    kind = {"lstm": torch.nn.LSTM, "gru": torch.nn.GRU, "rnn": torch.nn.RNN}[c["cell"]]
    rnn = kind(FEATURES, HIDDEN, batch_first=True, bidirectional=c["bidirectional"], dtype=torch.float64)
    linear = torch.nn.Linear(HIDDEN * (2 if c["bidirectional"] else 1), OUTPUTS, dtype=torch.float64)
    names = {**{f"rnn.{n}": p for n, p in rnn.named_parameters()}, **{f"linear.{n}": p for n, p in linear.named_parameters()}}
    lengths = random.integers(1, TIME + 1, SEQUENCES)
    lengths[random.integers(SEQUENCES)] = TIME
    inside = numpy.arange(TIME) < lengths[:, None]
    inputs = torch.tensor(random.standard_normal((SEQUENCES, TIME, FEATURES)) * inside[:, :, None])
    shape = (SEQUENCES, TIME) if c["steps"] else (SEQUENCES,)
    mask = torch.tensor(inside & (random.random((SEQUENCES, TIME)) < 0.8))
    weights = torch.tensor(random.choice([0.5, 1.0, 2.0], SEQUENCES)) if number % 3 == 0 else None
    classes = torch.tensor(random.integers(0, OUTPUTS, shape))
    values = torch.tensor(random.standard_normal(shape + (OUTPUTS,)))

    def loss():
        packed = pack_padded_sequence(inputs, torch.tensor(lengths), batch_first=True, enforce_sorted=False)
        outputs, state = rnn(packed)
        if c["steps"]:
            top, _ = pad_packed_sequence(outputs, batch_first=True, total_length=TIME)
        else:
            hidden = state[0] if c["cell"] == "lstm" else state
            top = torch.cat(list(hidden), dim=-1)
        logits = linear(top)
        if c["target"] == "classes":
            each = torch.nn.functional.cross_entropy(
                logits.reshape(-1, OUTPUTS), classes.reshape(-1), reduction="none").reshape(shape)
        else:
            each = ((logits - values) ** 2).mean(-1)
        count = torch.ones(shape, dtype=torch.float64)
        if weights is not None:
            count = count * (weights[:, None] if c["steps"] else weights)
        if c["steps"]:
            count = count * mask
        return (each * count).sum() / count.sum()

    tensors = {f"before/{n}": p.detach().numpy().copy() for n, p in names.items()}
    optimizer = torch.optim.Adam(names.values(), lr=0.05)
    losses = []
    for step in range(5):
        optimizer.zero_grad()
        found = loss()
        found.backward()
        if step == 0:
            tensors |= {f"gradient/{n}": p.grad.numpy().copy() for n, p in names.items()}
        losses.append(found.item())
        optimizer.step()
    tensors |= {f"after/{n}": p.detach().numpy().copy() for n, p in names.items()}
    tensors |= {
        "input": inputs.numpy(), "lengths": lengths.astype(numpy.float64), "losses": numpy.array(losses),
        c["target"]: (classes if c["target"] == "classes" else values).numpy().astype(numpy.float64)}
    if c["steps"]:
        tensors["mask"] = mask.numpy().astype(numpy.float64)
    if weights is not None:
        tensors["weights"] = weights.numpy()
    return tensors


def main():
    configurations = list(cases())
    tensors = {}
    for number, c in enumerate(configurations):
        for name, value in run(c, number).items():
            tensors[f"case{number}/{name}"] = numpy.ascontiguousarray(value)
    path = pathlib.Path(__file__).with_name("ragged.safetensors")
    path.write_bytes(save(tensors, metadata={"cases": json.dumps(configurations), "torch": torch.__version__}))
    print(f"{path}: {path.stat().st_size} bytes, {len(configurations)} cases")


main()
