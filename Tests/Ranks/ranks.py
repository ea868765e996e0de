#!/usr/bin/env python3
"""Trains and uses a model on several processes over MPI, and holds it to one process; kills, stops and starves ranks.

    swift build -c release --traits MPI --product charrnn
    Tests/Ranks/ranks.py [--program PATH] [--kills N]

Needs Open MPI's mpirun. Losses of a run on 2 and 4 ranks must be within 1e-4 of those on one process, and the same bits each
time. Whatever happens to a rank, the job must end soon and the last state must be whole.
"""
import argparse
import json
import os
import pathlib
import random
import signal
import subprocess
import tempfile
import time

import jobs

SMALL = ["--plain", "--hidden", 24, "--batch", 12, "--length", 16, "--sample-every", 0, "--threads", 1, "--seed", 5]


def train(out, *words):
    return ["train", "text", "--out", out, *SMALL, *words]


def losses(folder):
    return [(line["step"], line["train_loss"], line["validation_loss"]) for line in jobs.metrics(folder)
            if line["event"] in ("validation", "end")]


def check_losses(folder, program):
    for cell in ["rnn", "lstm", "gru"]:
        words = ["--cell", cell, "--dropout", 0.2, "--steps", 200, "--validate-every", 50]
        jobs.run(None, train(f"{cell}-alone", *words), folder, program)
        expected = losses(folder / f"{cell}-alone")
        for ranks in [2, 4]:
            largest, files = 0, []
            for turn in range(2):
                out = f"{cell}-{ranks}-{turn}"
                jobs.run(ranks, train(out, *words), folder, program)
                found = losses(folder / out)
                assert [line[0] for line in found] == [line[0] for line in expected], found
                for a, b in zip(expected, found):
                    largest = max(largest, abs(a[1] - b[1]), abs(a[2] - b[2]))
                files.append((folder / out / "last.safetensors").read_bytes())
            assert largest < 1e-4, f"{cell} on {ranks} ranks: {largest}"
            assert files[0] == files[1], f"{cell} on {ranks} ranks: other bits"
            print(f"{cell} on {ranks} ranks: losses within {largest:.1e} of one process, the same bits again")


def check_resuming(folder, program):
    words = ["--dropout", 0.2, "--validate-every", 20]
    jobs.run(None, train("unbroken", *words, "--steps", 120), folder, program)
    for step, ranks in [(30, 2), (60, 4), (90, None), (120, 3)]:
        jobs.run(ranks, train("moved", *words, "--steps", step, *(["--resume"] if step > 30 else [])), folder, program)
    a, b = losses(folder / "unbroken")[-1], losses(folder / "moved")[-1]
    assert a[0] == b[0] == 120 and abs(a[2] - b[2]) < 1e-4, (a, b)
    jobs.run(3, train("whole", *words, "--steps", 60), folder, program)
    for step in [17, 60]:
        jobs.run(3, train("cut", *words, "--steps", step, *(["--resume"] if step > 17 else [])), folder, program)
    files = [(folder / name / "last.safetensors").read_bytes() for name in ["whole", "cut"]]
    assert files[0] == files[1], "a run that was resumed on as many ranks has other bits"
    # A run that has ended is extended: it goes on from the state before its learning rate fell.
    words = ["train", "text", "--out", "extended", "--hidden", 24, "--batch", 12, "--sample-every", 0, "--threads", 1]
    jobs.run(2, [*words, "--steps", 60], folder, program)
    extended = jobs.run(3, [*words[:4], "--resume", "--steps", 90], folder, program)
    assert "training on from the state before" in extended.stderr and losses(folder / "extended")[-1][0] == 90, extended
    print(f"saved on 2, 4, 1 and 3 ranks: loss within {abs(a[2] - b[2]):.1e} of the unbroken run; on 3, resumed: the same bits")


def check_undivided(folder, program):
    """A text that can be cut nowhere is read by one rank, and trained on by all."""
    (folder / "line").write_text("今日は良い天気です" * 800)
    words = ["--tokens", "scalar", "--steps", 12, "--validate-every", 12]
    found = []
    for ranks in [None, 3]:
        jobs.run(ranks, ["train", "line", "--out", f"line-{ranks}", *SMALL, *words], folder, program)
        found.append(losses(folder / f"line-{ranks}")[-1][2])
    assert abs(found[0] - found[1]) < 1e-4, found
    os.mkfifo(folder / "pipe")
    refused = jobs.run(2, ["train", "pipe", "--steps", 1], folder, program, code=64)
    assert "pipe can be read by one process of a job alone" in refused.stderr, refused.stderr
    print(f"a text that cannot be divided: loss within {abs(found[0] - found[1]):.1e}; a pipe: refused")


