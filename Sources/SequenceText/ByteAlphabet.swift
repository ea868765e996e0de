/// Characters that stand for bytes where symbols are written as text: those of GPT-2 and of `tokenizer.json` files.
///
/// A byte that is a visible character of Latin-1 stands for itself; the others are U+0100 and those after it, in their order. So
/// " the" is written `Ġthe`, and every byte string has a spelling without white space.
package enum ByteAlphabet {
  private static let characters: [Unicode.Scalar] = {
    var unprintable: UInt32 = 0x100
    return (0...255).map { byte in
      if (0x21...0x7E).contains(byte) || (0xA1...0xAC).contains(byte) || byte >= 0xAE {
        return Unicode.Scalar(UInt8(byte))
      }
      defer { unprintable += 1 }
      return Unicode.Scalar(unprintable)!
    }
  }()

  /// The byte of each character, by its number; nil for the others.
  private static let bytes: [UInt8?] = {
    var bytes = [UInt8?](repeating: nil, count: Int(characters.map(\.value).max()!) + 1)
    for (byte, character) in characters.enumerated() { bytes[Int(character.value)] = UInt8(byte) }
    return bytes
  }()

  package static func text(_ symbol: [UInt8]) -> String {
    var text = String.UnicodeScalarView()
    for byte in symbol { text.append(characters[Int(byte)]) }
    return String(text)
  }

  /// The bytes that a text spells; nil where a character stands for none.
  package static func bytes(_ text: some StringProtocol) -> [UInt8]? {
    var symbol: [UInt8] = []
    symbol.reserveCapacity(text.utf8.count)
    for scalar in text.unicodeScalars {
      guard scalar.value < bytes.count, let byte = bytes[Int(scalar.value)] else { return nil }
      symbol.append(byte)
    }
    return symbol
  }
}
