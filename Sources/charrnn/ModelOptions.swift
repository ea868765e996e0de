import CharrnnCommandSupport
import SequenceModeling

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
  static let tie = Flag("tie", help: "use the embedding, then as wide as a layer (--embedding 128), as the decoder too")
  static let dropout = Option(
    "dropout", .number(atLeast: 0, below: 1), default: usual.dropout,
    help: "probability that a unit is dropped, between layers and before the decoder")
  static let layerNorm = Flag("layer-norm", help: "normalize the gates' sums; for gru, and lstm without projection")
  static let projection = Option(
    "projection", .integer(atLeast: 0, atMost: 65_536), default: usual.refinements.projection,
    help: "width below --hidden that a layer's output is projected to, for lstm; 0 is none")
  static let residual = Flag("residual", help: "skip connections around the layers above the first")
  static let learnedState = Flag("learned-state", help: "learn the state before the text begins")
  /// Declared to be refused with its reason.
  static let bidirectional = Flag("bidirectional", help: "")
  static let lockedDropout = Option(
    "locked-dropout", .number(atLeast: 0, below: 1), default: usual.refinements.lockedDropout,
    help: "the same in place of --dropout, with the same units for all steps of an update")
  static let embeddingDropout = Option(
    "embedding-dropout", .number(atLeast: 0, below: 1), default: usual.refinements.embeddingDropout,
    help: "probability that a token's embedding is dropped")
  static let weightDrop = Option(
    "weight-drop", .number(atLeast: 0, below: 1), default: usual.refinements.weightDrop,
    help: "probability that a recurrent weight is dropped")
  static let zoneout = Option(
    "zoneout", .number(atLeast: 0, below: 1), default: usual.refinements.zoneout,
    help: "probability that a unit keeps its state, h and c alike, for a step")
  static let activationRegularization = Option(
    "activation-regularization", .number(atLeast: 0), default: 0,
    help: "weight in the loss of the mean square of the top layer's outputs"
  )
  static let temporalRegularization = Option(
    "temporal-regularization", .number(atLeast: 0), default: 0, help: "the same for their changes from step to step")
  static let weightDecay = Option(
    "weight-decay", .number(atLeast: 0), defaultNote: "0.01 for adamw, else 0",
    help: "decay of the weights: L2, or decoupled for adamw")
  static let batch = Option(
    "batch", .integer(atLeast: 1, atMost: 1 << 20), default: usual.batch, help: "streams trained side by side")
  static let length = Option(
    "length", .integer(atLeast: 1, atMost: 1 << 20), default: usual.length,
    help: "tokens of each stream between updates; gradients flow back through as many")
  static let backwardLength = Option(
    "backward-length", .integer(atLeast: 1, atMost: 1 << 20), defaultNote: "as --length",
    help: "steps that gradients flow back; with more than --length, text is read again, which takes longer")
  static let varyLength = Flag(
    "vary-length", help: "let lengths vary from a half to one and a half, anew in each epoch")
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

  /// What a model is made of; `hidden` may have other limits.
  static func architecture(hidden: Option<Int>) -> OptionGroup {
    OptionGroup(
      "Model",
      [cell, layers, hidden, embedding, tie, layerNorm, projection, residual, learnedState, bidirectional])
  }

  static let dropping = [dropout, lockedDropout, embeddingDropout, weightDrop, zoneout]
  static let training = [
    OptionGroup(
      "Training",
      [
        batch, length, backwardLength, varyLength, optimizer, learningRate, schedule, clip, precision, tokens, seed,
      ]),
    OptionGroup(
      "Regularization", dropping + [activationRegularization, temporalRegularization, weightDecay]),
  ]

  /// Takes every option of the groups over into settings.
  static func read(_ reader: inout SettingsReader) throws {
    try readArchitecture(&reader, hidden: hidden)
    try reader.take(activationRegularization, \.activationRegularization, orNil(reader, activationRegularization))
    try reader.take(temporalRegularization, \.temporalRegularization, orNil(reader, temporalRegularization))
    try reader.take(batch, \.batch)
    try reader.take(length, \.length)
    try reader.take(varyLength, \.variesLength, reader.arguments[varyLength])
    // Where lengths vary, one for all of them is not the same as each its own.
    let (back, forward) = (reader.arguments[backwardLength], reader.settings.length)
    try reader.take(backwardLength, \.backwardLength, back == forward && !reader.settings.variesLength ? nil : back)
    try reader.take(optimizer, \.optimizer)
    // Only AdamW decays weights unless it is told otherwise.
    let decay = reader.arguments[weightDecay]
    try reader.take(weightDecay, \.weightDecay, decay == 0 && reader.settings.optimizer != .adamW ? nil : decay)
    try reader.take(learningRate, \.learningRate)
    try reader.take(schedule, \.schedule)
    try reader.take(clip, \.clip)
    try reader.take(precision, \.precision)
    try reader.take(tokens, \.tokens)
    try reader.take(seed, \.seed, UInt64(reader.arguments[seed]))
    var settings = reader.settings
    // The horizon of a schedule follows from the corpus.
    settings.horizon = settings.horizon ?? 1
    if let problem = settings.problem { throw reader.arguments.usageFailure(problem) }
  }

  /// Takes what decides the model, and what it drops in training.
  static func readArchitecture(_ reader: inout SettingsReader, hidden: Option<Int>) throws {
    let arguments = reader.arguments
    if arguments[bidirectional] {
      throw arguments.usageFailure(
        "--bidirectional: a model that writes from left to right cannot read what comes after; leave it out (the library's "
          + "StackedRecurrent reads in both directions, for other tasks)")
    }
    try reader.take(cell, \.cell)
    try reader.take(layers, \.layers)
    try reader.take(hidden, \.hidden)
    try reader.take(embedding, \.embedding)
    try reader.take(tie, \.isTied, arguments[tie])
    try reader.take(layerNorm, \.refinements.layerNorm, arguments[layerNorm])
    try reader.take(projection, \.refinements.projection)
    try reader.take(residual, \.refinements.residual, arguments[residual])
    try reader.take(learnedState, \.refinements.learnsInitialState, arguments[learnedState])
    try reader.take(dropout, \.dropout)
    try reader.take(lockedDropout, \.refinements.lockedDropout)
    try reader.take(embeddingDropout, \.refinements.embeddingDropout)
    try reader.take(weightDrop, \.refinements.weightDrop)
    try reader.take(zoneout, \.refinements.zoneout)
    if let problem = reader.settings.configuration(vocabulary: 1).problem {
      throw reader.arguments.usageFailure(problem)
    }
  }

  /// The option's value, or nil for 0.
  private static func orNil(_ reader: SettingsReader, _ option: Option<Double>) -> Double? {
    let value = reader.arguments[option]
    return value == 0 ? nil : value
  }
}
