#!/usr/bin/env python3
"""Writes layers.safetensors: feedforward layers run by PyTorch in double precision, forward and backward.

    pip install torch numpy safetensors
    python3 Tests/Fixtures/generate_layers.py               # rewrites layers.safetensors beside this script

The same versions of the packages write the same bytes. Inputs and outputs stand as PyTorch has them: where there are
channels or features beside places, they come before the places.

Each case stands under a prefix (`case03/`): the parameters under their names, as they are at first, and for each pass
(`case03/0/`, `case03/1/`, ...)

    input, or tokens (I32)     what the layer reads
    outputs
    seed                       R: the loss is the sum of R times outputs; in its place, for a network that is trained,
    targets (I32), loss        the classes and their mean cross entropy
    gradient/NAME              the loss's gradient with respect to input or a parameter
    after/NAME                 each parameter after the pass that has changed: a running statistic or, where Adam took a
                               step after the pass, any

The metadata hold, under `cases`, a JSON list of the configurations in the order of their numbers; each has a list of the
modes of its passes.
"""
import itertools, json, pathlib
import numpy, torch
from safetensors.numpy import save
from torch import nn

TRAINING, INFERENCE = "training", "inference"


class LocallyConnected(nn.Module):
    """A convolution without weight sharing over [batch, channels, rows, columns]; windows along a line have one row."""

    def __init__(self, c):
        super().__init__()
        window, padding = ((1, c["window"]), (0, c["padding"])) if c["rows"] == 1 else (c["window"], c["padding"])
        self.unfold = nn.Unfold(window, padding=padding, stride=c["stride"])
        inputs, self.units = self.unfold(torch.zeros(1, c["channels"], c["rows"], c["columns"])).shape[1:]
        self.weight = nn.Parameter(torch.zeros(self.units * c["filters"], inputs))
        self.bias = nn.Parameter(torch.zeros(self.units, c["filters"])) if c["bias"] else None

    def forward(self, x):
        weights = self.weight.reshape(self.units, -1, self.weight.shape[1])
        sums = torch.einsum("bpu,ufp->bfu", self.unfold(x), weights)
        return sums if self.bias is None else sums + self.bias.T


def layer(c):
    match c["layer"]:
        case "linear": return nn.Linear(c["inputs"], c["outputs"], c["bias"])
        case "convolution":
            return nn.Conv1d(c["channels"], c["filters"], c["window"], c["stride"], c["padding"], bias=c["bias"])
        case "convolution2D" | "paddedConvolution":
            kind = nn.Conv2d if c["layer"] == "convolution2D" else nn.Conv1d
            edge, amount = c["edge"], c.get("padding", 0)
            return kind(
                c["channels"], c["filters"], c["windows"], c["strides"], edge if edge in ("same", "valid") else amount,
                padding_mode="reflect" if edge == "reflect" else "zeros", bias=c["bias"])
        case "locallyConnected": return LocallyConnected(c)
        case "layerNorm": return nn.LayerNorm(c["features"], c["epsilon"])
        case "batchNorm": return nn.BatchNorm1d(c["features"], c["epsilon"], c["momentum"])
        case "embedding": return nn.Embedding(c["tokens"], c["features"])
        case "network":
            # Before a batch normalization a bias has no effect: its gradient is but round-off.
            return nn.Sequential(
                nn.Linear(c["inputs"], c["features"], bias=False), nn.BatchNorm1d(c["features"]), nn.GELU(),
                nn.Dropout(0), nn.Linear(c["features"], c["outputs"]))


