import Foundation
import SequenceModeling

/// The voice activity detector of silero-vad: convolutions and an LSTM, in a branch of an ONNX graph.
struct SpeechModel: PackageModel {
  private static let (chunk, overlap) = (512, 64)
  /// Fourier transform, four layers of the encoder, output.
  private let convolutions: [Convolution1D<Float>]
  private let recurrent: StackedRecurrent<LSTMCell<Float>>

  init(folder: String) throws {
    let model = try ONNXModel(contentsOf: folder + "/data/silero_vad.onnx")
    // The branch for 16,000 samples per second.
    let branch = model.graph.nodes.first { $0.operation == "If" }!.attributes["then_branch"]!.subgraph!
    let constants = branch.constants
    convolutions = branch.nodes.filter { $0.operation == "Conv" }.map { node in
      Convolution1D(
        weight: constants[node.inputs[1]]!.floats, bias: node.inputs.dropFirst(2).first.map { constants[$0]!.floats },
        stride: node.attributes["strides"]!.integers![0], padding: .zeros(node.attributes["pads"]!.integers![0]))
    }
    recurrent = try StackedRecurrent(
      RecurrentWeights(model.recurrentNodes().first { $0.path.first == "If.then_branch" }!))
  }

  /// The probability of speech in each chunk of 32-bit samples, chunk by chunk as they would come from a microphone.
  func callAsFunction(_ input: Data) -> Output { Output(numbers: probabilities(in: input, atOnce: 1)) }

  /// - Parameter count: chunks that are read at once.
  func probabilities(in input: Data, atOnce count: Int) -> [Float] {
    let samples = [Float](repeating: 0, count: Self.overlap) + input.withUnsafeBytes { $0.bindMemory(to: Float.self) }
    let width = Self.overlap + Self.chunk
    let frames = stride(from: 0, through: samples.count - width, by: Self.chunk).map { start -> ArraySlice<Float> in
      let heard = samples[start..<start + width]
      return heard + heard.reversed()[1...Self.overlap]  // the end is mirrored
    }
    var context = ForwardContext<Float>()
    var state: [LSTMCell<Float>.State]?
    return stride(from: 0, to: frames.count, by: count).flatMap { first in
      let batch = frames[first..<min(first + count, frames.count)]
      let waves = convolutions[0](
        Variable(Tensor(batch.flatMap { $0 }, shape: [batch.count, frames[0].count, 1])), in: &context)
      let half = waves.shape[2] / 2
      let (real, imaginary) = (waves.slice(axis: 2, 0..<half), waves.slice(axis: 2, half..<2 * half))
      let magnitudes = (real.squared() + imaginary.squared()).squareRoot()
      let features = convolutions[1...4].reduce(magnitudes) { $1($0, in: &context).relu() }
      // Frames of one stream, [frames, 1, 128]: a sequence of one batch.
      let (hidden, next) = recurrent.run(.vectors(features), from: state, in: &context)
      state = next
      return convolutions[5](hidden.relu(), in: &context).sigmoid().value.scalars
    }
  }
}

/// The same network, which reads all chunks at once.
struct SpeechSequenceModel: PackageModel {
  private let model: SpeechModel

  init(folder: String) throws { model = try SpeechModel(folder: folder) }

  func callAsFunction(_ input: Data) -> Output { Output(numbers: model.probabilities(in: input, atOnce: 512)) }
}
