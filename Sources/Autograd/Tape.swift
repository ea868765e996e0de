import TensorCore

/// Record of a computation, which the backward pass reads from its end to its start.
///
/// A tape is a flat array of nodes in the order in which they were computed, so that the backward pass is one loop over it
/// and releasing it needs no recursion. Nodes hold the tensors that their pullbacks need, never variables. Drop the tape
/// before updating parameters: a tensor that is still held by a node is copied when it is written to.
public final class Tape<Scalar: TensorScalar> {
  /// Maps the gradients of a node's outputs (nil where nothing depends on one) to those of its inputs (nil where an input
  /// needs none).
  public typealias Pullback = (_ upstream: [Tensor<Scalar>?]) -> [Tensor<Scalar>?]

  private struct Node {
    let inputs: [Int?]
    let outputs: Range<Int>
    let pullback: Pullback
  }

  /// Identity of this tape.
  let number = UniqueNumber.next()
  private var nodes: [Node] = []
  /// The shape of every value, by id.
  private var shapes: [TensorShape] = []
  /// Outputs of nodes whose gradients are kept after the backward pass.
  private var kept: Set<Int> = []
  private var slots: [Int: (id: Int, generation: UInt64)] = [:]

  public init() {}

  /// The number of recorded operations.
  public var count: Int { nodes.count }

  /// A variable whose gradient is wanted.
  public func watch(_ value: Tensor<Scalar>) -> Variable<Scalar> {
    shapes.append(value.shape)
    return Variable(value: value, tape: self, id: shapes.count - 1)
  }

  /// The variable of a parameter in a slot: the same one each time, so that the gradients of its uses add up.
  ///
  /// Traps when the slot is taken by another value: two models, each bound by itself, cannot share a tape.
  func variable(_ parameter: Parameter<Scalar>, slot: Int) -> Variable<Scalar> {
    if let known = slots[slot] {
      require(
        known.generation == parameter.generation,
        "two parameters claim slot \(slot) of one tape: bind the models together, as children of one module")
      return Variable(value: parameter.value, tape: self, id: known.id)
    }
    let variable = watch(parameter.value)
    slots[slot] = (variable.id, parameter.generation)
    return variable
  }

  func keepGradient(of id: Int) { kept.insert(id) }

  func record(
    inputs: [Variable<Scalar>], values: [Tensor<Scalar>], pullback: @escaping Pullback
  ) -> [Variable<Scalar>] {
    let outputs = shapes.count..<(shapes.count + values.count)
    nodes.append(Node(inputs: inputs.map { $0.tape == nil ? nil : $0.id }, outputs: outputs, pullback: pullback))
    shapes += values.map { $0.shape }
    return zip(values, outputs).map { Variable(value: $0, tape: self, id: $1) }
  }

  /// The gradients of Σ seed · variable, without the variables that stand on no tape or have no seed.
  package func gradients(of seeds: [(variable: Variable<Scalar>, seed: Tensor<Scalar>?)]) -> Gradients<Scalar> {
    gradients(
      of: seeds.compactMap { seed in seed.variable.isRecorded ? seed.seed.map { (seed.variable.id, $0) } : nil })
  }

  /// The gradients of Σ seed · output with respect to every watched variable and parameter.
  ///
  /// - Parameter finished: called with the gradient of each parameter that has one, by slot, when nothing more is added to it.
  func gradients(
    of outputs: [(id: Int, seed: Tensor<Scalar>)],
    finished: ((_ slot: Int, _ gradient: Tensor<Scalar>) -> Void)? = nil
  ) -> Gradients<Scalar> {
    var waiting = finished == nil ? [:] : slotsByFirstUse
    var adjoints = [Tensor<Scalar>?](repeating: nil, count: shapes.count)
    for output in outputs { accumulate(output.seed, into: &adjoints, at: output.id) }
    for (index, node) in nodes.enumerated().reversed() {
      defer {
        for (slot, id) in waiting.removeValue(forKey: index) ?? [] {
          if let gradient = adjoints[id] { finished?(slot, gradient) }
        }
      }
      var upstream: [Tensor<Scalar>?] = []
      for id in node.outputs { upstream.append(kept.contains(id) ? adjoints[id] : adjoints[id].take()) }
      if upstream.allSatisfy({ $0 == nil }) { continue }
      let downstream = node.pullback(upstream)
      require(downstream.count == node.inputs.count, "a pullback returned \(downstream.count) gradients")
      for case (let id?, let gradient?) in zip(node.inputs, downstream) {
        accumulate(gradient, into: &adjoints, at: id)
      }
    }
    return Gradients(tape: number, values: adjoints, slots: slots.mapValues(\.id))
  }

  /// Slots of parameters, and the ids of their variables, by the first node that uses them: the last whose pullback adds to their
  /// gradients.
  private var slotsByFirstUse: [Int: [(slot: Int, id: Int)]] {
    let slotOfID = Dictionary(uniqueKeysWithValues: slots.map { ($0.value.id, $0.key) })
    var (slots, known): ([Int: [(slot: Int, id: Int)]], Set<Int>) = ([:], [])
    for (index, node) in nodes.enumerated() {
      for case let id? in node.inputs {
        if let slot = slotOfID[id], known.insert(id).inserted { slots[index, default: []].append((slot, id)) }
      }
    }
    return slots
  }

  private func accumulate(_ gradient: Tensor<Scalar>, into adjoints: inout [Tensor<Scalar>?], at id: Int) {
    if gradient.shape != shapes[id] {
      shapeFailure("a pullback", gradient.shape, shapes[id], hint: "a gradient has the shape of its variable")
    }
    if adjoints[id] == nil { adjoints[id] = gradient } else { adjoints[id]!.addScaled(1, gradient) }
  }
}
