import Autograd
import TensorCore

extension Module {
  /// Gives every parameter its slot, in the order of visiting. Do it once, before the first pass under a tape.
  public mutating func bind() {
    var visitor = ParameterAction<Scalar> { parameter, _, index in parameter.bind(to: index) }
    visitParameters(&visitor)
  }

  /// This module with every parameter bound.
  public func bound() -> Self {
    var copy = self
    copy.bind()
    return copy
  }

  /// Calls `body` with each parameter and its name, in order.
  public mutating func updateParameters(
    _ body: @escaping (_ parameter: inout Parameter<Scalar>, _ name: String) -> Void
  ) {
    var visitor = ParameterAction<Scalar> { parameter, name, _ in body(&parameter, name) }
    visitParameters(&visitor)
  }

  /// The parameters by name, in the order of visiting.
  public var parameters: [(name: String, parameter: Parameter<Scalar>)] {
    var copy = self
    var collector = ParameterCollector<Scalar>()
    copy.visitParameters(&collector)
    return collector.parameters
  }

  /// How many numbers training adjusts.
  public var parameterCount: Int { parameters.reduce(0) { $0 + $1.parameter.value.count } }
}

private struct ParameterAction<Scalar: TensorScalar>: ParameterVisitor {
  var path = ParameterPath()
  let body: (inout Parameter<Scalar>, String, Int) -> Void
  private var index = 0

  init(_ body: @escaping (inout Parameter<Scalar>, String, Int) -> Void) { self.body = body }

  mutating func visit(_ parameter: inout Parameter<Scalar>, at name: String) {
    body(&parameter, name, index)
    index += 1
  }
}

private struct ParameterCollector<Scalar: TensorScalar>: ParameterVisitor {
  var path = ParameterPath()
  var parameters: [(name: String, parameter: Parameter<Scalar>)] = []

  mutating func visit(_ parameter: inout Parameter<Scalar>, at name: String) { parameters.append((name, parameter)) }
}
