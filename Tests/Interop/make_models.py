#!/usr/bin/env python3
"""Writes Tests/Fixtures/exchange-models: small character models of PyTorch, Keras, flax and ONNX, with their losses, for the
tests of `charrnn import`; and layers of Keras with hard sigmoid gates, with their outputs.

    pip install numpy==2.4.6 torch==2.15.0 safetensors==0.8.0 keras==3.15.1 jax==0.10.2 flax==0.12.8 onnx==1.23.2 onnxscript==0.7.2
    KERAS_BACKEND=jax python3 Tests/Interop/make_models.py

Symbols are in the order in which corpora/names.txt first shows them, which is not that of this package.
"""
import json
import pathlib
import h5py
import jax
import keras
import numpy
import onnx
import torch
from flax import linen
from flax.serialization import to_bytes
from safetensors.torch import save_model
from torch import nn
from onnx_traces import without_traces

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
# Of PyTorch's two exporters the one that writes no paths of this machine into the file.
torch.onnx.export(embedded.eval(), (tokens[:10, None],), folder / "graph.onnx", dynamo=False, input_names=["tokens"],
                  dynamic_axes={"tokens": {0: "time"}})
losses = {"checkpoint.pt": embedded.loss(), "one-hot.npz": one_hot.loss(), "tied.safetensors": tied.loss(),
          "graph.onnx": embedded.loss()}


def loss(logits):
    """Mean loss of logits, [tokens, symbols], for the token after each."""
    return nn.functional.cross_entropy(torch.from_numpy(numpy.array(logits)), tokens[1:]).item()


inputs = tokens[None, :-1].numpy()
keras.utils.set_random_seed(2)
layers = keras.layers
before = keras.Sequential([
    keras.Input((None,), dtype="int32"), layers.Embedding(len(symbols), 3),
    layers.GRU(4, return_sequences=True, reset_after=False, bias_initializer="random_normal"),
    layers.GRU(4, return_sequences=True, reset_after=False, bias_initializer="random_normal"), layers.Dense(len(symbols))])
relu = keras.Sequential([
    keras.Input((None,), dtype="int32"), layers.Embedding(len(symbols), 3),
    layers.SimpleRNN(4, return_sequences=True, activation="relu"), layers.Dense(len(symbols))])
hard = keras.Sequential([
    keras.Input((None,), dtype="int32"), layers.Embedding(len(symbols), 3),
    layers.LSTM(4, return_sequences=True, recurrent_activation="hard_sigmoid"), layers.Dense(len(symbols))])
before.save_weights(folder / "before.weights.h5")
relu.save(folder / "relu.keras")
hard.save(folder / "hard-sigmoid.h5")
losses["before.weights.h5"] = loss(before(inputs)[0])
losses["relu.keras"] = loss(relu(inputs)[0])


class LinenModel(linen.Module):
    @linen.compact
    def __call__(self, tokens):
        values = linen.Embed(len(symbols), 3)(tokens)
        for _ in range(2):
            values = linen.RNN(linen.GRUCell(4))(values)
        return linen.Dense(len(symbols))(values)


model = LinenModel()
parameters = jax.tree.map(
    lambda array: array + 0.1 * jax.random.normal(jax.random.key(2), array.shape), model.init(jax.random.key(1), inputs))
(folder / "linen.msgpack").write_bytes(to_bytes(parameters))
losses["linen.msgpack"] = loss(model.apply(parameters, inputs)[0])

# PyTorch's own choice of exporter, which writes the larger weights into default.onnx.data.
torch.manual_seed(3)
default = CharModel(nn.LSTM, 3, 8, 2)
torch.onnx.export(default.eval(), (tokens[:10, None],), folder / "default.onnx", verbose=False,
                  dynamic_shapes=({0: torch.export.Dim.DYNAMIC},))
proto = without_traces(onnx.load(folder / "default.onnx", load_external_data=False))
(folder / "default.onnx").write_bytes(proto.SerializeToString(deterministic=True))
losses["default.onnx"] = default.loss()
(folder / "losses.json").write_text(json.dumps(losses, indent=2) + "\n")


def hard_layers(activation):
    """Two LSTM layers of the same weights whatever the activation."""
    keras.utils.set_random_seed(3)
    options = {"return_sequences": True, "bias_initializer": "random_normal", "recurrent_activation": activation,
               "kernel_initializer": keras.initializers.RandomNormal(stddev=2)}
    return keras.Sequential([keras.Input((None, 2)), layers.LSTM(3, **options), layers.LSTM(2, **options)])


def write_as_keras_2(model, path):
    """Writes a model as `save` of Keras 2.2 did: weights are named with `:0`, and texts are bytes."""
    config = {"class_name": "Sequential", "config": {"name": "sequential_1", "layers": [
        {"class_name": "LSTM", "config": {
            "name": f"lstm_{number}", "units": layer.units, "activation": "tanh", "recurrent_activation": "hard_sigmoid",
            "return_sequences": True, "go_backwards": False, "implementation": 1}}
        for number, layer in enumerate(model.layers, 1)]}}
    with h5py.File(path, "w") as file:
        file.attrs["keras_version"] = numpy.bytes_("2.2.4")
        file.attrs["backend"] = numpy.bytes_("tensorflow")
        file.attrs["model_config"] = numpy.bytes_(json.dumps(config))
        weights = file.create_group("model_weights")
        weights.attrs["layer_names"] = numpy.array([f"lstm_{number}".encode() for number in (1, 2)])
        for number, layer in enumerate(model.layers, 1):
            group = weights.create_group(f"lstm_{number}")
            names = [f"lstm_{number}/{name}:0" for name in ("kernel", "recurrent_kernel", "bias")]
            group.attrs["weight_names"] = numpy.array([name.encode() for name in names])
            for name, array in zip(names, layer.get_weights()):
                group.create_dataset(name, data=array)


# Keras 2 has the slope 0.2, which Keras 3 has as a function of the user's alone.
models = {"hard-layers.keras": hard_layers("hard_sigmoid"),
          "hard-layers-2.h5": hard_layers(lambda x: keras.ops.clip(0.2 * x + 0.5, 0, 1))}
models["hard-layers.keras"].save(folder / "hard-layers.keras")
write_as_keras_2(models["hard-layers-2.h5"], folder / "hard-layers-2.h5")
sequence = numpy.random.default_rng(4).standard_normal((1, 5, 2)).astype("float32")
(folder / "hard-layers.json").write_text(json.dumps({
    "input": sequence[0].tolist(),
    "outputs": {name: numpy.array(model(sequence))[0].tolist() for name, model in models.items()}}) + "\n")