def check_words(folder, program):
    """Words and subwords are found in the whole text, of which each rank reads a part."""
    for tokens in ["word", "subword"]:
        words = ["--tokens", tokens, "--steps", 20, "--validate-every", 20]
        found = []
        for ranks in [None, 3]:
            out = f"{tokens}-{ranks}"
            jobs.run(ranks, train(out, *words), folder, program)
            found.append((losses(folder / out)[-1], jobs.metadata(folder / out / "last.safetensors")["vocabulary"]))
        assert found[0][1] == found[1][1] and abs(found[0][0][2] - found[1][0][2]) < 1e-4, found
        print(f"{tokens}s found by 3 ranks: those of one process, loss within {abs(found[0][0][2] - found[1][0][2]):.1e}")


def check_using(folder, program):
    """A model that ranks evaluate and sample together."""
    jobs.run(None, train("used", "--steps", 100), folder, program)
    words = ["evaluate", "used", "text", "--split", "all", "--json"]
    expected = json.loads(jobs.run(None, words, folder, program).stdout)
    largest = 0
    for ranks in [2, 4]:
        outputs = [jobs.run(ranks, words, folder, program).stdout for _ in range(2)]
        assert outputs[0] == outputs[1], outputs
        found = json.loads(outputs[0])
        largest = max(largest, abs(found["loss"] / expected["loss"] - 1))
        assert found["tokens"] == expected["tokens"] and found["baselines"] == expected["baselines"], found
    assert largest < 1e-6, largest
    for words in [["--count", 5], ["--count", 1], ["--count", 7, "--json"], ["--count", 3, "--probabilities"]]:
        words = ["sample", "used", "--length", 80, "--seed", 3, *words]
        expected = jobs.run(None, words, folder, program).stdout
        for ranks in [2, 3]:
            assert jobs.run(ranks, words, folder, program).stdout == expected, words
    print(f"evaluated on 2 and 4 ranks: a loss within {largest:.1e} of one process's; samples: the same bytes")
    for words in [["inspect", "used"], ["sample", "used", "--interactive"], ["evaluate", "used", "--dynamic"],
                  ["evaluate", "used", "-"], ["sample", "used", "--no-such"]]:
        refused = jobs.run(3, words, folder, program, code=64)
        assert refused.stderr.count("charrnn: error: ") == 1, refused.stderr
    print("what one process does alone: refused on several, once")


def check_disagreement(folder, program):
    words = [str(word) for word in train("unequal", "--steps", 5)]
    unequal = subprocess.run(
        ["mpirun", "-n", "1", program, *words, ":", "-n", "1", "env", "CHARRNN_ISA=portable", program, *words],
        cwd=folder, env=jobs.ENVIRONMENT, capture_output=True, text=True, timeout=60)
    assert unequal.returncode == 64 and "the instruction set is" in unequal.stderr, unequal
    (folder / "other").mkdir()
    jobs.write_text(folder / "other/text", 50_000)
    script = 'cd $([ "$OMPI_COMM_WORLD_RANK" = 1 ] && echo other || echo .); exec "$0" "$@"'
    unequal = subprocess.run(
        ["mpirun", "-n", "2", "sh", "-c", script, program, *words], cwd=folder, env=jobs.ENVIRONMENT,
        capture_output=True, text=True, timeout=60)
    assert unequal.returncode == 64 and "the corpus is of 60000 bytes (" in unequal.stderr, unequal
    few = jobs.run(
        4, ["train", "text", "--out", "few", "--plain", "--batch", 3, "--steps", 5], folder, program, code=64)
    assert few.stderr.count("4 processes cannot share a batch of 3 streams") == 1, few.stderr
    (folder / "options").write_text('{"hidden": 20}')
    (folder / "other/options").write_text('{"hidden": 24}')
    unequal = subprocess.run(
        ["mpirun", "-n", "2", "sh", "-c", script, program, *words, "--config", "options"], cwd=folder,
        env=jobs.ENVIRONMENT, capture_output=True, text=True, timeout=60)
    assert unequal.returncode == 64 and "the SHA-256 of options is" in unequal.stderr, unequal
    print("ranks that differ, and more ranks than streams: refused")