def listed_cases():
    def one(layer, shape, passes=(TRAINING,), **options):
        return {"layer": layer, "shape": shape, "passes": passes, **options}

    for shape, bias in itertools.product(([3], [4, 3], [2, 3, 3]), (True, False)):
        yield one("linear", shape, inputs=3, outputs=4, bias=bias)
    yield one("linear", [7, 17], inputs=17, outputs=9, bias=True)
    for number, (window, stride, padding) in enumerate(itertools.product((1, 3, 4), (1, 2), (0, 2))):
        channels, filters, bias = number % 3 + 1, number % 2 + 1, number % 4 != 1
        geometry = {"window": window, "stride": stride, "padding": padding, "filters": filters, "bias": bias}
        yield one("convolution", [2, channels, 6 + number % 2], channels=channels, **geometry)
        rows, columns = (1, 7) if number % 3 else (4, 5)
        yield one("locallyConnected", [2, channels, rows, columns], channels=channels, rows=rows, columns=columns,
                  **geometry)
    for shape, epsilon in itertools.product(([6], [3, 5], [2, 2, 9], [2, 1]), (1e-5, 1e-2)):
        yield one("layerNorm", shape, features=shape[-1], epsilon=epsilon)
    for shape, (momentum, epsilon) in itertools.product(([6, 3], [3, 2, 4], [4, 1]), ((0.1, 1e-5), (0.3, 1e-2))):
        yield one("batchNorm", shape, (TRAINING, TRAINING, INFERENCE), features=shape[1], momentum=momentum,
                  epsilon=epsilon)
    for count in (1, 4, 9):
        yield one("embedding", [count], tokens=5, features=3)
    yield one("network", [8, 4], (TRAINING,) * 10 + (INFERENCE,), inputs=4, features=6, outputs=3, rate=0.01)
    edges = (("valid", (2, 3), 0), ("same", 1, 0), ("zeros", (1, 2), 2), ("reflect", 1, 1), ("reflect", (2, 1), 2))
    for number, ((edge, strides, padding), windows) in enumerate(itertools.product(edges, ((3, 3), (2, 4)))):
        channels, filters = number % 3 + 1, number % 2 + 1
        yield one("convolution2D", [2, channels, 5, 7], channels=channels, filters=filters, windows=windows,
                  strides=strides if isinstance(strides, tuple) else (strides, strides), edge=edge, padding=padding,
                  bias=number % 4 != 1)
        yield one("paddedConvolution", [2, channels, 7], channels=channels, filters=filters, windows=windows[1:],
                  strides=(1,), edge=edge, padding=padding, bias=True)


def run(c, random):
    """The tensors of one case, by name."""
    def drawn(shape):
        return torch.tensor(random.uniform(-1, 1, shape))

    net = layer(c).double()
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.copy_(drawn(parameter.shape))
    adam = torch.optim.Adam(net.parameters(), c["rate"]) if "rate" in c else None
    tensors = values(net)
    for number, mode in enumerate(c["passes"]):
        net.train(mode == TRAINING)
        net.zero_grad()
        before = values(net)
        results = forward_and_backward(net, c, drawn, random)
        if adam and mode == TRAINING:
            adam.step()
        results |= {
            f"after/{name}": value for name, value in values(net).items() if not numpy.array_equal(value, before[name])}
        tensors |= {f"{number}/{name}": value for name, value in results.items()}
    return tensors


def values(net):
    state = net.state_dict().items()
    return {name: value.numpy().copy() for name, value in state if not name.endswith("num_batches_tracked")}


def forward_and_backward(net, c, drawn, random):
    if c["layer"] == "embedding":
        leaves, inputs = {}, torch.tensor(random.randint(0, c["tokens"], c["shape"]))
        read = {"tokens": inputs}
    else:
        inputs = drawn(c["shape"]).requires_grad_()
        leaves = read = {"input": inputs}
    outputs = net(inputs)
    if c["layer"] == "network":
        targets = torch.tensor(random.randint(0, c["outputs"], c["shape"][0]))
        loss = nn.functional.cross_entropy(outputs, targets)
        read = read | {"targets": targets, "loss": loss}
    else:
        seed = drawn(outputs.shape)
        loss = (seed * outputs).sum()
        read = read | {"seed": seed}
    loss.backward()
    leaves = leaves | dict(net.named_parameters())
    results = {**read, "outputs": outputs, **{f"gradient/{name}": leaf.grad for name, leaf in leaves.items()}}
    results = {name: value.detach().numpy().copy() for name, value in results.items()}
    return {name: value.astype(numpy.int32) if value.dtype.kind == "i" else value for name, value in results.items()}


def main():
    torch.set_num_threads(1)  # so that sums are taken in one order on every machine
    random = numpy.random.RandomState(1)  # the one generator that numpy promises never to change
    cases, tensors = list(listed_cases()), {}
    for number, c in enumerate(cases):
        tensors |= {f"case{number:02}/{name}": value for name, value in run(c, random).items()}
    file = pathlib.Path(__file__).with_name("layers.safetensors")
    file.write_bytes(save(tensors, metadata={"cases": json.dumps(cases, sort_keys=True)}))
    print(f"{file}: {len(cases)} cases, {len(tensors)} tensors")


if __name__ == "__main__":
    main()
