import TabularData
import TensorCore
import Testing

/// Data whose every sample is told apart by its first number, `classes` repeated as needed.
private func sampleData(_ count: Int, classes: [Int32] = [0, 1, 2], part: [Int] = [2]) throws -> LabelledData<Float> {
  let size = part.reduce(1, *)
  let inputs = Tensor((0..<count * size).map { Float($0) }, shape: TensorShape([count] + part))
  return try LabelledData(inputs: inputs, classes: (0..<count).map { classes[$0 % classes.count] })
}

extension LabelledData where Scalar == Float {
  fileprivate var labels: [Int32] {
    if case .classes(let labels) = targets { labels } else { [] }
  }

  /// Indices of these samples in `sampleData`.
  fileprivate var samples: [Int] { (0..<count).map { Int(inputs.row($0).reshaped([-1])[0]) / (inputs.count / count) } }
}

@Suite struct LabelledDataTests {
  @Test func theColumnsOfATableBecomeDataInOneLine() throws {
    let table = try CSVTable(text: "width,kind,length\n1,rose,2\n3,iris,4\n")
    let data = try LabelledData(
      inputs: table.tensor(of: ["width", "length"]), classes: table.classes(of: "kind").indices)
    #expect(data.inputs == Tensor<Float>([1, 2, 3, 4], shape: [2, 2]) && data.labels == [1, 0])
    let double = try LabelledData(
      inputs: table.tensor(of: ["width"], as: Double.self), values: table.tensor(of: ["length"], as: Double.self))
    #expect(double.count == 2)
  }

  private func message(_ body: () throws -> Void) -> String? {
    #expect(throws: DataError.self, performing: body)?.description
  }

  @Test func dataThatCannotBeLearnedFromIsRefusedWithTheReason() {
    #expect(
      message { _ = try LabelledData<Float>(inputs: .zeros([0, 3]), classes: []) }
        == "there are no samples; give at least one")
    #expect(
      message { _ = try LabelledData<Float>(inputs: .zeros([4, 3]), classes: [0]) }
        == "4 inputs and 1 targets; give one target for each input")
    #expect(
      message { _ = try LabelledData<Float>(inputs: .zeros([4, 3]), values: .zeros([5, 1])) }
        == "4 inputs and 5 targets; give one target for each input")
    #expect(
      DataError.batchLargerThanData(batch: 64, count: 1).description
        == "a batch of 64 is larger than the data, which has 1 sample; choose a batch of 1 or fewer")
  }

  /// A number that is not finite is refused with its row and its place in the row.
  @Test func aNumberThatIsNotFiniteIsRefusedWithItsPosition() {
    for (value, shown) in [(Double.nan, "nan"), (.infinity, "inf"), (-.infinity, "-inf")] {
      var inputs = Tensor<Double>.zeros([4, 2, 3])
      inputs[2, 1, 0] = value
      inputs[3, 0, 0] = .nan
      #expect(
        message { _ = try LabelledData(inputs: inputs, classes: [0, 0, 0, 0]) }
          == "inputs: \(shown) at row 2, index [1, 0]; correct it, or remove the row")
      var targets = Tensor<Double>.zeros([4])
      targets[1] = value
      #expect(
        message { _ = try LabelledData(inputs: .zeros([4, 2]), values: targets) }
          == "targets: \(shown) at row 1; correct it, or remove the row")
    }
  }

  @Test func aClassLabelOutsideOfTheClassesIsRefusedWithItsRow() throws {
    let data = try LabelledData<Float>(inputs: .zeros([4, 1]), classes: [0, 4, 2, 7])
    try data.requireClasses(below: 8)
    #expect(
      message { try data.requireClasses(below: 5) }
        == "class 7 at row 3 is outside of 0..<5; correct it, or give the model as many outputs")
    #expect(throws: DataError.classOutOfRange(-1, at: .row(0), classes: 5)) {
      try LabelledData<Float>(inputs: .zeros([1, 1]), classes: [-1]).requireClasses(below: 5)
    }
    try LabelledData<Float>(inputs: .zeros([1, 1]), values: .full([1, 1], 9)).requireClasses(below: 5)
  }

  /// Gathered rows are the samples at the indices, inputs and targets together.
  @Test(arguments: [[], [1], [3], [2, 3]])
  func gatheredRowsAreTheSamplesAtTheIndices(part: [Int]) throws {
    let indices = [4, 0, 0, 3]
    let data = try sampleData(5, part: part)
    #expect(data.rows(indices).inputs == .stack(indices.map(data.inputs.row)))
    #expect(data.rows(indices).labels == [1, 0, 0, 0])
    let values = try LabelledData(inputs: data.inputs, values: data.inputs * 2)
    guard case .values(let gathered) = values.rows(indices).targets else { return #expect(Bool(false)) }
    #expect(gathered == data.inputs.rows(indices) * 2)
  }
}

