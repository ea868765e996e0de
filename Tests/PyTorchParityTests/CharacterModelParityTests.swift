import Autograd
import CharrnnTestSupport
import Foundation
import LanguageModels
import NeuralLayers
import SequenceText
import TensorCheckpoints
import TensorCore
import Testing

/// Models written by another program, with PyTorch's names for the weights, load and lose what PyTorch says.
@Suite struct CharacterModelParityTests {
  /// The fixture that `generate_character_models.py` wrote beside the models.
  struct Report: Decodable {
    struct Model: Decodable {
      let loss: Double
      let parameters: Int
    }
    let text: String
    let vocabulary: Int
    let models: [String: Model]

    static func read() throws -> Report {
      let file = Repository.fixture("character-models.json")
      return try JSONDecoder().decode(Report.self, from: Data(contentsOf: file))
    }
  }

  @Test(arguments: try Report.read().models.keys.sorted())
  func theLossIsPyTorchs(_ name: String) throws {
    let report = try Report.read()
    let expected = try #require(report.models[name])
    #expect(abs(try loss(of: name, on: report, as: Double.self) - expected.loss) < 1e-9)
    #expect(abs(try loss(of: name, on: report, as: Float.self) - expected.loss) < 1e-5)
    if let testDevice {
      #expect(abs(try loss(of: name, on: report, as: Float.self, device: .openCL(testDevice)) - expected.loss) < 1e-5)
    }
  }

  /// The mean over the text as one stream from the zero state, in nats.
  private func loss<Scalar: StorableScalar>(
    of name: String, on report: Report, as: Scalar.Type, device: Device = .cpu
  ) throws -> Double {
    let file = try ModelFile<Scalar>(contentsOf: Repository.fixture("character-\(name).safetensors").path)
    #expect(file.vocabulary.count == report.vocabulary)
    #expect(file.model.parameterCount == report.models[name]?.parameters)
    let tokens = try Tokenizer(file.vocabulary).encode(report.text).tokens
    let text = TextStream(TokenSequence(tokens)[...])
    let sum = Evaluation.negativeLogLikelihood(
      of: try file.model.on(device), on: text, workspace: Workspace<Scalar>(device: device))
    return sum / Double(text.predictions)
  }
}
