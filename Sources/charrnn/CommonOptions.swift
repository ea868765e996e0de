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
  static let model = Argument<String>.one("MODEL", help: "a checkpoint file or a run directory")

  /// How many threads to use: what was asked for, but no more than there are cores.
  static func threadCount(_ arguments: ParsedArguments) -> Int {
    let cores = ThreadTeam.availableCores
    guard let wanted = arguments[threads] else { return cores }
    if wanted > cores { notice("--threads \(wanted) is more than this machine's \(cores) cores; using \(cores)") }
    return min(wanted, cores)
  }
}
