import LanguageModels
import TensorCore
import Testing

@Suite struct StopFilterTests {
  /// The text before the first occurrence of `stop`.
  private func before(_ stop: String, in text: String) -> (text: [UInt8], found: Bool) {
    let (all, stop) = (Array(text.utf8), Array(stop.utf8))
    for start in all.indices where all[start...].starts(with: stop) { return (Array(all[..<start]), true) }
    return (all, false)
  }

  @Test(arguments: [["a", "b"], ["a", "a", "b"], ["é", "e", "\u{301}", "👍🏽"], ["\r\n", "\n", "x"]])
  func inPiecesOrAtOnceTheTextGoesThroughUpToTheStop(alphabet: [String]) {
    var random = RandomSource(seed: 3)
    func text(_ lengths: ClosedRange<Int>) -> String {
      (0..<Int.random(in: lengths, using: &random)).map { _ in alphabet.randomElement(using: &random)! }.joined()
    }
    for _ in 0..<300 {
      let (stop, pieces) = (text(1...4), (0..<6).map { _ in text(0...3) })
      let expected = before(stop, in: pieces.joined())
      var filter = StopFilter([stop])
      var output: [UInt8] = []
      for piece in pieces where !filter.hasStopped { output += filter.pass(Array(piece.utf8)) }
      output += filter.finish()
      #expect(output == expected.text, "\(pieces) until \(stop)")
      #expect(filter.hasStopped == expected.found)
    }
  }

  @Test func noStopAndAnEmptyOneLetEverythingThroughAtOnce() {
    for stop in [nil, ""] as [String?] {
      var filter = StopFilter([stop].compactMap { $0 })
      #expect(filter.pass(Array("text".utf8)) == Array("text".utf8))
      #expect(filter.finish().isEmpty)
      #expect(!filter.hasStopped)
    }
  }
}
