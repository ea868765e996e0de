import Autograd
import NeuralLayers
import TensorCore
import Testing

/// Expects a module to visit all of its parameters, under unique names that do not change; a gradient other than zero to
/// reach each of them; and updates to change them in place.
///
/// - Parameters:
///   - names: of all parameters, in the order of visiting.
///   - loss: a number that depends on all of the module.
func expectConformance<M: Module<Double>>(
  _ module: M, parameterCount: Int, names: [String], sourceLocation: SourceLocation = #_sourceLocation,
  loss: (M, inout ForwardContext<Double>) -> Variable<Double>
) {
  let visited = module.parameters.map(\.name)
  #expect(module.parameterCount == parameterCount, sourceLocation: sourceLocation)
  #expect(visited == names, sourceLocation: sourceLocation)
  #expect(Set(visited).count == visited.count, "names repeat", sourceLocation: sourceLocation)

  let other = module.bound()
  var bound = other
  #expect(bound.parameters.map(\.name) == visited, "another visit, other names", sourceLocation: sourceLocation)
  #expect(bound.parameters.map(\.parameter.slot) == visited.indices.map { $0 }, sourceLocation: sourceLocation)

  let gradients = {
    var context = ForwardContext(tape: Tape<Double>(), mode: .training)
    return loss(bound, &context).gradients()
  }()
  for (name, parameter) in bound.trainedParameters {
    let norm = gradients[parameter]?.sumOfSquares() ?? 0
    #expect(norm > 0, "no gradient reaches \(name)", sourceLocation: sourceLocation)
  }

  let addresses = bound.trainedParameters.map { address($0.parameter) }
  bound.updateParameters(by: gradients)
  let moved = zip(bound.trainedParameters, addresses).filter { address($0.parameter) != $1 }.map(\.0.name)
  // Two copies of a module share their memory, so that the first change copies.
  #expect(
    moved == bound.trainedParameters.map(\.name), "a change reached another copy of the module",
    sourceLocation: sourceLocation)
  #expect(other.trainedParameters.map { address($0.parameter) } == addresses, sourceLocation: sourceLocation)
  let copies = bound.trainedParameters.map { address($0.parameter) }
  bound.updateParameters(by: gradients)
  #expect(bound.trainedParameters.map { address($0.parameter) } == copies, "copied", sourceLocation: sourceLocation)
}

extension Module where Scalar == Double {
  fileprivate mutating func updateParameters(by gradients: Gradients<Double>) {
    updateParameters { parameter, _ in
      if let gradient = gradients[parameter] { parameter.value.addScaled(-0.1, gradient) }
    }
  }
}

/// Address of a parameter's numbers.
func address(_ parameter: Parameter<Double>) -> UInt {
  parameter.value.withScalars { UInt(bitPattern: $0.baseAddress) }
}
