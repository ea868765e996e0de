/// How the weights of a model are held in an ONNX graph.
public enum ONNXWeightFormat: String, Sendable, CaseIterable {
  /// Single precision; each recurrent layer is an operator of ONNX.
  case float32
  /// 8-bit integers with a scale for each output. The products are those of `WeightFormat.int8`, sums of the same integers; each
  /// recurrent layer is a `Scan` over its steps.
  case int8
}
