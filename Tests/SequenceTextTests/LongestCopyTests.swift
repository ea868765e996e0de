import CharrnnTestSupport
import SequenceText
import Testing

@Suite struct LongestCopyTests {
  /// The length of the longest passage, by comparing all with all.
  private func obviousLength(_ sample: [Int32], _ text: [Int32]) -> Int {
    var longest = 0
    for start in sample.indices {
      for place in text.indices {
        longest = max(longest, zip(sample[start...], text[place...]).prefix { $0 == $1 }.count)
      }
    }
    return longest
  }

  private func isIn(_ text: [Int32], _ passage: [Int32]) -> Bool {
    passage.isEmpty || text.indices.contains { text[$0...].starts(with: passage) }
  }

  // Texts of few symbols repeat themselves much; some symbols stand in one of the two only.
  @Test func thePassageIsTheLongestAndStandsInTheText() {
    let seed = Int.random(in: 0...1_000_000)
    var random = SplitMix(seed: seed)
    for _ in 0..<amount(debug: 300, release: 3000) {
      let symbols = Int32.random(in: 1...4, using: &random)
      func tokens(_ length: Int, _ shift: Int32) -> [Int32] {
        (0..<Int.random(in: 0...length, using: &random)).map { _ in .random(in: 0..<symbols, using: &random) + shift }
      }
      let (sample, text) = (tokens(14, 0), tokens(30, Int32.random(in: 0...1, using: &random)))
      let range = longestCopy(of: sample, in: TokenSequence(text))
      #expect(range.count == obviousLength(sample, text), "\(sample) in \(text), seed \(seed)")
      #expect(isIn(text, Array(sample[range])), "\(sample) in \(text), seed \(seed)")
    }
  }

  @Test func aPassageMayCrossTheBlocksOfTheText() {
    let passage = (0..<40).map { Int32($0) }
    let before = Array(repeating: Int32(50), count: TokenSequence.blockSize - 20)
    #expect(longestCopy(of: [60] + passage + [61], in: TokenSequence(before + passage)) == 1..<41)
  }

  @Test func anEmptySampleHasNoPassage() { #expect(longestCopy(of: [], in: [1, 2]).isEmpty) }
}
