#!/usr/bin/env python3
"""Writes optimizers.json: what PyTorch's optimizers and learning-rate schedulers do, in double precision.

    pip install torch numpy
    python3 Tests/Fixtures/generate_optimizers.py            # rewrites optimizers.json beside this script

`optimizers` holds, by the name of a case, the weights after each of ten steps from `start`. The gradient at w is
matrix·w + ½ cos(3w): an ill-conditioned quadratic and waves on it. A case with `clip` clips it first, by `norm` or `value`.
`schedules` holds, by name, the rates of the first 60 steps from a base rate of `rate`; the scheduler that looks at losses is
given those of `losses`, one after each step. The tests know which settings each name stands for.
"""
import json, math, pathlib
import torch
from torch.optim import SGD, Adadelta, Adagrad, Adam, AdamW, NAdam, RMSprop
from torch.optim.lr_scheduler import (
    CosineAnnealingLR, ExponentialLR, LinearLR, OneCycleLR, ReduceLROnPlateau, SequentialLR, StepLR)

STEPS, RATES, RATE = 10, 60, 0.05
START = [1.5, -0.7, 0.0, 2.0, -3.0]
CURVATURES = [100.0, 10.0, 1.0, 0.1, 0.01]

OPTIMIZERS = {
    "sgd": (SGD, {"lr": 0.01}),
    "sgd, momentum": (SGD, {"lr": 0.005, "momentum": 0.9}),
    "sgd, nesterov": (SGD, {"lr": 0.005, "momentum": 0.9, "nesterov": True}),
    "sgd, momentum, decay": (SGD, {"lr": 0.005, "momentum": 0.5, "weight_decay": 0.1}),
    "sgd, clipped by norm": (SGD, {"lr": 0.1, "clip": ("norm", 2.0)}),
    "sgd, clipped by value, decay": (SGD, {"lr": 0.1, "weight_decay": 0.1, "clip": ("value", 0.5)}),
    "adagrad, defaults": (Adagrad, {}),
    "adagrad, rate decay": (Adagrad, {"lr": 0.3, "lr_decay": 0.2, "eps": 1e-3}),
    "adagrad, decay": (Adagrad, {"lr": 0.1, "weight_decay": 0.2}),
    "rmsprop, defaults": (RMSprop, {}),
    "rmsprop, momentum": (RMSprop, {"lr": 0.02, "alpha": 0.9, "momentum": 0.8}),
    "rmsprop, centered": (RMSprop, {"alpha": 0.9, "eps": 1e-2, "centered": True}),
    "rmsprop, centered, momentum, decay": (
        RMSprop, {"eps": 1e-2, "centered": True, "momentum": 0.5, "weight_decay": 0.1}),
    "adadelta, defaults": (Adadelta, {}),
    "adadelta, decay": (Adadelta, {"lr": 0.5, "rho": 0.95, "eps": 1e-4, "weight_decay": 0.1}),
    "adam, defaults": (Adam, {}),
    "adam, other moments": (Adam, {"lr": 0.1, "betas": (0.8, 0.95), "eps": 1e-4}),
    "adam, decay": (Adam, {"lr": 0.05, "weight_decay": 0.5}),
    "adamw, defaults": (AdamW, {}),
    "adamw, strong decay": (AdamW, {"lr": 0.1, "weight_decay": 0.5}),
    "nadam, defaults": (NAdam, {}),
    "nadam, momentum decay": (NAdam, {"lr": 0.1, "betas": (0.8, 0.95), "momentum_decay": 0.3}),
    "nadam, decay": (NAdam, {"lr": 0.05, "weight_decay": 0.5}),
    "nadam, decoupled decay": (NAdam, {"lr": 0.05, "weight_decay": 0.5, "decoupled_weight_decay": True}),
}

SCHEDULES = {
    "step": lambda o: StepLR(o, 7, 0.5),
    "step, defaults": lambda o: StepLR(o, 20),
    "exponential": lambda o: ExponentialLR(o, 0.93),
    "cosine": lambda o: CosineAnnealingLR(o, 59),
    "cosine, floor": lambda o: CosineAnnealingLR(o, 80, eta_min=0.1 * RATE),
    "warm-up, cosine": lambda o: SequentialLR(
        o, [LinearLR(o, 0.1, total_iters=12), CosineAnnealingLR(o, 47)], milestones=[12]),
    "one cycle, defaults": lambda o: OneCycleLR(o, RATE, 60, cycle_momentum=False),
    "one cycle": lambda o: OneCycleLR(
        o, RATE, 60, pct_start=0.45, div_factor=10, final_div_factor=50, cycle_momentum=False),
    "plateau, defaults": lambda o: ReduceLROnPlateau(o, eps=0),
    "plateau": lambda o: ReduceLROnPlateau(
        o, factor=0.5, patience=2, threshold=0.01, cooldown=3, min_lr=0.07 * RATE, eps=0),
}


def losses():
    """A loss that falls, stalls, rises a little and falls again."""
    return [1 + math.exp(-n / 6) + 0.05 * math.sin(n * 1.7) - (0.3 if n > 45 else 0) for n in range(RATES)]


def matrix():
    """The curvatures along axes that are turned against those of the weights."""
    n = len(CURVATURES)
    turn = torch.eye(n)
    for i in range(n - 1):
        plane = torch.eye(n)
        c, s = math.cos(0.3 + i), math.sin(0.3 + i)
        plane[i, i], plane[i, i + 1], plane[i + 1, i], plane[i + 1, i + 1] = c, -s, s, c
        turn = turn @ plane
    return turn @ torch.diag(torch.tensor(CURVATURES)) @ turn.T


def run(make, options):
    options = dict(options)
    clip, a = options.pop("clip", None), matrix()
    w = torch.nn.Parameter(torch.tensor(START))
    optimizer, weights = make([w], **options), []
    for _ in range(STEPS):
        with torch.no_grad():
            w.grad = a @ w + 0.5 * torch.cos(3 * w)
        if clip:
            {"norm": torch.nn.utils.clip_grad_norm_, "value": torch.nn.utils.clip_grad_value_}[clip[0]]([w], clip[1])
        optimizer.step()
        weights.append(w.tolist())
    return weights


def rates(make):
    optimizer = SGD([torch.nn.Parameter(torch.zeros(1))], lr=RATE)
    scheduler, found = make(optimizer), []
    for loss in losses():
        found.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step(*([loss] if isinstance(scheduler, ReduceLROnPlateau) else []))
    return found


def main():
    torch.set_default_dtype(torch.float64)  # NAdam keeps its product of momenta in this type
    torch.set_num_threads(1)
    content = {
        "start": START, "matrix": matrix().tolist(), "rate": RATE, "losses": losses(),
        "optimizers": {name: run(*case) for name, case in OPTIMIZERS.items()},
        "schedules": {name: rates(make) for name, make in SCHEDULES.items()},
    }
    file = pathlib.Path(__file__).with_name("optimizers.json")
    file.write_text(json.dumps(content, sort_keys=True) + "\n")
    print(f"{file}: {len(OPTIMIZERS)} optimizers, {len(SCHEDULES)} schedules")


if __name__ == "__main__":
    main()
