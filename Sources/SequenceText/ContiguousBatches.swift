import TensorCore

/// The inputs and targets of one step of truncated backpropagation through time.
public struct TokenWindow: Sendable, Hashable {
  /// Token ids of shape `[time, batch]`, row-major: element (t, b) is at `t * batch + b`.
  public var inputs: [Int32]
  /// The token that follows each input in its stream; same shape.
  public var targets: [Int32]
  public let time, batch: Int
  /// Whether a document begins after each input, so that the state is reset before it; same shape. Nil for nowhere.
  public var endsDocument: [Bool]?

  /// A window of the given arrays; all hold `time * batch` elements.
  public init(inputs: [Int32], targets: [Int32], endsDocument: [Bool]? = nil, time: Int, batch: Int) {
    guard inputs.count == time * batch, targets.count == inputs.count,
      endsDocument?.count ?? inputs.count == inputs.count
    else {
      programmingError("TokenWindow: \(inputs.count) inputs and \(targets.count) targets for [\(time), \(batch)]")
    }
    self.inputs = inputs
    self.targets = targets
    self.endsDocument = endsDocument
    self.time = time
    self.batch = batch
  }
}

/// A part of a corpus as `batch` contiguous streams that are read side by side, `length` tokens a step.
///
/// Stream b holds the L = ⌊n / batch⌋ tokens from b·L on, n being the tokens of the part; the n − batch·L last tokens
/// are left out. Window k starts at s = k·length in every stream; its inputs are the tokens s to s + length − 1 of the
/// stream and its targets the tokens s + 1 to s + length. An epoch has the windows with s + length + 1 ≤ L, which is
/// ⌊(L − 1) / length⌋ of them.
///
/// Documents, where a part is made of them, are in another order in each epoch.
public struct ContiguousBatches: Sendable {
  public let batch, length: Int
  /// L, the tokens of each stream.
  public let streamLength: Int
  /// Numbers of the streams that are read here; as a rule all.
  public private(set) var streams: Range<Int>
  private let tokens: TokenSequence
  private let start: Int
  private let documents: Documents?

  private struct Documents: Sendable {
    let starts: [Int]
    let end: Int
    let random: RandomSource
  }

  /// Cuts `tokens[range]` into streams. The tokens are shared, not copied. Traps on a range outside the tokens, and on a
  /// batch or length below 1.
  ///
  /// - Throws: `CorpusError.tooSmall` where not even one window fits.
  public init(_ tokens: TokenSequence, in range: Range<Int>, batch: Int, length: Int) throws(CorpusError) {
    guard batch > 0, length > 0, range.lowerBound >= 0, range.upperBound <= tokens.count else {
      programmingError("ContiguousBatches: batch \(batch), length \(length), tokens \(range) of \(tokens.count)")
    }
    streamLength = range.count / batch
    guard streamLength > length else {
      throw .tooSmall(CorpusTooSmall(tokens: range.count, batch: batch, length: length))
    }
    self.batch = batch
    self.length = length
    self.streams = 0..<batch
    self.tokens = tokens
    start = range.lowerBound
    documents = nil
  }

  /// Cuts the documents of a part of a corpus into streams.
  ///
  /// - Parameter random: source of the orders of documents.
  /// - Throws: `CorpusError.tooSmall` where not even one window fits.
  /// - Precondition: the corpus has documents.
  public init(
    documentsOf text: ArrangedCorpus, in part: CorpusSplit.Part, batch: Int, length: Int, random: RandomSource
  ) throws(CorpusError) {
    guard let all = text.documentStarts else {
      programmingError("ContiguousBatches: the corpus is not cut into documents")
    }
    let range = text.split[part]
    let starts = Array(
      all[all.firstPosition(atLeast: range.lowerBound)..<all.firstPosition(atLeast: range.upperBound)])
    let documents = (starts.first ?? range.upperBound)..<range.upperBound
    let whole = try ContiguousBatches(text.corpus.tokens, in: documents, batch: batch, length: length)
    (self.batch, self.length, streamLength, streams) = (batch, length, whole.streamLength, whole.streams)
    (tokens, start) = (whole.tokens, whole.start)
    self.documents = Documents(starts: starts, end: range.upperBound, random: random)
  }

  /// Some of the streams, side by side, as one of several processes reads them. Traps where there are none such.
  public func taking(_ streams: Range<Int>) -> ContiguousBatches {
    guard !streams.isEmpty, streams.lowerBound >= 0, streams.upperBound <= batch else {
      programmingError("ContiguousBatches: streams \(streams) of \(batch)")
    }
    var own = self
    own.streams = streams
    return own
  }

