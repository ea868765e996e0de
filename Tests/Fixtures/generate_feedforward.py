#!/usr/bin/env python3
"""Writes feedforward.json: a net of two sigmoid layers worked out by NumPy, forward, backward and one step of descent.

    pip install numpy
    python3 Tests/Fixtures/generate_feedforward.py          # rewrites feedforward.json beside this script

Weights stand here as [inputs, outputs], so that a layer is x @ W + b. The loss is the mean squared error. Numbers are
written so that reading them gives the same doubles.
"""
import json, pathlib
import numpy as np


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def forward(p, x):
    hidden = sigmoid(x @ p["weight1"] + p["bias1"])
    return hidden, sigmoid(hidden @ p["weight2"] + p["bias2"])


def mean_squared_error(outputs, targets):
    return ((outputs - targets) ** 2).mean()


def gradients(p, x, targets):
    hidden, outputs = forward(p, x)
    d_outputs = 2 * (outputs - targets) / outputs.size * outputs * (1 - outputs)
    d_hidden = d_outputs @ p["weight2"].T * hidden * (1 - hidden)
    return {
        "weight1": x.T @ d_hidden, "bias1": d_hidden.sum(axis=0),
        "weight2": hidden.T @ d_outputs, "bias2": d_outputs.sum(axis=0), "inputs": d_hidden @ p["weight1"].T}


def main():
    x, targets, rate = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[1.0], [0.0]]), 0.1
    p = {
        "weight1": np.array([[0.1, 0.2], [0.3, 0.4]]), "bias1": np.array([0.1, 0.2]),
        "weight2": np.array([[0.5], [0.6]]), "bias2": np.array([0.3])}
    hidden, outputs = forward(p, x)
    g = gradients(p, x, targets)
    stepped = {name: value - rate * g[name] for name, value in p.items()}
    result = {
        "rate": rate, "inputs": x, "targets": targets, "parameters": p, "hidden": hidden, "outputs": outputs,
        "loss": mean_squared_error(outputs, targets), "gradients": g, "stepped": stepped,
        "loss_after": mean_squared_error(forward(stepped, x)[1], targets)}
    file = pathlib.Path(__file__).with_name("feedforward.json")
    lines = [f'  "{key}": {json.dumps(value, default=lambda array: array.tolist())}' for key, value in result.items()]
    file.write_text("{\n" + ",\n".join(lines) + "\n}\n")
    print(file)


if __name__ == "__main__":
    main()
