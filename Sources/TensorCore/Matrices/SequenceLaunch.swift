/// The steps of a whole sequence on a device, forward and backward, in a launch each: T steps, B sequences, H units, G gates.
package struct SequenceLaunch<Scalar: TensorScalar> {
  /// A cell that there are kernels for, with the slope of hard sigmoid gates; nil for sigmoids.
  package enum Cell: Sendable {
    case lstm(hardSlope: Double?)
    case gru(hardSlope: Double?)
    /// With tanh, or the rectifier.
    case elman(rectifies: Bool)
  }

  private let cell: Cell
  private let time, batch: Int
  /// Preactivations of the input, then activations, [T·B, G·H].
  private let gates: MutableMatrixView<Scalar>
  /// Recurrent products where they are apart, [T·B, G·H].
  private let recurrent: MutableMatrixView<Scalar>
  /// State before each step, by component, [T·B, H] without gaps; that after the last step follows.
  private let states: [MutableMatrixView<Scalar>]
  private let device: OpenCLDevice
  private var hidden: Int { states[0].columns }

  /// - Parameters:
  ///   - states: state before each step, by component; that after it stands B rows behind.
  ///   - isForced: whether it is meant wherever it can be; else where it is worth it.
  /// - Returns: nil on the host, and where steps are better taken one by one: on processors, for weights beyond a mebibyte, of which
  ///   every group would read all at every step, and where the device's local memory is too small.
  package init?(
    _ cell: Cell, time: Int, batch: Int, gates: MutableMatrixView<Scalar>, recurrent: MutableMatrixView<Scalar>,
    states: [MutableMatrixView<Scalar>], isForced: Bool
  ) {
    guard let device = OpenCLDevice.at(gates.base), time > 0, batch > 0 else { return nil }
    let size = MemoryLayout<Scalar>.stride
    let (hidden, width) = (states[0].columns, gates.columns)
    let isWorthIt = device.kind != .processor && hidden * width * size <= 1 << 20
    guard isForced || isWorthIt, (hidden + width) * size <= device.localMemory else { return nil }
    (self.cell, self.time, self.batch, self.gates, self.recurrent) = (cell, time, batch, gates, recurrent)
    (self.states, self.device) = (states, device)
  }

  /// Runs all steps; the gates hold the input's part of the preactivations.
  ///
  /// - Parameters:
  ///   - weight: W_hhᵀ, [H, G·H].
  ///   - bias: b_hh, [1, G·H], where the recurrent products are apart.
  package func forward(weight: PackedMatrix<Scalar>, bias: MatrixView<Scalar>?) {
    let end: [KernelArgument]
    switch cell {
    case .lstm: end = [.state(states[1])]
    case .gru: end = .rows(recurrent) + [.int(bias == nil ? 0 : 1), .memory(bias?.base)]
    case .elman: end = []
    }
    launch("sequence", begin(weight) + end)
  }

  /// Gradients of all steps, from the last to the first.
  ///
  /// - Parameters:
  ///   - weight: W_hh, [G·H, H].
  ///   - dOutputs: gradient of the outputs, [T·B, H]; nil for zeros.
  ///   - dStates: by component, gradient of the final state on entry, of the initial one on return, [B, H].
  ///   - dGates: receives the gradient of the preactivations, [T·B, G·H].
  ///   - dRecurrent: likewise of the recurrent products, where they are apart.
  package func backward(
    weight: PackedMatrix<Scalar>, dOutputs: MatrixView<Scalar>?, dStates: [MutableMatrixView<Scalar>],
    dGates: MutableMatrixView<Scalar>, dRecurrent: MutableMatrixView<Scalar>
  ) {
    let outputs: [KernelArgument] = [.int(dOutputs == nil ? 0 : 1), .memory(dOutputs?.base)]
    let end: [KernelArgument]
    switch cell {
    case .lstm: end = [.state(states[1])] + outputs + [.state(dStates[0]), .state(dStates[1])] + .rows(dGates)
    case .gru: end = .rows(recurrent) + outputs + [.state(dStates[0])] + .rows(dGates) + .rows(dRecurrent)
    case .elman: end = outputs + [.state(dStates[0])] + .rows(dGates)
    }
    launch("sequence_gradient", begin(weight) + end)
  }

  private var name: String {
    switch cell {
    case .lstm: "lstm"
    case .gru: "gru"
    case .elman: "elman"
    }
  }

  private func begin(_ weight: PackedMatrix<Scalar>) -> [KernelArgument] {
    let function: KernelArgument
    switch cell {
    case .lstm(let slope), .gru(let slope): function = .real(slope ?? 0)
    case .elman(let rectifies): function = .int(rectifies ? 1 : 0)
    }
    return [.int(time), .int(batch), .int(hidden), function] + .rows(gates) + [.memory(weight.base), .state(states[0])]
  }

  private func launch(_ kernel: String, _ arguments: [KernelArgument]) {
    let size = MemoryLayout<Scalar>.stride
    device.launch(
      .sequences, "\(name)_\(kernel)", of: Scalar.self, groups: batch, of: min(256, device.largestGroup),
      arguments + [.local(hidden * size), .local(gates.columns * size)])
  }
}
