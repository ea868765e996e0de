import Autograd
import CharrnnTestSupport
import NeuralLayers
import RecurrentLayers
import TensorCore
import Testing

/// Attention, and encoders and decoders with it, are on a device what they are on the host.
@Suite(.enabled(if: hasDevice))
struct DeviceAttentionTests {
  @Test(arguments: AttentionTests.scores)
  func attentionAgreesWithTheHost(score: Attention<Double>.Score) throws {
    var random = RandomSource(seed: 1)
    let attention = Attention(score, query: 4, memory: 4).drawn(using: &random)
    let queries = Tensor<Double>.normal([3, 2, 4], using: &random)
    let values = Tensor<Double>.normal([5, 2, 4], using: &random)
    for lengths in [nil, try SequenceLengths([3, 5], time: 5)] {
      try expectSame("ragged \(lengths != nil), seed 1", within: 1e-12) { device in
        let model = try attention.bound().on(device)
        let tape = Tape<Double>()
        var context = ForwardContext(tape: tape, workspace: Workspace(device: device))
        let (q, m) = (tape.watch(try queries.on(device)), tape.watch(try values.on(device)))
        let memory = model.memory(m, lengths: lengths, in: &context)
        let found = model(q, over: memory, in: &context)
        let gradients = (projection(found.context, seed: 1) + projection(found.weights, seed: 2)).gradients()
        return [
          ("context", found.context.value), ("weights", found.weights.value), ("gradient of the queries", gradients[q]),
          ("gradient of the memory", gradients[m]),
        ] + model.parameters.map { ("gradient of \($0.name)", gradients[$0.parameter]) }
      }
    }
  }

  @Test(arguments: EncoderDecoderTests.styles)
  func theLossOfAnEncoderAndDecoderAgreesWithTheHost(style: EncoderDecoderTests.Style) throws {
    let network = EncoderDecoderTests.network(style, layers: 2).bound()
    try expectSame("\(style)", within: 1e-12) { device in
      let model = try network.on(device)
      var context = ForwardContext(tape: Tape<Double>(), workspace: Workspace(device: device))
      let loss = model.loss(of: EncoderDecoderTests.targets, for: EncoderDecoderTests.sources, in: &context)
      let gradients = loss.gradients()
      return [("loss", loss.value)] + model.parameters.map { ("gradient of \($0.name)", gradients[$0.parameter]) }
    }
  }

  @Test(arguments: [1, 3])
  func translationsAgreeWithTheHosts(beam: Int) throws {
    let device = Device.openCL(try #require(testDevice))
    let network = EncoderDecoderTests.network(.bahdanau(units: 3))
    let expected = network.translate(EncoderDecoderTests.sources, limit: 5, beam: beam)
    let found = try network.on(device).translate(EncoderDecoderTests.sources, limit: 5, beam: beam)
    #expect(found.map(\.tokens) == expected.map(\.tokens) && found.map(\.isCut) == expected.map(\.isCut))
    for (found, expected) in zip(found, expected) {
      #expect(abs(found.logProbability - expected.logProbability) < 1e-12)
      expectClose(found.alignment, expected.alignment)
    }
  }
}
