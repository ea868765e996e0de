import Foundation
import LanguageModels
import ModelTraining
import NeuralLayers
import SequenceText
import TensorCheckpoints
import TensorCore

/// A directory of its own for one test, removed at the end.
final class ScratchDirectory {
  let path = FileManager.default.temporaryDirectory.path + "/language-models-" + UUID().uuidString

  init() throws { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false) }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func run(_ name: String) -> RunDirectory { RunDirectory("\(path)/\(name)") }
}

func bytes(of path: String) throws -> [UInt8] {
  let file = try MappedFile(path)
  return file[0..<file.count]
}

/// Words drawn at random: text with something to learn in it.
func sampleText(_ characters: Int, words: [String] = ["the ", "fox ", "and\n", "a ", "crow. "], seed: UInt64 = 1)
  -> String
{
  var random = RandomSource(seed: seed)
  var text = ""
  while text.count < characters { text += words.randomElement(using: &random)! }
  return text
}

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

  /// One of each kind of model.
  static var everyKind: [TrainingSettings] {
    CellKind.allCases.flatMap { cell in
      [0, 5].map { embedding in
        small { ($0.cell, $0.embedding) = (cell, embedding) }
      }
    }
  }
}

extension CharacterModel {
  /// A model of random weights.
  static func sample(_ configuration: ModelConfiguration, seed: UInt64 = 1) -> CharacterModel {
    var random = RandomSource(seed: seed)
    return CharacterModel(configuration, using: &random)
  }

  /// Every parameter by name.
  var weights: [String: Tensor<Scalar>] {
    Dictionary(uniqueKeysWithValues: parameters.map { ($0.name, $0.parameter.value) })
  }
}

/// A quiet run that reports samples to nobody.
let quiet = TrainingReporting(sampleEvery: 0)
