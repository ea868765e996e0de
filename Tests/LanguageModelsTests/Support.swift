import CharrnnTestSupport
import LanguageModels
import ModelTraining
import NeuralLayers
import SequenceText
import TensorCheckpoints
import TensorCore

extension ScratchDirectory {
  func run(_ name: String) -> RunDirectory { RunDirectory(path(of: name)) }
}

func bytes(of path: String) throws -> [UInt8] {
  let file = try MappedFile(path)
  return file[0..<file.count]
}

/// Lines of a run's metrics without what differs from time to time: speed, and the ends of parts of the run.
func comparableMetrics(of directory: RunDirectory) throws -> [String] {
  try String(decoding: bytes(of: directory.metrics), as: UTF8.self).split(separator: "\n")
    .filter { !$0.contains(#""event":"end""#) }
    .map { String($0.replacing(/"(seconds|tokens_per_second|gradient_norm)":[-+.e0-9]*,?/, with: "")) }
}

/// Words drawn at random: text with something to learn in it.
func sampleText(_ characters: Int, words: [String] = ["the ", "fox ", "and\n", "a ", "crow. "], seed: UInt64 = 1)
  -> String
{
  var random = RandomSource(seed: seed)
  var (text, count) = ("", 0)
  while count < characters {
    let word = words.randomElement(using: &random)!
    text += word
    // Counting the whole text each time would take the square of its length.
    count += word.count
  }
  return text
}

/// Cells of a law that is much arithmetic: in debug builds one of each structure.
let sweptCells: [CellKind] = sweep(
  debug: [.rnn, .lstm, .gruResetBefore, .minGRU, .sLSTM], release: CellKind.allCases)

func sampleCorpus(_ text: String = sampleText(600), kind: TokenKind = .character) throws -> Corpus {
  try Corpus(text: Array(text.utf8), kind: kind)
}

extension TrainingSettings {
  /// Small enough for a debug build.
  static func small(_ change: (inout TrainingSettings) -> Void = { _ in }) -> TrainingSettings {
    var settings = TrainingSettings()
    (settings.hidden, settings.batch, settings.length) = (8, 4, 8)
    change(&settings)
    return settings
  }

  /// Settings of each kind of model.
  static var everyKind: [TrainingSettings] {
    CellKind.allCases.flatMap { cell in
      [0, 5].map { embedding in
        small { ($0.cell, $0.embedding) = (cell, embedding) }
      }
    }
  }
}

extension ModelShape {
  /// A small model of two layers.
  static func small(_ cell: CellKind = .lstm, _ change: (inout ModelShape) -> Void = { _ in })
    -> ModelShape
  {
    var configuration = ModelShape(Architecture(cell: cell, hidden: 6), vocabulary: 5)
    change(&configuration)
    return configuration
  }

  /// Shapes with each refinement, and some with several.
  static let refined: [ModelShape] = [
    small { $0.layerNorm = true },
    small(.gru) { $0.layerNorm = true },
    small { $0.projection = 4 },
    small { ($0.projection, $0.embedding, $0.isTied) = (4, 4, true) },
    small(.gru) { $0.residual = true },
    small { $0.learnsInitialState = true },
    small(.peepholeLSTM) { $0.lockedDropout = 0.3 },
    small(.rnn) { ($0.embedding, $0.embeddingDropout) = (3, 0.3) },
    small(.gruResetBefore) { $0.weightDrop = 0.3 },
    small(.coupledLSTM) { $0.zoneout = 0.3 },
    small(.sLSTM) { ($0.heads, $0.weightDrop) = (3, 0.3) },
    small(.sLSTM) { ($0.zoneout, $0.learnsInitialState) = (0.2, true) },
    small(.minGRU) { ($0.zoneout, $0.residual) = (0.2, true) },
    small { configuration in
      (configuration.embedding, configuration.isTied) = (6, true)
      configuration.layerNorm = true
      configuration.residual = true
      configuration.learnsInitialState = true
      configuration.lockedDropout = 0.2
      configuration.embeddingDropout = 0.2
      configuration.weightDrop = 0.2
      configuration.zoneout = 0.2
    },
  ]
}

extension CharacterModel {
  /// A model of random weights.
  static func sample(_ configuration: ModelShape, seed: UInt64 = 1) -> CharacterModel {
    var random = RandomSource(seed: seed)
    return CharacterModel(configuration).drawn(using: &random)
  }

  /// Every parameter by name.
  var weights: [String: Tensor<Scalar>] {
    Dictionary(uniqueKeysWithValues: parameters.map { ($0.name, $0.parameter.value) })
  }
}

/// A quiet run that reports samples to nobody.
let quiet = TrainingReporting(sampleEvery: 0)
