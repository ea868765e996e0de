#!/usr/bin/env python3
"""Recurrent layers of other packages, read here and given back.

    python3 Tests/Interop/zoo.py [--program PATH] [--models N] [--fixtures DIR] [PACKAGE…]

For each package random models are made by the package itself: RNN, LSTM and GRU of one to three layers, with and without
biases, of one or two directions, with projections, with hard sigmoid gates, from zero and from other states, as far as the package has
them. Their
weights are saved in the package's own file, read by `InteropProgram`, and run on the same inputs: outputs and final states
must be the package's, within 1e-5. The weights that come back, converted there and back, are set in the package again, which
must give the same outputs as before, within 1e-6. Prints a table, and fails where a number is above its limit.

`--fixtures` writes the smallest model with biases of each cell, its weights by the package's names under `weights.`, with its inputs and
results, for the Swift tests.
"""
import argparse
import os
import pathlib
import random
import subprocess
import sys
import tempfile

import numpy as np
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

READ_LIMIT, RETURN_LIMIT = 1e-5, 1e-6


class Plan:
    """What a random model is like."""

    def __init__(self, rng, package):
        self.kind = rng.choice(package.kinds)
        self.layers = rng.randint(1, 3)
        self.bias = rng.random() < 0.7 or not package.has_bias_switch
        self.both = package.has_directions and rng.random() < 0.4
        self.inputs = rng.randint(1, 9)
        self.hidden = rng.randint(2, 12)
        self.projection = rng.randint(1, self.hidden - 1) if (
            package.has_projection and self.kind == "lstm" and rng.random() < 0.4) else 0
        self.time, self.batch = rng.randint(1, 12), rng.randint(1, 4)
        self.starts = rng.random() < 0.5
        self.seed = rng.randrange(1 << 30)
        # Of gates that are hard sigmoids; 0 for sigmoids.
        self.slope = rng.choice(package.slopes) if package.slopes and (
            self.kind in ("lstm", "gru", "gru-before") and rng.random() < 0.4) else 0

    @property
    def cell(self):
        return {"relu": "rnn-relu", "gru-before": "gru-reset-before"}.get(self.kind, self.kind)

    def __str__(self):
        return (f"{self.kind} {self.layers}x{self.hidden} bias={self.bias} both={self.both} slope={self.slope} "
                f"projection={self.projection} seed={self.seed}")

    def case(self):
        """Inputs and initial states."""
        rng = np.random.default_rng(self.seed)
        arrays = {"input": rng.standard_normal((self.time, self.batch, self.inputs))}
        if self.starts:
            places = self.layers * (2 if self.both else 1)
            arrays["h0"] = rng.standard_normal((places, self.batch, self.projection or self.hidden))
            if self.kind == "lstm":
                arrays["c0"] = rng.standard_normal((places, self.batch, self.hidden))
        return {name: array.astype(np.float32) for name, array in arrays.items()}


class PyTorch:
    name, convention, file = "pytorch", "pytorch", "weights.pt"
    kinds = ["rnn", "relu", "lstm", "gru"]
    has_bias_switch = has_directions = has_projection = True
    slopes = ()

    def __init__(self):
        import torch
        self.torch = torch
        self.version = torch.__version__.split("+")[0]

    def model(self, plan):
        nn = self.torch.nn
        self.torch.manual_seed(plan.seed)
        kind = {"lstm": nn.LSTM, "gru": nn.GRU}.get(plan.kind, nn.RNN)
        more = {"nonlinearity": "relu"} if plan.kind == "relu" else {}
        if plan.projection:
            more["proj_size"] = plan.projection
        return kind(plan.inputs, plan.hidden, plan.layers, bias=plan.bias, bidirectional=plan.both, **more)

    def save(self, model, directory):
        self.torch.save(model.state_dict(), directory / self.file)

    def read(self, directory):
        return {name: tensor.numpy() for name, tensor in self.torch.load(directory / self.file).items()}

    def run(self, model, case):
        tensors = {name: self.torch.from_numpy(array) for name, array in case.items()}
        state = (tensors["h0"], tensors["c0"]) if "c0" in case else tensors.get("h0")
        with self.torch.no_grad():
            outputs, last = model(tensors["input"], state)
        last = last if isinstance(last, tuple) else (last,)
        return [outputs.numpy()] + [component.numpy() for component in last]

    def load(self, model, tensors):
        model.load_state_dict({name: self.torch.from_numpy(array) for name, array in tensors.items()})


