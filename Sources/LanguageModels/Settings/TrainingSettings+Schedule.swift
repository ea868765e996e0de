import ModelTraining
import SequenceText
import TensorCore

extension TrainingSettings {
  /// Course of the learning rate over a run.
  public enum Schedule: String, Sendable, CaseIterable {
    case constant
    /// Half a cosine from the base rate down to 0 at the horizon, where it stays.
    case cosine
    /// Halved whenever two scheduled validations in a row were no better than the best one, by a ten-thousandth of its loss;
    /// never below a thousandth of the base rate.
    case plateau
    /// For 30% of the horizon from a 25th of the base rate up to it, then down to a 10,000th of its first value, where it
    /// stays (Smith and Topin, "Super-convergence", 2018).
    case oneCycle = "one-cycle"
    /// Warm-up over the first 100 updates, the base rate, and a decay to 0 that begins when the end is decided: the last fifth of
    /// the updates (Hu et al., "MiniCPM", 2024). More training goes on from the state before the decay.
    case warmUpStableDecay = "wsd"

    /// Whether it must know how long the run is to be.
    public var spansHorizon: Bool { self == .cosine || self == .oneCycle }
  }

  /// Steps that go once through the training part of a corpus.
  public func stepsPerEpoch(on corpus: Corpus) throws(CharacterRunError) -> Int {
    try windows(of: arranged(corpus), streams: 0..<batch).perEpoch
  }

  func arranged(_ corpus: Corpus) throws(CharacterRunError) -> ArrangedCorpus {
    let (validation, test) = (try fraction("validation-fraction"), try fraction("test-fraction"))
    let text: ArrangedCorpus
    do { text = try ArrangedCorpus(corpus, by: arrangement, validation: validation, test: test) } catch let error
      as CorpusSplitError
    { throw .split(error) } catch let error as CorpusError { throw .corpus(error) } catch {
      fatalError("ArrangedCorpus: \(error)")
    }
    if documents != .whole && text.documentStarts?.count ?? 0 < 2 { throw .corpus(.oneDocument(of: documents)) }
    return text
  }

  func windows(of text: ArrangedCorpus, streams own: Range<Int>) throws(CharacterRunError) -> TruncatedWindows {
    let random = RandomSource(seed: UInt64(bitPattern: Int64(seed)))
    let streams: ContiguousBatches
    do {
      streams =
        text.documentStarts == nil
        ? try ContiguousBatches(text.corpus.tokens, in: text.split.train, batch: batch, length: length)
        : try ContiguousBatches(
          documentsOf: text, in: .train, batch: batch, length: length, random: random.substream(Self.orderStream))
    } catch { throw .corpus(error) }
    return TruncatedWindows(
      streams.taking(own), backwardLength: backwardLength,
      variation: variesLength ? random.substream(Self.variationStream) : nil)
  }

  /// Apart from the streams that weights and training steps draw from.
  private static let (variationStream, orderStream) = (UInt64.max, UInt64.max - 1)

  private func fraction(_ name: String) throws(CharacterRunError) -> DecimalFraction {
    let field = SettingField.named(name)
    let value = field.value(in: self)
    guard case .text(let text) = value, let fraction = DecimalFraction(text) else {
      throw .settings(.notAllowed(name: name, value: value, kind: field.kind))
    }
    return fraction
  }

  /// The schedule that the trainer follows.
  func learningRateSchedule() throws(CharacterRunError) -> LearningRateSchedule {
    switch (schedule, horizon) {
    case (.constant, _): return .constant
    case (.warmUpStableDecay, _): return .warmUp(steps: 100, from: 0.01)
    case (.plateau, _): return .reduceOnPlateau(factor: 0.5, patience: 1, floor: 0.001)
    case (.cosine, let horizon?): return .cosine(steps: horizon)
    case (.oneCycle, let horizon?): return .oneCycle(steps: horizon)
    case (.cosine, nil), (.oneCycle, nil): throw .noHorizon(schedule)
    }
  }
}
