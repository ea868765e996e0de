import TensorCore

extension CTCDecoder {
  /// A score of a label that follows a prefix, such as a language model's weighted log-probability plus a bonus for each label;
  /// it is added to the logarithm of the prefix's probability.
  public typealias PrefixScore = (_ prefix: [Int32], _ next: Int32) -> Double

  /// The most probable labellings of each sequence, best first, by prefix beam search (Graves, 2012; Hannun, Maas, Jurafsky and
  /// Ng, 2014).
  ///
  /// Each step keeps the most probable prefixes, with the probability of all their paths, apart for those that end in a blank
  /// and in a label. A beam as wide as all prefixes is exact; in a narrower one a score is a lower bound, for paths through
  /// dropped prefixes are missing. Among equals the one that is first in the order of its labels comes first.
  ///
  /// - Parameters:
  ///   - logProbabilities: [time, batch, classes], of `logSoftmax`, say.
  ///   - lengths: of the sequences; what stands in the padding has no influence.
  ///   - width: the number of prefixes to keep.
  ///   - prefixScore: a further score of each label.
  /// - Returns: for each sequence up to `width` labellings that have a probability.
  /// - Throws: `LabellingError` when a score is +∞ or not a number.
  /// - Precondition: the width is positive, the blank is one of the classes, the lengths are for this batch, and no further
  ///   score is NaN.
  public func beamSearch<Scalar>(
    _ logProbabilities: Tensor<Scalar>, lengths: SequenceLengths? = nil, width: Int, prefixScore: PrefixScore? = nil
  ) throws(LabellingError) -> [[ScoredLabels]] {
    require(width > 0, "CTCDecoder.beamSearch: a beam of width \(width); it must be positive")
    return try steps("CTCDecoder.beamSearch", logProbabilities, lengths).map { steps in
      var beam = PrefixBeam(blank: Int(blank), prefixScore: prefixScore)
      for step in steps { beam.advance(step.map(WideNumber.init(exp:)), width: width) }
      return beam.labellings
    }
  }
}

/// Prefixes of labels, with the probability of their paths so far, most probable first.
private struct PrefixBeam {
  /// A prefix as the number of the one without its last label, and that label.
  struct Key: Hashable {
    let parent: Int
    let label: Int
  }

  struct Prefix {
    let key: Key
    /// Number of the prefix among all that were ever kept; nil where it was not looked up yet.
    var number: Int?
    /// Probability of the paths that end in a blank, and of those that end in the last label.
    let endsInBlank: WideNumber
    var endsInLabel: WideNumber { didSet { total = endsInBlank + endsInLabel } }
    private(set) var total: WideNumber

    init(_ key: Key, number: Int?, endsInBlank: WideNumber, endsInLabel: WideNumber) {
      (self.key, self.number, self.endsInBlank, self.endsInLabel) = (key, number, endsInBlank, endsInLabel)
      total = endsInBlank + endsInLabel
    }
  }

  private let blank: Int
  private let prefixScore: CTCDecoder.PrefixScore?
  /// All prefixes that were ever kept, by number; 0 is the empty one, its own parent.
  private var keys = [Key(parent: 0, label: -1)]
  private var numbers: [Key: Int] = [:]
  private var beam: [Prefix]

  init(blank: Int, prefixScore: CTCDecoder.PrefixScore?) {
    (self.blank, self.prefixScore) = (blank, prefixScore)
    beam = [Prefix(keys[0], number: 0, endsInBlank: .one, endsInLabel: .zero)]
  }

  var labellings: [ScoredLabels] { beam.map { ScoredLabels(labels: labels(of: $0.key), score: $0.total.log) } }

  /// Reads a step: the probability of each class.
  mutating func advance(_ probabilities: [WideNumber], width: Int) {
    var staying = beam.map { prefix in
      Prefix(
        prefix.key, number: prefix.number, endsInBlank: prefix.total * probabilities[blank],
        endsInLabel: prefix.number == 0 ? .zero : prefix.endsInLabel * probabilities[prefix.key.label])
    }
    // Extensions of less than all that stays are not kept where the beam is full already.
    let least = beam.count < width ? .zero : staying.map(\.total).min()!
    let places = Dictionary(uniqueKeysWithValues: beam.enumerated().map { ($1.number!, $0) })
    let prefixLabels = prefixScore == nil ? [] : beam.map { labels(of: $0.key) }
    var extensionsInBeam = [[Int]](repeating: [], count: beam.count)
    for (place, prefix) in beam.enumerated() where prefix.number != 0 {
      guard let parent = places[prefix.key.parent] else { continue }
      extensionsInBeam[parent].append(prefix.key.label)
      staying[place].endsInLabel =
        staying[place].endsInLabel + paths(from: parent, to: prefix.key.label, probabilities, prefixLabels)
    }
    var candidates = staying
    for (place, prefix) in beam.enumerated() {
      for label in probabilities.indices where label != blank && !extensionsInBeam[place].contains(label) {
        let paths = paths(from: place, to: label, probabilities, prefixLabels)
        if paths < least { continue }
        let key = Key(parent: prefix.number!, label: label)
        candidates.append(Prefix(key, number: nil, endsInBlank: .zero, endsInLabel: paths))
      }
    }
    candidates.removeAll { $0.total.isZero }
    candidates.sort(by: precedes)
    beam = Array(candidates.prefix(width))
    for place in beam.indices { beam[place].number = number(of: beam[place]) }
  }

  /// Probability of the paths of a prefix that go on with a label: a label right after itself needs a blank between.
  ///
  /// - Parameter labels: of each prefix in the beam; read only where there is a prefix score.
  private func paths(
    from place: Int, to label: Int, _ probabilities: [WideNumber], _ labels: [[Int32]]
  ) -> WideNumber {
    let prefix = beam[place]
    let paths = (label == prefix.key.label ? prefix.endsInBlank : prefix.total) * probabilities[label]
    guard let prefixScore, !paths.isZero else { return paths }
    let score = prefixScore(labels[place], Int32(label))
    require(!score.isNaN, "CTCDecoder.beamSearch: the score of label \(label) after \(labels[place]) is NaN")
    return paths * WideNumber(exp: score)
  }

  private func precedes(_ a: Prefix, _ b: Prefix) -> Bool {
    if a.total != b.total { return a.total > b.total }
    return labels(of: a.key).lexicographicallyPrecedes(labels(of: b.key))
  }

  private mutating func number(of prefix: Prefix) -> Int {
    if let number = prefix.number ?? numbers[prefix.key] { return number }
    keys.append(prefix.key)
    numbers[prefix.key] = keys.count - 1
    return keys.count - 1
  }

  private func labels(of key: Key) -> [Int32] {
    var (labels, key) = ([Int32](), key)
    while key.label >= 0 {
      labels.append(Int32(key.label))
      key = keys[key.parent]
    }
    return labels.reversed()
  }
}
