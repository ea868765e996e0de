"""Writes arithmetic.txt: every sum of two numbers from 0 to 99, each once, in a fixed random order.

Run it as: python3 arithmetic.py > arithmetic.txt
"""

import random
import sys

LIMIT = 100
SEED = 1


def main():
    pairs = [(a, b) for a in range(LIMIT) for b in range(LIMIT)]
    random.Random(SEED).shuffle(pairs)
    # Bytes, so that the line endings are the same on every system.
    sys.stdout.buffer.write("".join(f"{a}+{b}={a + b}\n" for a, b in pairs).encode("ascii"))


if __name__ == "__main__":
    main()
