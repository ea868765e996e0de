#!/usr/bin/env bash
# onnxruntime 1.32.0: a product of bytes whose rows have scales of their own, plus a bias, comes out wrong when graph optimization is on
# (the default). MatMulInteger, Cast, Mul by (row scale × column scale) and Add are replaced by one operator, MatMulIntegerToFloat,
# which multiplies the bias by the row's scale too. Without the bias, or with optimization off, the result is right.
# Seen: largest errors 0 with optimization off, 5e-7 on without a bias, 1.24 on with one, and 4e-6 from the products plus the bias
# times the row's scale.
#
#     findings/onnxruntime-integer-product-bias.sh        # 0: as stated. PYTHON=… uses an interpreter that has the packages.
set -euo pipefail
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
if [ -z "${PYTHON:-}" ]; then
  python3 -m venv "$scratch/venv"
  PYTHON=$scratch/venv/bin/python
  "$PYTHON" -m pip install --quiet onnx==1.23.2 onnxruntime==1.32.0 numpy==2.4.6
fi
cd "$scratch"
"$PYTHON" - <<'PYTHON'
import numpy, onnx, onnxruntime
from onnx import TensorProto, helper, numpy_helper

assert onnxruntime.__version__ == "1.32.0"
random = numpy.random.default_rng(1)
rows, depth, columns = 3, 8, 4
weight = random.integers(0, 256, (depth, columns)).astype("u1")
column_scales = random.random((1, columns)).astype("f4") / 100
bias = random.standard_normal(columns).astype("f4")
x = random.integers(0, 256, (rows, depth)).astype("u1")
row_scales = random.random((rows, 1)).astype("f4")
products = (x.astype("f4") - 128) @ (weight.astype("f4") - 128) * (row_scales * column_scales)


def output(optimized, biased):
    node = helper.make_node
    nodes = [
        node("MatMulInteger", ["x", "weight", "zero", "zero"], ["sums"]), node("Cast", ["sums"], ["totals"], to=TensorProto.FLOAT),
        node("Mul", ["row_scales", "column_scales"], ["scales"]), node("Mul", ["totals", "scales"], ["products"])]
    if biased:
        nodes.append(node("Add", ["products", "bias"], ["y"]))
    graph = helper.make_graph(
        nodes, "graph",
        [helper.make_tensor_value_info("x", TensorProto.UINT8, ["rows", depth]),
         helper.make_tensor_value_info("row_scales", TensorProto.FLOAT, ["rows", 1])],
        [helper.make_tensor_value_info("y" if biased else "products", TensorProto.FLOAT, ["rows", columns])],
        [numpy_helper.from_array(value, name) for name, value in [
            ("weight", weight), ("column_scales", column_scales), ("bias", bias), ("zero", numpy.uint8(128))]])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model, full_check=True)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    if not optimized:
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return session.run(None, {"x": x, "row_scales": row_scales})[0]


def error(value, expected):
    return abs(value - expected).max()


off, plain, on = output(False, True), output(True, False), output(True, True)
print("optimization off:", error(off, products + bias))
print("on, without a bias:", error(plain, products))
print("on, with a bias:", error(on, products + bias), "and with the bias times the row's scale:", error(on, products + row_scales * bias))
assert error(off, products + bias) < 1e-5 and error(plain, products) < 1e-5
assert error(on, products + bias) > 0.1 and error(on, products + row_scales * bias) < 1e-5
PYTHON
