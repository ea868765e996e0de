#!/usr/bin/env python3
"""Writes recurrent.safetensors: recurrent networks run by PyTorch in double precision, forward and backward.

    pip install torch numpy safetensors
    python3 Tests/Fixtures/generate_recurrent.py            # rewrites recurrent.safetensors beside this script
    python3 Tests/Fixtures/generate_recurrent.py --random 2000 --seed 7 --output /tmp/sweep.safetensors

The same versions of the packages write the same bytes. Where the environment variable RECURRENT_FIXTURE names another
file, the tests read that one and say how far from PyTorch they were at most, so that a large sweep can be run by hand:

    RECURRENT_FIXTURE=/tmp/sweep.safetensors swift test -c release --filter RecurrentParityTests

Of thousands of cases a few hold a sum that cancels to a thousandth of its terms: in single precision it may be further
off than the tests allow, PyTorch's own as well.

Each case stands under a prefix (`case03/`):

    input                      [time, batch, input], or in its place
    tokens                     [time, batch] I32: the places of the ones of a one-hot input
    weight_ih_l0 ...           the parameters, under PyTorch's names
    hidden, cell               [layers * directions, batch, width]: the initial state, absent where none was given
    outputs                    [time, batch, directions * width], the top layer's
    final/hidden, final/cell   the state after each sequence's last step
    seed/outputs, seed/hidden, seed/cell
                               R: the loss is the sum of R times outputs and R times final state
    gradient/NAME              the loss's gradient with respect to input, hidden, cell or a parameter

Padding holds numbers like any others. The metadata hold, under `cases`, a JSON list of the configurations in the order
of their numbers; `projection` and `lengths` are null where there are none.
"""
import argparse, itertools, json, pathlib
import numpy, torch
from safetensors.numpy import save
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

CELLS = ("rnn", "rnn-relu", "lstm", "gru")


def random_cases(random, count):
    """Cells, depths, initial states, inputs and biases in every combination, dealt from a shuffled deck again and
    again, so that none is missing among a hundred cases; all else is drawn."""
    combinations = list(itertools.product(CELLS, (1, 2, 3), *[(False, True)] * 3))
    decks = (random.permutation(len(combinations)) for _ in itertools.count())
    dealt = itertools.islice(itertools.chain.from_iterable(decks), count)
    return [case(random, *combinations[place]) for place in dealt]


def case(random, cell, layers, state, tokens, bias):
    def drawn(most):
        return int(random.randint(1, most + 1))

    c = {"cell": cell, "layers": layers, "state": state, "tokens": tokens, "bias": bias}
    sizes = {"input": 7, "hidden": 8 - layers, "time": 7, "batch": 5}  # deep stacks are narrow: the file stays small
    c |= {name: drawn(most) for name, most in sizes.items()} | {"bidirectional": drawn(2) == 2}
    is_projected = cell == "lstm" and c["hidden"] > 1 and drawn(2) == 2
    lengths = [drawn(c["time"]) for _ in range(c["batch"])] if drawn(2) == 2 else None
    return c | {"projection": drawn(c["hidden"] - 1) if is_projected else None, "lengths": lengths}


def network(c):
    kind = {"lstm": torch.nn.LSTM, "gru": torch.nn.GRU}.get(c["cell"], torch.nn.RNN)
    options = {"bias": c["bias"], "bidirectional": c["bidirectional"], "dtype": torch.float64}
    if c["cell"] == "rnn-relu":
        options["nonlinearity"] = "relu"
    if c["projection"]:
        options["proj_size"] = c["projection"]
    return kind(c["input"], c["hidden"], c["layers"], **options)


def passed(net, c, x, initial):
    """What the network makes of padded sequences."""
    if not c["lengths"]:
        return net(x, initial)
    outputs, final = net(pack_padded_sequence(x, c["lengths"], enforce_sorted=False), initial)
    return pad_packed_sequence(outputs, total_length=c["time"])[0], final


def run(c, random):
    """The tensors of one case, by name."""
    def drawn(*shape):
        return torch.tensor(random.uniform(-1, 1, shape))

    net, names = network(c), ("hidden", "cell") if c["cell"] == "lstm" else ("hidden",)
    widths = {"hidden": c["projection"] or c["hidden"], "cell": c["hidden"]}
    cells = c["layers"] * (2 if c["bidirectional"] else 1)
    inputs, parameters = {}, dict(net.named_parameters())
    with torch.no_grad():
        for parameter in parameters.values():
            parameter.copy_(drawn(*parameter.shape))
    if c["tokens"]:
        tokens = torch.tensor(random.randint(0, c["input"], (c["time"], c["batch"])))
        x = torch.nn.functional.one_hot(tokens, c["input"]).double()
    else:
        x = inputs["input"] = drawn(c["time"], c["batch"], c["input"]).requires_grad_()
    initial = None
    if c["state"]:
        inputs |= {name: drawn(cells, c["batch"], widths[name]).requires_grad_() for name in names}
        initial = inputs["hidden"] if len(names) == 1 else (inputs["hidden"], inputs["cell"])

    outputs, final = passed(net, c, x, initial)
    final = dict(zip(names, final if isinstance(final, tuple) else (final,)))
    results = {"outputs": outputs, **final}
    seeds = {name: drawn(*value.shape) for name, value in results.items()}
    sum((seeds[name] * value).sum() for name, value in results.items()).backward()

    leaves = inputs | parameters
    tensors = {**leaves, "outputs": outputs}
    tensors |= {f"final/{name}": value for name, value in final.items()}
    tensors |= {f"seed/{name}": value for name, value in seeds.items()}
    tensors |= {f"gradient/{name}": value.grad for name, value in leaves.items()}
    tensors = {name: value.detach().numpy() for name, value in tensors.items()}
    return tensors | ({"tokens": tokens.numpy().astype(numpy.int32)} if c["tokens"] else {})


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--random", type=int, metavar="N", default=200, help="N cases instead of 200")
    parser.add_argument("--seed", type=int, default=1)
    file = pathlib.Path(__file__).with_name("recurrent.safetensors")
    parser.add_argument("--output", type=pathlib.Path, default=file)
    options = parser.parse_args()
    torch.set_num_threads(1)  # so that sums are taken in one order on every machine
    random = numpy.random.RandomState(options.seed)  # the one generator that numpy promises never to change
    cases = random_cases(random, options.random)
    tensors = {}
    for number, c in enumerate(cases):
        tensors |= {f"case{number:02}/{name}": value for name, value in run(c, random).items()}
    options.output.write_bytes(save(tensors, metadata={"cases": json.dumps(cases, sort_keys=True)}))
    print(f"{options.output}: {len(cases)} cases, {len(tensors)} tensors")


if __name__ == "__main__":
    main()
