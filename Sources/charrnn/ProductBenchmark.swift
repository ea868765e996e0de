import CharrnnCommandSupport
import SequenceModeling

/// `charrnn benchmark --products`: measures the matrix products of recurrent layers, without a text or a model.
enum ProductBenchmark {
  static let flag = Flag(
    "products",
    help:
      "measure the matrix products of LSTM layers in float32 instead, without CORPUS, on one thread where --threads "
      + "gives no other number; --hidden and --batch choose one size")

  /// Options beside the flag that act.
  private static let effective = ["hidden", "batch", "seconds", "threads", "json"]
  private static let sizes = (hidden: [128, 256, 384, 512, 1024], rows: [8, 16, 32, 50, 64])
  private static let largest = (hidden: 2048, rows: 1024)
  /// - Parameters:
  ///   - corpora: texts named, which are refused.
  ///   - settings: options read as settings.
  static func run(
    _ arguments: ParsedArguments, corpora: [String], _ settings: TrainingSettings, seconds: Double
  ) throws -> ExitCode {
    if let name = corpora.first {
      throw arguments.usageFailure("--products measures no training; leave out \(shellWord(name))")
    }
    if let name = arguments.givenNames.first(where: { $0 != flag.name && !effective.contains($0) }) {
      throw arguments.usageFailure("--\(name) changes nothing in --products; leave it out")
    }
    func chosen(_ name: String, _ value: Int, atMost most: Int, otherwise usual: [Int]) throws -> [Int] {
      if !arguments.givenNames.contains(name) { return usual }
      if value > most { throw arguments.usageFailure("--products takes a --\(name) of at most \(most)") }
      return [value]
    }
    let hidden = try chosen(
      "hidden", settings.architecture.hidden, atMost: largest.hidden, otherwise: sizes.hidden)
    let rows = try chosen("batch", settings.batch, atMost: largest.rows, otherwise: sizes.rows)
    let shapes = ProductShape.all(rows: rows, hidden: hidden, chunkRows: ChunkPlan.rowsPerChunk)
    let (needed, available) = (ProductMeasurement.bytesNeeded(shapes), MemoryLimit.available)
    if needed >= available {
      throw arguments.usageFailure(
        "--products needs \(Readable.fixed(needed / 1_048_576, digits: 0)) MiB of memory, and this process may use "
          + "\(Readable.fixed(available / 1_048_576, digits: 0)) MiB; choose a smaller --hidden")
    }
    let team = ThreadTeam(threads: CommonOptions.threadCount(arguments, usual: 1))
    let report = ProductReport(shapes, team: team, seconds: seconds)
    busyMachineNote(threads: team.size, cores: report.averageCores).map(notice)
    try OutputChannel.standardOutput.write(arguments[CommonOptions.json] ? report.json.line + "\n" : report.text)
    return .done
  }
}
