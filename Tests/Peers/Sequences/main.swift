// Measures recurrent layers as an app uses them; `sequences.py` runs it beside onnxruntime and prints the comparison.
//
//     swift run -c release SequenceMeasurements step lstm 2        # µs of a step of one stream
//     swift run -c release SequenceMeasurements step lstm 2 int8Weights
//     swift run -c release SequenceMeasurements streams lstm 1000  # items a second of many streams
//     swift run -c release SequenceMeasurements memory tagger ragged
//     swift run -c release SequenceMeasurements batches 100000

import Foundation
import SequenceModeling

let width = 128

/// Layers of a kind of cell with inputs and outputs of 128.
func session(
  _ kind: String, layers: Int, streams: Int, weights: ProductFormat = .full
) -> StreamingSession<Float> {
  var random = RandomSource(seed: 1)
  if kind == "gru" {
    let cells = (0..<layers).map { _ in GRUCell<Float>(input: width, hidden: width).drawn(using: &random) }
    return StreamingSession(StackedRecurrent(cells), reading: .vectors, streams: streams, weights: weights)
  }
  let cells = (0..<layers).map { _ in LSTMCell<Float>(input: width, hidden: width).drawn(using: &random) }
  return StreamingSession(StackedRecurrent(cells), reading: .vectors, streams: streams, weights: weights)
}

/// Seconds that a body takes, the median of runs of `count` calls each.
func medianSeconds(runs: Int, count: Int, _ body: () -> Void) -> Double {
  let clock = ContinuousClock()
  let times = (0..<runs).map { _ in
    let time = clock.measure { for _ in 0..<count { body() } }
    return Double(time.components.attoseconds) * 1e-18 + Double(time.components.seconds)
  }
  return times.sorted()[runs / 2] / Double(count)
}

/// Microseconds of a step of one stream, its output copied out.
func step(_ kind: String, layers: Int, weights: ProductFormat) {
  let session = session(kind, layers: layers, streams: 1, weights: weights)
  var random = RandomSource(seed: 2)
  let item = Tensor<Float>.normal([1, width], using: &random)
  var output = [Float](repeating: 0, count: width)
  let seconds = medianSeconds(runs: 41, count: 500) {
    session.push(item)
    session.copyOutput(of: 0, to: &output)
  }
  print(seconds * 1e6)
}

/// Items a second of many streams in one batch.
func streams(_ kind: String, _ count: Int) {
  let session = session(kind, layers: 1, streams: count)
  var random = RandomSource(seed: 2)
  let items = Tensor<Float>.normal([count, width], using: &random)
  let seconds = medianSeconds(runs: 11, count: max(2000 / count, 1)) { session.push(items) }
  print(Double(count) / seconds)
}

/// Memory of this process in mebibytes: the most so far, and now.
func mebibytes() -> (peak: Double, now: Double) {
  let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
  func field(_ name: String) -> Double {
    let line = status.split(separator: "\n").first { $0.hasPrefix(name) }
    return line.flatMap { Double($0.split(separator: " ")[1]) }.map { $0 / 1024 } ?? .nan
  }
  return (field("VmHWM"), field("VmRSS"))
}

/// A network for sequences of vectors, with an output for each step.
func tagger(features: Int, hidden: Int) -> Sequential<Float> {
  func cell() -> GRUCell<Float> { GRUCell(input: features, hidden: hidden) }
  return Sequential(seed: 1) {
    Recurrent(StackedRecurrent([cell()], reverse: [cell()]), returning: .all)
    Dense(2 * hidden, 12)
  }
}

/// Runs over sequences of many lengths, or all of the longest; prints the most memory that the process had.
func memory(_ run: String, isRagged: Bool) throws {
  var random = RandomSource(seed: 3)
  func lengths(_ count: Int, upTo longest: Int) -> [Int] {
    let drawn = (0..<count).map { _ in isRagged ? Int.random(in: 1...longest, using: &random) : longest }
    return drawn.dropLast() + [longest]
  }
  switch run {
  case "tagger":  // one text at a time, as a service tags what comes
    let net = tagger(features: 64, hidden: 64)
    var workspace: Workspace<Float>? = Workspace()
    for length in lengths(400, upTo: 400) {
      var context = ForwardContext(workspace: workspace!)
      _ = net(Variable(.normal([1, length, 64], using: &random)), in: &context)
    }
    workspace = nil
  case "training":
    var net = tagger(features: 32, hidden: 64)
    let sequences = lengths(2000, upTo: 100).map { Tensor<Float>.normal([$0, 32], using: &random) }
    let classes = sequences.map { [Int32](repeating: 1, count: $0.shape[0]) }
    try net.fit(
      SequenceData(sequences, targets: .stepClasses(classes)), epochs: 1, loss: .softmaxCrossEntropy,
      options: FitOptions(batchSize: 32))
  default:  // an LSTM over one long sequence after another
    let stack = StackedRecurrent([LSTMCell<Float>(input: 16, hidden: 128).drawn(using: &random)])
    let workspace = Workspace<Float>()
    for length in lengths(300, upTo: 1499) {
      var context = ForwardContext(workspace: workspace)
      _ = stack.run(.vectors(Variable(.normal([length, 1, 16], using: &random))), in: &context)
    }
  }
  print(mebibytes().peak)
}

/// Trains on batches of random lengths without end, and prints the memory after each tenth of them.
func batches(_ count: Int) {
  var random = RandomSource(seed: 4)
  var net = tagger(features: 8, hidden: 16).bound()
  var optimizer = Optimizer(.adam(), for: net)
  let workspace = Workspace<Float>()
  for batch in 1...count {
    let (sequences, time) = (Int.random(in: 1...8, using: &random), Int.random(in: 1...60, using: &random))
    var context = ForwardContext(tape: Tape(), mode: .training, workspace: workspace)
    let steps = (0..<sequences).map { $0 == 0 ? time : Int.random(in: 1...time, using: &random) }
    context.lengths = try? SequenceLengths(steps, time: time)
    let outputs = net(Variable(.normal([sequences, time, 8], using: &random)), in: &context)
    let gradients = outputs.squared().mean().gradients()
    optimizer.update(&net, with: gradients)
    if batch % max(count / 10, 1) == 0 { print(batch, mebibytes().now) }
  }
}

let words = CommandLine.arguments.dropFirst().map(\.self)
switch (words.first, words.count) {
case ("step", 3): step(words[1], layers: Int(words[2]) ?? 1, weights: .full)
case ("step", 4): step(words[1], layers: Int(words[2]) ?? 1, weights: ProductFormat(rawValue: words[3]) ?? .full)
case ("streams", 3): streams(words[1], Int(words[2]) ?? 1)
case ("memory", 3): try memory(words[1], isRagged: words[2] == "ragged")
case ("batches", 2): batches(Int(words[1]) ?? 1)
default:
  print(
    "usage: SequenceMeasurements step|streams lstm|gru N [WEIGHTS], memory tagger|training|lstm ragged|longest, batches N"
  )
  exit(64)
}
