import RecurrentLayers
import TensorCore
import Testing

@Suite struct HopfieldSettlingTests {
  /// Networks that stored patterns and networks of any weights, each with a random state to start from.
  private func everyCase<Scalar>(
    of type: Scalar.Type, seeds: ClosedRange<UInt64>, units: Int = 64,
    _ body: (HopfieldNetwork<Scalar>, Tensor<Scalar>, inout RandomSource, _ label: Comment) -> Void
  ) {
    for seed in seeds {
      var random = RandomSource(seed: seed)
      let patterns = Tensor<Scalar>.randomPatterns(6, units: units, using: &random)
      let networks: [HopfieldNetwork<Scalar>] = [
        HopfieldNetwork(learning: patterns), HopfieldNetwork(learning: patterns, rule: .pseudoInverse),
        .random(units: units, using: &random),
      ]
      for (index, network) in networks.enumerated() {
        let start = Tensor<Scalar>.randomPatterns(1, units: units, using: &random).row(0)
        body(network, start, &random, "seed \(seed), network \(index)")
      }
    }
  }

  @Test func energyIsMinusHalfTheQuadraticForm() {
    everyCase(of: Double.self, seeds: 1...3, units: 12) { network, state, _, label in
      var sum = 0.0
      for i in 0..<12 { for j in 0..<12 { sum += network.weights[i, j] * state[i] * state[j] } }
      #expect(abs(network.energy(of: state) + sum / 2) < 1e-12, label)
    }
  }

  @Test func theEnergyFallsAtEveryFlip() {
    everyCase(of: Double.self, seeds: 1...4) { network, start, random, label in
      var (state, fields) = (start, network.fields(of: start))
      var flips = 0
      for _ in 0..<4 {
        for unit in (0..<64).shuffled(using: &random) {
          let (old, field, energy) = (state, fields[unit], network.energy(of: state))
          let flipped = network.update(unit, of: &state, fields: &fields)
          #expect(flipped == (old[unit] * field < 0), label)
          guard flipped else {
            #expect(state == old, label)
            continue
          }
          flips += 1
          #expect(state.flipped(at: unit) == old, label)
          #expect(abs(network.energy(of: state) - (energy - 2 * abs(field))) < 1e-11, label)
          #expect((fields - network.fields(of: state)).absolute().max().scalar < 1e-11, label)
        }
      }
      #expect(flips > 0, label)
    }
  }

  @Test func asynchronousSettlingEndsInAFixedPointWithoutARiseOfEnergy() {
    everyCase(of: Double.self, seeds: 1...10) { network, start, random, label in
      let settled = network.settle(start, using: &random)
      #expect(settled.outcome == .stable, label)
      #expect(settled.energies.count == settled.sweeps + 1, label)
      #expect(settled.energies.first == network.energy(of: start), label)
      #expect(settled.energies.last == network.energy(of: settled.state), label)
      #expect(zip(settled.energies, settled.energies.dropFirst()).allSatisfy { $1 <= $0 }, label)
      #expect((network.fields(of: settled.state) * settled.state).min().scalar >= 0, label)
      for updating in HopfieldNetwork<Double>.Updating.allCases {
        let again = network.settle(settled.state, updating: updating, using: &random)
        #expect(again.state == settled.state && again.outcome == .stable && again.sweeps == 1, label)
      }
    }
  }

  @Test func singlePrecisionSettlesInFixedPointsToo() {
    everyCase(of: Float.self, seeds: 1...10, units: 100) { network, start, random, label in
      let settled = network.settle(start, using: &random)
      #expect(settled.outcome == .stable, label)
      #expect((network.fields(of: settled.state) * settled.state).min().scalar >= 0, label)
    }
  }

  @Test func theOrderOfUpdatesDependsOnTheSourceAlone() {
    var ends: [Tensor<Double>] = []
    var random = RandomSource(seed: 3)
    let network = HopfieldNetwork<Double>.random(units: 64, using: &random)
    let start = Tensor<Double>.randomPatterns(1, units: 64, using: &random).row(0)
    for seed: UInt64 in 1...5 {
      var (one, same) = (RandomSource(seed: seed), RandomSource(seed: seed))
      let settled = network.settle(start, using: &one)
      #expect(settled == network.settle(start, using: &same), "seed \(seed)")
      ends.append(settled.state)
    }
    #expect(ends.contains { $0 != ends[0] }, "other orders lead to other states")
  }

  @Test func aFieldOfZeroKeepsTheState() {
    var random = RandomSource(seed: 1)
    let state = Tensor<Float>.randomPatterns(1, units: 9, using: &random).row(0)
    for updating in HopfieldNetwork<Float>.Updating.allCases {
      let settled = HopfieldNetwork<Float>(weights: .zeros([9, 9])).settle(state, updating: updating, using: &random)
      #expect(settled.state == state && settled.outcome == .stable && settled.sweeps == 1)
    }
  }

  @Test func twoUnitsThatFollowEachOtherTakeTurnsWhenUpdatedAtOnce() {
    var random = RandomSource(seed: 1)
    let network = HopfieldNetwork<Float>(weights: Tensor([0, 1, 1, 0], shape: [2, 2]))
    let (one, other) = (Tensor<Float>([1, -1], shape: [2]), Tensor<Float>([-1, 1], shape: [2]))
    let settled = network.settle(one, updating: .synchronous, using: &random)
    #expect(settled.outcome == .cycle(other, one))
    #expect(settled.state == one && settled.sweeps == 2 && settled.energies == [1, 1, 1])
    #expect(random == RandomSource(seed: 1), "synchronous updates draw nothing")

    let resting = network.settle(one, using: &random)
    #expect(resting.outcome == .stable && resting.energies.last == -1, "one after another they come to agree")
  }

  @Test func synchronousSettlingEndsInAFixedPointOrTwoStatesThatLeadToEachOther() {
    var cycles = 0
    everyCase(of: Double.self, seeds: 1...10) { network, start, random, label in
      let settled = network.settle(start, updating: .synchronous, using: &random)
      func next(_ state: Tensor<Double>) -> Tensor<Double> {
        Tensor(zip(state.scalars, network.fields(of: state).scalars).map { $1 == 0 ? $0 : $1.signum }, shape: [64])
      }
      switch settled.outcome {
      case .stable: #expect(next(settled.state) == settled.state, label)
      case .cycle(let one, let other):
        cycles += 1
        #expect(one != other && next(one) == other && next(other) == one && settled.state == other, label)
      case .unsettled: Issue.record(label)
      }
    }
    #expect(cycles > 0)
  }

  @Test(arguments: HopfieldNetwork<Double>.Updating.allCases)
  func sweepsThatRunOutAreReported(updating: HopfieldNetwork<Double>.Updating) {
    everyCase(of: Double.self, seeds: 1...3) { network, start, random, label in
      let once = network.settle(start, updating: updating, using: &random, mostSweeps: 1)
      #expect(once.outcome == .unsettled && once.sweeps == 1 && once.state != start, label)
    }
  }
}

extension Tensor {
  fileprivate func flipped(at unit: Int) -> Tensor {
    var copy = self
    copy[unit] = -copy[unit]
    return copy
  }
}

extension Double {
  fileprivate var signum: Double { self < 0 ? -1 : 1 }
}
