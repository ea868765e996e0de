import TensorCore

extension HopfieldNetwork {
  /// When the units of a sweep take their new states.
  public enum Updating: Sendable, CaseIterable {
    /// One unit after another, in an order drawn anew for each sweep; each sees the states of those before it. The
    /// energy never rises, so that the network comes to rest in a state that no unit leaves.
    case asynchronous
    /// All at once. Ends in a state that repeats itself or in two that take turns (Goles, Fogelman and Pellegrin,
    /// "Decreasing energy functions as a tool for studying threshold networks", 1985). Draws no random numbers.
    case synchronous
  }

  /// How settling ended.
  public enum Outcome: Sendable, Equatable {
    /// No unit changes any more.
    case stable
    /// Each of the two states leads to the other; the second is the final one. Only synchronous updates meet this.
    case cycle(Tensor<Scalar>, Tensor<Scalar>)
    /// The last sweep allowed still changed a unit.
    case unsettled
  }

  /// Result of settling a state.
  public struct Settling: Sendable, Equatable {
    /// The final state, [units].
    public let state: Tensor<Scalar>
    public let outcome: Outcome
    /// The energy of the first state, then that after each sweep.
    public let energies: [Double]

    /// How many sweeps were made over all units, the one that found nothing to change among them.
    public var sweeps: Int { energies.count - 1 }
  }

  /// Sets one unit to the sign of its field; at a field of exactly 0 it keeps its state.
  ///
  /// A flip lowers the energy by 2·|hᵢ|.
  ///
  /// - Parameter fields: those of the state; a flip brings them up to date, in the time of one row of the weights.
  /// - Returns: whether the unit flipped.
  @discardableResult
  package func update(_ unit: Int, of state: inout Tensor<Scalar>, fields: inout Tensor<Scalar>) -> Bool {
    let old = state[unit]
    guard old * fields[unit] < 0 else { return false }
    state[unit] = -old
    fields.addScaled(-2 * old, weights.row(unit))
    return true
  }

  /// Updates all units again and again until nothing changes, the states repeat, or `mostSweeps` sweeps were made.
  ///
  /// Wherever a unit's field is exactly 0 it keeps its state.
  ///
  /// - Parameters:
  ///   - start: [units].
  ///   - random: draws the order of each asynchronous sweep.
  /// - Precondition: every element of `start` is 1 or −1, and `mostSweeps` is positive.
  public func settle(
    _ start: Tensor<Scalar>, updating: Updating = .asynchronous, using random: inout RandomSource, mostSweeps: Int = 100
  ) -> Settling {
    require(mostSweeps > 0, "HopfieldNetwork: settling takes at least one sweep, not \(mostSweeps)")
    start.requireBipolar("HopfieldNetwork", "state")
    var (state, fields) = (start, fields(of: start))
    var energies = [Self.energy(of: state, fields: fields)]
    var earlier: Tensor<Scalar>?
    for _ in 0..<mostSweeps {
      let previous = state
      switch updating {
      case .asynchronous:
        for unit in random.permutation(of: units) { update(unit, of: &state, fields: &fields) }
      case .synchronous:
        state = Tensor(zip(fields.scalars, state.scalars).map { $0 == 0 ? $1 : $0 < 0 ? -1 : 1 }, shape: [units])
      }
      // Afresh, so that the roundings of many flips do not add up, and what is called stable is so to the last bit.
      fields = self.fields(of: state)
      energies.append(Self.energy(of: state, fields: fields))
      if state == previous { return Settling(state: state, outcome: .stable, energies: energies) }
      if updating == .synchronous, state == earlier {
        return Settling(state: state, outcome: .cycle(previous, state), energies: energies)
      }
      earlier = previous
    }
    return Settling(state: state, outcome: .unsettled, energies: energies)
  }
}
