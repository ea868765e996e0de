import SequenceText

/// Settings that no run or no model can have.
public enum SettingProblem: Error, Equatable, CustomStringConvertible {
  case notAllowed(name: String, value: SettingValue, kind: SettingKind)
  case vocabulary(Int, allowed: ClosedRange<Int>)
  /// A setting that other cells take.
  case notForCell(label: String, cell: CellKind, takenBy: [CellKind])
  /// Weight drop of a cell that has no recurrent weights.
  case noWeightToDrop(Double, cell: CellKind)
  case bothDropouts(dropout: Double, locked: Double)
  case projectionOfNormalized(CellKind)
  case wideProjection(Int, hidden: Int)
  case unevenHeads(Int, hidden: Int)
  /// Tied embeddings must be as wide as the layers' outputs, which are those of the projection where there is one.
  case tiedWidth(embedding: Int, output: Int, isProjected: Bool)
  case residualOfOneLayer
  /// Embedding dropout of one-hot tokens.
  case noEmbeddingToDrop(Double)
  case shortToVary(length: Int, least: Int)
  /// Temporal regularization of updates of one step.
  case noChangesToWeigh(Double)
  case noHorizon(TrainingSettings.Schedule)
  /// Several of the settings that say what a document is.
  case severalKindsOfDocuments([String])
  /// Parts made of documents, of a text that is one.
  case noDocuments
  /// A size for the vocabulary of other tokens than words and subwords, which is that of the text.
  case sizeOfVocabulary(Int, TokenKind)
  /// Documents that end with some text, of words or subwords.
  case endsWithinTokens(name: String, TokenKind)
  /// Documents are read in windows alone whose gradients flow back as far as they are long.
  case backwardLengthOfDocuments(Int, length: Int)

  public var description: String {
    switch self {
    case .notAllowed(let name, let value, let kind):
      "\(name.spaced) is \(value); it must be \(kind.allowed)"
    case .vocabulary(let size, let allowed):
      "vocabulary is \(size); it must be from \(allowed.lowerBound) to \(allowed.upperBound)"
    case .notForCell(let label, let cell, let others):
      "\(label) is for the cell\(others.count == 1 ? "" : "s") \(others.listed), not for \(cell.rawValue); leave it out "
        + "or choose \(others.count == 1 ? "that cell" : "one of them")"
    case .noWeightToDrop(let probability, let cell):
      "weight drop \(probability) has nothing to drop: the cell \(cell.rawValue) has no recurrent weights; leave it out "
        + "or choose another cell"
    case .bothDropouts(let dropout, let locked):
      "dropout \(dropout) and locked dropout \(locked) exclude each other; choose one of them"
    case .projectionOfNormalized(let cell):
      "a projection is for cells without layer normalization, not for \(cell.rawValue) with it; leave one of them out"
    case .wideProjection(let projection, let hidden):
      "projection is \(projection), hidden is \(hidden); a projection is narrower than the units"
    case .unevenHeads(let heads, let hidden):
      "heads is \(heads), hidden is \(hidden); each head has as many units, so make hidden a multiple of heads"
    case .tiedWidth(embedding: 0, let output, _):
      "tied embeddings need an embedding: it is 0, tokens enter as one-hot vectors; make it \(output)"
    case .tiedWidth(let embedding, let output, let isProjected):
      "tied embeddings are as wide as the \(isProjected ? "projection" : "hidden units"): embedding is \(embedding), "
        + "\(isProjected ? "projection" : "hidden") is \(output); make them equal"
    case .residualOfOneLayer:
      "residual connections lead around layers above the first, and there is 1 layer; leave them out or add layers"
    case .noEmbeddingToDrop(let probability):
      "embedding dropout \(probability) has nothing to drop: the embedding is 0, tokens enter as one-hot vectors; leave "
        + "it out or set an embedding"
    case .shortToVary(let length, let least):
      "a length of \(length) is too short to vary; keep it as it is, or make it at least \(least)"
    case .noChangesToWeigh(let weight):
      "temporal regularization \(weight) weighs changes from step to step, and a length of 1 has none; leave it out or "
        + "make the length at least 2"
    case .noHorizon(let schedule): "the schedule \(schedule.rawValue) has no horizon"
    case .severalKindsOfDocuments(let names):
      "a document is an item, a file, or what ends with a separator; choose one of \(names.joined(separator: ", "))"
    case .noDocuments: "the text is to be split by documents, and is one; give items, each-file or a separator"
    case .sizeOfVocabulary(let size, let kind):
      "symbols is \(size), and the vocabulary of \(kind) tokens is that of the text; leave it out, or choose words or subwords"
    case .endsWithinTokens(let name, let kind):
      "\(name) needs tokens that end where a document does, and one of \(kind)s may go on; leave it out, or choose characters"
    case .backwardLengthOfDocuments(let steps, let length):
      "documents are read with gradients through the whole length: backward length is \(steps), length is \(length); leave it "
        + "out"
    }
  }
}

