import SequenceText
import Testing

@Suite struct CorpusSplitTests {
  private func fraction(_ text: String) throws -> DecimalFraction { try #require(DecimalFraction(text)) }

  @Test func theBoundaryOfAHundredThousandTokensIsNinetyThousand() throws {
    let split = try CorpusSplit(count: 100_000)
    #expect(split.train == 0..<90_000)
    #expect(split.validation == 90_000..<95_000)
    #expect(split.test == 95_000..<100_000)
    #expect(split.all == 0..<100_000)
  }

  @Test func theBoundariesOfTinyShakespeare() throws {
    let split = try CorpusSplit(count: 1_115_394)
    #expect(split.train.upperBound == 1_003_854)
    #expect(split.validation.upperBound == 1_059_624)
  }

  @Test func boundariesAreFloorsOfExactProducts() throws {
    for validation in 0..<20 {
      for test in 0..<20 {
        for count in [0, 1, 2, 3, 19, 20, 99, 1000, 99_999, 100_000, 1_115_394] {
          let split = try CorpusSplit(
            count: count, validation: DecimalFraction(hundredths: validation), test: DecimalFraction(hundredths: test))
          #expect(split.train == 0..<count * (100 - validation - test) / 100)
          #expect(split.validation == split.train.upperBound..<count * (100 - test) / 100)
          #expect(split.test == split.validation.upperBound..<count)
        }
      }
    }
  }

  @Test func fractionsOfDifferentLengthsAndHugeCountsAreExact() throws {
    let split = try CorpusSplit(count: 1000, validation: fraction("0.1"), test: fraction("0.001"))
    #expect(split.train == 0..<899)
    #expect(split.validation == 899..<999)
    let huge = try CorpusSplit(count: .max, validation: fraction("0.000000000000000001"), test: fraction("0"))
    #expect(huge.validation.count == 10)
    #expect(huge.test.isEmpty)
  }

  @Test func aPartWithoutAPredictionIsAnError() throws {
    let split = try CorpusSplit(count: 30, validation: fraction("0"))
    #expect(try split.predicted(in: .train) == 1..<28)
    #expect(throws: CorpusError.nothingToPredict(part: .validation, tokens: 0)) { try split.predicted(in: .validation) }
    let one = try CorpusSplit(count: 20)
    #expect(throws: CorpusError.nothingToPredict(part: .test, tokens: 1)) { try one.predicted(in: .test) }
    #expect(try one.predicted(in: .all) == 1..<20)
  }

  @Test func fractionsThatLeaveNothingToTrainOnAreRefused() throws {
    for (validation, test) in [("0.5", "0.5"), ("1", "0"), ("0", "1"), ("0.9", "0.2"), ("7", "0.1"), ("0.99", "0.010")]
    {
      #expect(throws: CorpusSplitError.self) {
        try CorpusSplit(count: 100, validation: fraction(validation), test: fraction(test))
      }
    }
  }

  @Test func decimalTextReadsExactlyAndPrintsItsShortestForm() {
    let texts = [
      ("0.05", "0.05"), (".05", "0.05"), ("0.0500", "0.05"), ("0", "0"), ("0.", "0"), ("00.10", "0.1"), ("1.000", "1"),
      ("0.123456789012345678", "0.123456789012345678"), ("12.5", "12.5"),
    ]
    for (text, shortest) in texts {
      #expect(DecimalFraction(text)?.description == shortest)
      #expect(DecimalFraction(text) == DecimalFraction(shortest))
    }
    #expect(DecimalFraction(hundredths: 5).description == "0.05")
    #expect(DecimalFraction(hundredths: 50) == DecimalFraction(".5"))
  }

  @Test(arguments: [
    "", ".", "-0.1", "+0.1", "0,05", "5%", "1e-2", " 0.1", "0.1.2", "nan", "0x1", "٠.٥", "0.1234567890123456789",
    "99999999999999999999", "9999999999.1234567890123",
  ])
  func anythingElseIsNoDecimalFraction(text: String) {
    #expect(DecimalFraction(text) == nil)
  }
}
