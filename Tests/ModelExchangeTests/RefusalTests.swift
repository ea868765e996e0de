import CharrnnTestSupport
import ForeignFiles
import ModelExchange
import RecurrentLayers
import TensorCheckpoints
import Testing

/// Tensors that are no recurrent weights, each refused by name.
@Suite struct RefusalTests {
  private func zeros(_ shape: Int...) -> StoredTensor {
    StoredTensor([Float](repeating: 0, count: shape.reduce(1, *)), shape: shape)
  }

  private func expect(
    _ message: String, from tensors: [String: StoredTensor], _ convention: WeightConvention = .pytorch,
    cell: RecurrentWeights.Cell? = nil
  ) {
    let error = #expect(throws: ExchangeError.self) { try RecurrentWeights(tensors, in: convention, cell: cell) }
    #expect(error.map { "\($0)" } == message)
  }

  private var lstm: [String: StoredTensor] { ["weight_ih_l0": zeros(8, 3), "weight_hh_l0": zeros(8, 2)] }

  @Test func noRecurrentWeight() {
    expect(
      "it holds no recurrent weights under names of a known package, or of the one that was asked for",
      from: ["fc.weight": zeros(2, 3)])
    expect("it holds no recurrent weights under names of a known package, or of the one that was asked for", from: [:])
  }

