#!/usr/bin/env python3
"""Trains on two hosts, network namespaces that this makes, with TCP at 1 Gbit/s between them, and cuts the link.

    swift build -c release --traits MPI --product charrnn
    Tests/Ranks/hosts.py [--program PATH] [--rounds N]

Needs root, iproute2 and Open MPI. The time of a step must be within 15% of what model.py predicts from the speed of one rank and
from the link's; after the cut the job must end within 15 s, and the run that one process goes on with must end with the loss of an
unbroken one. Delay is tested where the kernel has netem.
"""
import argparse
import os
import pathlib
import statistics
import subprocess
import tempfile
import time

import jobs
import model

NAMES, ADDRESSES = ("charrnn-a", "charrnn-b"), ("10.77.0.1", "10.77.0.2")
GIGABIT = 1e9 / 8 * 0.95  # of payload: Ethernet, IP and TCP have headers


def ip(*words, check=True):
    return subprocess.run(["ip", *words], check=check, capture_output=True, text=True)


class Hosts:
    """Two namespaces with a link between them, each with a host name of its own."""

    def __enter__(self):
        self.__exit__()
        for name in NAMES:
            ip("netns", "add", name)
        ip("link", "add", "charrnn-va", "netns", NAMES[0], "type", "veth", "peer", "name", "charrnn-vb", "netns", NAMES[1])
        for name, device, address in zip(NAMES, ["charrnn-va", "charrnn-vb"], ADDRESSES):
            ip("-n", name, "addr", "add", f"{address}/24", "dev", device)
            ip("-n", name, "link", "set", "lo", "up")
            ip("-n", name, "link", "set", device, "up")
        return self

    def __exit__(self, *_):
        for name in NAMES:
            for number in ip("netns", "pids", name, check=False).stdout.split():
                subprocess.run(["kill", "-9", number], check=False)
            ip("netns", "del", name, check=False)

    def shape(self, *words):
        """Gives both ends a queue; returns whether the kernel has it."""
        results = []
        for name, device in zip(NAMES, ["charrnn-va", "charrnn-vb"]):
            results.append(subprocess.run(
                ["ip", "netns", "exec", name, "tc", "qdisc", "replace", "dev", device, "root", *words],
                capture_output=True, text=True).returncode)
        return results == [0, 0]

    def ranks(self):
        """Process numbers of ranks on the second host; Open MPI's own daemon may stay."""
        def name(number):
            try:
                return pathlib.Path(f"/proc/{number}/comm").read_text().strip()
            except OSError:
                return ""
        return [number for number in ip("netns", "pids", NAMES[1]).stdout.split() if name(number) == "charrnn"]

    def cut(self):
        ip("-n", NAMES[1], "link", "set", "charrnn-vb", "down")


def command(folder, words):
    """A job of a rank on each host."""
    agent = folder / "agent"
    agent.write_text(f"""#!/bin/sh
shift
exec ip netns exec {NAMES[1]} unshare --uts sh -c 'hostname {NAMES[1]}; exec sh -c "$0"' "$*"
""")
    agent.chmod(0o755)
    options = [
        "--mca", "plm_rsh_agent", agent, "--host", ",".join(f"{address}:1" for address in ADDRESSES),
        "--mca", "btl", "self,tcp", "--mca", "btl_tcp_if_include", "10.77.0.0/24",
        "--mca", "oob_tcp_if_include", "10.77.0.0/24",
        # Of mpirun itself: how soon it finds that a host is lost.
        "--mca", "oob_tcp_keepalive_time", 2, "--mca", "oob_tcp_keepalive_intvl", 2, "--mca", "oob_tcp_keepalive_probes", 3]
    script = f'hostname {NAMES[0]}; exec "$@"'
    return ["ip", "netns", "exec", NAMES[0], "unshare", "--uts", "sh", "-c", script, "sh", "mpirun", *options, "-n", "2", *words]


def step_seconds(run_folder, batch, length):
    lines = [line for line in jobs.metrics(run_folder) if line["event"] == "validation"]
    return batch * length / lines[1]["tokens_per_second"]


