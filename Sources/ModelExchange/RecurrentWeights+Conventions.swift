import RecurrentLayers
import TensorCheckpoints

extension RecurrentWeights {
  /// Reads the weights of recurrent layers from tensors with a package's names.
  ///
  /// - Parameters:
  ///   - tensors: the arrays of recurrent layers and no others, under the names that the package gives them, in modules of any
  ///     name: `weight_ih_l0`, `encoder.rnn.weight_ih_l0`.
  ///   - cell: the cell, where the tensors do not tell: ReLU instead of tanh; the side of the reset gate in a GRU of Keras
  ///     without biases, or of ONNX.
  ///   - gateActivation: function of the gates, which no tensors tell; ``PackageFile/gateActivation`` is what the file says.
  ///   - order: names of tensors, those of lower layers first; ``PackageFile/order`` is what the file says. Where it lacks a module,
  ///     the numbers in the modules' names tell: `lstm`, `lstm_1`.
  /// - Throws: `ExchangeError` where a tensor is missing, does not fit or belongs to no layer.
  public init(
    _ tensors: [String: StoredTensor], in convention: WeightConvention, cell: Cell? = nil,
    gateActivation: GateActivation = .sigmoid, order: [String] = []
  ) throws(ExchangeError) {
    let found = try FoundLayers(tensors, order: order, in: convention)
    if !found.others.isEmpty { throw .unread(found.others) }
    self = try found.weights(cell: cell, gateActivation: gateActivation)
  }

  /// These weights as a package's tensors by name: the names of ``WeightConvention``, with the number of each layer.
  ///
  /// Tensors do not tell the function of the gates: it is the layer's `recurrent_activation` in Keras, and the operator's
  /// `activations` and `activation_alpha` in ONNX.
  ///
  /// - Throws: `ExchangeError` where the package has no place for something.
  public func tensors(in convention: WeightConvention) throws(ExchangeError) -> [String: StoredTensor] {
    let layout = convention.layout
    guard layout.hasGates(gateActivation) else {
      throw .noCounterpart("gates that are a \(gateActivation)", convention)
    }
    var tensors: [String: StoredTensor] = [:]
    for (number, layer) in layers.enumerated() {
      for (direction, isReverse) in zip(layer.equallyBiasedDirections, [false, true]) {
        for (array, tensor) in try layout.arrays(of: direction, cell) {
          let name = try layout.name(
            of: array, cell, layer: number, isReverse: isReverse, isBidirectional: isBidirectional)
          // ONNX keeps both directions in one array.
          tensors[name] = tensors[name].map { .joined([$0, tensor]) } ?? tensor
        }
      }
    }
    return tensors
  }

  /// Brings tensors from the names, shapes and gate order of one package to those of another.
  ///
  /// - Parameters:
  ///   - tensors: as for ``init(_:in:cell:gateActivation:order:)``.
  ///   - cell: as for ``init(_:in:cell:gateActivation:order:)``.
  ///   - gateActivation: likewise; not every package has each.
  /// - Returns: as ``tensors(in:)``.
  /// - Throws: `ExchangeError`, as both.
  public static func convert(
    _ tensors: [String: StoredTensor], from source: WeightConvention, to target: WeightConvention, cell: Cell? = nil,
    gateActivation: GateActivation = .sigmoid
  ) throws(ExchangeError) -> [String: StoredTensor] {
    try RecurrentWeights(tensors, in: source, cell: cell, gateActivation: gateActivation).tensors(in: target)
  }
}
