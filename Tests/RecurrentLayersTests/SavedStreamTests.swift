import CharrnnTestSupport
import Foundation
import NeuralLayers
import RecurrentLayers
import TensorCore
import Testing

/// A stream that is saved in one process and goes on in another.
private struct SavedStream: Codable {
  /// Bits of the state by component, and of the outputs that are to follow.
  var state: [String: [UInt32]] = [:]
  var outputs: [[UInt32]] = []

  /// File that hands a stream over; its name is in the environment, which a child process has too.
  static let variable = "CHARRNN_SAVED_STREAM"

  static func session() -> StreamingSession<Float> {
    var random = RandomSource(seed: 1)
    let cells = [3, 16].map { LSTMCell<Float>(input: $0, hidden: 16).drawn(using: &random) }
    return StreamingSession(
      StackedRecurrent(cells), reading: .vectors, head: Dense<Float>(16, 4).drawn(using: &random), streams: 2)
  }

  static func item(_ step: Int) -> Tensor<Float> {
    var random = RandomSource(seed: 2).substream(UInt64(step))
    return .normal([2, 3], using: &random)
  }

  static func bits(_ numbers: some Sequence<Float>) -> [UInt32] { numbers.map(\.bitPattern) }
}

@Suite struct SavedStreamTests {
  @Test func aSavedStateGoesOnInAnotherProcessToTheBit() async throws {
    let scratch = try ScratchDirectory()
    let session = SavedStream.session()
    for step in 0..<20 { session.push(SavedStream.item(step)) }
    var saved = SavedStream(state: session.state(of: 1).mapValues { SavedStream.bits($0.scalars) })
    for step in 20..<40 {
      session.push(SavedStream.item(step))
      saved.outputs.append(SavedStream.bits(session.outputs.row(1).scalars))
    }
    let path = scratch.path(of: "stream.json")
    try JSONEncoder().encode(saved).write(to: URL(fileURLWithPath: path))
    setenv(SavedStream.variable, path, 1)
    await #expect(processExitsWith: .success) {
      let path = try #require(ProcessInfo.processInfo.environment[SavedStream.variable])
      let saved = try JSONDecoder().decode(SavedStream.self, from: Data(contentsOf: URL(fileURLWithPath: path)))
      let session = SavedStream.session()
      try session.setState(
        of: 0, to: saved.state.mapValues { bits in Tensor(bits.map { Float(bitPattern: $0) }, shape: [bits.count]) })
      for (step, expected) in saved.outputs.enumerated() {
        session.push(SavedStream.item(20 + step).rows([1]), to: [0])
        try #require(SavedStream.bits(session.outputs.row(0).scalars) == expected)
      }
    }
  }
}
