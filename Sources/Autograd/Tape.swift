import TensorCore

/// The record of a computation, from which gradients are read off backwards.
///
/// A tape is a flat array of nodes in the order in which they were computed, so that the backward pass is one loop over it
/// and releasing it needs no recursion. Nodes hold the tensors that their pullbacks need, never variables. Drop the tape
/// before updating parameters: a tensor that is still held by a node is copied when it is written to.
public final class Tape<Scalar: TensorScalar> {
  /// From the gradients of a node's outputs (nil where nothing depends on one) to those of its inputs (nil where an input
  /// needs none).
  public typealias Pullback = (_ upstream: [Tensor<Scalar>?]) -> [Tensor<Scalar>?]

  private struct Node {
    let inputs: [Int?]
    let outputs: Range<Int>
    let pullback: Pullback
  }

  private var nodes: [Node] = []
  /// The shape of every value, by id.
  private var shapes: [TensorShape] = []
  private var slots: [Int: Int] = [:]

  public init() {}

  /// How many operations were recorded.
  public var count: Int { nodes.count }

  /// A variable whose gradient is wanted.
  public func watch(_ value: Tensor<Scalar>) -> Variable<Scalar> {
    shapes.append(value.shape)
    return Variable(value: value, tape: self, id: shapes.count - 1)
  }

  /// The variable of a bound parameter: the same one each time, so that its uses add up.
  func variable(slot: Int, value: Tensor<Scalar>) -> Variable<Scalar> {
    if let id = slots[slot] { return Variable(value: value, tape: self, id: id) }
    let variable = watch(value)
    slots[slot] = variable.id
    return variable
  }

  func record(
    inputs: [Variable<Scalar>], values: [Tensor<Scalar>], pullback: @escaping Pullback
  ) -> [Variable<Scalar>] {
    let outputs = shapes.count..<(shapes.count + values.count)
    nodes.append(Node(inputs: inputs.map { $0.tape == nil ? nil : $0.id }, outputs: outputs, pullback: pullback))
    shapes += values.map(\.shape)
    return zip(values, outputs).map { Variable(value: $0, tape: self, id: $1) }
  }

  /// The gradients of Σ seed · output with respect to every watched variable and parameter.
  func gradients(of outputs: [(id: Int, seed: Tensor<Scalar>)]) -> Gradients<Scalar> {
    var adjoints = [Tensor<Scalar>?](repeating: nil, count: shapes.count)
    for output in outputs { accumulate(output.seed, into: &adjoints, at: output.id) }
    for node in nodes.reversed() {
      var upstream: [Tensor<Scalar>?] = []
      for id in node.outputs { upstream.append(adjoints[id].take()) }
      if upstream.allSatisfy({ $0 == nil }) { continue }
      let downstream = node.pullback(upstream)
      require(downstream.count == node.inputs.count, "a pullback returned \(downstream.count) gradients")
      for case (let id?, let gradient?) in zip(node.inputs, downstream) {
        accumulate(gradient, into: &adjoints, at: id)
      }
    }
    return Gradients(values: adjoints, slots: slots)
  }

  private func accumulate(_ gradient: Tensor<Scalar>, into adjoints: inout [Tensor<Scalar>?], at id: Int) {
    if gradient.shape != shapes[id] {
      shapeFailure("a pullback", gradient.shape, shapes[id], hint: "a gradient has the shape of its variable")
    }
    if adjoints[id] == nil { adjoints[id] = gradient } else { adjoints[id]!.addScaled(1, gradient) }
  }
}
