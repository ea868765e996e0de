import TabularData
import TensorCore
import Testing

@Suite struct SequenceDataTests {
  private static let sequences: [Tensor<Float>] = [.ones([2, 3]), .full([4, 3], 2), .full([1, 3], 3)]

  private func fault(_ make: @autoclosure () throws -> some Sendable) -> DataError? {
    #expect(throws: DataError.self) { try make() }
  }

  @Test func aBatchIsPaddedWithZerosAndSaysWhichOutputsCount() throws {
    let data = try SequenceData(Self.sequences, targets: .stepClasses([[1, 2], [3, 4, 5, 6], [7]]))
    let batch = data.batch([2, 0])
    #expect(batch.inputs == Tensor([3, 3, 3, 0, 0, 0, 1, 1, 1, 1, 1, 1], shape: [2, 2, 3]))
    #expect(batch.lengths?.steps == [1, 2] && batch.positions == [0, 2, 3] && batch.weights == nil)
    guard case .classes([7, 1, 2]) = batch.targets else { return #expect(Bool(false), "\(batch.targets)") }
    #expect(data.batch([1]).lengths == nil)
  }

  @Test func masksLeaveOutTargetsAndWeightsGoWithThem() throws {
    let data = try SequenceData(
      Self.sequences, targets: .stepValues([.zeros([2, 1]), .ones([4, 1]), .zeros([1, 1])]),
      mask: [[false, true], [true, false, false, true], [false]], weights: [1, 2, 3])
    let batch = data.batch([1, 0, 2])
    #expect(batch.positions == [0, 3, 5] && batch.weights == [2, 2, 1])
    #expect(
      (0..<3).map(data.place(ofTarget:)) == [
        .step(1, ofSequence: 0), .step(0, ofSequence: 1), .step(3, ofSequence: 1),
      ])
    #expect(data.targets.count == 3 && data.rows([0, 2]).targets.count == 1)
  }

  @Test func tokensAreNumbersOfTheirIds() throws {
    let data: SequenceData<Float> = try SequenceData(
      tokens: [[4, 1], [2]], targets: .classes([0, 1]), weights: [1, 2])
    let batch = data.batch([1, 0])
    #expect(batch.inputs == Tensor([2, 0, 4, 1], shape: [2, 2]) && batch.weights == [2, 1] && batch.positions == nil)
    try data.requireTokens(below: 5)
    #expect(throws: DataError.tokenOutOfRange("4", at: .step(0, ofSequence: 0), tokens: 4)) {
      try data.requireTokens(below: 4)
    }
  }

  @Test func aSplitKeepsEverySequenceWithItsTarget() throws {
    let data = try SequenceData<Float>(
      tokens: (0..<20).map { [Int32]($0...$0 + 3) }, targets: .classes((0..<20).map { $0 }))
    var random = RandomSource(seed: 1)
    let (train, test) = try data.split(testFraction: 0.25, using: &random)
    #expect(train.count == 15 && test.count == 5)
    var labels: [Int32] = []
    for part in [train, test] {
      guard case .tokens(let tokens) = part.inputs, case .classes(let classes) = part.targets else { return }
      #expect(tokens.map(\.[0]) == classes)
      labels += classes
    }
    #expect(labels.sorted() == Array(0..<20))
  }

  /// A part of a split in which no target counts is an error, not a fault of the fit that reads it.
  @Test func aSplitThatLeavesNothingThatCountsIsAnError() throws {
    let data = try SequenceData(
      Array(repeating: Tensor<Float>.ones([1, 1]), count: 8), targets: .stepClasses(Array(repeating: [0], count: 8)),
      mask: (0..<8).map { [$0 == 0] })
    for seed in 0..<4 as Range<UInt64> {
      var random = RandomSource(seed: seed)
      #expect(throws: DataError.nothingCounts) { try data.split(testFraction: 0.5, using: &random) }
    }
  }

  @Test func faultsNameTheirPlace() {
    let s = Self.sequences
    let targets = SequenceTargets<Float>.classes([0, 1, 2])
    let none: [Tensor<Float>] = []
    #expect(fault(try SequenceData(none, targets: .classes([]))) == .noSamples)
    #expect(fault(try SequenceData(s, targets: .classes([0]))) == .countsDiffer(inputs: 3, targets: 1))
    #expect(fault(try SequenceData([s[0], .zeros([0, 3])], targets: .classes([0, 1]))) == .noSteps(sequence: 1))
    #expect(
      fault(try SequenceData([s[0], .ones([2, 2]), s[1]], targets: targets))
        == .widthsDiffer(.inputs, sequence: 1, shape: [2], first: [3]))
    #expect(
      fault(try SequenceData(s, targets: .stepClasses([[0, 0], [0, 0, 0], [0]])))
        == .stepsDiffer(sequence: 1, inputs: 4, .targets, steps: 3))
    #expect(
      fault(
        try SequenceData(
          s, targets: .stepClasses([[0, 0], [0, 0, 0, 0], [0]]), mask: [[true, true], [true, true, true, true], []]))
        == .stepsDiffer(sequence: 2, inputs: 1, .mask, steps: 0))
    #expect(
      fault(try SequenceData([s[0], Tensor([1, 2, 3, 4, .nan, 6], shape: [2, 3])], targets: .classes([0, 1])))
        == .notFinite(.inputs, at: .step(1, ofSequence: 1), index: [1], value: "nan"))
    #expect(
      fault(
        try SequenceData(
          s, targets: .stepValues([.zeros([2, 1]), Tensor([1, .nan, 1, 1], shape: [4, 1]), .zeros([1, 1])])))
        == .notFinite(.targets, at: .step(1, ofSequence: 1), index: [0], value: "nan"))
    #expect(
      fault(try SequenceData(s, targets: .values(Tensor([0, .infinity, 0], shape: [3])), nan: .missing))
        == .notFinite(.targets, at: .sequence(1), index: [], value: "inf"))
    #expect(fault(try SequenceData(s, targets: targets, weights: [1, -1, 1])) == .invalidWeight(-1, sequence: 1))
    #expect(fault(try SequenceData(s, targets: targets, weights: [0, 0, 0])) == .nothingCounts)
    #expect(
      fault(try SequenceData(s, targets: targets, weights: [1])) == .sequencesDiffer(inputs: 3, .weights, count: 1))
    #expect(
      fault(try SequenceData(s, targets: .stepClasses([[0, 0], [0, 0, 0, 0], [0]]), mask: [[true, true]]))
        == .sequencesDiffer(inputs: 3, .mask, count: 1))
    #expect(
      fault(try SequenceData(s, targets: .values(.full([3], .nan)), nan: .missing)) == .nothingCounts)
    #expect(
      fault(try SequenceData<Float>(tokens: [[1], [2, -7]], targets: .classes([0, 0])))
        == .tokenOutOfRange("-7", at: .step(1, ofSequence: 1), tokens: 1 << 24))
  }
}