class Stacked:
    """A package whose layers are stacked by hand: a list of layers, each of one direction."""

    has_directions = has_projection = False
    slopes = ()

    def read(self, directory):
        load = load_file if self.file.endswith(".safetensors") else np.load
        return dict(load(directory / self.file))

    def run(self, model, case):
        outputs, last = case["input"], []
        for number, layer in enumerate(model):
            state = [case[name][number] for name in ("h0", "c0") if name in case]
            outputs, final = self.run_layer(layer, outputs, state)
            last.append(final)
        return [outputs] + [np.stack(components) for components in zip(*last)]


class MLX(Stacked):
    name, convention, file = "mlx", "mlx", "weights.safetensors"
    kinds = ["rnn", "relu", "lstm", "gru"]
    has_bias_switch = True

    def __init__(self):
        import mlx.core as mx
        import mlx.nn as nn
        import mlx.utils
        self.mx, self.nn, self.utils = mx, nn, mlx.utils
        from importlib.metadata import version
        self.version = version("mlx")

    def model(self, plan):
        self.mx.random.seed(plan.seed)
        make = {"lstm": self.nn.LSTM, "gru": self.nn.GRU, "rnn": self.nn.RNN,
                "relu": lambda *sizes, bias: self.nn.RNN(*sizes, bias=bias, nonlinearity=self.nn.relu)}[plan.kind]
        return [make(plan.inputs if number == 0 else plan.hidden, plan.hidden, bias=plan.bias)
                for number in range(plan.layers)]

    def save(self, model, directory):
        arrays = {f"layers.{number}.{name}": array for number, layer in enumerate(model)
                  for name, array in self.utils.tree_flatten(layer.parameters())}
        # A model's biases start random or at 0: here all are moved.
        self.mx.save_safetensors(str(directory / self.file), arrays)

    def run_layer(self, layer, inputs, state):
        given = [self.mx.array(component) for component in state]
        results = layer(self.mx.array(np.swapaxes(inputs, 0, 1)), *given)
        results = results if isinstance(results, tuple) else (results,)
        arrays = [np.swapaxes(np.array(result), 0, 1) for result in results]
        return arrays[0], [array[-1] for array in arrays]

    def load(self, model, tensors):
        for number, layer in enumerate(model):
            start = f"layers.{number}."
            layer.update(self.utils.tree_unflatten(
                [(name.removeprefix(start), self.mx.array(array)) for name, array in tensors.items()
                 if name.startswith(start)]))


class Flax(Stacked):
    name, convention, file = "flax nnx", "flax", "weights.safetensors"
    kinds = ["rnn", "lstm", "lstm-apart", "gru"]
    has_bias_switch = False

    def __init__(self):
        import flax
        import jax
        from flax import nnx
        self.jax, self.nnx = jax, nnx
        self.version = flax.__version__

    def model(self, plan):
        nnx = self.nnx
        cell = {"rnn": nnx.SimpleCell, "lstm": nnx.OptimizedLSTMCell, "lstm-apart": nnx.LSTMCell,
                "gru": nnx.GRUCell}[plan.kind]
        rngs = nnx.Rngs(plan.seed)
        layers = [nnx.RNN(cell(plan.inputs if number == 0 else plan.hidden, plan.hidden, rngs=rngs), rngs=rngs)
                  for number in range(plan.layers)]
        # Biases start at 0, where a misplaced one would not be seen.
        for layer in layers:
            for path, value in self.parameters(layer):
                if path[-1] == "bias":
                    value[...] = self.jax.random.normal(rngs(), value.shape) * 0.3
        return layers

    def parameters(self, layer):
        return self.nnx.to_flat_state(self.nnx.state(layer, self.nnx.Param))

    def save(self, model, directory):
        save_file({f"layers.{number}." + ".".join(path): np.array(value[...])
                   for number, layer in enumerate(model) for path, value in self.parameters(layer)},
                  directory / self.file)

    def run_layer(self, layer, inputs, state):
        carry = None
        if state:
            carry = (state[1], state[0]) if len(state) == 2 else state[0]
        last, outputs = layer(inputs, initial_carry=carry, return_carry=True, time_major=True)
        last = [last[1], last[0]] if isinstance(last, tuple) else [last]
        return np.array(outputs), [np.array(component) for component in last]

    def load(self, model, tensors):
        for number, layer in enumerate(model):
            state = self.nnx.state(layer, self.nnx.Param)
            flat = dict(self.nnx.to_flat_state(state))
            for path in flat:
                flat[path][...] = tensors[f"layers.{number}." + ".".join(path)]
            self.nnx.update(layer, state)


