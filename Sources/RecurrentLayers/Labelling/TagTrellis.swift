/// Sum over all tag sequences of one sequence of emissions, by the forward–backward algorithm.
///
/// Time: O(T·K²) for T steps and K tags; memory O(T·K).
struct TagTrellis {
  private let steps: Int
  private let weights: TagWeights
  /// e to the emissions, [steps, tagCount].
  private let emissions: [WideNumber]
  /// α, [steps, tagCount]: total weight of all beginnings that end in a tag.
  private let forward: [WideNumber]
  /// Total weight of all tag sequences.
  private let total: WideNumber

  /// - Parameter scores: emissions, [steps, tagCount].
  init(_ scores: [Double], weights: TagWeights) {
    let tagCount = weights.tagCount
    self.weights = weights
    steps = scores.count / tagCount
    let emissions = scores.map(WideNumber.init(exp:))
    var forward = zip(weights.start, emissions).map { $0 * $1 }
    forward.reserveCapacity(steps * tagCount)
    for t in 1..<max(steps, 1) {
      let before = (t - 1) * tagCount
      for next in 0..<tagCount {
        var sum = WideNumber.zero
        for tag in 0..<tagCount {
          sum = sum.adding(forward[before + tag], times: weights.transitions[tag * tagCount + next])
        }
        forward.append(sum * emissions[t * tagCount + next])
      }
    }
    total = zip(forward.suffix(tagCount), weights.end).reduce(.zero) { $0.adding($1.0, times: $1.1) }
    (self.emissions, self.forward) = (emissions, forward)
  }

  /// The logarithm of the partition function.
  var logPartition: Double { total.log }

  /// Adds marginal probabilities, times a factor, to those of a batch.
  func addMarginals(times factor: Double, to sums: inout TagMarginals, sequence: Int) {
    let tagCount = weights.tagCount
    // β: total weight of all ends after a step, from each tag; `arriving` includes the step's emission.
    var backward = weights.end
    var arriving = backward
    for t in (0..<steps).reversed() {
      let now = t * tagCount
      for tag in 0..<tagCount {
        let marginal = factor * (forward[now + tag] * backward[tag] / total)
        sums.emissions[(t * sums.batch + sequence) * tagCount + tag] += marginal
        if t == 0 { sums.start[tag] += marginal }
        if t == steps - 1 { sums.end[tag] += marginal }
        arriving[tag] = emissions[now + tag] * backward[tag]
      }
      if t == 0 { break }
      for tag in 0..<tagCount {
        let before = forward[now - tagCount + tag]
        var sum = WideNumber.zero
        for next in 0..<tagCount {
          let onward = weights.transitions[tag * tagCount + next] * arriving[next]
          sums.transitions[tag * tagCount + next] += factor * (before * onward / total)
          sum = sum + onward
        }
        backward[tag] = sum
      }
    }
  }
}

/// e to the parameters of a conditional random field.
struct TagWeights {
  let tagCount: Int
  /// [tagCount, tagCount]: from a tag to the next.
  let transitions: [WideNumber]
  let start, end: [WideNumber]
}

/// Weighted sums of marginal probabilities over the sequences of a batch; as gradients, those of log-partition functions.
struct TagMarginals {
  let batch: Int
  /// [time, batch, tagCount].
  var emissions: [Double]
  /// [tagCount, tagCount].
  var transitions: [Double]
  var start, end: [Double]

  init(time: Int, batch: Int, tagCount: Int) {
    self.batch = batch
    emissions = [Double](repeating: 0, count: time * batch * tagCount)
    transitions = [Double](repeating: 0, count: tagCount * tagCount)
    start = [Double](repeating: 0, count: tagCount)
    end = start
  }

  /// Adds the events of one tag sequence, each with the weight of a factor.
  mutating func add(_ path: [Int32], times factor: Double, sequence: Int) {
    let tagCount = start.count
    for (t, tag) in path.enumerated() {
      emissions[(t * batch + sequence) * tagCount + Int(tag)] += factor
      if t > 0 { transitions[Int(path[t - 1]) * tagCount + Int(tag)] += factor }
    }
    start[Int(path[0])] += factor
    end[Int(path[path.count - 1])] += factor
  }
}
