#!/usr/bin/env python3
"""Predicts the time of a training step on several ranks from arithmetic and bytes, and prints the documentation's curves.

    Tests/Ranks/model.py [--speed GFLOPS]      # of one rank; default: one core with AVX-512, as measured for the documentation

A step of a rank is its arithmetic, the sums of gradients as far as they are not hidden behind the backward pass, the updated
parameters, and the agreement on loss and norm.
"""
import argparse
import math

VOCABULARY = 65
# Seconds that a message takes beside its bytes, that a rank is busy with it, and that its only core is busy with a byte that it sends
# or receives: measured between two network namespaces over TCP (AVX-512, no AMX).
LATENCY, OVERHEAD, PER_BYTE = 60e-6, 8e-6, 0.75e-9
# Elements from which on a bucket of gradients is full.
FULL_BUCKET = 1 << 17


def lstm_layers(layers, hidden, vocabulary=VOCABULARY):
    """(parameters in the order of their gradients' completion, multiply-adds a token of the forward pass) of each layer, from the top."""
    found = [([vocabulary, vocabulary * hidden], vocabulary * hidden)]
    for layer in reversed(range(layers)):
        width = hidden if layer else vocabulary
        # One-hot input is looked up.
        arithmetic = 4 * hidden * (hidden + (hidden if layer else 0))
        found.append(([4 * hidden, 4 * hidden, 4 * hidden * hidden, 4 * hidden * width], arithmetic))
    return found


def parameters(layers):
    return sum(sum(sizes) for sizes, _ in layers)


def step(layers, ranks, batch, length, flops, bandwidth, latency=LATENCY, overhead=OVERHEAD,
         per_byte=PER_BYTE):
    """Seconds of a step, its part of arithmetic, and the part of the gradients' messages that is hidden.

    flops: floating-point operations a second of a rank; bandwidth: bytes a second of a link in each direction.
    """
    tokens = batch * length / ranks
    forward = [2 * tokens * arithmetic / flops for _, arithmetic in layers]
    computing = 3 * sum(forward)
    if ranks == 1:
        return computing, computing, 1
    share = (ranks - 1) / ranks
    # Buckets in their order: when each is ready, counted from the start of the backward pass, and its bytes.
    buckets, count, clock = [], 0, 0
    for (sizes, _), seconds in zip(layers, forward):
        clock += 2 * seconds
        for size in sizes:
            count += size
            if count >= FULL_BUCKET:
                buckets.append((clock, 4 * count * share))
                count = 0
    if count:
        buckets.append((clock, 4 * count * share))
    sent, under_way = 0, 0
    for ready, size in buckets:
        seconds = size / bandwidth + latency + (ranks - 1) * overhead
        sent = max(sent, ready) + seconds
        under_way += seconds
    exposed = sent - clock
    shared = 4 * parameters(layers) * share / bandwidth + latency + len(buckets) * (ranks - 1) * overhead
    agreement = 2 * math.ceil(math.log2(ranks)) * latency
    # Gradients and parameters, sent and received.
    busy = 4 * 4 * parameters(layers) * share * per_byte
    return computing + exposed + shared + agreement + busy, computing, 1 - min(exposed / under_way, 1)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--speed", type=float, default=75, help="GFLOP/s of a rank")
    arguments = parser.parse_args()
    print("| LSTM | link | ranks | step | of it arithmetic | speedup | efficiency |\n|---|---|---|---|---|---|---|")
    for layers, hidden, batch in [(2, 128, 2048), (2, 512, 2048), (3, 1024, 2048)]:
        model = lstm_layers(layers, hidden)
        alone = step(model, 1, batch, 64, arguments.speed * 1e9, 1)[0]
        for gigabits in [10, 100]:
            for ranks in [4, 16, 64, 256, 1024]:
                seconds, computing, _ = step(
                    model, ranks, batch, 64, arguments.speed * 1e9, gigabits * 1e9 / 8 * 0.95)
                print(f"| {layers}×{hidden} | {gigabits} Gbit/s | {ranks} | {1e3 * seconds:.1f} ms | "
                      f"{100 * computing / seconds:.0f}% | {alone / seconds:.0f} | {100 * alone / seconds / ranks:.0f}% |")


if __name__ == "__main__":
    main()
