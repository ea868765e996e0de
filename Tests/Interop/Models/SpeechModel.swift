import Foundation
import SequenceModeling

/// The voice activity detector of silero-vad: convolutions and an LSTM, in a branch of an ONNX graph.
struct SpeechModel: PackageModel, Module {
  typealias Scalar = Float
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

  /// The probability of speech in each chunk of the samples, which are 32-bit floats.
  func callAsFunction(_ input: Data) -> Output {
    let samples = input.withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
    var context = ForwardContext<Float>()
    var (result, state) = (Output(), [LSTMCell<Float>.State]?.none)
    for start in stride(from: 0, to: samples.count - Self.chunk + 1, by: Self.chunk) {
      let before =
        start == 0 ? Array(repeating: 0, count: Self.overlap) : Array(samples[start - Self.overlap..<start])
      let heard = before + samples[start..<start + Self.chunk]
      // The end is mirrored.
      let line = heard + heard.reversed()[1...Self.overlap]
      let features = encode(Variable(Tensor(line, shape: [1, line.count, 1])), in: &context)
      let (hidden, next) = recurrent.run(.vectors(features), from: state, in: &context)
      state = next
      result.numbers.append(convolutions[5](hidden.relu(), in: &context).sigmoid().value.scalar)
    }
    return result
  }

  /// Features of samples, [1, length, 1]: [1, 1, 128].
  private func encode(_ samples: Variable<Float>, in context: inout ForwardContext<Float>) -> Variable<Float> {
    let waves = convolutions[0](samples, in: &context)
    let half = waves.shape[2] / 2
    let (real, imaginary) = (waves.slice(axis: 2, 0..<half), waves.slice(axis: 2, half..<2 * half))
    let magnitudes = (real.squared() + imaginary.squared()).squareRoot()
    return convolutions[1...4].reduce(magnitudes) { $1($0, in: &context).relu() }
  }

  mutating func visitParameters<V: ParameterVisitor<Float>>(_ visitor: inout V) throws(V.Failure) {
    for index in convolutions.indices { try visitor.visit(&convolutions[index], "convolutions.\(index)") }
    try visitor.visit(&recurrent, "recurrent")
  }
}
