#!/usr/bin/env python3
"""Completes command lines of charrnn in bash, zsh and fish, as a user does who presses Tab.

    completions.py [CHARRNN]      # the command to ask for the scripts; default: .build/release/charrnn

Each shell runs in a terminal of its own, reads its script, gets the beginning of a line and a Tab, and must then show the line.
"""
import os
import pathlib
import pty
import re
import select
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]

# What is typed before Tab, and the line that it becomes.
LINES = [
    ("charrnn sam", "charrnn sample"),
    ("charrnn train --hid", "charrnn train --hidden"),
    ("charrnn train --cell min-g", "charrnn train --cell min-gru"),
    ("charrnn train a-te", "charrnn train a-text.txt"),
    ("charrnn sample --prime-file a-te", "charrnn sample --prime-file a-text.txt"),
    ("charrnn sample runs/onl", "charrnn sample runs/only"),
]


class Shell:
    """A shell in a terminal."""

    def __init__(self, words, folder):
        environment = {"PATH": os.environ["PATH"], "HOME": folder, "TERM": "dumb", "LC_ALL": "C.UTF-8"}
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            os.chdir(folder)
            os.execvpe(words[0], words, environment)

    def close(self):
        os.close(self.terminal)
        os.waitpid(self.pid, 0)

    def write(self, text):
        os.write(self.terminal, text.encode())

    def read(self, until, seconds=20):
        """What the shell shows until it has shown a pattern, without what only moves the cursor."""
        shown, end = "", time.monotonic() + seconds
        while time.monotonic() < end:
            if select.select([self.terminal], [], [], 0.1)[0]:
                try:
                    shown += os.read(self.terminal, 4096).decode(errors="replace")
                except OSError:
                    break
            if until(plain(shown)):
                return plain(shown)
        return plain(shown)


def plain(shown):
    shown = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[()=>][A-Z0-9]?|\x07", "", shown)
    while "\b" in shown:
        shown = re.sub(r"[^\b]?\b", "", shown, count=1)
    return shown


def complete(words, setup, folder):
    """Failures of a shell: lines that did not become what they should."""
    failed = []
    for typed, wanted in LINES:
        shell = Shell(words, folder)
        shell.write(setup + "; echo re''ady\n")
        shell.read(lambda shown: "ready" in shown)
        time.sleep(0.2)
        shell.write(typed + "\t")
        shown = shell.read(lambda shown: wanted in shown)
        if wanted not in shown:
            failed.append((typed, shown[-300:]))
        shell.close()
    return failed


def fish(script, folder):
    """Failures of fish, which is asked directly: it does not run in a dumb terminal."""
    failed = []
    for typed, wanted in LINES:
        line = f"source {script}; complete -C '{typed}'"
        shown = subprocess.run(
            ["fish", "--no-config", "-c", line], cwd=folder, capture_output=True, text=True,
            env={"PATH": os.environ["PATH"], "HOME": folder}).stdout
        candidates = [row.split("\t")[0].rstrip("/") for row in shown.splitlines()]
        if wanted.split()[-1] not in candidates:
            failed.append((typed, shown[-300:]))
    return failed


def main():
    command = sys.argv[1] if len(sys.argv) > 1 else str(ROOT / ".build/release/charrnn")
    failures = 0
    with tempfile.TemporaryDirectory() as folder:
        pathlib.Path(folder, "a-text.txt").write_text("text")
        os.makedirs(f"{folder}/runs/only")
        pathlib.Path(folder, "bin").mkdir()
        os.symlink(os.path.abspath(command), f"{folder}/bin/charrnn")
        os.environ["PATH"] = f"{folder}/bin:" + os.environ["PATH"]
        for name in ("bash", "zsh", "fish"):
            if not shutil.which(name):
                sys.exit(f"{name} is not here; install it")
            script = f"{folder}/{name}-completions"
            with open(script, "w") as file:
                subprocess.run([command, "completions", name], stdout=file, check=True)
            if name == "bash":
                failed = complete(["bash", "--norc", "--noprofile", "-i"], f"source {script}", folder)
            elif name == "zsh":
                setup = f"autoload -Uz compinit; compinit -u -D; source {script}; unsetopt beep"
                failed = complete(["zsh", "-f", "-i"], setup, folder)
            else:
                failed = fish(script, folder)
            print(f"{name}: {len(LINES) - len(failed)} of {len(LINES)} lines completed")
            for typed, shown in failed:
                print(f"  {typed!r}: {shown!r}")
            failures += len(failed)
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
