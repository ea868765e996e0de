import RecurrentLayers
import TensorCheckpoints
import TensorCore

/// Package whose names, shapes and gate orders recurrent weights have. Each row was checked with that version.
///
/// | convention | version | weights | LSTM gates | GRU gates, reset | biases |
/// | --- | --- | --- | --- | --- | --- |
/// | `pytorch` | PyTorch 2.15.0 | `weight_ih_l0` [G·H, I] | i f g o | r z n, after the product | two |
/// | `keras` | Keras 3.15.1, 2 | `layers/lstm/cell/vars/0` [I, G·H] | i f g o | z r n, after, or before | one; two rows where after |
/// | `flax` | flax 0.12.8 nnx | `cell.dense_i.kernel` [I, G·H] | i f g o | r z n, after | one; none on b_hn |
/// | `flax-linen` | flax 0.12.8 linen | `cell/ii/kernel` [I, H] | apart | apart, after | one; `hn` beside it |
/// | `mlx` | MLX 0.32.4 | `Wx` [G·H, I] | i f g o | r z n, after | one; `bhn` beside it |
/// | `onnx` | ONNX opset 22 | `W` [directions, G·H, I] | i o f g | z r n, before, or after | `B`, two |
///
/// No bias is added at run time in any of them: a forget gate's bias that starts at 1 is stored as 1.
public enum WeightConvention: String, Sendable, CaseIterable {
  case pytorch, keras, flax
  case flaxLinen = "flax-linen"
  case mlx, onnx

  var layout: any PackageLayout.Type {
    switch self {
    case .pytorch: PyTorchLayout.self
    case .keras: KerasLayout.self
    case .flax: FlaxLayout.self
    case .flaxLinen: LinenLayout.self
    case .mlx: MLXLayout.self
    case .onnx: ONNXLayout.self
    }
  }
}

/// How a package names the arrays of a recurrent layer, and how it arranges their numbers.
protocol PackageLayout {
  /// Place of a tensor by its name alone; nil where no recurrent layer has such a name.
  static func place(of name: String) -> ArrayPlace?
  /// Name of an array that every recurrent layer of the package has, and no other layer.
  static var signatures: [String] { get }
  /// Path of the module that a tensor of any layer is of, and the array's name in it.
  static func split(_ name: String) -> (module: String, array: String)
  /// Whether the weight of a linear layer is [inputs, outputs]; else [outputs, inputs].
  static var linearWeightsHaveInputsFirst: Bool { get }
  /// Whether layers that are written for the package can have gates of a function.
  static func hasGates(_ activation: GateActivation) -> Bool
  /// Weights of the directions of a layer, whose arrays are all taken.
  static func weights(of arrays: inout LayerArrays) throws(ExchangeError) -> CellWeights
  /// Arrays of a direction by name.
  static func arrays(
    of weights: RecurrentWeights.Direction, _ cell: RecurrentWeights.Cell
  ) throws(ExchangeError) -> [(name: String, tensor: StoredTensor)]
  /// Name of an array in a file of recurrent layers alone.
  static func name(
    of array: String, _ cell: RecurrentWeights.Cell, layer: Int, isReverse: Bool, isBidirectional: Bool
  ) throws(ExchangeError) -> String
}

/// A cell that tensors are of, with its weights.
struct CellWeights {
  let cell: RecurrentWeights.Cell
  let weights: RecurrentWeights.Direction
  /// Weights that one array holds of the other direction; nil elsewhere.
  var reverse: RecurrentWeights.Direction?
}

/// Place of an array among those of a file.
struct ArrayPlace: Equatable {
  /// Path of the module that the array is of.
  let module: String
  /// Layer in that module.
  var layer = 0
  var isReverse = false
  /// The package's name of the array.
  let array: String
}