@Suite struct SplitTests {
  /// The parts share no sample, hold all of them, and have the counts that are promised.
  @Test(arguments: [false, true])
  func thePartsShareNoSampleHoldAllOfThem(stratified: Bool) throws {
    for count in [2, 3, 10, 97, 200] {
      for fraction in [0.05, 0.1, 0.25, 0.5, 0.7, 0.95] {
        let expected = Int((Double(count) * fraction).rounded())
        let data = try sampleData(count, classes: [0, 1, 1, 5, 5, 5])
        var random = RandomSource(seed: UInt64(count))
        guard expected > 0, expected < count else {
          #expect(throws: DataError.emptyPart(testFraction: fraction, count: count)) {
            try data.split(testFraction: fraction, stratified: stratified, using: &random)
          }
          continue
        }
        let (train, test) = try data.split(testFraction: fraction, stratified: stratified, using: &random)
        #expect(test.count == expected)
        #expect((train.samples + test.samples).sorted() == Array(0..<count))
        for part in [train, test] { #expect(part.labels == data.rows(part.samples).labels) }
        guard stratified else { continue }
        for label: Int32 in [0, 1, 5] {
          let share = Double(data.labels.count { $0 == label }) * fraction
          #expect(abs(Double(test.labels.count { $0 == label }) - share) < 1, "\(label) of \(count) by \(fraction)")
        }
      }
    }
  }

  @Test(arguments: [false, true])
  func theSameSourceGivesTheSamePartsAndAnotherSourceOthers(stratified: Bool) throws {
    let data = try sampleData(60)
    let parts = try [1, 1, 2].map { (seed: UInt64) in
      var random = RandomSource(seed: seed)
      let (train, test) = try data.split(testFraction: 0.3, stratified: stratified, using: &random)
      return [train.samples, test.samples]
    }
    #expect(parts[0] == parts[1])
    #expect(parts[0] != parts[2])
    #expect(parts[0].allSatisfy { $0 != $0.sorted() })
  }

  @Test func ofEqualRemaindersTheLowerClassesGetTheOneMore() throws {
    let data = try sampleData(20, classes: [3, 1, 2, 0])
    var random = RandomSource(seed: 1)
    // Five of each class, half of which is 2.5; ten in all.
    #expect(
      try data.split(testFraction: 0.5, stratified: true, using: &random).test.labels.sorted()
        == [0, 0, 0, 1, 1, 1, 2, 2, 3, 3])
  }

  @Test(arguments: [-0.5, 0, 0.04, 0.96, 1, 2, .infinity])
  func aFractionThatLeavesAPartEmptyIsRefused(fraction: Double) throws {
    let data = try sampleData(10)
    var random = RandomSource(seed: 1)
    let error = #expect(throws: DataError.self) { try data.split(testFraction: fraction, using: &random) }
    #expect(
      error?.description == "a test fraction of \(fraction) of 10 samples leaves a part empty; "
        + "choose another fraction, or give more data")
    #expect(throws: DataError.self) { try data.split(testFraction: .nan, using: &random) }
  }
}