def check_time(folder, program, corpus, rounds):
    """Steps small enough for messages to matter."""
    layers, hidden, batch, length, steps = 2, 256, 32, 32, 160

    def words(out, batch):
        return list(map(str, [
            program, "train", corpus, "--out", out, "--overwrite", "--plain", "--hidden", hidden, "--layers", layers,
            "--batch", batch, "--length", length, "--steps", steps, "--validate-every", steps // 2,
            "--validation-fraction", "0.002", "--test-fraction", 0, "--sample-every", 0, "--threads", 1]))

    times, alone = [], []
    for _ in range(rounds):
        subprocess.run(words("alone", batch // 2), cwd=folder, env=jobs.ENVIRONMENT, check=True, capture_output=True)
        alone.append(step_seconds(folder / "alone", batch // 2, length))
        subprocess.run(
            list(map(str, command(folder, words("pair", batch)))), cwd=folder, env=jobs.ENVIRONMENT, check=True,
            capture_output=True)
        times.append(step_seconds(folder / "pair", batch, length))
    symbols = len(set(corpus.read_text()))
    shapes = model.lstm_layers(layers, hidden, symbols)
    arithmetic = statistics.median(alone)
    flops = 6 * sum(work for _, work in shapes) * batch / 2 * length / arithmetic
    predicted, _, hidden_share = model.step(shapes, 2, batch, length, flops, GIGABIT)
    measured = statistics.median(times)
    print(f"a step of lstm {layers}x{hidden}, batch {batch}, length {length}: {1e3 * measured:.1f} ms at 1 Gbit/s, "
          f"{1e3 * predicted:.1f} predicted ({measured / predicted - 1:+.0%}); {1e3 * arithmetic:.1f} of it arithmetic, "
          f"{hidden_share:.0%} of the sums hidden")
    assert abs(measured / predicted - 1) < 0.15


def check_delay(folder, program):
    """Messages that take a millisecond: the losses are those without."""
    jobs.write_text(folder / "text")
    words = ["train", "text", "--plain", "--hidden", 24, "--batch", 12, "--length", 16, "--steps", 50, "--sample-every", 0,
             "--threads", 1, "--validate-every", 50]
    subprocess.run(list(map(str, command(folder, [program, *words, "--out", "delayed"]))), cwd=folder,
                   env=jobs.ENVIRONMENT, check=True, capture_output=True)
    jobs.run(2, [*words, "--out", "near"], folder, program)
    files = [(folder / name / "last.safetensors").read_bytes() for name in ["delayed", "near"]]
    assert files[0] == files[1], "other bits with a delay"
    print("a delay of 1 ms: the same bits")


def check_cut(hosts, folder, program):
    small = ["--plain", "--hidden", 24, "--batch", 12, "--length", 16, "--sample-every", 0, "--threads", 1, "--seed", 5]

    def words(out, *more):
        return list(map(str, [program, "train", "text", "--out", out, *small, *more]))

    with open(folder / "errors", "w") as errors:
        job = subprocess.Popen(
            list(map(str, command(folder, words("cut", "--steps", 6000, "--checkpoint-every", 20)))), cwd=folder,
            env=jobs.ENVIRONMENT, stdout=subprocess.DEVNULL, stderr=errors, start_new_session=True)
    jobs.wait_for(lambda: (folder / "cut/last.safetensors").exists(), 30, "state")
    time.sleep(0.5)
    began = time.monotonic()
    hosts.cut()
    job.wait(timeout=60)
    seconds = time.monotonic() - began
    jobs.wait_for(lambda: not hosts.ranks(), max(0, 15 - seconds), "end of the rank on the host that was cut off")
    errors = (folder / "errors").read_text()
    assert job.returncode != 0 and "rank 1 has given no sign of life" in errors, errors
    assert f"on {NAMES[1]}" in errors and seconds < 15, (seconds, errors)
    jobs.run(None, words("cut", "--resume", "--steps", 6000)[1:], folder, program)
    jobs.run(None, words("unbroken", "--steps", 6000)[1:], folder, program)
    ends = [[line for line in jobs.metrics(folder / out) if line["event"] == "end"][-1]["validation_loss"]
            for out in ["cut", "unbroken"]]
    assert abs(ends[0] - ends[1]) < 1e-4, ends
    print(f"the link cut: the job ended after {seconds:.1f} s; resumed on one rank, a loss within "
          f"{abs(ends[0] - ends[1]):.1e} of the unbroken run")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", type=pathlib.Path, default=jobs.PROGRAM)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    program = arguments.program.resolve()
    if os.geteuid() != 0:
        raise SystemExit("needs root, to make network namespaces")
    with tempfile.TemporaryDirectory() as name, Hosts() as hosts:
        folder = pathlib.Path(name)
        jobs.write_text(folder / "text")
        jobs.write_text(folder / "corpus", 600_000)
        if not hosts.shape("tbf", "rate", "1gbit", "burst", "256kb", "latency", "50ms"):
            raise SystemExit("this kernel has no tbf to shape the link with")
        check_time(folder, program, folder / "corpus", arguments.rounds)
        check_cut(hosts, folder, program)
    with tempfile.TemporaryDirectory() as name, Hosts() as hosts:
        if hosts.shape("netem", "delay", "1ms"):
            check_delay(pathlib.Path(name), program)
        else:
            print("this kernel has no netem: no delay was tested")


if __name__ == "__main__":
    main()