  /// The order of the documents in an epoch; nil where the text is read as it is.
  /// - Complexity: O(documents).
  public func order(epoch: Int) -> DocumentOrder? {
    documents.map { DocumentOrder($0.starts, end: $0.end, epoch: epoch, random: $0.random) }
  }

  /// The windows of an epoch; at least one.
  public var windowsPerEpoch: Int { (streamLength - 1) / length }

  /// Window `step` of an epoch, counted from 0. Traps where there is none such.
  /// - Complexity: O(`length` · `streams`), whatever the size of the corpus.
  public func window(_ step: Int) -> TokenWindow {
    guard (0..<windowsPerEpoch).contains(step) else {
      programmingError("ContiguousBatches: no window \(step) among \(windowsPerEpoch)")
    }
    return window(step * length..<(step + 1) * length)
  }

  /// Some steps of every stream, counted from its beginning. Traps where a stream has not so many with a token after them.
  ///
  /// - Parameter order: the order of the documents, where there are any.
  /// - Complexity: O(steps · `streams`), whatever the size of the corpus.
  public func window(_ steps: Range<Int>, in order: DocumentOrder? = nil) -> TokenWindow {
    guard steps.lowerBound >= 0, steps.upperBound < streamLength else {
      programmingError("ContiguousBatches: no steps \(steps) with targets in streams of \(streamLength) tokens")
    }
    guard (order == nil) == (documents == nil) else { programmingError("ContiguousBatches: documents need an order") }
    if let order { return window(steps, of: order) }
    let (first, length, width) = (start + steps.lowerBound, steps.count, streams.count)
    var inputs = [Int32](repeating: 0, count: length * width)
    var targets = inputs
    for (column, stream) in streams.enumerated() {
      var token = tokens[first + stream * streamLength]
      for time in 0..<length {
        inputs[time * width + column] = token
        token = tokens[first + stream * streamLength + time + 1]
        targets[time * width + column] = token
      }
    }
    return TokenWindow(inputs: inputs, targets: targets, time: length, batch: width)
  }

  private func window(_ steps: Range<Int>, of order: DocumentOrder) -> TokenWindow {
    let (length, width) = (steps.count, streams.count)
    var inputs = [Int32](repeating: 0, count: length * width)
    var targets = inputs
    var ends = [Bool](repeating: false, count: length * width)
    for (column, stream) in streams.enumerated() {
      let first = stream * streamLength + steps.lowerBound
      var index = column
      order.forEach(in: first..<first + length + 1) { position, isLast in
        let token = tokens[position]
        if index >= width { targets[index - width] = token }
        if index < inputs.count { (inputs[index], ends[index]) = (token, isLast) }
        index += width
      }
    }
    return TokenWindow(inputs: inputs, targets: targets, endsDocument: ends, time: length, batch: width)
  }
}

/// The numbers of a text that has too few tokens for one window.
public struct CorpusTooSmall: Sendable, Hashable, CustomStringConvertible {
  /// The tokens there are.
  public let tokens: Int
  public let batch, length: Int

  package init(tokens: Int, batch: Int, length: Int) {
    self.tokens = tokens
    self.batch = batch
    self.length = length
  }

  /// The tokens needed: batch · (length + 1). The largest `Int` where that is larger still.
  public var needed: Int { Self.needed(batch, length) }

  /// A batch and length that would work: the greater of the two (the batch where they are equal) is halved until
  /// both fit. Nil below two tokens, for which none would.
  public var suggestion: (batch: Int, length: Int)? {
    guard tokens >= 2 else { return nil }
    var (batch, length) = (batch, length)
    while Self.needed(batch, length) > tokens {
      if batch >= length, batch > 1 { batch /= 2 } else { length = max(1, length / 2) }
    }
    return (batch, length)
  }

  private static func needed(_ batch: Int, _ length: Int) -> Int {
    let (perStream, overflow) = length.addingReportingOverflow(1)
    let (all, overflows) = batch.multipliedReportingOverflow(by: perStream)
    return overflow || overflows ? .max : all
  }

  public var description: String {
    "the text is too small: \(counted(tokens, "token")) to train on, and batch \(batch) at length \(length) needs \(needed)"
      + (suggestion == nil ? "; no batch and length would work, a longer text is needed" : "")
  }
}
