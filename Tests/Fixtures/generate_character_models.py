#!/usr/bin/env python3
"""Writes small character models with PyTorch, as a program other than charrnn would, and what they lose on a text.

    pip install torch numpy safetensors
    python3 Tests/Fixtures/generate_character_models.py     # rewrites the files beside this script

character-NAME.safetensors  a model of random weights: `rnn.*`, `decoder.*` and, with an embedding, `encoder.weight` in
                            F32; the metadata `architecture`, `tokens` and `vocabulary`; no format version or checksum
character-models.json       the text and, for each model, its number of parameters and its mean loss in nats over the
                            text read as one stream from the zero state, computed in double precision

The same versions of the packages write the same bytes.
"""
import json, pathlib, re, struct
import numpy, torch
from safetensors.numpy import save

# Two spellings of one accented letter (one scalar, and two), an emoji, a quotation mark and a backslash: symbols that
# must keep apart, and that JSON escapes.
TEXT = """the rain on the roof has the sound of seeds.
"is it late?" said the son at the door; "the sun is in the trees, and the horses stand in a ring."
no one heard a thing... then, in the dark, the old stones said their one word: caf\u00e9 \\ cafe\u0301 \U0001f40e
and it is this that he writes down, note after note, \U0001f40e for horse, till the ink is dry and the hand rests.
"""
HIDDEN, LAYERS = 8, 2
MODELS = {
    "lstm": ("lstm", 0),
    "gru": ("gru", 0),
    "rnn": ("rnn", 0),
    "rnn-relu": ("rnn-relu", 0),
    "lstm-embedding": ("lstm", 5),
}


def characters(text):
    """Every scalar with the combining marks after it: for this text, what Swift calls its Characters."""
    return re.findall("[^\u0300-\u036f][\u0300-\u036f]*", text, re.DOTALL)


def make(cell, embedding, vocabulary, random):
    """The modules of a model, by the names that their parameters bear in the file."""
    kind = {"lstm": torch.nn.LSTM, "gru": torch.nn.GRU}.get(cell, torch.nn.RNN)
    options = {"nonlinearity": "relu"} if cell == "rnn-relu" else {}
    model = torch.nn.ModuleDict()
    if embedding:
        model["encoder"] = torch.nn.Embedding(vocabulary, embedding)
    model["rnn"] = kind(embedding or vocabulary, HIDDEN, LAYERS, **options)
    model["decoder"] = torch.nn.Linear(HIDDEN, vocabulary)
    # Large enough for a loss far from a uniform guess's; recurrent weights small enough for a network that is not
    # chaotic, which would make of rounding in single precision another loss; all smaller where nothing bounds the state.
    bounds = {"weight_hh": 0.5, "decoder": 2.0}
    scale = 0.4 if cell == "rnn-relu" else 1.0
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            bound = scale * next((bound for part, bound in bounds.items() if part in name), 1.0)
            parameter.copy_(torch.tensor(random.uniform(-bound, bound, tuple(parameter.shape)).astype(numpy.float32)))
    return model


@torch.no_grad()
def mean_loss(model, ids, vocabulary):
    model = model.double()
    x = model["encoder"](ids) if "encoder" in model else torch.nn.functional.one_hot(ids, vocabulary).double()
    outputs, _ = model["rnn"](x[:-1, None])
    return torch.nn.functional.cross_entropy(model["decoder"](outputs[:, 0]), ids[1:]).item()


def write(path, tensors, metadata):
    """A safetensors file whose header stands in one order: the package's own follows a random hash."""
    file = save(tensors, metadata=metadata)
    size = struct.unpack("<Q", file[:8])[0]
    header = json.loads(file[8:8 + size])
    header["__metadata__"] = dict(sorted(header["__metadata__"].items()))
    text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + file[8 + size:])


def main():
    torch.set_num_threads(1)
    random = numpy.random.RandomState(1)  # the one generator that numpy promises never to change
    folder = pathlib.Path(__file__).parent
    text = characters(TEXT)
    symbols = sorted(set(text), key=str.encode)
    ids = torch.tensor([symbols.index(symbol) for symbol in text])
    report = {"text": TEXT, "vocabulary": len(symbols), "models": {}}
    for name, (cell, embedding) in MODELS.items():
        model = make(cell, embedding, len(symbols), random)
        architecture = {
            "cell": cell, "dropout": 0, "embedding": embedding, "hidden": HIDDEN, "layers": LAYERS,
            "vocabulary": len(symbols)}
        write(folder / f"character-{name}.safetensors", {k: v.detach().numpy() for k, v in model.named_parameters()}, {
            "architecture": json.dumps(architecture, sort_keys=True, separators=(",", ":")),
            "tokens": "character",
            "vocabulary": json.dumps(symbols, ensure_ascii=False, separators=(",", ":"))})
        parameters = sum(parameter.numel() for parameter in model.parameters())
        report["models"][name] = {"loss": mean_loss(model, ids, len(symbols)), "parameters": parameters}
    (folder / "character-models.json").write_text(
        json.dumps(report, ensure_ascii=False, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    print(f"{len(MODELS)} models, {len(symbols)} symbols, {len(text)} characters")


if __name__ == "__main__":
    main()
