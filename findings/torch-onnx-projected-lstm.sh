#!/usr/bin/env bash
# torch 2.15.0, onnxscript 0.7.2: torch.onnx.export(dynamo=True) of an nn.LSTM with a projection (proj_size) reports success and writes
# a model that cannot run. ONNX's LSTM has no projection. The exporter takes the projection's size for the number of units:
# of 8 units with a projection to 2, it writes hidden_size = 2 and the first 8 of 32 rows of each weight, without weight_hr.
# The state of the cell keeps 8 units. onnx.checker accepts the file; onnxruntime 1.32.0 refuses to run it.
# Seen: "Input initial_c must have shape {1,1,2}. Actual:{1,1,8}".
#
#     findings/torch-onnx-projected-lstm.sh        # 0: as stated. PYTHON=… uses an interpreter that has the packages.
set -euo pipefail
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
if [ -z "${PYTHON:-}" ]; then
  python3 -m venv "$scratch/venv"
  PYTHON=$scratch/venv/bin/python
  "$PYTHON" -m pip install --quiet torch==2.15.0 onnx==1.23.2 onnxscript==0.7.2 onnxruntime==1.32.0 numpy==2.4.6
fi
cd "$scratch"
"$PYTHON" - <<'PYTHON'
import onnx, onnxruntime, torch
from onnx import numpy_helper

assert torch.__version__.startswith("2.15.0") and onnxruntime.__version__ == "1.32.0"
network = torch.nn.LSTM(3, 8, proj_size=2).eval()
x = torch.randn(5, 1, 3)
torch.onnx.export(network, (x,), "model.onnx", dynamo=True, external_data=False)
onnx.checker.check_model("model.onnx")
graph = onnx.load("model.onnx").graph
[node] = [node for node in graph.node if node.op_type == "LSTM"]
attributes = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
tensors = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
written = tensors[node.input[1]][0]
weight = network.weight_ih_l0.detach().numpy()
print("hidden_size", attributes["hidden_size"], "W", written.shape, "R", tensors[node.input[2]].shape, "weight_ih", weight.shape)
assert attributes["hidden_size"] == 2 and tensors[node.input[2]].shape == (1, 8, 2)
assert sorted(written.tolist()) == sorted(weight[:8].tolist())
projection = network.weight_hr_l0.detach().numpy()
assert not any(tensor.size == 16 and sorted(tensor.ravel()) == sorted(projection.ravel()) for tensor in tensors.values())
try:
    session = onnxruntime.InferenceSession("model.onnx", providers=["CPUExecutionProvider"])
    session.run(None, {session.get_inputs()[0].name: x.numpy()})
except Exception as error:
    print(error)
    assert "initial_c must have shape {1,1,2}" in str(error)
else:
    raise AssertionError("the model runs")
PYTHON
