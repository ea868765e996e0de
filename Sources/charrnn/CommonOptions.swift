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

/// The options that describe a model and how it is trained, shared by `train` and `benchmark`.
enum ModelOptions {
  private static let usual = TrainingSettings()
  static let cell = Option("cell", .choice(of: CellKind.self), default: usual.cell, help: "kind of recurrent cell")
  static let layers = Option(
    "layers", .integer(atLeast: 1, atMost: 64), default: usual.layers, help: "recurrent layers")
  static let hidden = Option(
    "hidden", .integer(atLeast: 1, atMost: 65_536), default: usual.hidden, help: "units a layer")
  static let embedding = Option(
    "embedding", .integer(atLeast: 0, atMost: 65_536), default: usual.embedding,
    help: "width of the token embedding; 0 is one-hot")
  static let tie = Flag("tie", help: "use the embedding as the decoder's weight too; it is then as wide as a layer")
  static let dropout = Option(
    "dropout", .number(atLeast: 0, below: 1), default: usual.dropout, help: "probability that a unit is dropped")
  static let batch = Option(
    "batch", .integer(atLeast: 1, atMost: 1 << 20), default: usual.batch, help: "streams trained side by side")
  static let length = Option(
    "length", .integer(atLeast: 1, atMost: 1 << 20), default: usual.length,
    help: "steps of backpropagation through time")
  static let tokens = Option("tokens", .choice(of: TokenKind.self), default: usual.tokens, help: "what a token is")
  static let precision = Option(
    "precision", .choice(of: TrainingSettings.Precision.self), default: usual.precision,
    help: "precision of the arithmetic")
  static let optimizer = Option(
    "optimizer", .choice(of: TrainingSettings.OptimizerName.self), default: usual.optimizer, help: "update rule")
  static let learningRate = Option(
    "learning-rate", .number(above: 0), default: usual.learningRate, help: "length of an update")
  static let schedule = Option(
    "schedule", .choice(of: TrainingSettings.Schedule.self), default: usual.schedule,
    help: "course of the learning rate; cosine and one-cycle span the run")
  static let clip = Option(
    "clip", .number(atLeast: 0), default: usual.clip, help: "largest global norm of the gradients; 0 is none")
  static let seed = Option("seed", .integer(atLeast: 0), default: Int(usual.seed), help: "decides all that is random")

  static let architecture = OptionGroup("Model", [cell, layers, hidden, embedding, tie, dropout])
  static let training = OptionGroup(
    "Training", [batch, length, optimizer, learningRate, schedule, clip, precision, tokens, seed])

  /// Takes every option of both groups over into settings.
  static func read(_ reader: inout SettingsReader) throws {
    try reader.take(cell, \.cell)
    try reader.take(layers, \.layers)
    try reader.take(hidden, \.hidden)
    try reader.take(embedding, \.embedding)
    try reader.take(tie, \.isTied, reader.arguments[tie])
    try reader.take(dropout, \.dropout)
    try reader.take(batch, \.batch)
    try reader.take(length, \.length)
    try reader.take(optimizer, \.optimizer)
    try reader.take(learningRate, \.learningRate)
    try reader.take(schedule, \.schedule)
    try reader.take(clip, \.clip)
    try reader.take(precision, \.precision)
    try reader.take(tokens, \.tokens)
    try reader.take(seed, \.seed, UInt64(reader.arguments[seed]))
    if let problem = reader.settings.configuration(vocabulary: 1).problem {
      throw reader.arguments.usageFailure(problem)
    }
  }
}
