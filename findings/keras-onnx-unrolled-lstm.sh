#!/usr/bin/env bash
# Keras 3.15.1 on torch 2.15.0: model.export(format="onnx") writes an LSTM layer without an LSTM operator, as MatMul, Gather, Sigmoid,
# … for each step of one example. For a layer that takes any length, Input((None, 3)), the example has one step, and
# the file says that the length is free ('batch', 'dim_0_1', 3). Given 7 steps onnxruntime 1.32.0 returns the output of the
# first alone and reports no error. While it exports, torch warns that a number was taken as a constant.
#
#     findings/keras-onnx-unrolled-lstm.sh         # 0: as stated. PYTHON=… uses an interpreter that has the packages.
set -euo pipefail
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
if [ -z "${PYTHON:-}" ]; then
  python3 -m venv "$scratch/venv"
  PYTHON=$scratch/venv/bin/python
  "$PYTHON" -m pip install --quiet keras==3.15.1 torch==2.15.0 onnx==1.23.2 onnxscript==0.7.2 onnxruntime==1.32.0 numpy==2.4.6
fi
cd "$scratch"
KERAS_BACKEND=torch CUDA_VISIBLE_DEVICES= "$PYTHON" - <<'PYTHON'
import collections
import keras, numpy, onnx, onnxruntime

assert keras.__version__ == "3.15.1" and onnxruntime.__version__ == "1.32.0"


def exported(length):
    """The model, its operators and a session."""
    model = keras.Sequential([keras.Input((length, 3)), keras.layers.LSTM(4, return_sequences=True)])
    model(numpy.zeros((1, 7, 3), "f4"))  # it must have been called once
    model.export("model.onnx", format="onnx", verbose=False)
    operators = collections.Counter(node.op_type for node in onnx.load("model.onnx").graph.node)
    return model, operators, onnxruntime.InferenceSession("model.onnx", providers=["CPUExecutionProvider"])


_, operators, _ = exported(7)
print("7 steps:", dict(operators))
assert operators["LSTM"] == 0 and operators["MatMul"] == 8 and operators["Sigmoid"] == 21

model, operators, session = exported(None)
[given] = session.get_inputs()
x = numpy.random.default_rng(1).standard_normal((1, 7, 3)).astype("f4")
[found] = session.run(None, {given.name: x})
expected = numpy.asarray(model(x).detach())
print("any length:", dict(operators), given.shape, "7 steps give", found.shape, "in Keras", expected.shape)
assert operators["LSTM"] == 0 and isinstance(given.shape[1], str)
assert found.shape == (1, 1, 4) and expected.shape == (1, 7, 4)
assert numpy.abs(found - expected[:, :1]).max() < 1e-5
PYTHON
