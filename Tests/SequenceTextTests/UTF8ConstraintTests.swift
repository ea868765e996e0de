import CharrnnTestSupport
import SequenceText
import Testing

@Suite struct UTF8ConstraintTests {
  /// Endings of which one completes any sequence that can be completed.
  private static let endings: [[UInt8]] = [
    [], [0x80], [0x80, 0x80], [0x80, 0x80, 0x80], [0xA0, 0x80], [0x90, 0x80, 0x80],
  ]

  private static func canBeCompleted(_ bytes: [UInt8]) -> Bool {
    endings.contains { String(validating: bytes + $0, as: UTF8.self) != nil }
  }

  @Test func aByteIsAllowedWhereSomeEndingMakesTheTextValid() {
    var beginnings: [[UInt8]] = [[]]
    for depth in 0..<4 {
      var longer: [[UInt8]] = []
      for beginning in beginnings {
        let constraint = UTF8Constraint(after: beginning)
        for byte in UInt8.min...UInt8.max {
          let text = beginning + [byte]
          var next = constraint
          let allowed = Self.canBeCompleted(text)
          let accepted = next.append(byte)
          if constraint.allows(byte) != allowed || accepted != allowed || (!allowed && next != constraint) {
            Issue.record("\(text) is \(allowed ? "the beginning of valid text" : "not")")
          }
          // All first bytes, and beyond them those at the edges of every range.
          if allowed, !next.isAtBoundary, depth == 0 || [0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF].contains(byte) {
            longer.append(text)
          }
        }
      }
      beginnings = longer
    }
    #expect(beginnings.isEmpty)
  }

  @Test(arguments: 1...100) func aTextIsValidWhereEveryByteWasAllowedAndItEndsAtABoundary(seed: Int) {
    var generator = SplitMix(seed: seed)
    let bytes = damagedText(8, using: &generator)
    var constraint = UTF8Constraint()
    let accepted = bytes.allSatisfy { constraint.append($0) } && constraint.isAtBoundary
    #expect(accepted == (String(validating: bytes, as: UTF8.self) != nil))
  }

  @Test func afterAnIllFormedSequenceItStartsAnew() {
    #expect(UTF8Constraint(after: [0xE2, 0x82, 0x41]).isAtBoundary)
    #expect(UTF8Constraint(after: [0xFF]).isAtBoundary)
    #expect(UTF8Constraint(after: [0xE2, 0xC3]) == UTF8Constraint(after: [0xC3]))
  }

  @Test(arguments: 1...20) func aMaskAllowsTheBytesThatTheVocabularyCanFinish(seed: Int) throws {
    var generator = SplitMix(seed: seed)
    let interesting: [UInt8] = [
      0x41, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC1, 0xC3, 0xE0, 0xE2, 0xED, 0xF0, 0xF1, 0xF4, 0xF5,
    ]
    let bytes = Array(interesting.shuffled(using: &generator).prefix(6)).sorted()
    let vocabulary = try Vocabulary(symbols: bytes.map { [$0] }, kind: .byte)

    // Every prefix of every scalar that the bytes can spell.
    var beginnings: Set<[UInt8]> = []
    var texts: [[UInt8]] = [[]]
    for _ in 1...4 {
      texts = texts.flatMap { text in bytes.map { text + [$0] } }
      for text in texts where String(validating: text, as: UTF8.self)?.unicodeScalars.count == 1 {
        for length in 0...text.count { beginnings.insert(Array(text.prefix(length))) }
      }
    }

    let mask = UTF8TokenMask(vocabulary)
    #expect((mask == nil) == beginnings.isEmpty)
    for beginning in beginnings {
      let constraint = UTF8Constraint(after: beginning)
      if constraint.isAtBoundary, !beginning.isEmpty { continue }
      let expected = bytes.map { beginnings.contains(beginning + [$0]) }
      #expect(mask?.allowed(after: constraint) == expected, "after \(beginning) of \(bytes)")
    }
  }

  @Test func whereTheVocabularyCannotFinishAPrimeNothingIsAllowed() throws {
    let mask = try #require(UTF8TokenMask(Vocabulary(symbols: [[0x41], [0xC3]], kind: .byte)))
    #expect(mask.allowed(after: UTF8Constraint()) == [true, false])
    #expect(mask.allowed(after: UTF8Constraint(after: [0xC3])) == [false, false])
  }

  @Test(arguments: 1...20) func whatIsGeneratedUnderTheMaskIsValid(seed: Int) throws {
    var generator = SplitMix(seed: seed)
    let mask = try #require(UTF8TokenMask(allBytes()))
    var constraint = UTF8Constraint()
    var text: [UInt8] = []
    while text.count < 100 || !constraint.isAtBoundary {
      let allowed = mask.allowed(after: constraint)
      let byte = UInt8(allowed.indices.filter { allowed[$0] }.randomElement(using: &generator)!)
      let accepted = constraint.append(byte)
      #expect(accepted)
      text.append(byte)
    }
    #expect(String(validating: text, as: UTF8.self) != nil)
  }
}
