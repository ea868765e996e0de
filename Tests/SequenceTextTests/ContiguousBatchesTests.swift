import SequenceText
import Testing

@Suite struct ContiguousBatchesTests {
  /// The law written out: streams as arrays, the loop over starts as PyTorch users write it.
  private func slowWindows(_ tokens: [Int32], batch: Int, length: Int) -> [TokenWindow] {
    let streamLength = tokens.count / batch
    let streams = (0..<batch).map { Array(tokens[$0 * streamLength..<($0 + 1) * streamLength]) }
    var windows: [TokenWindow] = []
    var start = 0
    while start + length + 1 <= streamLength {
      windows.append(
        TokenWindow(
          inputs: (start..<start + length).flatMap { time in streams.map { $0[time] } },
          targets: (start..<start + length).flatMap { time in streams.map { $0[time + 1] } },
          time: length, batch: batch))
      start += length
    }
    return windows
  }

  @Test func windowsAreThoseOfTheSlowVersion() throws {
    let ids = (0..<100).map { Int32($0) }
    let tokens = TokenSequence(ids)
    for count in [2, 3, 10, 11, 12, 13, 60, 61] {
      for batch in [1, 2, 3, 5, 7] {
        for length in [1, 2, 3, 5, 10, 11] {
          let expected = slowWindows(Array(ids[20..<20 + count]), batch: batch, length: length)
          if expected.isEmpty {
            #expect(throws: CorpusError.tooSmall(CorpusTooSmall(tokens: count, batch: batch, length: length))) {
              try ContiguousBatches(tokens, in: 20..<20 + count, batch: batch, length: length)
            }
          } else {
            let batches = try ContiguousBatches(tokens, in: 20..<20 + count, batch: batch, length: length)
            #expect((0..<batches.windowsPerEpoch).map(batches.window) == expected)
          }
        }
      }
    }
  }

  @Test func theLastWindowNeedsOneTokenMoreThanItsInputs() throws {
    let tokens = TokenSequence((0..<13).map { Int32($0) })
    #expect(try ContiguousBatches(tokens, in: 0..<12, batch: 1, length: 4).windowsPerEpoch == 2)
    let batches = try ContiguousBatches(tokens, in: 0..<13, batch: 1, length: 4)
    #expect(batches.windowsPerEpoch == 3)
    #expect(batches.window(2).inputs == [8, 9, 10, 11])
    #expect(batches.window(2).targets == [9, 10, 11, 12])
  }

  @Test func timeIsTheOuterDimension() throws {
    let batches = try ContiguousBatches(TokenSequence((0..<8).map { Int32($0) }), in: 0..<8, batch: 2, length: 3)
    #expect(batches.window(0).inputs == [0, 4, 1, 5, 2, 6])
    #expect(batches.window(0).targets == [1, 5, 2, 6, 3, 7])
  }

  @Test func anEpochOfTinyShakespeareAtTheDefaultsHas401Windows() throws {
    let tokens = TokenSequence(repeatElement(0, count: 1_003_854))
    let batches = try ContiguousBatches(tokens, in: 0..<1_003_854, batch: 50, length: 50)
    #expect(batches.streamLength == 20_077)
    #expect(batches.windowsPerEpoch == 401)
  }

  @Test func whatIsSuggestedForASmallTextWorks() throws {
    for count in [2, 3, 5, 50, 51, 400, 2549] {
      let tokens = TokenSequence(repeatElement(0, count: count))
      for (batch, length) in [(50, 50), (1, 5000), (5000, 1), (.max, 1), (1, .max), (.max, .max)] {
        let numbers = CorpusTooSmall(tokens: count, batch: batch, length: length)
        let (b, l) = try #require(numbers.suggestion)
        #expect(b <= batch && l <= length)
        #expect(throws: Never.self) {
          try ContiguousBatches(tokens, in: 0..<count, batch: b, length: l)
        }
        if numbers.needed > count {
          #expect(throws: CorpusError.tooSmall(numbers)) {
            try ContiguousBatches(tokens, in: 0..<count, batch: batch, length: length)
          }
        }
      }
    }
  }

  @Test func theErrorOfASmallTextHasTheNumbers() {
    let numbers = CorpusTooSmall(tokens: 400, batch: 50, length: 50)
    #expect(numbers.needed == 2550)
    #expect(
      numbers.description == "the text is too small: 400 tokens to train on, and batch 50 at length 50 needs 2550")
    #expect(numbers.suggestion.map { [$0.batch, $0.length] } == [12, 25])
    #expect(CorpusTooSmall(tokens: 1, batch: 1, length: 1).suggestion == nil)
    #expect(CorpusError.tooSmall(numbers).category == .data)
  }

  @Test func aWindowBeyondTheEpochTraps() async {
    await #expect(processExitsWith: .failure) {
      _ = try ContiguousBatches([0, 1, 2], in: 0..<3, batch: 1, length: 1).window(2)
    }
  }
}
