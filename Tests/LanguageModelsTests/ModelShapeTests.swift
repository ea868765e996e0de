import LanguageModels
import NeuralLayers
import TensorCore
import Testing

@Suite struct ModelShapeTests {
  @Test(arguments: [(CellKind.lstm, 240_321), (.gru, 182_337), (.rnn, 66_369), (.rnnReLU, 66_369)])
  func theDefaultModelHasTheKnownNumbersOfParameters(cell: CellKind, count: Int) {
    let shape = ModelShape(Architecture(cell: cell), vocabulary: 65)
    #expect(CharacterModel<Float>(shape).parameterCount == count)
    #expect(CharacterModel<Float>.sample(shape).parameterCount == count)
  }

  /// A model has the parameters of its equations, before they are drawn and after.
  @Test(arguments: CellKind.allCases)
  func aModelHasTheParametersOfItsEquations(cell: CellKind) {
    for layers in [1, 2, 3] {
      for embedding in [0, 1, 5] {
        for (hidden, vocabulary) in [(1, 1), (4, 7), (7, 3)] {
          let shape = ModelShape(
            Architecture(cell: cell, layers: layers, hidden: hidden, embedding: embedding), vocabulary: vocabulary)
          #expect(shape.problem == nil)
          #expect(CharacterModel<Float>(shape).parameterCount == shape.expectedParameterCount, "\(shape)")
          #expect(CharacterModel<Float>.sample(shape).parameterCount == shape.expectedParameterCount, "\(shape)")
        }
      }
    }
  }

  @Test func aModelThatIsOnlyCountedTakesNoMemoryForItsWeights() {
    // A thousand times the memory of any machine that runs this test.
    let shape = ModelShape(Architecture(layers: 64, hidden: 65_536), vocabulary: 5)
    #expect(CharacterModel<Double>(shape).parameterCount == shape.expectedParameterCount)
  }

  /// Numbers that no model can be made of are a problem, and so are those too large to be meant.
  @Test func numbersThatNoModelCanBeMadeOfAreAProblem() {
    let sound = ModelShape(vocabulary: 5)
    #expect(sound.problem == nil)
    for value in [Int.min, -1, 1 << 20, .max] {
      for path in [\ModelShape.layers, \.hidden, \.embedding, \.projection, \.heads, \.vocabulary] {
        var broken = sound
        broken[keyPath: path] = value
        #expect(broken.problem != nil, "\(path) \(value)")
      }
    }
    for value in [-0.1, 1, 2, .infinity, .nan] {
      var broken = sound
      broken.dropout = value
      #expect(broken.problem != nil, "dropout \(value)")
    }
  }
}

/// Counts by the cells' equations, to hold those of the models against.
extension ModelShape {
  var expectedParameterCount: Int { architecture.parameterCount(vocabulary: vocabulary) }
  var expectedOperations: Int { architecture.operations(vocabulary: vocabulary) }
}

extension Architecture {
  private var gates: Int {
    switch cell {
    case .lstm, .peepholeLSTM, .sLSTM: 4
    case .gru, .gruResetBefore, .coupledLSTM, .minLSTM: 3
    case .minGRU, .mgu: 2
    case .rnn, .rnnReLU, .indRNN: 1
    }
  }

  /// Whether a matrix multiplies the state of the step before.
  private var isRecurrent: Bool { cell != .minGRU && cell != .minLSTM && cell != .indRNN }
  private var outputs: Int { projection > 0 ? projection : hidden }

  fileprivate func parameterCount(vocabulary: Int) -> Int {
    let input = embedding > 0 ? embedding : vocabulary
    let inputWeights = gates * hidden * (input + outputs * (layers - 1))
    // Gains and biases over the gates of either product, and over an LSTM's cell state.
    let normed = 4 * gates + (cell == .lstm ? 2 : 0)
    let plain = (isRecurrent ? 2 : 1) * gates + (cell == .peepholeLSTM ? 3 : cell == .indRNN ? 1 : 0)
    let hasCellState = cell == .lstm || cell == .peepholeLSTM || cell == .coupledLSTM
    let memory = cell == .sLSTM ? 3 * hidden : hasCellState ? hidden : 0
    let initialState = learnsInitialState ? outputs + memory : 0
    let recurrent = isRecurrent ? gates * outputs / heads : 0
    let perLayer = hidden * (recurrent + (layerNorm ? normed : plain) + projection) + initialState
    let decoder = vocabulary * (isTied ? 1 : outputs + 1)
    return vocabulary * embedding + inputWeights + layers * perLayer + decoder
  }

  fileprivate func operations(vocabulary: Int) -> Int {
    let (between, recurrent) = (layers - 1, isRecurrent ? layers : 0)
    let products = between * gates * hidden * outputs + recurrent * gates * hidden * outputs / heads
    let weights = products + layers * hidden * projection
    return 6 * (weights + vocabulary * outputs)
  }
}
