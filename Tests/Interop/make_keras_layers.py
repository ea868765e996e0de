#!/usr/bin/env python3
"""Writes models of Keras for KerasLayersTests: Tests/Fixtures/exchange-models/cells.keras and window.h5, whose losses it adds to
losses.json there, and keras-layers.json, the descriptions of models by what they hold that none here has.

    pip install numpy==2.4.6 keras==3.15.1
    KERAS_BACKEND=numpy python3 Tests/Interop/make_keras_layers.py

To be run after make_models.py, whose text and symbols it takes.
"""
import json
import pathlib
import keras
import numpy

folder = pathlib.Path(__file__).parent.parent / "Fixtures" / "exchange-models"
text = (folder / "text.txt").read_text()
symbols = json.loads((folder / "symbols.json").read_text())
tokens = numpy.array([symbols.index(symbol) for symbol in text])
count = len(symbols)
layers, Input, Sequential, Model = keras.layers, keras.Input, keras.Sequential, keras.Model
keras.utils.set_random_seed(5)


def loss(probabilities):
    """Mean loss of probabilities, [tokens, symbols], for the token after each."""
    return float(-numpy.log(numpy.array(probabilities)[numpy.arange(len(tokens) - 1), tokens[1:]]).mean())


biased = {"bias_initializer": keras.initializers.RandomNormal(stddev=0.5)}
# Cells in the layer for any of them; the last activation in a layer of its own.
cells = Sequential([
    Input((None,), dtype="int32"), layers.Embedding(count, 3), layers.Dropout(0.2),
    layers.RNN(layers.GRUCell(4, **biased), return_sequences=True), layers.RNN(layers.GRUCell(4, **biased), return_sequences=True),
    layers.TimeDistributed(layers.Dense(count, **biased)), layers.Softmax()])
cells.save(folder / "cells.keras")
# A model of the next symbol after a window, of one-hot vectors.
given = Input((None, count))
states = layers.LSTM(5, return_sequences=True, dropout=0.1, **biased)(given)
window = Model(given, layers.Dense(count, activation="softmax", **biased)(layers.LSTM(5, stateful=False, **biased)(states)))
window.save(folder / "window.h5")
one_hot = numpy.eye(count, dtype="float32")[tokens]
losses = json.loads((folder / "losses.json").read_text())
losses["cells.keras"] = loss(cells(tokens[None, :-1])[0])
losses["window.h5"] = loss([window(one_hot[None, :end])[0] for end in range(1, len(tokens))])
(folder / "losses.json").write_text(json.dumps(losses, indent=2) + "\n")


@keras.saving.register_keras_serializable("Own")
class OwnCell(layers.LSTMCell):
    pass


@keras.saving.register_keras_serializable("Own")
class Dense(layers.Dense):
    pass


def out():
    return layers.Dense(5)


def chain(*above, recurrent=None, below=()):
    """A model of an embedding, a recurrent layer and what is above it."""
    return Sequential([Input((None,)), layers.Embedding(5, 3), *below, recurrent or layers.LSTM(4, return_sequences=True), *above])


def functional(body):
    given = Input((None,))
    return Model(given, body(layers.Embedding(5, 4)(given)))


def twice(values):
    layer = layers.LSTM(4, return_sequences=True)
    return layers.Dense(5)(layer(layer(values)))


def from_a_state(values):
    _, *states = layers.LSTM(4, return_state=True, return_sequences=True)(values)
    return layers.Dense(5)(layers.LSTM(4, return_sequences=True)(values, initial_state=states))


def state_alone(values):
    return layers.Dense(5)(layers.LSTM(4, return_state=True)(values)[2])


def skipping(values):
    return layers.Dense(5)(layers.Add()([values, layers.LSTM(4, return_sequences=True)(values)]))


def besides(values):
    layers.LSTM(4, return_sequences=True)(values)
    above = layers.LSTM(4, return_sequences=True)(values)
    return [layers.Dense(5)(above), layers.LSTM(4)(values)]


