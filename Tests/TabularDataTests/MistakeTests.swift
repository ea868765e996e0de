import TabularData
import TensorCore
import Testing

/// Each way of giving data what it cannot work on, and what its message must name.
enum Mistake: String, CaseIterable, Codable, Sendable {
  case separator, repeatedName, scalarInputs, noRows, rowOutOfRange, stratifiedValues, standardizedShape, keptShapes
  case keptDeviation, batchSize, noSuchBatch

  var named: [String] {
    switch self {
    case .separator: ["CSVTable", "é"]
    case .repeatedName: ["classes", "rose"]
    case .scalarInputs: ["LabelledData", "[]"]
    case .noRows: ["rows"]
    case .rowOutOfRange: ["rows", "index 2", "[2, 3]"]
    case .stratifiedValues: ["split", "numbers"]
    case .standardizedShape: ["Standardizer", "[2, 4]", "[3]"]
    case .keptShapes: ["Standardizer", "[2]", "[3]"]
    case .keptDeviation: ["Standardizer", "above 0"]
    case .batchSize: ["BatchOrder", "batches of 0"]
    case .noSuchBatch: ["BatchOrder", "batch 3 among 3"]
    }
  }

  func make() throws {
    let data = try LabelledData<Float>(inputs: .ones([2, 3]), values: .ones([2, 1]))
    var random = RandomSource(seed: 1)
    switch self {
    case .separator: _ = try CSVTable(text: "a\n1", separator: "é")
    case .repeatedName: _ = try CSVTable(text: "a\n1").classes(of: "a", among: ["rose", "1", "rose"])
    case .scalarInputs: _ = try LabelledData<Float>(inputs: Tensor(1), classes: [0])
    case .noRows: _ = data.rows([])
    case .rowOutOfRange: _ = data.rows([0, 2])
    case .stratifiedValues: _ = try data.split(testFraction: 0.5, stratified: true, using: &random)
    case .standardizedShape: _ = try Standardizer(fitting: data.inputs)(.ones([2, 4]))
    case .keptShapes: _ = Standardizer<Float>(mean: .ones([2]), deviation: .ones([3]))
    case .keptDeviation: _ = Standardizer<Float>(mean: .ones([2]), deviation: .zeros([2]))
    case .batchSize: _ = BatchOrder(count: 3, batchSize: 0, seed: 1, epoch: 0)
    case .noSuchBatch: _ = BatchOrder(count: 5, batchSize: 2, seed: 1, epoch: 0)[3]
    }
  }
}

@Suite(.serialized)
struct TabularMistakeTests {
  @Test(arguments: Mistake.allCases)
  func aMistakeStopsTheProgramWithAMessageThatNamesWhatIsWrong(mistake: Mistake) async throws {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      [mistake = mistake as Mistake] in try mistake.make()
    }
    let message = String(decoding: try #require(result).standardErrorContent, as: UTF8.self)
    for part in mistake.named { #expect(message.contains(part), "\(part) is missing in: \(message.prefix(300))") }
  }
}
