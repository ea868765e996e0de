import CharrnnCommandSupport
import SequenceModeling

/// Options that several commands share.
enum CommonOptions {
  static let threads = Option(
    "threads", .integer(atLeast: 1), defaultNote: "all cores", help: "threads to compute with, at most")
  static let json = Flag("json", help: "print one JSON object")
  static let unknown = Option(
    "unknown", .choice(of: UnknownPolicy.self), default: .error,
    help: "what to do with characters the model has never seen")
  static let model = Argument<String>.one(
    "MODEL", help: "a checkpoint file, a run directory, or how a run in runs/ begins")

  /// The path of MODEL.
  static func modelPath(_ arguments: ParsedArguments) -> String { runPath(arguments[model]) }

  /// A path of a model or a run. Where nothing is at it, the run in `runs/` whose name alone begins so.
  static func runPath(_ path: String) -> String {
    let isThere = ((try? SystemFiles().statusIfAny(of: path)) ?? nil) != nil
    if isThere { return path }
    let runs = runs(beginningWith: path)
    // Its name in full is no beginning of others.
    if let named = runs.first(where: { $0 == path || $0 == "runs/\(path)" }) { return named }
    return runs.count == 1 ? runs[0] : path
  }

  /// Paths of the runs in `runs/` whose names begin so, in their order.
  static func runs(beginningWith path: String) -> [String] {
    let beginning = path.hasPrefix("runs/") ? String(path.dropFirst(5)) : path
    if beginning.isEmpty || beginning.contains("/") { return [] }
    return ((try? SystemFiles().names(in: "runs")) ?? []).filter { $0.hasPrefix(beginning) }.sorted()
      .map { "runs/\($0)" }.filter { RunDirectory($0).holdsRun }
  }

  /// How many threads to use: what was asked for, but no more than there are cores.
  ///
  /// - Parameter usual: the number where none is asked for; nil means all cores, which the ranks of a job on one host share.
  static func threadCount(_ arguments: ParsedArguments, usual: Int? = nil) -> Int {
    let cores = ThreadTeam.availableCores
    guard let wanted = arguments[threads] else { return usual ?? Job.current?.usualThreads ?? cores }
    if wanted > cores { notice("--threads \(wanted) is more than this machine's \(cores) cores; using \(cores)") }
    return min(wanted, cores)
  }
}
