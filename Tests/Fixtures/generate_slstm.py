#!/usr/bin/env python3
"""Writes slstm.safetensors: the sLSTM cell of the package xlstm, run in double precision, forward and backward.

    pip install xlstm==2.0.6 torch numpy safetensors
    python3 Tests/Fixtures/generate_slstm.py            # rewrites slstm.safetensors beside this script
    python3 Tests/Fixtures/generate_slstm.py --random 2000 --seed 7 --output /tmp/sweep.safetensors

The cell is the package's own, with the backend `vanilla`: PyTorch operations, step by step, on any machine. It needs the
modules torch and packaging alone, so that an unpacked wheel on PYTHONPATH serves as well as an installation. The same
versions write the same bytes.

The package's cell reads x·Wᵀ, which is computed here, with a bias of its own, b_ih; the cell's bias is b_hh. Its recurrent
weight R, [heads, width, gates, width] with the gates i, f, z, o, is written as the cells of the library lay it out, gate by
gate and head by head: row g·hidden + k·width + j of W_hh, [4 · hidden, width], is R[k, :, g, j].

Each case stands under a prefix (`case03/`), with one layer:

    input                      [time, batch, input]
    weight_ih_l0 ...           the parameters
    hidden, cell, normalizer, stabilizer
                               [1, batch, hidden]: the initial state, absent where none was given
    outputs                    [time, batch, hidden]
    final/hidden ...           the state after the last step
    seed/outputs, seed/hidden, ...
                               R: the loss is the sum of R times outputs and R times final state
    gradient/NAME              the loss's gradient with respect to input, a component of the initial state or a parameter

Initial states are absent, zeros, or drawn with a positive normalizer. The metadata hold, under `cases`, a JSON list of the
configurations in the order of their numbers, with the keys of recurrent.safetensors and `heads`.
"""
import argparse, json, pathlib
import numpy, torch
from safetensors.numpy import save
from xlstm.blocks.slstm.cell import sLSTMCell, sLSTMCellConfig

COMPONENTS = ("hidden", "cell", "normalizer", "stabilizer")
GATES = 4


def cases(random, count):
    """Every number of heads with every initial state in turn; sizes are drawn."""
    def drawn(most):
        return int(random.randint(1, most + 1))

    for number in range(count):
        heads = (1, 2, 4)[number % 3]
        yield {
            "cell": "slstm", "heads": heads, "layers": 1, "input": drawn(5), "hidden": heads * drawn(3), "time": drawn(8),
            "batch": drawn(4), "bidirectional": False, "tokens": False, "bias": True,
            "state": number // 3 % 3 > 0, "zeros": number // 3 % 3 == 1}


def run(c, random):
    """The tensors of one case, by name."""
    def drawn(*shape, scale=1.0):
        return torch.tensor(random.uniform(-scale, scale, shape)).requires_grad_()

    hidden, width = c["hidden"], c["hidden"] // c["heads"]
    cell = sLSTMCell(sLSTMCellConfig(
        hidden_size=hidden, num_heads=c["heads"], backend="vanilla", input_shape="SBGNH", output_shape="SBH",
        dtype="float32", enable_automatic_mixed_precision=False)).double()
    parameters = {
        "weight_ih_l0": drawn(GATES * hidden, c["input"], scale=1.5), "weight_hh_l0": drawn(GATES * hidden, width),
        "bias_ih_l0": drawn(GATES * hidden), "bias_hh_l0": drawn(GATES * hidden)}
    # Functions of our parameters take the place of the cell's, in its own layouts, so that gradients reach ours.
    blocks = parameters["weight_hh_l0"].view(GATES, c["heads"], width, width)  # g, k, j, l
    del cell._recurrent_kernel_, cell._bias_
    cell._recurrent_kernel_ = cell._recurrent_kernel_ext2int(blocks.permute(1, 3, 0, 2))  # k, l, g, j
    cell._bias_ = cell._bias_ext2int(parameters["bias_hh_l0"].view(GATES, c["heads"], width).permute(1, 0, 2))

    inputs = {"input": drawn(c["time"], c["batch"], c["input"])}
    state = None
    if c["state"]:
        for name in COMPONENTS:
            shape = (1, c["batch"], hidden)
            values = random.uniform(0.5, 2, shape) if name == "normalizer" else random.uniform(-1.5, 1.5, shape)
            inputs[name] = torch.tensor(values * (not c["zeros"])).requires_grad_()
        state = torch.cat([inputs[name] for name in COMPONENTS])
    products = torch.nn.functional.linear(inputs["input"], parameters["weight_ih_l0"], parameters["bias_ih_l0"])
    outputs, final = cell(products, state)

    results = {"outputs": outputs} | {name: value[None] for name, value in zip(COMPONENTS, final)}
    seeds = {name: torch.tensor(random.uniform(-1, 1, value.shape)) for name, value in results.items()}
    sum((seeds[name] * value).sum() for name, value in results.items()).backward()

    leaves = inputs | parameters
    tensors = {**leaves, "outputs": outputs}
    tensors |= {f"final/{name}": results[name] for name in COMPONENTS}
    tensors |= {f"seed/{name}": value for name, value in seeds.items()}
    tensors |= {f"gradient/{name}": value.grad for name, value in leaves.items()}
    return {name: value.detach().numpy() for name, value in tensors.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--random", type=int, metavar="N", default=36, help="N cases instead of 36")
    parser.add_argument("--seed", type=int, default=1)
    file = pathlib.Path(__file__).with_name("slstm.safetensors")
    parser.add_argument("--output", type=pathlib.Path, default=file)
    options = parser.parse_args()
    torch.set_num_threads(1)  # so that sums are taken in one order on every machine
    random = numpy.random.RandomState(options.seed)  # the one generator that numpy promises never to change
    configurations, tensors = list(cases(random, options.random)), {}
    for number, c in enumerate(configurations):
        tensors |= {f"case{number:02}/{name}": value for name, value in run(c, random).items()}
    options.output.write_bytes(save(tensors, metadata={"cases": json.dumps(configurations, sort_keys=True)}))
    print(f"{options.output}: {len(configurations)} cases, {len(tensors)} tensors")


if __name__ == "__main__":
    main()
