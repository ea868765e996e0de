import LanguageModels
import SequenceText
import TensorCheckpoints
import TensorCore

/// A file that is read is written and read again as the same.
func readSafetensors(_ input: [UInt8]) {
  do {
    let checkpoint = try Checkpoint(MappedFile(copying: input, as: "input"))
    let again = try Checkpoint(MappedFile(copying: Array(checkpoint.serialized().joined()), as: "again"))
    require(again == checkpoint && again.isSealed, "a file comes back as it was written")
  } catch {
    requireReadable(error)
    require(!"\(error)".contains("\n"), "an error is one line")
  }
}

/// Metadata, separated by bytes of zero, of a model of one unit: architecture, tokens, vocabulary, history, run. An empty
/// one is that of the sound model.
func readMetadata(_ input: [UInt8]) {
  let names = ["architecture", "tokens", "vocabulary", "history", "run"]
  var checkpoint = soundModel
  for (name, text) in zip(names, input.split(separator: 0, omittingEmptySubsequences: false)) where !text.isEmpty {
    checkpoint.metadata[name] = String(decoding: text, as: UTF8.self)
  }
  do {
    let stored = try StoredModel(checkpoint)
    let model = try ModelFile<Float>(stored)
    require(model.checkpoint.tensors.count == 6, "the sound weights are those of the architecture")
    require(try StoredModel(model.checkpoint).shape == stored.shape, "a model comes back as it was written")
  } catch { requireReadable(error) }
  do {
    let settings = try CharacterRun.settings(of: checkpoint)
    require(settings.problem == nil, "a run has settings that a run can have")
    _ = (try CharacterRun.corpusHash(of: checkpoint), try CharacterRun.instructionSet(of: checkpoint))
  } catch { requireReadable(error) }
}

/// Values of the format are decoded as Foundation decodes them, and come back from their text.
func readVocabulary(_ input: [UInt8]) {
  guard let first = input.first else { return }
  let kind = TokenKind.allCases[Int(first) % TokenKind.allCases.count]
  let text = String(decoding: input.dropFirst(), as: UTF8.self)
  do {
    let vocabulary = try Vocabulary(json: text, kind: kind)
    require(try Vocabulary(json: vocabulary.json, kind: kind) == vocabulary, "a vocabulary comes back from its text")
    for id in 0..<Int32(min(vocabulary.count, 20)) {
      require(vocabulary.id(of: vocabulary[id]) == id, "a symbol has its place")
      require(!vocabulary.display(id).contains("\n"), "a symbol is displayed on one line")
    }
  } catch { requireReadable(error) }
}

private let soundModel: Checkpoint = {
  func tensor(_ shape: [Int]) -> StoredTensor {
    StoredTensor([Float](repeating: 0.5, count: shape.reduce(1, *)), shape: shape)
  }
  return Checkpoint(
    tensors: [
      "rnn.weight_ih_l0": tensor([1, 1]), "rnn.weight_hh_l0": tensor([1, 1]), "rnn.bias_ih_l0": tensor([1]),
      "rnn.bias_hh_l0": tensor([1]), "decoder.weight": tensor([1, 1]), "decoder.bias": tensor([1]),
    ],
    metadata: [
      "architecture": #"{"cell":"rnn","dropout":0,"embedding":0,"hidden":1,"layers":1,"vocabulary":1}"#,
      "tokens": "character", "vocabulary": #"["a"]"#,
    ])
}()
