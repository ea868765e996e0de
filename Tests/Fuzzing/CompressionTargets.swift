import LanguageModels
import RecurrentLayers
import SequenceText
import TensorCore

/// Any bytes are compressed and restored; as a compressed file, and as the payload of one whose checksum was forged, they are
/// decoded to a text or are an error of one line. A network reads slowly: the first thousand bytes are enough.
func readCompressed(_ whole: [UInt8]) {
  let input = Array(whole.prefix(1000))
  let compressor = sampleCompressor()
  do {
    let compressed = try compressor.compress(input)
    require(compressed.count <= input.count + 50, "a file grows by its header at most")
    require(try compressor.decompress(compressed) == input, "a file comes back")
  } catch { require(false, "every file can be compressed: \(error)") }
  for file in [input, forged(payload: input, by: compressor)] {
    do { _ = try compressor.decompress(file) } catch {
      requireReadable(error)
      require(!"\(error)".contains("\n"), "an error is one line")
    }
  }
}

/// A compressor with a small model; made for each input, as the leak sanitizer cannot follow what a global keeps.
private func sampleCompressor() -> TextCompressor {
  guard let vocabulary = try? Vocabulary(symbols: ["a", "b", "\n", "é"].map { Array($0.utf8) }, kind: .character) else {
    fatalError("a vocabulary of four symbols")
  }
  var random = RandomSource(seed: 1)
  let shape = ModelShape(Architecture(cell: .gru, layers: 1, hidden: 3), vocabulary: vocabulary.count)
  let model = CharacterModel<Float>(shape).drawn(using: &random)
  return TextCompressor(
    ModelFile(model: model, vocabulary: vocabulary), trainedOn: nil, requiresReproducible: false)
}

/// A file with the header of a sound one of twice as many bytes as the payload.
private func forged(payload: [UInt8], by compressor: TextCompressor) -> [UInt8] {
  guard let sound = try? compressor.compress([UInt8](repeating: 0x61, count: 2 * payload.count)) else { return [] }
  var header = 6
  while sound[header] >= 0x80 { header += 1 }
  let file = sound.prefix(header + 1 + 16 + 8) + payload
  let digits = Array(ContentHash.hex(of: Array(file)).utf8.prefix(16))
  return file
    + stride(from: 0, to: 16, by: 2).map { UInt8(String(decoding: digits[$0..<$0 + 2], as: UTF8.self), radix: 16) ?? 0 }
}
