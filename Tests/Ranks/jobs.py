"""Starting `charrnn` by `mpirun`, for the tests and measurements beside this file."""
import json
import os
import pathlib
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = ROOT / ".build/release/charrnn"
# Of Open MPI: as root, with more ranks than cores, and each on whichever core is free.
ENVIRONMENT = {
    **os.environ, "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
    "OMPI_MCA_rmaps_base_oversubscribe": "1", "OMPI_MCA_hwloc_base_binding_policy": "none",
    "OMPI_MCA_btl": "self,vader,tcp", "OMPI_MCA_mpi_yield_when_idle": "1"}


def write_text(path, size=60_000):
    """Words with something to learn in them, the same ones each time."""
    words, state, text = ["the ", "crow ", "and ", "a ", "fox ", "saw ", "cheese.\n", "old "], 1, []
    while len(text) < size // 4:
        state = (state * 6364136223846793005 + 1442695040888963407) % 2 ** 64
        text.append(words[state >> 61])
    path.write_text("".join(text)[:size])


def command(ranks, words, program=PROGRAM):
    alone = [str(program), *map(str, words)]
    return alone if ranks is None else ["mpirun", "-n", str(ranks), *alone]


def run(ranks, words, folder, program=PROGRAM, code=0, seconds=300):
    """Runs to the end on so many ranks (None: without mpirun), and returns what it wrote."""
    done = subprocess.run(
        command(ranks, words, program), cwd=folder, env=ENVIRONMENT, capture_output=True, text=True, timeout=seconds)
    if code is not None and done.returncode != code:
        raise SystemExit(f"{' '.join(map(str, words))} on {ranks} ranks: {done.returncode} for {code}\n{done.stderr}")
    return done


def start(ranks, words, folder, program=PROGRAM):
    """Starts a job in a session of its own."""
    return subprocess.Popen(
        command(ranks, words, program), cwd=folder, env=ENVIRONMENT, stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE, text=True, start_new_session=True)


def processes(job):
    """Process numbers of the ranks of a running job, by rank."""
    found = {}
    for path in pathlib.Path("/proc").glob("[0-9]*/environ"):
        try:
            entries = dict(e.split("=", 1) for e in path.read_bytes().decode(errors="replace").split("\0") if "=" in e)
            stat = path.with_name("stat").read_text().rsplit(")", 1)[1].split()
        except (OSError, ValueError):
            continue
        if "OMPI_COMM_WORLD_RANK" in entries and int(stat[3]) == job.pid or parent(job, stat):
            rank = entries.get("OMPI_COMM_WORLD_RANK")
            if rank is not None:
                found[int(rank)] = int(path.parent.name)
    return found


def parent(job, stat):
    return int(stat[1]) == job.pid


def metrics(run_folder):
    return [json.loads(line) for line in (run_folder / "metrics.jsonl").read_text().splitlines()]


def wait_for(condition, seconds, what):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return
        time.sleep(0.01)
    raise SystemExit(f"no {what} in {seconds} s")
