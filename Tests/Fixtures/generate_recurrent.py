#!/usr/bin/env python3
"""Writes recurrent.safetensors: recurrent networks run by PyTorch in double precision, forward and backward.

    pip install torch numpy safetensors
    python3 Tests/Fixtures/generate_recurrent.py            # rewrites recurrent.safetensors beside this script
    python3 Tests/Fixtures/generate_recurrent.py --random 300 --seed 7 --output /tmp/sweep.safetensors

The same versions of the packages write the same bytes. The tests read another file where the environment variable
RECURRENT_FIXTURE names one, so that a large random sweep can be run by hand.

Each case stands under a prefix (`case03/`):

    input                      [time, batch, input], or in its place
    tokens                     [time, batch] I32: the places of the ones of a one-hot input
    weight_ih_l0 ...           the parameters, under PyTorch's names
    hidden, cell               [layers, batch, hidden]: the initial state, absent where PyTorch was given none
    outputs                    [time, batch, hidden], the top layer's
    final/hidden, final/cell   the state after the last step
    seed/outputs, seed/hidden, seed/cell
                               R: the loss is the sum of R times outputs and R times final state
    gradient/NAME              the loss's gradient with respect to input, hidden, cell or a parameter

The metadata hold, under `cases`, a JSON list of the configurations in the order of their numbers.
"""
import argparse, itertools, json, pathlib
import numpy, torch
from safetensors.numpy import save

CELLS = ("rnn", "rnn-relu", "lstm", "gru")


def listed_cases(random):
    """Every cell, depth, kind of input, with and without initial state; then every cell and input without biases."""
    combinations = [(*c, True) for c in itertools.product(CELLS, (1, 2), (False, True), (False, True))]
    combinations += [(cell, 2, True, tokens, False) for cell in CELLS for tokens in (False, True)]
    return [case(random, *combination) for combination in combinations]


def random_cases(random, count):
    return [
        case(random, random.choice(CELLS), int(random.randint(1, 4)), *(bool(random.randint(2)) for _ in range(3)))
        for _ in range(count)]


def case(random, cell, layers, state, tokens, bias):
    sizes = {"input": (1, 8), "hidden": (1, 8), "time": (1, 7), "batch": (1, 5)}
    drawn = {name: int(random.randint(*bounds)) for name, bounds in sizes.items()}
    return {"cell": str(cell), "layers": layers, "state": state, "tokens": tokens, "bias": bias, **drawn}


def network(c):
    kind = {"lstm": torch.nn.LSTM, "gru": torch.nn.GRU}.get(c["cell"], torch.nn.RNN)
    options = {"nonlinearity": "relu"} if c["cell"] == "rnn-relu" else {}
    return kind(c["input"], c["hidden"], c["layers"], bias=c["bias"], dtype=torch.float64, **options)


def run(c, random):
    """The tensors of one case, by name."""
    def drawn(*shape):
        return torch.tensor(random.uniform(-1, 1, shape))

    net, names = network(c), ("hidden", "cell") if c["cell"] == "lstm" else ("hidden",)
    states = (c["layers"], c["batch"], c["hidden"])
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
        inputs |= {name: drawn(*states).requires_grad_() for name in names}
        initial = inputs["hidden"] if len(names) == 1 else (inputs["hidden"], inputs["cell"])

    outputs, final = net(x, initial)
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
    parser.add_argument("--random", type=int, metavar="N", help="N random cases instead of the listed ones")
    parser.add_argument("--seed", type=int, default=1)
    file = pathlib.Path(__file__).with_name("recurrent.safetensors")
    parser.add_argument("--output", type=pathlib.Path, default=file)
    options = parser.parse_args()
    torch.set_num_threads(1)  # so that sums are taken in one order on every machine
    random = numpy.random.RandomState(options.seed)  # the one generator that numpy promises never to change
    cases = random_cases(random, options.random) if options.random else listed_cases(random)
    tensors = {}
    for number, c in enumerate(cases):
        tensors |= {f"case{number:02}/{name}": value for name, value in run(c, random).items()}
    options.output.write_bytes(save(tensors, metadata={"cases": json.dumps(cases, sort_keys=True)}))
    print(f"{options.output}: {len(cases)} cases, {len(tensors)} tensors")


if __name__ == "__main__":
    main()
