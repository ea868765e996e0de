import Foundation
import SequenceModeling

/// The voice activity detector of silero-vad: convolutions and an LSTM, in a branch of an ONNX graph.
struct SpeechModel: PackageModel {
  static let (chunk, overlap) = (512, 64)
  /// Fourier transform, four layers of the encoder, output.
  var convolutions: [Convolution1D<Float>] = []
  var recurrent: StackedRecurrent<LSTMCell<Float>>

  init(folder: String) throws {
    let model = try ONNXModel(contentsOf: folder + "/data/silero_vad.onnx")
    // The branch for 16,000 samples per second; its weights are constants, not initializers.
    let choice = model.graph.nodes.first { $0.operation == "If" }
    guard case .graph(let branch) = choice?.attributes["then_branch"] else { fatalError("no branch") }
    var constants: [String: StoredTensor] = [:]
    for node in branch.nodes where node.operation == "Constant" {
      if case .tensor(let tensor) = node.attributes["value"] { constants[node.outputs[0]] = tensor }
    }
    for node in branch.nodes where node.operation == "Conv" {
      guard case .ints(let strides) = node.attributes["strides"], case .ints(let pads) = node.attributes["pads"] else {
        fatalError("a convolution without strides")
      }
      convolutions.append(
        Convolution1D(
          weight: constants[node.inputs[1]]!.floats,
          bias: node.inputs.count > 2 ? constants[node.inputs[2]]!.floats : nil, stride: strides[0], padding: pads[0]))
    }
    let node = try model.recurrentNodes().first { $0.path.first == "If.then_branch" }!
    recurrent = try StackedRecurrent(RecurrentWeights(node))
    bind()
  }

  /// The probability of speech in each chunk of the samples, chunk by chunk as they would come from a microphone.
  func callAsFunction(_ input: Data) -> Output { Output(numbers: probabilities(in: input, atOnce: 1)) }
}

extension SpeechModel {
  /// - Parameters:
  ///   - input: samples, 32-bit floats.
  ///   - count: chunks that are read at once.
  func probabilities(in input: Data, atOnce count: Int) -> [Float] {
    let silence = Array(repeating: Float(0), count: Self.overlap)
    let samples = silence + input.withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
    var context = ForwardContext<Float>()
    var (found, state): ([Float], [LSTMCell<Float>.State]?) = ([], nil)
    let starts = Array(stride(from: 0, through: samples.count - Self.overlap - Self.chunk, by: Self.chunk))
    for first in stride(from: 0, to: starts.count, by: count) {
      let frames = starts[first..<min(first + count, starts.count)].map { start in
        let heard = samples[start..<start + Self.overlap + Self.chunk]
        return heard + heard.reversed()[1...Self.overlap]  // the end is mirrored
      }
      let batch = Tensor(frames.flatMap { $0 }, shape: [frames.count, frames[0].count, 1])
      let (hidden, next) = recurrent.run(
        .vectors(features(of: Variable(batch), in: &context)), from: state, in: &context)
      state = next
      found += convolutions[5](hidden.relu(), in: &context).sigmoid().value.scalars
    }
    return found
  }

  /// Features of frames of samples, [frames, samples, 1]: [frames, 1, 128], a sequence of one batch.
  private func features(
    of samples: Variable<Float>, in context: inout ForwardContext<Float>
  ) -> Variable<Float> {
    let waves = convolutions[0](samples, in: &context)
    let half = waves.shape[2] / 2
    let (real, imaginary) = (waves.slice(axis: 2, 0..<half), waves.slice(axis: 2, half..<2 * half))
    let magnitudes = (real.squared() + imaginary.squared()).squareRoot()
    return convolutions[1...4].reduce(magnitudes) { $1($0, in: &context).relu() }
  }
}

/// The same network, which reads all chunks at once.
struct SpeechSequenceModel: PackageModel {
  private let model: SpeechModel

  init(folder: String) throws { model = try SpeechModel(folder: folder) }

  func callAsFunction(_ input: Data) -> Output { Output(numbers: model.probabilities(in: input, atOnce: 512)) }
}

extension SpeechModel: Module {
  typealias Scalar = Float

  mutating func visitParameters<V: ParameterVisitor<Float>>(_ visitor: inout V) throws(V.Failure) {
    for index in convolutions.indices { try visitor.visit(&convolutions[index], "convolutions.\(index)") }
    try visitor.visit(&recurrent, "recurrent")
  }
}