class Keras(Stacked):
    convention, file = "keras", "model.weights.h5"
    kinds = ["rnn", "relu", "lstm", "gru", "gru-before"]
    has_bias_switch = has_directions = True
    slopes = (1 / 6,)

    def __init__(self):
        import keras
        self.keras = keras
        self.name, self.version = f"keras ({keras.backend.backend()})", keras.__version__

    def model(self, plan):
        keras = self.keras
        keras.utils.set_random_seed(plan.seed % (1 << 31))
        layers = keras.layers

        def layer():
            more = {"return_sequences": True, "return_state": True, "use_bias": plan.bias,
                    "bias_initializer": keras.initializers.RandomNormal(stddev=0.3)}
            if plan.slope:
                more["recurrent_activation"] = "hard_sigmoid"
            made = {"lstm": lambda: layers.LSTM(plan.hidden, **more, unit_forget_bias=False),
                    "gru": lambda: layers.GRU(plan.hidden, **more),
                    "gru-before": lambda: layers.GRU(plan.hidden, **more, reset_after=False),
                    "rnn": lambda: layers.SimpleRNN(plan.hidden, **more),
                    "relu": lambda: layers.SimpleRNN(plan.hidden, **more, activation="relu")}[plan.kind]()
            return layers.Bidirectional(made) if plan.both else made

        made = [layer() for _ in range(plan.layers)]
        width = plan.inputs
        for one in made:
            one.build((None, None, width))
            width = plan.hidden * (2 if plan.both else 1)
        return made

    def run(self, model, case):
        outputs, last = np.swapaxes(case["input"], 0, 1), []
        directions = 2 if isinstance(model[0], self.keras.layers.Bidirectional) else 1
        for number, layer in enumerate(model):
            places = range(number * directions, (number + 1) * directions)
            state = [case[name][place] for place in places for name in ("h0", "c0") if name in case]
            outputs, *final = layer(outputs, initial_state=state or None)
            final = [np.array(self.keras.ops.convert_to_numpy(component)) for component in final]
            width = len(final) // directions
            last += [final[start:start + width] for start in range(0, len(final), width)]
            outputs = self.keras.ops.convert_to_numpy(outputs)
        return [np.swapaxes(outputs, 0, 1)] + [np.stack(components) for components in zip(*last)]

    def arrays(self, model):
        """Arrays by the names that they have in a file of weights."""
        kinds = {"LSTM": "lstm", "GRU": "gru", "SimpleRNN": "simple_rnn", "Bidirectional": "bidirectional"}
        for number, layer in enumerate(model):
            name = kinds[type(layer).__name__] + (f"_{number}" if number else "")
            cells = {"": layer} if name[0] != "b" else {
                "forward_layer/": layer.forward_layer, "backward_layer/": layer.backward_layer}
            for part, one in cells.items():
                for index, variable in enumerate(one.cell.weights):
                    yield f"layers/{name}/{part}cell/vars/{index}", variable

    def save(self, model, directory):
        (_, kernel), *_ = self.arrays(model)
        inputs = value = self.keras.Input((None, kernel.shape[0]))
        for layer in model:
            value = layer(value)[0]
        model = self.keras.Model(inputs, value)
        model.save_weights(directory / self.file)
        # The activations stand in a file of a whole model alone.
        model.save(directory / "model.keras")

    def read(self, directory):
        import h5py
        with h5py.File(directory / self.file) as file:
            arrays = {}
            file.visititems(lambda name, item: arrays.update({name: item[:]} if isinstance(item, h5py.Dataset) else {}))
            return arrays

    def load(self, model, tensors):
        for name, variable in self.arrays(model):
            variable.assign(tensors[name])


