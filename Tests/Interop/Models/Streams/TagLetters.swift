import Foundation
import SequenceModeling

/// Reads words of Uzbek from standard input, one a line, and prints the tag of each letter. The layers read both ways, so that a
/// word is tagged when its last letter has come.
func tagLetters(folder: String) throws {
  func numbers(_ name: String) throws -> [String: Int32] {
    try JSONDecoder().decode(
      [String: Int32].self, from: Data(contentsOf: URL(fileURLWithPath: "\(folder)/data/\(name)_vocab.json")))
  }
  let (letters, tags) = (try numbers("char"), try numbers("tag"))
  let names = Dictionary(uniqueKeysWithValues: tags.map { ($1, $0) })
  let tensors = try PackageFile(contentsOf: folder + "/data/morph_bigru.pth").tensors
  let tagger = Sequential {
    Embedding<Float>(weight: Tensor(tensors["char_embeddings.weight"]!)!)
    Recurrent(
      try! StackedRecurrent<GRUCell<Float>>(
        RecurrentWeights(tensors.filter { $0.key.hasPrefix("gru.") }, in: .pytorch)), returning: .all)
    Dense<Float>(weight: Tensor(tensors["hidden2tag.weight"]!)!, bias: Tensor(tensors["hidden2tag.bias"]!))
  }
  let length = 30  // the package pads and cuts words to it
  while let word = readLine() {
    let ids = word.unicodeScalars.prefix(length).map { letters[String($0)] ?? letters["UNK"]! }
    let padded = ids + Array(repeating: letters["PAD"]!, count: length - ids.count)
    let scores = try tagger.predict(.tokens([padded]))[0]
    print(scores.argmax().prefix(ids.count).map { names[$0]! }.joined(separator: " "))
  }
}
