/// Sum over all tag sequences of one sequence of emissions, by the forward–backward algorithm.
///
/// Time: O(T·K²) for T steps and K tags; memory O(T·K).
struct TagTrellis {
  private let steps: Int
  private let weights: TagWeights
  /// e to the emissions, [steps, tags].
  private let emissions: [WideNumber]
  /// α, [steps, tags]: total weight of all beginnings that end in a tag.
  private let forward: [WideNumber]
  /// Total weight of all tag sequences.
  private let total: WideNumber

  /// - Parameter scores: emissions, [steps, tags].
  init(_ scores: [Double], weights: TagWeights) {
    let tags = weights.tags
    self.weights = weights
    steps = scores.count / tags
    let emissions = scores.map(WideNumber.init(exp:))
    var forward = zip(weights.start, emissions).map { $0 * $1 }
    forward.reserveCapacity(steps * tags)
    for t in 1..<max(steps, 1) {
      let before = (t - 1) * tags
      for next in 0..<tags {
        var sum = WideNumber.zero
        for tag in 0..<tags {
          sum = sum.adding(forward[before + tag], times: weights.transitions[tag * tags + next])
        }
        forward.append(sum * emissions[t * tags + next])
      }
    }
    total = zip(forward.suffix(tags), weights.end).reduce(.zero) { $0.adding($1.0, times: $1.1) }
    (self.emissions, self.forward) = (emissions, forward)
  }

  /// The logarithm of the partition function.
  var logPartition: Double { total.log }

  /// Adds marginal probabilities, times a factor, to those of a batch.
  func addMarginals(times factor: Double, to sums: inout TagMarginals, sequence: Int) {
    let tags = weights.tags
    // β: total weight of all ends after a step, from each tag; `arriving` includes the step's emission.
    var backward = weights.end
    var arriving = backward
    for t in (0..<steps).reversed() {
      let now = t * tags
      for tag in 0..<tags {
        let marginal = factor * (forward[now + tag] * backward[tag] / total)
        sums.emissions[(t * sums.batch + sequence) * tags + tag] += marginal
        if t == 0 { sums.start[tag] += marginal }
        if t == steps - 1 { sums.end[tag] += marginal }
        arriving[tag] = emissions[now + tag] * backward[tag]
      }
      if t == 0 { break }
      for tag in 0..<tags {
        let before = forward[now - tags + tag]
        var sum = WideNumber.zero
        for next in 0..<tags {
          let onward = weights.transitions[tag * tags + next] * arriving[next]
          sums.transitions[tag * tags + next] += factor * (before * onward / total)
          sum = sum + onward
        }
        backward[tag] = sum
      }
    }
  }
}

/// e to the parameters of a conditional random field.
struct TagWeights {
  let tags: Int
  /// [tags, tags]: from a tag to the next.
  let transitions: [WideNumber]
  let start, end: [WideNumber]
}

/// Weighted sums of marginal probabilities over the sequences of a batch; as gradients, those of log-partition functions.
struct TagMarginals {
  let batch: Int
  /// [time, batch, tags].
  var emissions: [Double]
  /// [tags, tags].
  var transitions: [Double]
  var start, end: [Double]

  init(time: Int, batch: Int, tags: Int) {
    self.batch = batch
    emissions = [Double](repeating: 0, count: time * batch * tags)
    transitions = [Double](repeating: 0, count: tags * tags)
    start = [Double](repeating: 0, count: tags)
    end = start
  }

  /// Adds the events of one tag sequence, each with the weight of a factor.
  mutating func add(_ path: [Int32], times factor: Double, sequence: Int) {
    let tags = start.count
    for (t, tag) in path.enumerated() {
      emissions[(t * batch + sequence) * tags + Int(tag)] += factor
      if t > 0 { transitions[Int(path[t - 1]) * tags + Int(tag)] += factor }
    }
    start[Int(path[0])] += factor
    end[Int(path[path.count - 1])] += factor
  }
}
