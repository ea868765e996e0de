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


def stat(number):
    """Name, parent and session of a process; None when it is gone."""
    try:
        text = pathlib.Path(f"/proc/{number}/stat").read_text()
    except OSError:
        return None
    name, rest = text[text.index("(") + 1:text.rindex(")")], text.rsplit(")", 1)[1].split()
    return name, int(rest[1]), int(rest[3])


def children(job, name):
    """Process numbers of a job that have this name."""
    numbers = [int(path.name) for path in pathlib.Path("/proc").glob("[0-9]*")]
    stats = {number: found for number in numbers if (found := stat(number))}
    parents = {number: found[1] for number, found in stats.items()}

    def belongs(number):
        while number in parents:
            if number == job.pid:
                return True
            number = parents[number]
        return False

    return [number for number, found in stats.items() if found[0] == name and belongs(number)]


def processes(job):
    """Process numbers of the ranks of a running job, by rank."""
    found = {}
    for number in children(job, "charrnn"):
        try:
            entries = pathlib.Path(f"/proc/{number}/environ").read_bytes().decode(errors="replace").split("\0")
        except OSError:
            continue
        for entry in entries:
            if entry.startswith("OMPI_COMM_WORLD_RANK="):
                found[int(entry.split("=")[1])] = number
    return found


def metrics(run_folder):
    return [json.loads(line) for line in (run_folder / "metrics.jsonl").read_text().splitlines()]


def metadata(path):
    """Of a safetensors file."""
    with open(path, "rb") as file:
        return json.loads(file.read(int.from_bytes(file.read(8), "little")))["__metadata__"]


def wait_for(condition, seconds, what):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return
        time.sleep(0.01)
    raise SystemExit(f"no {what} in {seconds} s")
