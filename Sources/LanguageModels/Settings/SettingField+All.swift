import SequenceText

extension SettingField {
  /// Every setting, in the order of reports; within a group it is that of the help.
  ///
  /// To add one: a property of `Architecture` or `TrainingSettings`, a row here, and the place that uses it.
  public static let all: [SettingField] = [
    SettingField(
      "cell", \.architecture.cell, .choice(of: CellKind.self), .model, help: "kind of recurrent cell", storage: .always),
    SettingField(
      "layers", \.architecture.layers, .integer(1...64), .model, help: "recurrent layers", storage: .always),
    SettingField(
      "hidden", \.architecture.hidden, .integer(1...65_536), .model, help: "units a layer", storage: .always),
    SettingField(
      "embedding", \.architecture.embedding, .integer(0...65_536), .model,
      help: "width of the token embedding; 0 is one-hot", storage: .always),
    SettingField(
      "tie", \.architecture.isTied, .flag, .model,
      help: "use the embedding, then as wide as a layer (`embedding` 128), as the decoder too", storedName: "tied"),
    SettingField(
      "forget-bias", \.architecture.forgetBias, .number(atLeast: -100, below: 100), .model,
      help: "bias of the forget gate at the start: a larger one remembers longer", isStructural: false,
      needs: .forgetBias),
    SettingField(
      "dropout", \.architecture.dropout, .probability, .dropping,
      help: "probability that a unit is dropped, between layers and before the decoder", storage: .always),
    SettingField(
      "layer-norm", \.architecture.layerNorm, .flag, .model,
      help: "normalize the gates' sums; for gru, and lstm without projection", storage: .refined, needs: .layerNorm,
      label: "layer normalization"),
    SettingField(
      "projection", \.architecture.projection, .integer(0...65_536), .model,
      help: "width below `hidden` that a layer's output is projected to, for lstm; 0 is none", storage: .refined,
      needs: .projection),
    SettingField(
      "heads", \.architecture.heads, .integer(1...256), .model,
      help: "blocks of the recurrent weights, for cells with heads; they divide `hidden` evenly", needs: .heads),
    SettingField(
      "residual", \.architecture.residual, .flag, .model, help: "skip connections around the layers above the first",
      storage: .refined),
    SettingField(
      "learned-state", \.architecture.learnsInitialState, .flag, .model,
      help: "learn the state before the text begins", storedName: "learnsInitialState", storage: .refined),
    SettingField(
      "locked-dropout", \.architecture.lockedDropout, .probability, .dropping,
      help: "the same in place of `dropout`, with the same units for all steps of an update", storage: .refined),
    SettingField(
      "embedding-dropout", \.architecture.embeddingDropout, .probability, .dropping,
      help: "probability that a token's embedding is dropped", storage: .refined),
    SettingField(
      "weight-drop", \.architecture.weightDrop, .probability, .dropping,
      help: "probability that a recurrent weight is dropped", storage: .refined, needs: .weightDrop),
    SettingField(
      "zoneout", \.architecture.zoneout, .probability, .dropping,
      help: "probability that a unit keeps its state, h and c alike, for a step", storage: .refined),
    SettingField(
      "activation-regularization", \.activationRegularization, .number(atLeast: 0), .penalty,
      help: "weight in the loss of the mean square of the top layer's outputs"),
    SettingField(
      "temporal-regularization", \.temporalRegularization, .number(atLeast: 0), .penalty,
      help: "the same for their changes from step to step"),
    SettingField(
      "weight-decay", \.weightDecay, .number(atLeast: 0), .penalty,
      help: "decay of the weights: L2, or decoupled for adamw and lion", defaultNote: "0.01 for adamw, else 0"),
    SettingField(
      "batch", \.batch, .integer(1...1 << 20), .updates, help: "streams trained side by side", storage: .always),
    SettingField(
      "length", \.length, .integer(1...1 << 20), .updates,
      help: "tokens of each stream between updates; gradients flow back through as many", storage: .always),
    SettingField(
      "backward-length", \.backwardLength, .integer(1...1 << 20), .updates,
      help: "steps that gradients flow back; with more than `length`, text is read again, which takes longer",
      defaultNote: "as `length`"),
    SettingField(
      "vary-length", \.variesLength, .flag, .updates,
      help: "let lengths vary from a half to one and a half, anew in each epoch", storedName: "varied"),
    SettingField(
      "optimizer", \.optimizer, .choice(of: TrainingSettings.OptimizerName.self), .updates, help: "update rule",
      storage: .always),
    SettingField(
      "learning-rate", \.learningRate, .number(above: 0), .updates, help: "length of an update", storage: .always),
    SettingField(
      "schedule", \.schedule, .choice(of: TrainingSettings.Schedule.self), .updates,
      help: "course of the learning rate; cosine and one-cycle span the run; wsd is warm-up, stable, decay at the end",
      storage: .always),
    SettingField(
      "average", \.averaging, .number(atLeast: 0, below: 1), .updates,
      help: "share of the updates, the last ones, whose mean weights are validated and kept; 0 is the newest alone"),
    SettingField("horizon", \.horizon, .count, .derived, help: "updates that the schedule spans"),
    SettingField(
      "clip", \.clip, .number(atLeast: 0), .updates, help: "largest global norm of the gradients; 0 is none",
      storage: .always),
    SettingField(
      "items", \.areItems, .flag, .split,
      help:
        "each line is an item by itself: in another order in each epoch, read from the initial state, parts drawn at random"
    ),
    SettingField(
      "separator", \.separator, .text, .split,
      help: "text that ends a document; documents are read and drawn as items are", defaultNote: "none"),
    SettingField(
      "each-file", \.filesAreDocuments, .flag, .split, help: "each file is a document, read and drawn as items are"),
    SettingField(
      "split-by", \.splitUnit, .choice(of: CorpusArrangement.Unit.self), .split,
      help: "pieces that are drawn for validation and test; end is none: they are the text's last parts",
      defaultNote: "documents where there are several, else end"),
    SettingField(
      "last-file-validates", \.lastFileValidates, .flag, .derived, help: "the last file is the validation part"),
    SettingField(
      "validation-fraction", \.validationFraction, .fraction, .split,
      help: "part of the text held out for validation", storage: .always),
    SettingField(
      "test-fraction", \.testFraction, .fraction, .split, help: "part held out for a final test, at the end",
      storage: .always),
    SettingField(
      "patience", \.patience, .count, .ending, help: "validations without improvement after which the end begins",
      defaultNote: "never"),
    SettingField(
      "tokens", \.tokens, .choice(of: TokenKind.self), .tokens,
      help: "what a token is; rare words are spelt by bytes, subwords are found by byte-pair encoding", storage: .always
    ),
    SettingField(
      "symbols", \.symbols, .integer(257...Vocabulary.largestPieceCount), .tokens,
      help: "size of a vocabulary of words or subwords, the 256 bytes among them",
      defaultNote: "as the text's size suggests"),
    SettingField(
      "precision", \.precision, .choice(of: TrainingSettings.Precision.self), .arithmetic,
      help: "precision of the arithmetic; split-bfloat16 is for AMX", storage: .always),
    SettingField(
      "seed", \.seed, .integer(0...Int.max), .randomness, help: "decides all that is random", storage: .always),
    SettingField(
      "validate-every", \.validateEvery, .count, .validation, help: "steps between validations",
      defaultNote: "an epoch"),
  ]

  /// The setting of a name.
  ///
  /// - Precondition: there is one.
  public static func named(_ name: String) -> SettingField { all.first { $0.name == name }! }
}

extension CellKind: SettingChoice {}
extension TokenKind: SettingChoice {}
extension CorpusArrangement.Unit: SettingChoice {}
extension TrainingSettings.OptimizerName: SettingChoice {}
extension TrainingSettings.Schedule: SettingChoice {}
extension TrainingSettings.Precision: SettingChoice {}
