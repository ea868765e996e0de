#!/usr/bin/env python3
"""Writes labelling.json: CTC losses of PyTorch and conditional random fields of pytorch-crf, in double precision.

    pip install torch pytorch-crf==0.7.2 numpy
    python3 Tests/Fixtures/generate_labelling.py            # rewrites labelling.json beside this script

The same versions of the packages write the same bytes. A number that is infinite or not a number is null.

ctc    for each case: shape [time, batch, classes], logits, lengths (null where all sequences have `time` steps), labels,
       blank, reduction, zeroInfinity, upstream R (of the losses: one number, or one for each sequence where there is no
       reduction), values of ctc_loss(log_softmax(logits)), gradient of the sum of R times the values
crf    for each case: shape [time, batch, tags], emissions, lengths, tags of each sequence, the three parameters by name,
       reduction, value of the negative log-likelihood, gradients by name, best: the tags that `decode` finds
"""
import itertools, json, math, pathlib
import numpy, torch
from torch.nn import functional
from torchcrf import CRF


def listed(tensor):
    return [x if math.isfinite(x) else None for x in tensor.detach().reshape(-1).tolist()]


def drawn(random, *shape):
    return torch.tensor(random.uniform(-3, 3, shape).astype(numpy.float32).astype(numpy.float64))


def ctc_case(random, kind, reduction, zero_infinity):
    time, batch, classes = random.randint(5, 9), random.randint(2, 4), random.randint(3, 6)
    blank = int(random.randint(classes)) if kind == "blank" else 0
    lengths = [time] + [int(random.randint(2, time + 1)) for _ in range(batch - 1)]
    choices = [label for label in range(classes) if label != blank]
    labels = []
    for sequence, steps in enumerate(lengths):
        # At most half as long, so that even equal labels fit.
        target = [int(random.choice(choices)) for _ in range(random.randint(0, (steps + 1) // 2 + 1))]
        if kind == "repeats" and target:
            target = target[:1] * len(target)
        if kind == "empty" and sequence == 0:
            target = []
        if kind == "impossible" and sequence == batch - 1:
            # As many labels as steps, but the first two are equal and need a blank between them.
            target = choices[:1] + [choices[i % 2] for i in range(steps - 1)]
        labels.append(target)
    logits = drawn(random, time, batch, classes)
    x = logits.clone().requires_grad_()
    values = functional.ctc_loss(
        x.log_softmax(-1), torch.tensor(sum(labels, []), dtype=torch.long), torch.tensor(lengths),
        torch.tensor([len(target) for target in labels]), blank=blank, reduction=reduction, zero_infinity=zero_infinity)
    upstream = drawn(random, *values.shape)
    values.backward(upstream)
    return {
        "shape": [time, batch, classes], "logits": listed(logits), "labels": labels, "blank": blank,
        "lengths": None if set(lengths) == {time} else lengths, "reduction": reduction, "zeroInfinity": zero_infinity,
        "upstream": listed(upstream), "values": listed(values), "gradient": listed(x.grad)}


def ctc_cases(random):
    kinds = ("plain", "repeats", "empty", "blank", "impossible")
    for kind, reduction in itertools.product(kinds, ("none", "sum", "mean")):
        for zero_infinity in (False, True) if kind == "impossible" else (False,):
            yield ctc_case(random, kind, reduction, zero_infinity)


def crf_case(random, reduction):
    time, batch, tags = random.randint(1, 6), random.randint(1, 4), random.randint(1, 5)
    lengths = [time] + [int(random.randint(1, time + 1)) for _ in range(batch - 1)]
    model = CRF(int(tags)).double()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(drawn(random, *parameter.shape))
    emissions = drawn(random, time, batch, tags)
    targets = torch.tensor(random.randint(0, tags, (time, batch)))
    mask = torch.tensor([[t < steps for steps in lengths] for t in range(time)])
    x = emissions.clone().requires_grad_()
    loss = -model(x, targets, mask=mask, reduction=reduction)
    loss.backward()
    named = dict(model.named_parameters())
    return {
        "shape": [time, batch, tags], "emissions": listed(emissions), "lengths": lengths, "reduction": reduction,
        "tags": [targets[:steps, sequence].tolist() for sequence, steps in enumerate(lengths)],
        "parameters": {name: listed(parameter) for name, parameter in named.items()}, "value": loss.item(),
        "gradients": {"emissions": listed(x.grad)} | {
            # One step has no transition.
            name: listed(torch.zeros_like(p) if p.grad is None else p.grad) for name, p in named.items()},
        "best": model.decode(emissions, mask=mask)}


def main():
    torch.set_num_threads(1)  # so that sums are taken in one order on every machine
    random = numpy.random.RandomState(1)  # the one generator that numpy promises never to change
    report = {
        "ctc": list(ctc_cases(random)),
        "crf": [crf_case(random, reduction) for reduction in ("sum", "mean", "token_mean") for _ in range(4)]}
    file = pathlib.Path(__file__).with_name("labelling.json")
    file.write_text(json.dumps(report, sort_keys=True).replace("}, {", "},\n{") + "\n")
    print(f"{file}: {len(report['ctc'])} cases of CTC, {len(report['crf'])} of conditional random fields")


if __name__ == "__main__":
    main()
