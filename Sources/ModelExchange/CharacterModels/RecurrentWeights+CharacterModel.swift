import LanguageModels
import RecurrentLayers
import TensorCheckpoints

extension RecurrentWeights {
  /// Name of a parameter of a recurrent layer in the checkpoint of a character model.
  static func parameter(_ name: String, layer: Int) -> String { "rnn.\(name)_l\(layer)" }

  /// The recurrent layers of a character model, whose gates are sigmoids.
  ///
  /// - Parameter tensors: tensors of its checkpoint.
  /// - Throws: `ExchangeError` where they do not fit the cell.
  init(cell: Cell, layers count: Int, of tensors: [String: StoredTensor]) throws(ExchangeError) {
    let layers = (0..<count).map { layer in
      func tensor(_ name: String) -> StoredTensor? { tensors[Self.parameter(name, layer: layer)] }
      return Layer(
        forward: .init(
          inputWeight: tensor("weight_ih")!, recurrentWeight: tensor("weight_hh")!, inputBias: tensor("bias_ih"),
          recurrentBias: tensor("bias_hh"), projection: tensor("weight_hr")))
    }
    try self.init(cell: cell, gateActivation: .sigmoid, layers: layers)
  }

  /// Tensors of the checkpoint of a character model with these layers, of one direction and with sigmoids as gates. A bias that
  /// is missing is zeros.
  var parameters: [String: StoredTensor] {
    var tensors: [String: StoredTensor] = [:]
    for (number, layer) in layers.enumerated() {
      let weights = layer.forward
      let zeros = StoredTensor.zeros([weights.inputWeight.shape[0]], weights.inputWeight.dtype)
      for (name, tensor) in [
        ("weight_ih", weights.inputWeight), ("weight_hh", weights.recurrentWeight),
        ("bias_ih", weights.inputBias ?? zeros), ("bias_hh", weights.recurrentBias ?? zeros),
        ("weight_hr", weights.projection),
      ] {
        tensors[Self.parameter(name, layer: number)] = tensor
      }
    }
    return tensors
  }
}

extension RecurrentWeights.Cell {
  /// The cell of a character model; nil for one that no other package has.
  init?(_ kind: CellKind) {
    switch kind {
    case .lstm: self = .lstm
    case .gru: self = .gru
    case .rnn: self = .rnn
    case .rnnReLU: self = .rnnReLU
    case .gruResetBefore: self = .gruResetBefore
    case .peepholeLSTM, .coupledLSTM, .minGRU, .minLSTM, .mgu, .indRNN, .sLSTM: return nil
    }
  }
}

extension CellKind {
  init(_ cell: RecurrentWeights.Cell) {
    switch cell {
    case .lstm: self = .lstm
    case .gru: self = .gru
    case .rnn: self = .rnn
    case .rnnReLU: self = .rnnReLU
    case .gruResetBefore: self = .gruResetBefore
    }
  }
}
