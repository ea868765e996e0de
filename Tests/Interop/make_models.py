#!/usr/bin/env python3
"""Writes Tests/Fixtures/exchange-models: small character models of PyTorch, with their losses, for the tests of `charrnn import`.

    pip install numpy==2.4.6 torch==2.15.0 safetensors==0.8.0
    python3 Tests/Interop/make_models.py

Symbols are in the order in which corpora/names.txt first shows them, which is not that of this package.
"""
import json
import pathlib
import numpy
import torch
from safetensors.torch import save_model
from torch import nn

root = pathlib.Path(__file__).parent.parent.parent
folder = root / "Tests" / "Fixtures" / "exchange-models"
folder.mkdir(exist_ok=True)
text = (root / "corpora" / "names.txt").read_text()[:400]
symbols = list(dict.fromkeys(text))
tokens = torch.tensor([symbols.index(symbol) for symbol in text])


class CharModel(nn.Module):
    def __init__(self, kind, embedding, hidden, layers, tied=False):
        super().__init__()
        self.embed = nn.Embedding(len(symbols), embedding) if embedding else None
        self.rnn = kind(embedding or len(symbols), hidden, layers)
        self.head = nn.Linear(hidden, len(symbols))
        if tied:
            self.head.weight = self.embed.weight

    def forward(self, tokens):
        inputs = self.embed(tokens) if self.embed else nn.functional.one_hot(tokens, len(symbols)).float()
        return self.head(self.rnn(inputs)[0])

    def loss(self):
        with torch.no_grad():
            return nn.functional.cross_entropy(self(tokens[:-1]), tokens[1:]).item()


torch.manual_seed(1)
one_hot, embedded, tied = CharModel(nn.LSTM, 0, 5, 1), CharModel(nn.GRU, 3, 4, 2), CharModel(nn.RNN, 4, 4, 1, True)
torch.save({"epoch": 3, "model": embedded.state_dict(), "chars": symbols}, folder / "checkpoint.pt")
numpy.savez(folder / "one-hot.npz", **{name: tensor.numpy() for name, tensor in one_hot.state_dict().items()})
save_model(tied, folder / "tied.safetensors")
(folder / "symbols.json").write_text(json.dumps(symbols))
(folder / "text.txt").write_text(text)
losses = {"checkpoint.pt": embedded.loss(), "one-hot.npz": one_hot.loss(), "tied.safetensors": tied.loss()}
(folder / "losses.json").write_text(json.dumps(losses, indent=2) + "\n")
