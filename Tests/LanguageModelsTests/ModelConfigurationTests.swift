import LanguageModels
import NeuralLayers
import Testing

@Suite struct ModelConfigurationTests {
  @Test(
    "The default model has the known numbers of parameters",
    arguments: [(CellKind.lstm, 240_321), (.gru, 182_337), (.rnn, 66_369), (.rnnReLU, 66_369)])
  func defaults(cell: CellKind, count: Int) {
    let configuration = ModelConfiguration(cell: cell, vocabulary: 65)
    #expect(configuration.parameterCount == count)
    #expect(CharacterModel<Float>.sample(configuration).parameterCount == count)
  }

  @Test("A configuration counts the parameters that its model has", arguments: CellKind.allCases)
  func counts(cell: CellKind) {
    for layers in [1, 2, 3] {
      for embedding in [0, 1, 5] {
        for (hidden, vocabulary) in [(1, 1), (4, 7), (7, 3)] {
          let configuration = ModelConfiguration(
            cell: cell, layers: layers, hidden: hidden, embedding: embedding, vocabulary: vocabulary)
          #expect(configuration.problem == nil)
          let model = CharacterModel<Float>.sample(configuration)
          #expect(model.parameterCount == configuration.parameterCount, "\(configuration)")
        }
      }
    }
  }

  @Test("Numbers that no model can be made of are a problem, and so are those too large to be meant")
  func problems() {
    let sound = ModelConfiguration(vocabulary: 5)
    #expect(sound.problem == nil)
    for value in [Int.min, -1, 1 << 20, .max] {
      for path in [\ModelConfiguration.layers, \.hidden, \.embedding, \.vocabulary] {
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
