#!/usr/bin/env python3
"""Writes ONNX models to Tests/Fixtures/foreign, for the tests of ForeignFiles.

    pip install numpy==2.4.6 torch==2.15.0 onnx==1.23.2 onnxscript==0.7.2 keras==3.15.1
    python3 Tests/Interop/make_onnx_fixtures.py

Numbers follow the rule of make_fixtures.py: element i of a tensor is i/8 (of whole numbers: i) plus the tensor's number. The same
versions write the same bytes, but for keras.onnx. Also writes the first inputs of the fuzz target `onnx`.
"""
import os
import pathlib
import tempfile
os.environ["KERAS_BACKEND"] = "torch"
import keras
import numpy
import onnx
import torch
from onnx import TensorProto, helper
from torch import nn
from onnx_traces import without_traces

folder = pathlib.Path(__file__).parent.parent / "Fixtures" / "foreign"
inputs = folder.parent / "fuzz" / "onnx"
inputs.mkdir(exist_ok=True)


def values(*shape, number=0):
    return (numpy.arange(numpy.prod(shape, dtype=int)) / 8 + number).reshape(shape).astype("<f4")


def weight(name, *shape, number=0):
    return onnx.numpy_helper.from_array(values(*shape, number=number), name)


def ints(name, *numbers):
    return helper.make_node("Constant", [], [name], value=onnx.numpy_helper.from_array(numpy.array(numbers, "int64")))


def model(nodes, initializers=(), inputs=(), outputs=(), **more):
    graph = helper.make_graph(list(nodes), "graph", list(inputs), list(outputs), list(initializers))
    return helper.make_model(graph, producer_name="hand", ir_version=8, opset_imports=[helper.make_opsetid("", 17)], **more)


def save(proto, name):
    (folder / name).write_bytes(proto.SerializeToString(deterministic=True))


def types():
    """Each element type, as raw bytes and in the field for its kind."""
    kinds = {"f32": TensorProto.FLOAT, "f64": TensorProto.DOUBLE, "f16": TensorProto.FLOAT16, "bf16": TensorProto.BFLOAT16,
             "i8": TensorProto.INT8, "i16": TensorProto.INT16, "i32": TensorProto.INT32, "i64": TensorProto.INT64,
             "u8": TensorProto.UINT8, "u16": TensorProto.UINT16, "u32": TensorProto.UINT32, "u64": TensorProto.UINT64,
             "bool": TensorProto.BOOL}
    tensors = []
    for name, kind in kinds.items():
        if name.startswith(("f", "bf")):
            plain = [i / 8 for i in range(6)]
        elif name == "bool":
            plain = [i % 2 for i in range(6)]
        else:
            plain = [i if name[0] == "u" else i - 3 for i in range(6)]
        typed = helper.make_tensor(f"{name} typed", kind, [2, 3], plain)
        raw = onnx.numpy_helper.from_array(onnx.numpy_helper.to_array(typed), f"{name} raw")
        tensors += [typed, raw]
    tensors += [weight("scalar", number=5), weight("empty", 0, 5)]
    save(model([], tensors), "types.onnx")


def attributes():
    branch = helper.make_graph([helper.make_node("Identity", ["x"], ["inner"])], "branch", [], [
        helper.make_tensor_value_info("inner", TensorProto.FLOAT, None)])
    node = helper.make_node(
        "Everything", ["x", "", "y"], ["z"], name="node", domain="test", afloat=0.5, anint=-3, astring="text",
        atensor=weight("t", 2), agraph=branch, floats=[0.5, -1.0], ints=[1, -2, 3], strings=["a", "b"])
    x = helper.make_tensor_value_info("x", TensorProto.INT64, ["time", 2, None])
    y = helper.make_tensor_sequence_value_info("y", TensorProto.FLOAT, None)
    z = helper.make_tensor_value_info("z", TensorProto.STRING, None)
    proto = model([node], inputs=[x, y], outputs=[z], producer_version="1.2")
    proto.opset_import.append(helper.make_opsetid("test", 3))
    helper.set_model_props(proto, {"b": "second", "a": "first"})
    save(proto, "attributes.onnx")