def requires_whole(folder, out, program):
    """The last state, if there is one, is sound and can be trained on."""
    if not (folder / out / "last.safetensors").exists():
        return False
    jobs.run(None, ["verify", out], folder, program)
    return True


def check_kills(folder, program, count):
    random.seed(1)
    ranks, saved, slowest = 3, 0, 0
    out = "killed"
    resumed = []
    for number in range(count):
        rank = number % ranks
        job = jobs.start(ranks, train(out, "--steps", 10 ** 6, "--checkpoint-every", 5, *resumed), folder, program)
        jobs.wait_for(lambda: len(jobs.processes(job)) == ranks, 20, "ranks")
        time.sleep(random.uniform(0, 1.5))
        victim = jobs.processes(job).get(rank)
        began = time.monotonic()
        if victim:
            os.kill(victim, signal.SIGKILL)
        _, errors = job.communicate(timeout=30)
        slowest = max(slowest, time.monotonic() - began)
        assert job.returncode != 0, errors
        if requires_whole(folder, out, program):
            saved, resumed = saved + 1, ["--resume"]
    jobs.run(None, train(out, "--steps", 1, "--resume"), folder, program)
    print(f"{count} kills of ranks in turn: always whole ({saved} with a state), ended within {slowest:.1f} s")


def check_stopped(folder, program):
    for rank in range(3):
        out = f"stopped-{rank}"
        job = jobs.start(3, train(out, "--steps", 10 ** 6, "--checkpoint-every", 5), folder, program)
        jobs.wait_for(lambda: (folder / out / "last.safetensors").exists(), 30, "state")
        began = time.monotonic()
        os.kill(jobs.processes(job)[rank], signal.SIGSTOP)
        _, errors = job.communicate(timeout=60)
        seconds = time.monotonic() - began
        assert job.returncode != 0 and f"rank {rank} has given no sign of life" in errors, errors
        assert seconds < 15, seconds
        assert requires_whole(folder, out, program)
        print(f"rank {rank} stopped: the job ended after {seconds:.1f} s")


def check_termination(folder, program):
    job = jobs.start(2, train("ended", "--steps", 10 ** 6, "--checkpoint-every", 5), folder, program)
    jobs.wait_for(lambda: (folder / "ended/last.safetensors").exists(), 30, "state")
    for process in jobs.processes(job).values():
        os.kill(process, signal.SIGTERM)
    _, errors = job.communicate(timeout=30)
    assert "stopped after step" in errors, errors
    assert requires_whole(folder, "ended", program)
    print("SIGTERM: all ranks stopped after one step, saved")


def check_full_disk(folder, program):
    """A file system with room for a state, but not for a second one."""
    disk = folder / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", disk], capture_output=True).returncode != 0:
        print("a full disk: not tested, for this needs to mount one")
        return
    try:
        job = jobs.start(2, train("disk/run", "--steps", 10 ** 6, "--checkpoint-every", 5), folder, program)
        jobs.wait_for(lambda: (disk / "run/last.safetensors").exists(), 30, "state")
        began = time.monotonic()
        try:
            with open(disk / "filler", "ab") as filler:
                while True:
                    filler.write(bytes(1 << 12))
                    filler.flush()
        except OSError:
            pass
        _, errors = job.communicate(timeout=60)
        assert job.returncode == 74 and "the last state is not saved (rank 0 on " in errors, (job.returncode, errors)
        assert requires_whole(folder, "disk/run", program)
        print(f"a full disk: the job ended after {time.monotonic() - began:.1f} s")
    finally:
        subprocess.run(["umount", "-l", disk], check=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", type=pathlib.Path, default=jobs.PROGRAM)
    parser.add_argument("--kills", type=int, default=30)
    arguments = parser.parse_args()
    program = arguments.program.resolve()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        jobs.write_text(folder / "text")
        check_losses(folder, program)
        check_resuming(folder, program)
        check_words(folder, program)
        check_undivided(folder, program)
        check_using(folder, program)
        check_disagreement(folder, program)
        check_stopped(folder, program)
        check_termination(folder, program)
        check_full_disk(folder, program)
        check_kills(folder, program, arguments.kills)


if __name__ == "__main__":
    main()