class ONNX:
    """Operators with weights of NumPy, run by onnxruntime."""

    name, convention, file = "onnx", "onnx", "weights.onnx"
    kinds = ["rnn", "relu", "lstm", "gru", "gru-before"]
    has_bias_switch = has_directions = True
    has_projection = False
    slopes = (0.2, 0.3)

    def __init__(self):
        import onnx
        import onnxruntime
        self.onnx, self.runtime = onnx, onnxruntime
        self.version = onnxruntime.__version__

    def model(self, plan):
        rng = np.random.default_rng(plan.seed + 1)
        gates = {"lstm": 4, "gru": 3, "gru-before": 3}.get(plan.kind, 1)
        directions = 2 if plan.both else 1

        def random(*shape):
            return (rng.standard_normal(shape) * 0.4).astype(np.float32)

        arrays = {}
        for number in range(plan.layers):
            inputs = plan.inputs if number == 0 else plan.hidden * directions
            arrays[f"layers.{number}.W"] = random(directions, gates * plan.hidden, inputs)
            arrays[f"layers.{number}.R"] = random(directions, gates * plan.hidden, plan.hidden)
            if plan.bias:
                arrays[f"layers.{number}.B"] = random(directions, 2 * gates * plan.hidden)
        return {"plan": plan, "kind": plan.kind, "arrays": arrays}

    def graph(self, model):
        helper, plan, kind = self.onnx.helper, model["plan"], model["kind"]
        operator = {"lstm": "LSTM", "gru": "GRU", "gru-before": "GRU"}.get(kind, "RNN")
        directions = 2 if plan.both else 1
        attributes = {"hidden_size": plan.hidden, "direction": "bidirectional" if plan.both else "forward"}
        if kind == "gru":
            attributes["linear_before_reset"] = 1
        if kind == "relu":
            attributes["activations"] = ["Relu"] * directions
        if plan.slope:
            attributes["activations"] = ["HardSigmoid"] + ["Tanh"] * (2 if kind == "lstm" else 1)
            attributes["activations"] *= directions
            # 0.2 is the default.
            if plan.slope != 0.2:
                attributes["activation_alpha"] = [plan.slope] * directions
                attributes["activation_beta"] = [0.5] * directions
        components = ["h", "c"] if kind == "lstm" else ["h"]
        arrays = model["arrays"] | {"width": np.array([0, 0, plan.hidden * directions])}
        nodes, value, inputs, outputs = [], "input", ["input"], []
        for number in range(plan.layers):
            start = f"layers.{number}."
            states = [f"{component}0.{number}" for component in components]
            last = [f"{component}.{number}" for component in components]
            bias = start + "B" if start + "B" in arrays else ""
            nodes += [
                helper.make_node(operator, [value, start + "W", start + "R", bias, "", *states],
                                 [f"steps{number}", *last], **attributes),
                helper.make_node("Transpose", [f"steps{number}"], [f"moved{number}"], perm=[0, 2, 1, 3]),
                helper.make_node("Reshape", [f"moved{number}", "width"], [f"joined{number}"])]
            value = f"joined{number}"
            inputs += states
            outputs += last

        def values(names):
            return [helper.make_tensor_value_info(name, self.onnx.TensorProto.FLOAT, [None] * 3) for name in names]

        graph = helper.make_graph(nodes, "layers", values(inputs), values([value, *outputs]),
                                  [self.onnx.numpy_helper.from_array(array, name) for name, array in arrays.items()])
        made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 22)], ir_version=10)
        self.onnx.checker.check_model(made)
        return made

    def save(self, model, directory):
        self.onnx.save(self.graph(model), directory / self.file)

    def read(self, directory):
        graph = self.onnx.load(directory / self.file).graph
        return {array.name: self.onnx.numpy_helper.to_array(array) for array in graph.initializer if "." in array.name}

    def run(self, model, case):
        plan = model["plan"]
        session = self.runtime.InferenceSession(self.graph(model).SerializeToString(), providers=["CPUExecutionProvider"])
        directions = 2 if plan.both else 1
        components = ["h", "c"] if model["kind"] == "lstm" else ["h"]
        inputs = {"input": case["input"]}
        for component in components:
            given = case.get(component + "0", np.zeros((plan.layers * directions, plan.batch, plan.hidden), np.float32))
            for number in range(plan.layers):
                inputs[f"{component}0.{number}"] = given[number * directions:(number + 1) * directions]
        outputs, *last = session.run(None, inputs)
        return [outputs] + [np.concatenate(last[index::len(components)]) for index in range(len(components))]

    def load(self, model, tensors):
        model["arrays"] = tensors


