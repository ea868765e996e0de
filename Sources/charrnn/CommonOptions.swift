import CharrnnCommandSupport
import SequenceModeling

/// Options that several commands share.
enum CommonOptions {
  static let threads = Option(
    "threads", .integer(atLeast: 1), defaultNote: "all cores", help: "threads to compute with")
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
    let files = SystemFiles()
    let isThere = ((try? files.statusIfAny(of: path)) ?? nil) != nil
    let beginning = path.hasPrefix("runs/") ? String(path.dropFirst(5)) : path
    if isThere || beginning.isEmpty || beginning.contains("/") { return path }
    let runs = ((try? files.names(in: "runs")) ?? []).filter { name in
      name.hasPrefix(beginning) && RunDirectory("runs/\(name)").holdsRun
    }
    // Its name in full is no beginning of others.
    if runs.contains(beginning) { return "runs/\(beginning)" }
    return runs.count == 1 ? "runs/\(runs[0])" : path
  }

  /// How many threads to use: what was asked for, but no more than there are cores.
  static func threadCount(_ arguments: ParsedArguments) -> Int {
    let cores = ThreadTeam.availableCores
    guard let wanted = arguments[threads] else { return cores }
    if wanted > cores { notice("--threads \(wanted) is more than this machine's \(cores) cores; using \(cores)") }
    return min(wanted, cores)
  }
}