def refused():
    external = model([], [weight("w", 2)])
    onnx.external_data_helper.set_external_data(external.graph.initializer[0], "weights.bin")
    external.graph.initializer[0].ClearField("raw_data")
    save(external, "external.onnx")
    save(model([], functions=[helper.make_function("test", "Twice", ["x"], ["y"], [helper.make_node("Add", ["x", "x"], ["y"])],
                                                   [helper.make_opsetid("", 17)])]), "functions.onnx")
    sparse = model([])
    sparse.graph.sparse_initializer.append(helper.make_sparse_tensor(
        weight("s", 1), onnx.numpy_helper.from_array(numpy.array([2], "int64")), [5]))
    save(sparse, "sparse.onnx")
    save(model([], [helper.make_tensor("names", TensorProto.STRING, [1], [b"a"])]), "texts.onnx")


def recurrent():
    """Each recurrent operator with all that it may have."""
    nodes = [
        helper.make_node("LSTM", ["x", "W", "R", "B", "", "h", "c", "P"], ["y", "hn"], name="lstm", direction="reverse",
                         hidden_size=2, clip=3.0, input_forget=1, layout=1),
        helper.make_node("GRU", ["y", "GW", "GR"], ["z"], direction="bidirectional", hidden_size=2, linear_before_reset=1,
                         activations=["Sigmoid", "LeakyRelu"] * 2, activation_alpha=[0.5, 0.25]),
        helper.make_node("RNN", ["z", "RW", "RR", "RB"], ["", "last"], name="rnn", activations=["ScaledTanh"],
                         activation_alpha=[2.0], activation_beta=[0.5])]
    shapes = {"W": [1, 8, 3], "R": [1, 8, 2], "B": [1, 16], "P": [1, 6], "GW": [2, 6, 2], "GR": [2, 6, 2], "RW": [1, 1, 4],
              "RR": [1, 1, 1], "RB": [1, 2]}
    tensors = [weight(name, *shape, number=number) for number, (name, shape) in enumerate(shapes.items())]
    proto = model(nodes, tensors)
    save(proto, "recurrent.onnx")
    (inputs / "recurrent").write_bytes(proto.SerializeToString(deterministic=True))


def folded():
    """An LSTM in a branch, whose weights are made of PyTorch's (12 × 2, 12 × 3, 12, 12) in the ways of exporters."""
    def gates(name, axis=0):
        parts = []
        for gate, index in [("i", 0), ("o", 3), ("f", 1), ("c", 2)]:
            part = f"{name}_{gate}"
            yield helper.make_node("Slice", [name, f"at{3 * index}", f"at{3 * index + 3}", "axis0"], [part])
            parts.append(part)
        yield helper.make_node("Concat", parts, [f"{name}_onnx"], axis=axis)

    inside = [*(ints(f"at{i}", i) for i in [0, 3, 6, 9, 12]), ints("axis0", 0), ints("shape", 1, -1),
              helper.make_node("Constant", [], ["b_hh64"], value=onnx.numpy_helper.from_array(
                  values(12, number=3).astype("<f8"))),
              helper.make_node("Cast", ["b_hh64"], ["b_hh"], to=TensorProto.FLOAT),
              helper.make_node("Transpose", ["w_ih_t"], ["w_ih"], perm=[1, 0]),
              helper.make_node("Squeeze", ["w_hh_1"], ["w_hh"]),
              helper.make_node("Identity", ["b"], ["b_ih"]),
              *gates("w_ih"), *gates("w_hh"), *gates("b_ih"), *gates("b_hh"),
              helper.make_node("Unsqueeze", ["w_ih_onnx", "axis0"], ["W"]),
              helper.make_node("Unsqueeze", ["w_hh_onnx", "axis0"], ["R"]),
              helper.make_node("Concat", ["b_ih_onnx", "b_hh_onnx"], ["b_both"], axis=0),
              helper.make_node("Reshape", ["b_both", "shape"], ["B"]),
              helper.make_node("LSTM", ["x", "W", "R", "B"], ["y"], name="inner", hidden_size=3)]
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, [None] * 4)
    other = helper.make_graph([ints("axis", 1), helper.make_node("Unsqueeze", ["x", "axis"], ["y"])], "else", [], [y])
    node = helper.make_node("If", ["condition"], ["out"], then_branch=helper.make_graph(inside, "then", [], [y]),
                            else_branch=other)
    w_ih_t = onnx.numpy_helper.from_array(numpy.ascontiguousarray(values(12, 2).T), "w_ih_t")
    proto = model([node], [w_ih_t, weight("w_hh_1", 1, 12, 3, number=1), weight("b", 12, number=2)], inputs=[
        helper.make_tensor_value_info("x", TensorProto.FLOAT, ["time", "batch", 2]),
        helper.make_tensor_value_info("condition", TensorProto.BOOL, [])],
        outputs=[helper.make_tensor_value_info("out", TensorProto.FLOAT, [None] * 4)])
    onnx.checker.check_model(proto, full_check=True)
    save(proto, "folded.onnx")
    (inputs / "folded").write_bytes(proto.SerializeToString(deterministic=True))


