import Autograd
import NeuralLayers
import TensorCore

/// A network of two layers with dropout between them.
struct TwoLayerNetwork: Layer {
  typealias Scalar = Double
  var hidden: Dense<Double>
  var output: Dense<Double>
  var dropout: Dropout<Double>

  init(_ inputs: Int, _ units: Int, _ outputs: Int, dropout: Double = 0) {
    hidden = Dense(inputs, units)
    output = Dense(units, outputs, bias: false)
    self.dropout = Dropout(dropout)
  }

  func callAsFunction(_ input: Variable<Double>, in context: inout ForwardContext<Double>) -> Variable<Double> {
    output(dropout(hidden(input, in: &context).tanh(), in: &context), in: &context)
  }

  mutating func visitParameters<V: ParameterVisitor<Double>>(_ visitor: inout V) throws(V.Failure) {
    try visitor.visit(&hidden, "hidden")
    try visitor.visit(&output, "output")
    try visitor.visit(&dropout, "dropout")
  }
}

/// Networks one after another, whose parameters are told apart by suffixes, and a factor of its own.
struct Tower: Module {
  typealias Scalar = Double
  var floors: [TwoLayerNetwork]
  var factor: Parameter<Double>

  init(floors: Int) {
    self.floors = (0..<floors).map { _ in TwoLayerNetwork(3, 4, 3) }
    factor = Parameter([3], .normal(1))
  }

  func callAsFunction(_ input: Variable<Double>, in context: inout ForwardContext<Double>) -> Variable<Double> {
    var x = input
    for floor in floors { x = floor(x, in: &context) }
    return x * context.variable(factor)
  }

  mutating func visitParameters<V: ParameterVisitor<Double>>(_ visitor: inout V) throws(V.Failure) {
    for index in floors.indices { try visitor.visit(&floors[index], suffix: "_f\(index)") }
    try visitor.visit(&factor, "factor")
  }
}
