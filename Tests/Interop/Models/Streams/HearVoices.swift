import Foundation
import SequenceModeling

/// Reads 32-bit samples, 16,000 a second, from standard input, and prints the probability of speech in every 512 of them.
func hearVoices(folder: String) throws {
  let model = try ONNXModel(contentsOf: folder + "/data/silero_vad.onnx")
  // The branch for 16,000 samples per second.
  let branch = model.graph.nodes.first { $0.operation == "If" }!.attributes["then_branch"]!.subgraph!
  let constants = branch.constants
  let layers: [Convolution1D<Float>] = branch.nodes.filter { $0.operation == "Conv" }.map { node in
    Convolution1D(
      weight: Tensor(constants[node.inputs[1]]!)!, bias: node.inputs.dropFirst(2).first.map { Tensor(constants[$0]!)! },
      stride: node.attributes["strides"]!.integers![0], padding: .zeros(node.attributes["pads"]!.integers![0]))
  }
  let lstm = try StackedRecurrent<LSTMCell<Float>>(
    RecurrentWeights(model.recurrentNodes().first { $0.path.first == "If.then_branch" }!))
  let session = StreamingSession(lstm, reading: .vectors)

  var context = ForwardContext<Float>()
  var heard = [Float](repeating: 0, count: 64)
  while let bytes = try FileHandle.standardInput.read(upToCount: 4 * 512), bytes.count == 4 * 512 {
    heard = heard.suffix(64) + bytes.withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
    let frame = heard + heard.reversed()[1...64]  // the end is mirrored
    let waves = layers[0](Variable(Tensor(frame, shape: [1, frame.count, 1])), in: &context)
    let half = waves.shape[2] / 2  // Fourier transform: real and imaginary parts
    let (real, imaginary) = (waves.slice(axis: 2, 0..<half), waves.slice(axis: 2, half..<2 * half))
    let magnitudes = (real.squared() + imaginary.squared()).squareRoot()
    let features = layers[1...4].reduce(magnitudes) { $1($0, in: &context).relu() }
    session.push(features.value.reshaped([1, 128]))
    let hidden = Variable(session.outputs.reshaped([1, 1, 128])).relu()
    print(layers[5](hidden, in: &context).sigmoid().value.scalar)
  }
}
