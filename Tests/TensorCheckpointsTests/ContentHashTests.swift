import TensorCore
import Testing

/// The vectors are those of NIST's examples for SHA-256.
@Suite struct ContentHashTests {
  @Test(arguments: [
    ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    (
      "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
    ),
    (
      "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmno"
        + "ijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
      "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"
    ),
  ])
  func publishedVectors(text: String, digest: String) {
    #expect(ContentHash.hex(of: Array(text.utf8)) == digest)
  }

  @Test func aMillionLettersInUnevenPieces() {
    var hash = ContentHash()
    var left = 1_000_000
    var size = 1
    while left > 0 {
      let piece = min(size, left)
      hash.update([UInt8](repeating: UInt8(ascii: "a"), count: piece))
      left -= piece
      size = size * 3 + 1
    }
    #expect(hash.finalize() == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
  }

  @Test func theDigestDoesNotDependOnWhereTheInputIsCut() {
    for count in [0, 1, 55, 56, 63, 64, 65, 119, 120, 128, 150] {
      let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 37) }
      let whole = ContentHash.hex(of: bytes)
      for cut in 0...count {
        var hash = ContentHash()
        hash.update(Array(bytes[..<cut]))
        _ = hash.finalize()
        hash.update(Array(bytes[cut...]))
        #expect(hash.finalize() == whole, "\(count) bytes cut at \(cut)")
      }
    }
  }

  @Test func aFileHasTheDigestOfItsBytes() {
    let bytes = (0..<1000).map { UInt8(truncatingIfNeeded: $0) }
    let file = MappedFile(copying: bytes, as: "memory")
    #expect(ContentHash.hex(of: file) == ContentHash.hex(of: bytes))
  }
}
