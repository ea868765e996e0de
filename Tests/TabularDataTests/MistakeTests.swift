import TabularData
import TensorCore
import Testing

/// Each way of giving data what it cannot work on, and what its message must name.
enum Mistake: String, CaseIterable, Codable, Sendable {
  case separator, repeatedName, scalarInputs, noRows, rowOutOfRange, stratifiedValues, standardizedShape, keptShapes
  case keptDeviation, batchSize, noSuchBatch, noValues, noStep, windowShape, season, outputCount, outputShape

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
    case .noValues: ["SeriesData", "no columns"]
    case .noStep: ["SeriesData", "a step of 0 "]
    case .windowShape: ["ForecastWindow", "a lead of 3", "at most the horizon"]
    case .season: ["a season of 0 steps"]
    case .outputCount: ["2 outputs for 1 windows"]
    case .outputShape: ["forecasts", "[2, 3]", "[2]"]
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
    case .noValues: _ = try SeriesData(CSVTable(text: "t,v\n1,2"), time: "t", values: [])
    case .noStep: _ = try SeriesData(CSVTable(text: "t,v\n1,2"), time: "t", values: ["v"], step: .fixed(0))
    case .windowShape: _ = ForecastWindow(lag: 1, horizon: 2, covariateLead: 3)
    case .season: _ = try window().seasonalNaiveForecasts(season: 0)
    case .outputCount: _ = try window().forecasts([.ones([2]), .ones([2])])
    case .outputShape: _ = try window().forecasts([.ones([2, 3])])
    }
  }

  /// One window that reads a step and forecasts two.
  private func window() throws -> SeriesWindows<Float> {
    let series = try SeriesData(CSVTable(text: "t,v\n1,2\n2,3\n3,5"), time: "t", values: ["v"])
    return try WindowedSeries(
      series, window: ForecastWindow(lag: 1, horizon: 2), split: .times(validation: nil, test: nil)
    ).part(.training)
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
