#!/usr/bin/env python3
"""Writes Tests/Fixtures/tokenizer: a small tokenizer of byte-level BPE, changes of it, and the ids that `tokenizers` gives to texts.

    pip install tokenizers==0.23.3
    python3 Tests/Fixtures/generate_tokenizer.py

`tokenizer.json` is trained on the corpora of this repository. `ids.json` holds the texts and the cases: members of the file that a
case replaces, those of `model` one by one, and the ids of each text.
"""
import copy
import json
import pathlib
import random
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers

root = pathlib.Path(__file__).resolve().parent.parent.parent
folder = root / "Tests/Fixtures/tokenizer"
folder.mkdir(exist_ok=True)
corpora = [root / "corpora/fables.txt", root / "corpora/multilingual.txt"]

tokenizer = Tokenizer(models.BPE())
tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
tokenizer.decoder = decoders.ByteLevel()
tokenizer.train(
    [str(path) for path in corpora],
    trainers.BpeTrainer(
        vocab_size=480, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), special_tokens=["<|endoftext|>"],
        show_progress=False))
base = json.loads(tokenizer.to_str())
size = tokenizer.get_vocab_size()


def added(content, number, normalized=False):
    return {"id": size + number, "content": content, "single_word": False, "lstrip": False, "rstrip": False,
            "normalized": normalized, "special": not normalized}


byte_level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
cases = {
    "as it is": {},
    "merges as texts": {"model": {"merges": [" ".join(merge) for merge in base["model"]["merges"]]}},
    "prefix space": {"pre_tokenizer": {**byte_level, "add_prefix_space": True}},
    "no pieces": {"pre_tokenizer": {**byte_level, "use_regex": False}},
    "no pieces, prefix space": {"pre_tokenizer": {**byte_level, "use_regex": False, "add_prefix_space": True}},
    "whole pieces": {"model": {"ignore_merges": True, "merges": base["model"]["merges"][:100]}},
    "added tokens": {"added_tokens": base["added_tokens"] + [
        added("<|end|>", 0), added("<|end|>>", 1), added(" the fox", 2, normalized=True), added("x|", 3, normalized=True)]},
}

random.seed(1)
lines = [line for path in corpora for line in path.read_text(encoding="utf-8").split("\n") if line]
pieces = [" ", "  ", "\n", "\r\n", "\t", "\u00a0", "\u2028", "\u3000", "'", "'s", "'LL", "'ve", "don't", "1", "²", "Ⅷ", "七", ".", "!?",
          "e\u0301", "é", "é|", "ﬁ", "Å", "한국", "क्ष", "مرحبا", "😀", "\u200d", "\ufeff", "\u0000", "\u0085", "\u001c", "<|endoftext|>",
          "<|end|>", "<|end|>>", "<|end", " the fox", "x|", "e\u0301<", "_", "ab", "Ж"]
texts = [line[:100] for line in random.sample(lines, 24)] + ["", " ", "a" * 300] + [
    # Foundation drops a byte-order mark at the beginning of a text.
    "".join(random.choice(pieces) for _ in range(random.randint(1, 20))).lstrip("\ufeff") for _ in range(50)]

described = []
for name, changes in cases.items():
    file = copy.deepcopy(base)
    for member, value in changes.items():
        if member == "model":
            file["model"].update(value)
        else:
            file[member] = value
    changed = Tokenizer.from_str(json.dumps(file))
    described.append({"name": name, "changes": changes, "ids": [changed.encode(text).ids for text in texts]})
(folder / "tokenizer.json").write_text(json.dumps(base, ensure_ascii=False), encoding="utf-8")
(folder / "ids.json").write_text(json.dumps({"texts": texts, "cases": described}, ensure_ascii=False, separators=(",", ":")), encoding="utf-8")
