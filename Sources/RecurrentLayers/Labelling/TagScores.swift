/// Parameters of a conditional random field in double precision, and the scores of paths by them.
struct TagScores {
  let tagCount: Int
  /// [tagCount, tagCount]: from a tag to the next.
  let transitions: [Double]
  let start, end: [Double]

  /// These, unless one is +∞ or not a number.
  func checked() throws(LabellingError) -> TagScores {
    guard (transitions + start + end).allSatisfy({ $0 < .infinity }) else { throw .unsoundTransition }
    return self
  }

  /// e to the parameters.
  var weights: TagWeights {
    TagWeights(
      tagCount: tagCount, transitions: transitions.map(WideNumber.init(exp:)), start: start.map(WideNumber.init(exp:)),
      end: end.map(WideNumber.init(exp:)))
  }

  /// The sum of a path's emissions, [steps, tagCount], and transitions.
  func score(of path: [Int32], emissions: [Double]) -> Double {
    var score = start[Int(path[0])] + end[Int(path[path.count - 1])]
    for (t, tag) in path.enumerated() {
      score += emissions[t * tagCount + Int(tag)]
      if t > 0 { score += transitions[Int(path[t - 1]) * tagCount + Int(tag)] }
    }
    return score
  }

  /// The path of the largest score (Viterbi, 1967); where two are equal, that with the lower tag at the last step at which they
  /// differ.
  func bestPath(emissions: [Double]) -> ScoredLabels {
    let steps = emissions.count / tagCount
    var scores = (0..<tagCount).map { start[$0] + emissions[$0] }
    var sources: [Int] = []
    for t in 1..<max(steps, 1) {
      var next: [Double] = []
      for tag in 0..<tagCount {
        let source = indexOfLargest(tagCount) { scores[$0] + transitions[$0 * tagCount + tag] }
        sources.append(source)
        next.append(scores[source] + transitions[source * tagCount + tag] + emissions[t * tagCount + tag])
      }
      scores = next
    }
    var tag = indexOfLargest(tagCount) { scores[$0] + end[$0] }
    let score = scores[tag] + end[tag]
    var path = [Int32(tag)]
    for t in (0..<steps - 1).reversed() {
      tag = sources[t * tagCount + tag]
      path.append(Int32(tag))
    }
    return ScoredLabels(labels: path.reversed(), score: score)
  }
}

/// Index of the largest of some numbers: the first among equals.
private func indexOfLargest(_ count: Int, _ number: (Int) -> Double) -> Int {
  (1..<max(count, 1)).reduce(0) { number($1) > number($0) ? $1 : $0 }
}
