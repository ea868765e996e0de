import Autograd
import CharrnnTestSupport
import Foundation
import ModelExchange
import RecurrentLayers
import TensorCheckpoints
import TensorCore
import Testing

/// Hard sigmoid gates in whole models of Keras, whose slope depends on the version that wrote the file. Tests/Interop/make_models.py
/// writes the files.
@Suite struct KerasActivationTests {
  private static let folder = Repository.fixture("exchange-models")

  private struct Expected: Decodable {
    let input: [[Float]]
    let outputs: [String: [[Float]]]

    static func read() throws -> Expected {
      try JSONDecoder().decode(
        Expected.self, from: Data(contentsOf: folder.appendingPathComponent("hard-layers.json")))
    }
  }

  @Test(arguments: [("hard-layers.keras", 1.0 / 6), ("hard-layers-2.h5", 0.2)])
  func theSlopeIsThatOfTheVersion(name: String, slope: Double) throws {
    let file = try PackageFile(contentsOf: Self.folder.appendingPathComponent(name).path)
    #expect(file.cell == .lstm)
    #expect(file.gateActivation == .hardSigmoid(slope: slope))
    let weights = try RecurrentWeights(
      file.tensors, in: .keras, cell: file.cell, gateActivation: file.gateActivation)
    let stack = try StackedRecurrent<LSTMCell<Float>>(weights)
    let expected = try Expected.read()
    var context = ForwardContext<Float>()
    let input = Tensor(expected.input.flatMap { $0 }, shape: [expected.input.count, 1, 2])
    let (outputs, _) = stack.run(.vectors(Variable(input)), in: &context)
    let ofKeras = try #require(expected.outputs[name])
    let theirs = Tensor(ofKeras.flatMap { $0 }, shape: [ofKeras.count, 1, 2])
    #expect(largestDifference([outputs.value], [theirs]) < 1e-6)
    #expect(try stack.weights.gateActivation == file.gateActivation)
  }

  /// Both files have the same weights, so that a slope of the other version would be seen.
  @Test func theVersionsDiffer() throws {
    let outputs = try Expected.read().outputs.values.map { $0.flatMap { $0 } }
    #expect(zip(outputs[0], outputs[1]).contains { abs($0 - $1) > 1e-2 })
  }

  /// The error of the file of Keras 2 with some of its bytes replaced by as many others.
  private func error(replacing text: String, with other: String) throws -> String? {
    var bytes = try Data(contentsOf: Self.folder.appendingPathComponent("hard-layers-2.h5"))
    bytes.replaceSubrange(try #require(bytes.range(of: Data(text.utf8))), with: Data(other.utf8))
    let folder = try ScratchDirectory()
    let path = try folder.file("model.h5", Array(bytes))
    let error = #expect(throws: PackageFileError.self) { try PackageFile(contentsOf: path) }
    guard case .exchange(let problem)? = error?.problem else { return nil }
    return "\(problem)"
  }

  @Test func aSlopeOfAnUnknownVersionIsRefused() throws {
    let start =
      #"its layer "lstm_1" has the activation "hard_sigmoid", whose slope depends on the version of Keras, and "#
    let end = "; read the layer's tensors with RecurrentWeights(…, gateActivation:) of the library"
    #expect(try error(replacing: "2.2.4", with: "9.2.4") == start + #"the version "9.2.4" is unknown"# + end)
    #expect(try error(replacing: "keras_version", with: "keras_edition") == start + "the file names no version" + end)
  }

  @Test func gatesOfSeveralFunctionsAreRefused() throws {
    #expect(
      try error(replacing: #""recurrent_activation": "hard_sigmoid""#, with: #""recurrent_activation":      "sigmoid""#)
        == "its recurrent layers have gates of several functions: sigmoid, hard sigmoid of slope 0.2")
  }

  @Test func otherFunctionsAreRefusedByName() throws {
    #expect(
      try error(replacing: #""hard_sigmoid""#, with: #""relu"        "#)
        == #"its layer "lstm_1" has the recurrent_activation "relu", which no such layer has here"#)
    #expect(
      try error(replacing: #""hard_sigmoid""#, with: "null          ")
        == #"its layer "lstm_1" has the recurrent_activation "null", which no such layer has here"#)
    #expect(
      try error(replacing: #""hard_sigmoid""#, with: #"{"config": {}}"#)
        == #"its layer "lstm_1" has the recurrent_activation "null", which no such layer has here"#)
  }
}
