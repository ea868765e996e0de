import Autograd
import TensorCore

extension Module {
  /// Gives every parameter its slot, in the order of visiting. Do it once, before the first pass under a tape.
  ///
  /// Traps when two parameters have the same name: a file would hold one of them.
  public mutating func bind() {
    requireDistinctNames()
    var visitor = ParameterAction<Scalar> { parameter, _, index in parameter.bind(to: index) }
    visitParameters(&visitor)
  }

  package func requireDistinctNames() {
    var names: Set<String> = []
    for (name, _) in parameters where !names.insert(name).inserted {
      programmingError("two parameters are called \(name): visit each under a name of its own")
    }
  }

  /// This module with every parameter bound.
  public func bound() -> Self {
    var copy = self
    copy.bind()
    return copy
  }

  /// Draws fresh values for every parameter that was declared with an initializer, in the order of visiting.
  public mutating func initialize(using random: inout RandomSource) {
    var visitor = ParameterDrawing<Scalar>(random: random) { _ in true }
    visitParameters(&visitor)
    random = visitor.random
  }

  /// A copy of this module with fresh values for every parameter that was declared with an initializer, drawn from a random
  /// source in the order of visiting:
  ///
  ///     let layer = Dense<Float>(20, 10).drawn(using: &random)
  public func drawn(using random: inout RandomSource) -> Self {
    var copy = self
    copy.initialize(using: &random)
    return copy
  }

  /// Draws values for the parameters that have none yet, or provisional ones.
  ///
  /// - Parameter provisionally: whether a larger model that contains this one may draw them again.
  package mutating func drawMissing(using random: inout RandomSource, provisionally: Bool = false) {
    var visitor = ParameterDrawing<Scalar>(random: random, provisionally: provisionally) {
      !$0.isDrawn || $0.isProvisional
    }
    visitParameters(&visitor)
    random = visitor.random
  }

  /// Stores the statistics that a training pass computed, `context.statistics` (the running means of batch normalization).
  /// A trainer calls this after each update; a loop of one's own must call it too.
  public mutating func updateStatistics(from statistics: PassStatistics<Scalar>) {
    if statistics.values.isEmpty { return }
    updateParameters { parameter, _ in
      if let slot = parameter.slot, let value = statistics.values[slot] { parameter.value = value }
    }
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

  /// The parameters that training adjusts, by name.
  public var trainedParameters: [(name: String, parameter: Parameter<Scalar>)] {
    parameters.filter { $0.parameter.role == .trained }
  }

  /// The number of scalars that training adjusts.
  public var parameterCount: Int { trainedParameters.reduce(0) { $0 + $1.parameter.shape.count } }
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

private struct ParameterDrawing<Scalar: TensorScalar>: ParameterVisitor {
  var path = ParameterPath()
  var random: RandomSource
  var provisionally = false
  let isDrawn: (Parameter<Scalar>) -> Bool

  mutating func visit(_ parameter: inout Parameter<Scalar>, at name: String) {
    if isDrawn(parameter) { parameter.draw(using: &random, provisionally: provisionally) }
  }
}
