import LanguageModels
import TensorCore

/// A character model that has no counterpart among the standard operators of ONNX: the reason, in one line.
public enum ONNXExportError: Error, Equatable, CustomStringConvertible {
  case cell(CellKind)
  case layerNorm
  case projection
  case zoneout

  public var description: String {
    switch self {
    case .cell(let cell):
      "ONNX has no operator for the cell \(cell.rawValue.quotedName); it has lstm, gru, rnn, rnn-relu, gru-reset-before and "
        + "peephole-lstm"
    case .layerNorm: "ONNX has no recurrent operator with layer normalization"
    case .projection: "ONNX has no recurrent operator with a projection"
    case .zoneout: "ONNX has no recurrent operator with zoneout, which keeps a part of the state at every step"
    }
  }
}
