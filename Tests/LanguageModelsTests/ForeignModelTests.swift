import LanguageModels
import NeuralLayers
import SequenceText
import TensorCheckpoints
import Testing

/// Models that other programs wrote from one of ours.
@Suite struct ForeignModelTests {
  private let tied: ModelFile<Float>

  init() throws {
    var settings = TrainingSettings.small()
    (settings.embedding, settings.isTied) = (settings.hidden, true)
    let vocabulary = try sampleCorpus("abc d", kind: .character).vocabulary
    tied = ModelFile(model: .sample(settings.shape(vocabulary: vocabulary.count)), vocabulary: vocabulary)
  }

  /// A state dictionary has the tensor under both names.
  @Test func tiedWeightsUnderBothNamesAreAcceptedIfTheyAreEqual() throws {
    var checkpoint = tied.checkpoint
    let weight = try #require(checkpoint.tensors["encoder.weight"])
    checkpoint.tensors["decoder.weight"] = weight
    #expect(try ModelFile<Float>(checkpoint).model.weights == tied.model.weights)

    var values = try #require(weight.values(as: Float.self))
    values[0] += 1
    checkpoint.tensors["decoder.weight"] = StoredTensor(values, shape: weight.shape)
    let error = #expect(throws: ModelFileError.self) { try ModelFile<Float>(checkpoint) }
    #expect(error?.problem == .tiedWeightsDiffer("encoder.weight", "decoder.weight"))
  }

  /// `safetensors.torch.save_model` keeps of a shared tensor the first name in alphabetical order, and writes the others
  /// into the metadata: `{"encoder.weight": "decoder.weight"}`.
  @Test(arguments: [("encoder.weight", "decoder.weight"), ("decoder.weight", "encoder.weight")])
  func theNameThatThePythonPackageDroppedIsFoundInTheMetadata(dropped: String, kept: String) throws {
    var checkpoint = tied.checkpoint
    let weight = checkpoint.tensors.removeValue(forKey: "encoder.weight")
    checkpoint.tensors[kept] = weight
    checkpoint.metadata[dropped] = kept
    #expect(try ModelFile<Float>(checkpoint).model.weights == tied.model.weights)
  }

  @Test func aNameInTheMetadataThatLeadsNowhereIsNoTensor() throws {
    for other in ["encoder.weight", "nothing", ""] {
      var checkpoint = tied.checkpoint
      checkpoint.tensors["encoder.weight"] = nil
      checkpoint.metadata["encoder.weight"] = other
      let error = #expect(throws: SafetensorsError.self) { try ModelFile<Float>(checkpoint) }
      #expect(error?.problem == .missingTensor("encoder.weight"))
    }
  }
}