extension String {
  /// An option's name as words.
  fileprivate var spaced: String { String(map { $0 == "-" ? " " : $0 }) }
}

extension [CellKind] {
  fileprivate var listed: String {
    let names = map(\.rawValue)
    guard names.count > 1, let last = names.last else { return names.joined() }
    return names.dropLast().joined(separator: ", ") + " and " + last
  }
}

extension TrainingSettings {
  /// The first thing that is wrong; nil if a run can be made of these settings, given a horizon where the schedule needs one.
  public var problem: SettingProblem? {
    problem(of: SettingField.all) ?? architecture.conflict ?? lengthProblem ?? tokenProblem ?? documentProblem
  }

  /// The problem of a schedule without the horizon that it needs.
  var horizonProblem: SettingProblem? { schedule.spansHorizon && horizon == nil ? .noHorizon(schedule) : nil }

  fileprivate func problem(of fields: [SettingField]) -> SettingProblem? {
    for field in fields {
      let value = field.value(in: self)
      if !field.kind.allows(value) {
        return .notAllowed(name: field.name, value: value, kind: field.kind)
      }
      if let option = field.requirement, !field.isDefault(in: self), !architecture.cell.options.contains(option) {
        if option == .weightDrop { return .noWeightToDrop(architecture.weightDrop, cell: architecture.cell) }
        let others = CellKind.allCases.filter { $0.options.contains(option) }
        return .notForCell(label: field.label, cell: architecture.cell, takenBy: others)
      }
    }
    return nil
  }

  private var documentProblem: SettingProblem? {
    let kinds = [("items", areItems), ("each-file", filesAreDocuments), ("separator", separator != nil)].filter(\.1)
    if kinds.count > 1 { return .severalKindsOfDocuments(kinds.map(\.0)) }
    if documents == .whole { return splitUnit == .documents ? .noDocuments : nil }
    if let backwardLength, backwardLength != length || variesLength {
      return .backwardLengthOfDocuments(backwardLength, length: length)
    }
    return nil
  }

  private var tokenProblem: SettingProblem? {
    guard tokens.isOfPieces else { return symbols.map { .sizeOfVocabulary($0, tokens) } }
    if areItems { return .endsWithinTokens(name: "items", tokens) }
    return separator == nil ? nil : .endsWithinTokens(name: "separator", tokens)
  }

  private var lengthProblem: SettingProblem? {
    variesLength && length < TruncatedWindows.leastVaried
      ? .shortToVary(length: length, least: TruncatedWindows.leastVaried) : nil
  }
}

extension Architecture {
  /// The first thing that is wrong; nil if a model can be made of this architecture.
  public var problem: SettingProblem? {
    asSettings.problem(of: SettingField.all.filter(\.isOfArchitecture)) ?? conflict
  }

  /// Settings that are sound one by one and exclude each other, or would do nothing.
  fileprivate var conflict: SettingProblem? {
    if dropout > 0 && lockedDropout > 0 { return .bothDropouts(dropout: dropout, locked: lockedDropout) }
    if projection > 0 && layerNorm { return .projectionOfNormalized(cell) }
    if projection > 0 && projection >= hidden { return .wideProjection(projection, hidden: hidden) }
    if hidden % heads != 0 { return .unevenHeads(heads, hidden: hidden) }
    if isTied && embedding != outputSize {
      return .tiedWidth(embedding: embedding, output: outputSize, isProjected: projection > 0)
    }
    if residual && layers == 1 { return .residualOfOneLayer }
    if embeddingDropout > 0 && embedding == 0 { return .noEmbeddingToDrop(embeddingDropout) }
    return nil
  }
}

extension ModelShape {
  /// The first thing that is wrong; nil if a model can be made of this shape.
  public var problem: SettingProblem? {
    let allowed = 1...Self.largestVocabulary
    return architecture.problem ?? (allowed.contains(vocabulary) ? nil : .vocabulary(vocabulary, allowed: allowed))
  }
}
