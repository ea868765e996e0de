/// Sum over all alignments of one sequence to its target (Graves, Fernández, Gomez and Schmidhuber, 2006, section 4).
///
/// The states are the target's labels with a blank before, between and after them. A path stays in its state, goes to the
/// next or skips a blank between two different labels. Time and memory: O(T·L) for T steps and L labels.
struct CTCTrellis {
  /// Number of steps, T.
  private let steps: Int
  /// The classes that occur, each once: the blank first.
  private let classes: [Int]
  /// Index into `classes` for each state.
  private let slots: [Int]
  /// Whether a path may enter a state from the one two before it.
  private let skips: [Bool]
  /// Probability of each class that occurs, y, [steps, classes].
  private let emissions: [WideNumber]
  /// α, [steps, states]: probability of all beginnings of paths that are in a state after a step.
  private let forward: [WideNumber]
  /// Probability of the target.
  private let total: WideNumber

  /// - Parameter scores: log-probabilities, [steps, width].
  init(_ scores: [Double], width: Int, labels: [Int32], blank: Int32) {
    steps = scores.count / width
    var classes = [Int(blank)]
    var slotOfClass: [Int32: Int] = [:]
    var slots = [0]
    for label in labels {
      if slotOfClass[label] == nil {
        slotOfClass[label] = classes.count
        classes.append(Int(label))
      }
      slots += [slotOfClass[label]!, 0]
    }
    (self.classes, self.slots) = (classes, slots)
    skips = slots.indices.map { $0 % 2 == 1 && $0 > 1 && slots[$0] != slots[$0 - 2] }
    var emissions: [WideNumber] = []
    emissions.reserveCapacity(steps * classes.count)
    for t in 0..<steps {
      for label in classes { emissions.append(WideNumber(exp: scores[t * width + label])) }
    }
    self.emissions = emissions
    forward = Self.forward(emissions, steps: steps, classes: classes.count, slots: slots, skips: skips)
    let last = forward.suffix(min(slots.count, 2))
    total = last.reduce(.zero, +)
  }

  /// −log of the target's probability, in nats: infinite where no path leads to it.
  var loss: Double { -total.log }

  /// Whether some path leads to the target.
  var isPossible: Bool { !total.isZero }

  private static func forward(
    _ emissions: [WideNumber], steps: Int, classes: Int, slots: [Int], skips: [Bool]
  ) -> [WideNumber] {
    let states = slots.count
    var forward: [WideNumber] = []
    forward.reserveCapacity(steps * states)
    for state in 0..<states { forward.append(state < 2 ? emissions[slots[state]] : .zero) }
    for t in 1..<max(steps, 1) {
      let before = (t - 1) * states
      for state in 0..<states {
        var sum = forward[before + state]
        if state > 0 { sum = sum + forward[before + state - 1] }
        if skips[state] { sum = sum + forward[before + state - 2] }
        forward.append(sum * emissions[t * classes + slots[state]])
      }
    }
    return forward
  }

  /// Calls `body` for each step, last to first, and each class that occurs, with the probability that a path to the target
  /// emits the class at the step.
  func forEachPosterior(_ body: (_ t: Int, _ class: Int, _ posterior: Double) -> Void) {
    let states = slots.count
    // β: probability of all ends of paths after a step, from each state.
    var backward = [WideNumber](repeating: .zero, count: states)
    for state in max(states - 2, 0)..<states { backward[state] = .one }
    var posteriors = [Double](repeating: 0, count: classes.count)
    for t in (0..<steps).reversed() {
      for slot in posteriors.indices { posteriors[slot] = 0 }
      for state in 0..<states { posteriors[slots[state]] += forward[t * states + state] * backward[state] / total }
      for slot in posteriors.indices { body(t, classes[slot], posteriors[slot]) }
      // In place: β of a state needs the next two alone.
      var (next, afterNext) = (WideNumber.zero, WideNumber.zero)
      for state in 0..<states {
        backward[state] = backward[state] * emissions[t * classes.count + slots[state]]
      }
      for state in (0..<states).reversed() {
        let own = backward[state]
        let skipped = state + 2 < states && skips[state + 2] ? afterNext : .zero
        backward[state] = own + next + skipped
        (next, afterNext) = (own, next)
      }
    }
  }
}