PACKAGES = {"onnx": ONNX, "pytorch": PyTorch, "mlx": MLX, "flax": Flax, "keras": Keras}


def difference(left, right):
    return max((float(np.max(np.abs(a - b))) if a.size else 0.0) for a, b in zip(left, right))


def write_fixtures(package, models, folder):
    smallest = {}
    for plan, apart, directory, _, case, expected in models:
        size = (directory / package.file).stat().st_size
        key = plan.cell, apart, plan.both, plan.projection > 0, plan.slope
        if plan.bias and (key not in smallest or size < smallest[key][0]):
            smallest[key] = size, directory, case, expected
    for (cell, apart, both, projected, slope), (_, directory, case, expected) in smallest.items():
        arrays = dict(zip(("outputs", "h", "c"), expected)) | case
        arrays |= {"weights." + name: array for name, array in package.read(directory).items()}
        with safe_open(directory / "case.safetensors", "np") as file:
            metadata = {name: value for name, value in file.metadata().items() if name != "file"} | {"cell": cell}
        if slope:
            metadata["slope"] = str(slope)
        words = [package.name.split()[0], cell] + ["apart"] * apart + ["both"] * both + ["projection"] * projected
        words += [f"hard-{slope:.2g}"] * (slope > 0)
        save_file({name: np.ascontiguousarray(array) for name, array in arrays.items()},
                  folder / ("-".join(words) + ".safetensors"), metadata | {"version": package.version})


def check(package, program, count, seed, fixtures):
    """Runs the models of a package. Returns whether all are within the limits."""
    rng = random.Random(seed)
    with tempfile.TemporaryDirectory() as folder:
        models = []
        for number in range(count):
            plan = Plan(rng, package)
            if plan.kind == "lstm-apart":
                plan.kind, apart = "lstm", True
            else:
                apart = False
            directory = pathlib.Path(folder) / f"{number:03}"
            directory.mkdir()
            case = plan.case()
            shown = plan.kind
            if apart:
                plan.kind = "lstm-apart"
            model = package.model(plan)
            plan.kind = shown
            package.save(model, directory)
            metadata = {"file": package.file, "convention": package.convention}
            if package.convention == "keras" and plan.slope:
                metadata["file"] = "model.keras"
            if package.convention != "onnx" and (
                    plan.kind in ("relu", "gru-before")
                    or plan.kind == "gru" and not plan.bias and package.convention == "keras"):
                metadata["cell"] = plan.cell
            save_file(case, directory / "case.safetensors", metadata)
            models.append((plan, apart, directory, model, case, package.run(model, case)))
        if fixtures:
            write_fixtures(package, models, pathlib.Path(fixtures))
        done = subprocess.run([program, folder], capture_output=True, text=True)
        if done.returncode or done.stdout:
            print(done.stdout, done.stderr)
            return False
        kinds, passed = {}, True
        for plan, apart, directory, model, case, expected in models:
            result = load_file(directory / "result.safetensors")
            read = difference([result[name] for name in ("outputs", "h", "c") if name in result], expected)
            # A cell that keeps its gates apart comes back as the package's other cell of the same numbers.
            back = package.model(plan) if apart else model
            package.load(back, {name.removeprefix("export."): array for name, array in result.items()
                                if name.startswith("export.")})
            returned = difference(package.run(back, case), expected)
            cell = plan.cell + (" hard" if plan.slope else "")
            worst = kinds.setdefault(cell, [0, 0.0, 0.0])
            kinds[cell] = [worst[0] + 1, max(worst[1], read), max(worst[2], returned)]
            if not (read <= READ_LIMIT and returned <= RETURN_LIMIT):
                passed = False
                print(f"  {plan}: read {read:.1e}, returned {returned:.1e}")
        for cell, (number, read, returned) in sorted(kinds.items()):
            print(f"| {package.name} {package.version} | {cell} | {number} | {read:.1e} | {returned:.1e} |")
        return passed


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", default=".build/release/InteropProgram")
    parser.add_argument("--models", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--fixtures")
    parser.add_argument("packages", nargs="*", choices=[[], *PACKAGES])
    arguments = parser.parse_args()
    print("| package | cell | models | read here | given back |\n| --- | --- | --- | --- | --- |")
    results = [check(PACKAGES[name](), arguments.program, arguments.models, arguments.seed,
                     arguments.fixtures)
               for name in arguments.packages or PACKAGES]
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
