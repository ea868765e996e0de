import SequenceModeling

/// A network that reads the loudness of a sound's bands, frame by frame, and gives the logit of a voice in each.
struct VoiceNet: Layer {
  typealias Scalar = Float
  var norm = BatchNorm<Float>(Bands.count)
  var rnn = Recurrent(GRUCell<Float>(input: Bands.count, hidden: 32), returning: .all)
  var head = Dense<Float>(32, 1)

  func callAsFunction(_ input: Variable<Float>, in context: inout ForwardContext<Float>) -> Variable<Float> {
    head(rnn(norm(input, in: &context), in: &context), in: &context)
  }

  mutating func visitParameters<V: ParameterVisitor<Float>>(_ visitor: inout V) throws(V.Failure) {
    try visitor.visit(&norm, "norm")
    try visitor.visit(&rnn, "rnn")
    try visitor.visit(&head, "head")
  }

  /// A network that has learned from drawn recordings of two to six seconds.
  static func trained(recordings: Int, epochs: Int, report: @escaping (EpochReport) -> Void) throws -> VoiceNet {
    var random = RandomSource(seed: 1)
    let bands = Bands()
    let drawn = (0..<recordings).map { _ in
      Recording(frames: Int.random(in: 100...300, using: &random), using: &random)
    }
    let data = try SequenceData(
      drawn.map { bands.features(of: $0.samples) },
      targets: .stepValues(drawn.map { Tensor($0.hasVoice.map { $0 ? 1 : 0 }, shape: [$0.hasVoice.count, 1]) }))
    var net = VoiceNet().compile(
      optimizer: .adam(learningRate: 0.01), loss: .binaryCrossEntropyFromLogits, metrics: [.accuracy])
    try net.fit(
      data, epochs: epochs,
      options: FitOptions(
        batchSize: 8, clipping: .norm(1), validation: .split(0.1),
        callbacks: [.everyEpoch { epoch, _ in report(epoch) }]))
    return net.model
  }
}

/// A network that listens to one sound, and says when a voice begins and ends.
struct VoiceDetector {
  /// A voice that begins or ends.
  struct Change: Equatable, CustomStringConvertible {
    let second: Double
    let isVoice: Bool
    var description: String { "\((second * 100).rounded() / 100) s: \(isVoice ? "voice" : "silence")" }
  }

  private let bands = Bands()
  private let norm: BatchNorm<Float>
  private let session: StreamingSession<Float>
  private var context = ForwardContext<Float>()
  private var logit: [Float] = [0]
  private var frames = 0
  private var isVoice = false

  init(_ net: VoiceNet) {
    norm = net.norm
    session = StreamingSession(net.rnn.stack, reading: .vectors, head: net.head)
  }

  /// The logit of a voice in the next frame, `Bands.frame` samples.
  mutating func logit(of samples: [Float]) -> Float {
    session.push(norm(Variable(bands.features(of: samples)), in: &context).value)
    session.copyOutput(of: 0, to: &logit)
    return logit[0]
  }

  /// Hears the next frame; a change takes a clear answer, so that the detector does not waver.
  mutating func hear(_ samples: [Float]) -> Change? {
    let logit = logit(of: samples)
    frames += 1
    guard isVoice ? logit < -1 : logit > 1 else { return nil }
    isVoice.toggle()
    return Change(second: Double((frames - 1) * Bands.frame) / Recording.rate, isVoice: isVoice)
  }
}
