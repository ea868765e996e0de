import Autograd
import TabularData
import TensorCore

/// What training makes small, chosen by name: `.meanSquaredError`, `.binaryCrossEntropy`, …
///
/// Each gives the mean over a batch; the functions of the same names in `Autograd` say how it is computed.
public struct LossFunction<Scalar: TensorScalar>: Sendable {
  public typealias Body =
    @Sendable (_ outputs: Variable<Scalar>, _ targets: Targets<Scalar>, _ context: borrowing ForwardContext<Scalar>) ->
    Variable<Scalar>

  /// What it wants to be told of each sample.
  public enum TargetKind: Sendable { case numbers, classes, either }

  public let name: String
  public let targetKind: TargetKind
  /// How outputs are read as answers; nil where they are numbers.
  public let decision: Decision?
  /// Where the targets must lie, if not anywhere.
  public let targetRange: ClosedRange<Double>?
  private let body: Body

  /// A loss of one's own.
  public init(
    _ name: String, targets: TargetKind = .numbers, within range: ClosedRange<Double>? = nil, decision: Decision? = nil,
    _ body: @escaping Body
  ) {
    self.name = name
    targetKind = targets
    targetRange = range
    self.decision = decision
    self.body = body
  }

  /// The loss of a batch, a single number.
  public func callAsFunction(
    _ outputs: Variable<Scalar>, _ targets: Targets<Scalar>, in context: borrowing ForwardContext<Scalar>
  ) -> Variable<Scalar> { body(outputs, targets, context) }
}

extension LossFunction {
  /// A loss of outputs and numbers of the same shape.
  private static func comparing(
    _ name: String, within range: ClosedRange<Double>? = nil, decision: Decision? = nil,
    _ compute: @escaping @Sendable (Variable<Scalar>, Tensor<Scalar>) -> Variable<Scalar>
  ) -> LossFunction {
    LossFunction(name, within: range, decision: decision) { outputs, targets, _ in
      guard case .values(let values) = targets else { programmingError("\(name): the targets are classes") }
      return compute(outputs, values)
    }
  }

  /// The mean of (output − target)².
  public static var meanSquaredError: LossFunction {
    comparing("mean squared error") { Autograd.meanSquaredError($0, Variable($1)) }
  }

  /// The mean of |output − target|.
  public static var meanAbsoluteError: LossFunction {
    comparing("mean absolute error") { Autograd.meanAbsoluteError($0, Variable($1)) }
  }

  /// Quadratic up to `delta`, linear beyond (Huber, 1964).
  public static func huber(delta: Double = 1) -> LossFunction {
    comparing("Huber loss") { Autograd.huber($0, Variable($1), delta: delta) }
  }

  /// Of probabilities (outputs of a sigmoid) and targets in 0...1, in nats.
  public static var binaryCrossEntropy: LossFunction {
    comparing("binary cross entropy", within: 0...1, decision: .threshold(0.5)) {
      Autograd.binaryCrossEntropy($0, targets: $1)
    }
  }

  /// The same of logits, with the sigmoid folded in: more exact, and it never overflows.
  public static var binaryCrossEntropyFromLogits: LossFunction {
    comparing("binary cross entropy from logits", within: 0...1, decision: .threshold(0)) {
      Autograd.binaryCrossEntropyFromLogits($0, targets: $1)
    }
  }

  /// The mean of max(0, 1 − target·output), for targets of −1 and 1.
  public static var hinge: LossFunction {
    comparing("hinge loss", within: -1...1, decision: .threshold(0, target: 0)) { Autograd.hinge($0, targets: $1) }
  }

  /// Of log-probabilities (outputs of a log-softmax) and the probabilities there should be, in nats.
  public static var kullbackLeibler: LossFunction {
    comparing("Kullback-Leibler divergence", within: 0...1, decision: .largest) {
      Autograd.kullbackLeibler($0, distributions: $1)
    }
  }

  /// Of logits (outputs without an activation) and classes, or probabilities of the outputs' shape, in nats.
  public static var softmaxCrossEntropy: LossFunction {
    LossFunction("softmax cross entropy", targets: .either, within: 0...1, decision: .largest) {
      outputs, targets, context in
      switch targets {
      case .classes(let classes): Autograd.softmaxCrossEntropy(outputs, targets: classes, in: context)
      case .values(let values): Autograd.softmaxCrossEntropy(outputs, distributions: values)
      }
    }
  }

  /// Of log-probabilities (outputs of a log-softmax) and classes, in nats.
  public static var negativeLogLikelihood: LossFunction {
    LossFunction("negative log-likelihood", targets: .classes, decision: .largest) { outputs, targets, _ in
      guard case .classes(let classes) = targets else {
        programmingError("negative log-likelihood: the targets are numbers")
      }
      return Autograd.negativeLogLikelihood(outputs, targets: classes)
    }
  }
}