class Tagger(nn.Module):
    def __init__(self, kind, **options):
        super().__init__()
        self.rnn = getattr(nn, kind)(2, 3, **options)
        with torch.no_grad():
            for number, parameter in enumerate(self.parameters()):
                parameter.copy_(torch.from_numpy(values(*parameter.shape, number=number)))

    def forward(self, x):
        return self.rnn(x)[0]


def exporters():
    x = torch.zeros(4, 2, 2)
    for name, kind, options in [("lstm", "LSTM", {"bidirectional": True}), ("gru", "GRU", {}),
                                ("rnn", "RNN", {"nonlinearity": "relu"})]:
        torch.onnx.export(Tagger(kind, **options).eval(), (x,), str(folder / f"torch-old-{name}.onnx"), dynamo=False,
                          input_names=["x"], dynamic_axes={"x": {0: "time", 1: "batch"}})
    for name, kind in [("lstm", "LSTM"), ("gru", "GRU")]:
        torch.onnx.export(Tagger(kind).eval(), (x,), str(folder / f"torch-new-{name}.onnx"), dynamo=True, verbose=False,
                          external_data=False, dynamic_shapes=({0: torch.export.Dim.DYNAMIC, 1: torch.export.Dim.DYNAMIC},))
        save(without_traces(onnx.load(folder / f"torch-new-{name}.onnx")), f"torch-new-{name}.onnx")
    network = keras.Sequential([keras.Input((4, 2)), keras.layers.SimpleRNN(3)])
    network(numpy.zeros((1, 4, 2), "float32"))
    with tempfile.TemporaryDirectory() as directory:
        network.export(f"{directory}/keras.onnx", format="onnx", verbose=False)
        proto = onnx.load(f"{directory}/keras.onnx")
    for node in proto.graph.node:
        node.doc_string = ""
    save(proto, "keras.onnx")


def fuzz_inputs():
    gru = [ints("one", 1), ints("four", 4), helper.make_node("Slice", ["all", "one", "four"], ["rows"]),
           helper.make_node("Unsqueeze", ["rows"], ["W"], axes=[0]), helper.make_node("GRU", ["x", "W", "R"], ["y"])]
    proto = model(gru, [weight("all", 4, 1), weight("R", 1, 3, 1)])
    (inputs / "gru").write_bytes(proto.SerializeToString(deterministic=True))
    node = helper.make_node("If", ["c"], ["y"], then_branch=helper.make_graph([], "g", [], []), i=[1, 2], f=0.5, s="t")
    proto = model([node], [helper.make_tensor("t", TensorProto.INT32, [2], [1, -1]), weight("w", 1)], inputs=[
        helper.make_tensor_value_info("c", TensorProto.BOOL, ["n", 1])])
    (inputs / "small").write_bytes(proto.SerializeToString(deterministic=True))


types()
attributes()
refused()
recurrent()
folded()
exporters()
fuzz_inputs()