def tied(**options):
    """A model whose embedding is its linear layer too."""
    table, given = layers.ReversibleEmbedding(5, 4, **options), Input((None,))
    return Model(given, layers.Softmax()(table(recurrent()(table(given)), reverse=True)))


def tied_below():
    """The same, with another layer above."""
    table, given = layers.ReversibleEmbedding(5, 4), Input((None,))
    return Model(given, recurrent()(table(recurrent()(table(given)), reverse=True)))


def tied_too_low():
    """The same, whose linear layer reads the lower of two layers."""
    table, given = layers.ReversibleEmbedding(5, 4), Input((None,))
    states = recurrent()(table(given))
    recurrent()(states)
    return Model(given, [table(states, reverse=True), recurrent()(states)])


def recurrent(**options):
    return layers.LSTM(4, return_sequences=True, **options)


def rnn(cell, **options):
    return layers.RNN(cell, return_sequences=True, **options)


models = {
    "cell's activation": chain(out(), recurrent=rnn(layers.LSTMCell(4, activation="relu"))),
    "cell's gates": chain(out(), recurrent=rnn(layers.GRUCell(4, recurrent_activation="relu"))),
    "cell in a stack": chain(
        out(), recurrent=rnn(layers.StackedRNNCells([layers.SimpleRNNCell(4), layers.SimpleRNNCell(4, activation="elu")]))),
    "cell of a program": chain(out(), recurrent=rnn(OwnCell(4))),
    "backwards": chain(out(), recurrent=recurrent(go_backwards=True)),
    "backwards in RNN": chain(out(), recurrent=rnn(layers.LSTMCell(4), go_backwards=True)),
    "backward first": chain(out(), recurrent=layers.Bidirectional(
        recurrent(go_backwards=True), backward_layer=recurrent())),
    "sum of directions": chain(out(), recurrent=layers.Bidirectional(recurrent(), merge_mode="sum")),
    "Lambda": chain(layers.Lambda(lambda x: 2 * x), out()),
    "Permute": chain(out(), below=[layers.Permute((2, 1)), layers.Permute((2, 1))]),
    "LayerNormalization": chain(layers.LayerNormalization(), out()),
    "layer of a program": chain(Dense(5)),
    "TimeDistributed": chain(layers.TimeDistributed(layers.LayerNormalization()), out()),
    "activation of states": chain(layers.Activation("relu"), out()),
    "activation of symbols": chain(layers.Dense(5, activation="sigmoid")),
    "softmax twice": chain(layers.Dense(5, activation="softmax"), layers.Softmax()),
    "softmax of states": chain(layers.Softmax(), out()),
    "softmax of time": chain(out(), layers.Softmax(axis=1)),
    "mask": Sequential([Input((None,)), layers.Embedding(5, 3, mask_zero=True), recurrent(), out()]),
    "linear layer below": chain(out(), below=[layers.Dense(4)]),
    "layer used twice": functional(twice),
    "state of another layer": functional(from_a_state),
    "state alone": functional(state_alone),
    "sum": functional(skipping),
    "layers side by side": functional(besides),
    "model in a model": Sequential([Input((None,)), Sequential([layers.Embedding(5, 3), recurrent(), layers.ReLU()]), out()]),
    "tied": tied(),
    "tied with a cap": tied(logit_soft_cap=30.0),
    "tied with a mask": tied(mask_zero=True),
    "reversible, not tied": tied(tie_weights=False),
    "layer above a tied one": tied_below(),
    "tied in the middle": tied_too_low(),
}


def essential(value):
    """A description without what changes no result of a trained model."""
    if isinstance(value, dict):
        ends = ("_initializer", "_regularizer", "_constraint", "_config", "dtype", "module", "trainable", "seed")
        return {key: essential(part) for key, part in value.items() if not key.endswith(ends)}
    return [essential(part) for part in value] if isinstance(value, list) else value


descriptions = {name: essential(json.loads(model.to_json())) for name, model in models.items()}
(folder / "keras-layers.json").write_text(json.dumps(descriptions, separators=(",", ":")) + "\n")
