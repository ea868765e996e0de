#!/usr/bin/env python3
"""Evaluates a character model of charrnn with PyTorch, to be compared with what `charrnn evaluate` says.

    pip install torch numpy safetensors
    python3 Tests/Fixtures/check_checkpoint.py CHECKPOINT CORPUS [--split test]

The checkpoint is read with the safetensors package and its weights are loaded by name into torch.nn modules. Printed is
one JSON object: the mean loss, in nats per token, over a part of the corpus read as one stream from the zero state (n
tokens, n - 1 predictions), in double precision. A symbol that the model lacks is an error.
"""
import argparse, fractions, json, math, pathlib
import torch
from safetensors import safe_open


def read(path):
    with safe_open(path, framework="pt") as file:
        return file.metadata(), {name: file.get_tensor(name) for name in file.keys()}


def joined(paths, kind):
    """The texts without separator; without their byte-order marks, unless tokens are bytes."""
    contents = [pathlib.Path(path).read_bytes() for path in paths]
    return b"".join(content if kind == "byte" else content.removeprefix(b"\xef\xbb\xbf") for content in contents)


def tokenize(content, kind, symbols):
    """The ids of a text.

    Characters are found as the longest symbol that the text goes on with. As every symbol is one grapheme cluster, that
    is the cluster that begins there, if the model knows it.
    """
    ids = {bytes([symbol]) if kind == "byte" else symbol.encode(): id for id, symbol in enumerate(symbols)}
    lengths = sorted({len(symbol) for symbol in ids}, reverse=True)
    tokens, position = [], 0
    while position < len(content):
        for length in lengths:
            id = ids.get(content[position:position + length])
            if id is not None and position + length <= len(content):
                break
        else:
            raise SystemExit(f"the model has no symbol for what stands at byte {position}")
        tokens.append(id)
        position += length
    return torch.tensor(tokens)


def part(tokens, split, validation, test):
    """The tokens between floor(n(1 - v - t)), floor(n(1 - t)) and n, in exact arithmetic."""
    v, t, n = fractions.Fraction(validation), fractions.Fraction(test), len(tokens)
    first, second = math.floor(n * (1 - v - t)), math.floor(n * (1 - t))
    return tokens[{"train": slice(0, first), "validation": slice(first, second), "test": slice(second, n),
                   "all": slice(0, n)}[split]]


def build(architecture, tensors):
    """The modules of the model, with the file's weights: every one of them, and nothing left as it was initialized."""
    cell, vocabulary, embedding = (architecture[key] for key in ("cell", "vocabulary", "embedding"))
    kinds = {"lstm": torch.nn.LSTM, "gru": torch.nn.GRU, "rnn": torch.nn.RNN, "rnn-relu": torch.nn.RNN}
    refined = architecture.get("refined", {})
    beyond = [name for name in ("layerNorm", "residual", "learnsInitialState", "zoneout") if refined.get(name)]
    if cell not in kinds or beyond:
        raise SystemExit(f"torch.nn has no module for the cell {cell}" + (f" with {', '.join(beyond)}" if beyond else ""))
    projection = refined.get("projection", 0)
    options = {"nonlinearity": "relu"} if cell == "rnn-relu" else {"proj_size": projection} if projection else {}
    model = torch.nn.ModuleDict({
        "rnn": kinds[cell](embedding or vocabulary, architecture["hidden"], architecture["layers"],
                           bias="rnn.bias_ih_l0" in tensors, **options),
        "decoder": torch.nn.Linear(projection or architecture["hidden"], vocabulary, bias="decoder.bias" in tensors)})
    if embedding:
        model["encoder"] = torch.nn.Embedding(vocabulary, embedding)
    own = {name: tensor for name, tensor in tensors.items() if name.split(".")[0] in ("rnn", "decoder", "encoder")}
    if architecture.get("tied"):
        own["decoder.weight"] = own["encoder.weight"]
    model.load_state_dict(own, strict=True)
    return model.double().eval()


@torch.no_grad()
def mean_loss(model, tokens, vocabulary, window=1000):
    state, total = None, 0.0
    for start in range(0, len(tokens) - 1, window):
        targets = tokens[start + 1:start + 1 + window]
        x = tokens[start:start + len(targets)]
        x = model["encoder"](x) if "encoder" in model else torch.nn.functional.one_hot(x, vocabulary).double()
        outputs, state = model["rnn"](x[:, None], state)
        total += torch.nn.functional.cross_entropy(model["decoder"](outputs[:, 0]), targets, reduction="sum").item()
    return total / (len(tokens) - 1)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint")
    parser.add_argument("corpus", nargs="+")
    parser.add_argument("--split", choices=("train", "validation", "test", "all"), default="test")
    parser.add_argument("--validation-fraction", default="0.05")
    parser.add_argument("--test-fraction", default="0.05")
    options = parser.parse_args()
    metadata, tensors = read(options.checkpoint)
    architecture, symbols = json.loads(metadata["architecture"]), json.loads(metadata["vocabulary"])
    kind = metadata["tokens"]
    tokens = tokenize(joined(options.corpus, kind), kind, symbols)
    tokens = part(tokens, options.split, options.validation_fraction, options.test_fraction)
    if len(tokens) < 2:
        raise SystemExit(f"the part has {len(tokens)} tokens: there is nothing to predict")
    model = build(architecture, tensors)
    loss = mean_loss(model, tokens, architecture["vocabulary"])
    print(json.dumps({
        "loss": loss, "bits_per_token": loss / math.log(2), "tokens": len(tokens) - 1,
        "parameters": sum(parameter.numel() for parameter in model.parameters())}))


if __name__ == "__main__":
    main()
