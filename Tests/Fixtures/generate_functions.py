#!/usr/bin/env python3
"""Writes functions.json: every activation and loss by PyTorch in double precision, with gradients.

    pip install torch numpy
    python3 Tests/Fixtures/generate_functions.py            # rewrites functions.json beside this script

The same versions of the packages write the same bytes. All numbers that go in are numbers of single precision too.

activations   shape, inputs x and upstream R of all of them and, for each function (as ActivationFunction is encoded),
              values f(x) and gradients of the sum of R times f(x)
losses        for each case: the loss, its parameter if it has one, shape, predictions and targets (classes for the losses of
              classes), its value, its gradient with respect to the predictions and, where targets get one, to the targets
"""
import itertools, json, pathlib
import numpy, torch
from torch.nn import functional

FUNCTIONS = [
    ({"linear": {}}, lambda x: x * 1),
    ({"binaryStep": {}}, lambda x: (x >= 0).double() + 0 * x),
    ({"sigmoid": {}}, torch.sigmoid),
    ({"tanh": {}}, torch.tanh),
    ({"relu": {}}, torch.relu),
    ({"leakyReLU": {"slope": 0.01}}, functional.leaky_relu),
    ({"leakyReLU": {"slope": 0.25}}, lambda x: functional.leaky_relu(x, 0.25)),
    ({"elu": {"alpha": 1}}, functional.elu),
    ({"elu": {"alpha": 0.5}}, lambda x: functional.elu(x, 0.5)),
    ({"gelu": {}}, functional.gelu),
    ({"silu": {}}, functional.silu),
    ({"softplus": {}}, functional.softplus),
    ({"hardSigmoid": {}}, functional.hardsigmoid),
    ({"softmax": {}}, lambda x: x.softmax(-1)),
    ({"logSoftmax": {}}, lambda x: x.log_softmax(-1)),
]
SIZES = (0, 1e-30, 1e-5, 0.5, 1, 2.5, 3, 6, 10, 20, 90, 1e4)


def single(values):
    return torch.tensor(numpy.asarray(values, numpy.float32).astype(numpy.float64))


def activations(random):
    extremes = [sign * size for size in SIZES for sign in (1.0, -1.0)]
    inputs = single(numpy.concatenate([extremes, random.uniform(-4, 4, 24)])).reshape(12, 4)
    upstream = single(random.uniform(-2, 2, (12, 4)))
    results = []
    for function, apply in FUNCTIONS:
        x = inputs.clone().requires_grad_()
        y = apply(x)
        (upstream * y).sum().backward()
        results.append({"function": function, "values": listed(y), "gradients": listed(x.grad)})
    return {
        "shape": list(inputs.shape), "inputs": listed(inputs), "upstream": listed(upstream), "functions": results}


def listed(tensor):
    return tensor.detach().reshape(-1).tolist()


def case(name, loss, predictions, targets, parameter=None, differentiates_targets=False):
    predictions, targets = predictions.clone().requires_grad_(), targets.clone()
    if differentiates_targets:
        targets.requires_grad_()
    value = loss(predictions, targets)
    value.backward()
    result = {
        "loss": name, "shape": list(predictions.shape), "predictions": listed(predictions), "targets": listed(targets),
        "value": value.item(), "gradient": listed(predictions.grad)}
    if parameter is not None:
        result["parameter"] = parameter
    if differentiates_targets:
        result["targetGradient"] = listed(targets.grad)
    return result


def losses(random):
    def drawn(*shape, bound=4):
        return single(random.uniform(-bound, bound, shape))

    extremes = single(list(itertools.product((-1e4, -3, 0, 3, 1e4), (-1e4, -2.5, 0, 1e-5, 1e4))))
    for x, t in ((drawn(3, 4), drawn(3, 4)), (extremes[:, 0], extremes[:, 1])):
        yield case("meanSquaredError", functional.mse_loss, x, t, differentiates_targets=True)
        yield case("meanAbsoluteError", functional.l1_loss, x, t, differentiates_targets=True)
        for delta in (1.0, 2.5):
            huber = lambda x, t: functional.huber_loss(x, t, delta=delta)
            yield case("huber", huber, x, t, delta, differentiates_targets=True)

    likely = single(list(itertools.product((0, 1e-30, 2.0 ** -30, 0.25, 0.5, 1 - 2.0 ** -20, 1), (0, 0.25, 1))))
    yield case("binaryCrossEntropy", functional.binary_cross_entropy, likely[:, 0], likely[:, 1])
    yield case("binaryCrossEntropy", functional.binary_cross_entropy, single(random.uniform(0.05, 0.95, (3, 4))),
               single(random.randint(0, 2, (3, 4))))
    scores = single(list(itertools.product((-1e4, -20, -3, -1e-5, 0, 0.5, 3, 20, 1e4), (0, 0.25, 1))))
    for x, t in ((scores[:, 0], scores[:, 1]), (drawn(3, 4), single(random.randint(0, 2, (3, 4))))):
        yield case("binaryCrossEntropyFromLogits", functional.binary_cross_entropy_with_logits, x, t)
    signs = single(list(itertools.product((-1e4, -1, -0.5, 0, 0.5, 1, 1e4), (-1, 1))))
    hinge = lambda y, t: torch.relu(1 - t * y).mean()
    yield case("hinge", hinge, signs[:, 0], signs[:, 1])
    yield case("hinge", hinge, drawn(3, 4), single(random.randint(0, 2, (3, 4)) * 2 - 1))

    steep = single([[1e4, 0, -1e4], [-1e4, -1e4, -1e4], [0, 1e-30, -1e-30], [1e4, 1e4, 0]])
    for logits in (drawn(4, 3), steep):
        classes = torch.tensor(random.randint(0, 3, len(logits)))
        weights = random.uniform(0.1, 1, logits.shape)
        weights[0, 1] = weights[2, 0] = 0
        distributions = single(weights / weights.sum(axis=1, keepdims=True))
        logarithms = single(logits.log_softmax(-1))
        yield case("softmaxCrossEntropy", functional.cross_entropy, logits, classes)
        yield case("softmaxCrossEntropyOfDistributions", functional.cross_entropy, logits, distributions)
        yield case("negativeLogLikelihood", functional.nll_loss, logarithms, classes)
        divergence = lambda p, t: functional.kl_div(p, t, reduction="batchmean")
        yield case("kullbackLeibler", divergence, logarithms, distributions)


def main():
    torch.set_num_threads(1)  # so that sums are taken in one order on every machine
    random = numpy.random.RandomState(1)  # the one generator that numpy promises never to change
    report = {"activations": activations(random), "losses": list(losses(random))}
    file = pathlib.Path(__file__).with_name("functions.json")
    text = json.dumps(report, sort_keys=True)
    file.write_text(text.replace("], ", "],\n").replace("}, {", "},\n{") + "\n")
    print(f"{file}: {len(report['activations']['functions'])} activations, {len(report['losses'])} losses")


if __name__ == "__main__":
    main()