  @Test func aWeightThatIsMissing() {
    expect(#"it lacks "rnn weight_ih""#, from: ["rnn.weight_hh_l0": zeros(8, 2)])
    expect(#""" has no layer 0, but a higher one"#, from: ["weight_ih_l1": zeros(8, 3), "weight_hh_l1": zeros(8, 2)])
  }

  /// A dictionary by `String` would keep one of the two.
  @Test func namesOfTensorsThatAreCanonicallyEquivalent() throws {
    let directory = try ScratchDirectory()
    let entries = ["\u{E9}", "e\u{301}"].map { MessagePackValue.Entry(key: .string($0), value: .tensor(zeros(2))) }
    let file = MessagePackFile(.map(entries), to: directory.path + "/state.msgpack")
    try file.write()
    let error = #expect(throws: MessagePackError.self) { try PackageFile(contentsOf: file.path) }
    #expect(error?.problem == .duplicateName("e\u{301}"))
  }

  @Test func modulesWhoseNamesAreCanonicallyEquivalent() {
    let error = #expect(throws: ExchangeError.self) {
      try RecurrentWeights(
        ["\u{E9}.weight_ih_l0": zeros(8, 3), "e\u{301}.weight_hh_l0": zeros(8, 2)], in: .pytorch)
    }
    #expect(error == .ambiguousOrder(["e\u{301}", "\u{E9}"]))
  }

  @Test func tensorsThatNoLayerReads() {
    expect(
      #"it holds 2 tensors that the model has no place for: "fc.bias", "fc.weight""#,
      from: lstm.merging(["fc.weight": zeros(2, 2), "fc.bias": zeros(2)]) { $1 })
    expect(
      #"it holds 1 tensor that the model has no place for: "bias""#,
      from: lstm.merging(["bias_ih_l0": zeros(8), "bias": zeros(8)]) { $1 })
  }

  @Test func shapesThatDoNotFit() {
    var tensors = lstm
    tensors["weight_ih_l0"] = zeros(6, 3)
    expect("the input weight of layer 0 has the shape [6, 3], where [8, 3] is needed", from: tensors)
    tensors = lstm
    tensors["bias_ih_l0"] = zeros(4)
    expect("the input bias of layer 0 has the shape [4], where [8] is needed", from: tensors)
    tensors = ["rnn.weight_ih_l0": zeros(8, 3), "rnn.weight_hh_l0": zeros(8, 2, 1)]
    expect("rnn weight_hh has the shape [8, 2, 1], which is none of a recurrent layer", from: tensors)
    tensors["rnn.weight_hh_l0"] = zeros(10, 2)
    expect(
      #"the recurrent weight of "rnn" has 5 blocks of rows; an LSTM has 4, a GRU 3, an RNN 1"#, from: tensors)
    tensors["rnn.weight_hh_l0"] = zeros(9, 2)
    expect(
      #"the recurrent weight of "rnn" has 9 rows for 2 units; an LSTM has 4 for each, a GRU 3, an RNN 1"#, from: tensors
    )
    tensors = lstm
    tensors["weight_ih_l1"] = zeros(8, 5)
    tensors["weight_hh_l1"] = zeros(8, 2)
    expect("the input weight of layer 1 has the shape [8, 5], where [8, 2] is needed", from: tensors)
  }

  /// An input weight whose gates are arranged anew must have as many as the recurrent weight.
  @Test func gatesOfTheInputThatDoNotFitThoseOfTheState() {
    expect(
      "layers/gru kernel has the shape [3, 10], where [3, 6] is needed",
      from: ["layers/gru/cell/vars/0": zeros(3, 10), "layers/gru/cell/vars/1": zeros(2, 6)], .keras, cell: .gru)
    expect(
      "l W has the shape [1, 10, 3], where [1, 8, 3] is needed",
      from: ["l.W": zeros(1, 10, 3), "l.R": zeros(1, 8, 2)], .onnx)
    expect(
      "layers/lstm bias has the shape [7], where [8] is needed",
      from: [
        "layers/lstm/cell/vars/0": zeros(3, 8), "layers/lstm/cell/vars/1": zeros(2, 8),
        "layers/lstm/cell/vars/2": zeros(7),
      ], .keras)
  }

  /// The shape [1, 3] would make three blocks of one unit, as a GRU has.
  @Test func aGateThatIsNotSquareIsNoOtherCell() {
    expect(
      "rnn h.kernel has the shape [1, 3], where [1, 1] is needed",
      from: ["rnn/cell/i/kernel": zeros(2, 3), "rnn/cell/h/kernel": zeros(1, 3)], .flaxLinen)
  }

  @Test func aMatrixThatIsNoneIsNamed() {
    let matrix = zeros(8, 2)
    for (name, weights) in [
      ("input weight", RecurrentWeights.Direction(inputWeight: zeros(8, 0), recurrentWeight: matrix)),
      ("recurrent weight", RecurrentWeights.Direction(inputWeight: matrix, recurrentWeight: zeros(8, 0))),
      ("projection", .init(inputWeight: matrix, recurrentWeight: matrix, projection: zeros(8, 0))),
    ] {
      #expect(throws: ExchangeError.shape("the \(name) of layer 0", found: [8, 0], wanted: nil)) {
        try RecurrentWeights(cell: .lstm, gateActivation: .sigmoid, layers: [.init(forward: weights)])
      }
    }
  }

  @Test func aTypeThatNoWeightHas() {
    expect(
      " weight_ih is of the type I64, which no weight is",
      from: [
        "weight_ih_l0": StoredTensor([Int64](repeating: 0, count: 24), shape: [8, 3]), "weight_hh_l0": zeros(8, 2),
      ])
  }

  @Test func cellsThatTensorsDoNotTell() {
    let gru = ["layers/gru/cell/vars/0": zeros(3, 6), "layers/gru/cell/vars/1": zeros(2, 6)]
    expect(
      #""layers/gru" may be gru or gru-reset-before: its tensors do not tell"#, from: gru, .keras)
    #expect(throws: Never.self) { try RecurrentWeights(gru, in: .keras, cell: .gruResetBefore) }
    expect(#""layers/gru" is of the cell gru, not lstm"#, from: gru, .keras, cell: .lstm)
    let both = lstm.merging(["a.weight_ih_l0": zeros(6, 2), "a.weight_hh_l0": zeros(6, 2)]) { $1 }
    expect(#"which recurrent layer is above the other is not told by their names: "", "a""#, from: both)
  }

  @Test func layersOfSeveralCells() {
    expect(
      "its recurrent layers are of several cells: gru, lstm",
      from: [
        "rnn.0.weight_ih": zeros(8, 3), "rnn.0.weight_hh": zeros(8, 2), "rnn.1.weight_ih": zeros(6, 2),
        "rnn.1.weight_hh": zeros(6, 2),
      ])
  }

  @Test func gatesThatACellCannotHave() throws {
    for (cell, gates, blocks) in [
      (.rnn, .hardSigmoid(slope: 0.2), 1), (.lstm, .hardSigmoid(slope: 0), 4), (.lstm, .hardSigmoid(slope: .nan), 4),
      (.lstm, .hardSigmoid(slope: 1e-50), 4), (.lstm, .hardSigmoid(slope: 1e50), 4),
    ] as [(RecurrentWeights.Cell, GateActivation, Int)] {
      let direction = RecurrentWeights.Direction(
        inputWeight: zeros(2 * blocks, 3), recurrentWeight: zeros(2 * blocks, 2))
      let error = #expect(throws: ExchangeError.self) {
        try RecurrentWeights(cell: cell, gateActivation: gates, layers: [.init(forward: direction)])
      }
      #expect(error.map { "\($0)" } == "the gates of the cell \(cell.rawValue) cannot be a \(gates)")
    }
  }

  /// The slopes that each package has, of those of Keras 2 and 3 and another one. Keras is Keras 3, by whose names tensors are
  /// written.
  @Test(arguments: WeightConvention.allCases)
  func hardSigmoidsThatAPackageDoesNotHave(convention: WeightConvention) {
    let known: [Double] =
      switch convention {
      case .keras: [1.0 / 6]
      case .onnx: [0.2, 1.0 / 6, 0.3]
      case .pytorch, .flax, .flaxLinen, .mlx: []
      }
    for slope in [0.2, 1.0 / 6, 0.3] {
      let gates = GateActivation.hardSigmoid(slope: slope)
      var refusal: ExchangeError?
      do throws(ExchangeError) {
        _ = try RecurrentWeights.convert(lstm, from: .pytorch, to: convention, gateActivation: gates)
      } catch { refusal = error }
      #expect(refusal == (known.contains(slope) ? nil : .noCounterpart("gates that are a \(gates)", convention)))
    }
  }

  @Test func layersWhoseCellsDiffer() {
    let cells = [GateActivation.sigmoid, .hardSigmoid(slope: 0.2)].map {
      GRUCell<Float>(input: 2, hidden: 2, gateActivation: $0)
    }
    #expect(throws: ExchangeError.mixedGateActivations([.sigmoid, .hardSigmoid(slope: 0.2)])) {
      try StackedRecurrent(cells).weights
    }
    let resets = [GRUCell<Float>.Reset.afterProduct, .beforeProduct].map {
      GRUCell<Float>(input: 2, hidden: 2, reset: $0)
    }
    #expect(throws: ExchangeError.mixedCells(["gru", "gru-reset-before"])) { try StackedRecurrent(resets).weights }
  }

  @Test func aCellOfAnotherTypeThanTheStacks() throws {
    let weights = try RecurrentWeights(lstm, in: .pytorch)
    let error = #expect(throws: ExchangeError.self) { try StackedRecurrent<GRUCell<Float>>(weights) }
    #expect(error.map { "\($0)" } == "the weights are of the cell lstm, and GRUCell<Float> is another")
  }
}
