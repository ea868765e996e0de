import Autograd
import TabularData
import TensorCore

/// The function that training minimizes, chosen by name: `.meanSquaredError`, `.binaryCrossEntropy`, …
///
/// Each is a mean over a batch; the functions of the same names in `Autograd` say how it is computed.
public struct LossFunction<Scalar: TensorScalar>: Sendable {
  public typealias Body =
    @Sendable (_ outputs: Variable<Scalar>, _ targets: Targets<Scalar>, _ context: borrowing ForwardContext<Scalar>) ->
    Variable<Scalar>

  /// Kind of target that the loss needs for each sample.
  public enum TargetKind: Sendable { case values, classes, either }

  public let name: String
  public let targetKind: TargetKind
  /// How outputs are read as answers; nil where they are numbers.
  public let decision: Decision?
  /// Range of numeric targets.
  public let domain: TargetDomain
  /// Whether the loss is a mean over single numbers, each compared by itself.
  public let isElementwise: Bool
  private let body: Body

  /// A loss of one's own: the mean over the samples of a batch.
  ///
  /// - Parameter isElementwise: whether it compares each number of outputs and targets by itself, so that some may be missing.
  public init(
    _ name: String, targets: TargetKind = .values, domain: TargetDomain = .all, decision: Decision? = nil,
    isElementwise: Bool = false, _ body: @escaping Body
  ) {
    self.name = name
    self.isElementwise = isElementwise
    targetKind = targets
    self.domain = domain
    self.decision = decision
    self.body = body
  }

  /// Whether the classes 0 and 1 count as the numbers 0 and 1, for models with one output.
  var readsClassesAsNumbers: Bool { targetKind == .values && domain == .probabilities && decision != .largest }

  /// The loss of a batch, a single number.
  public func callAsFunction(
    _ outputs: Variable<Scalar>, _ targets: Targets<Scalar>, in context: borrowing ForwardContext<Scalar>
  ) -> Variable<Scalar> { body(outputs, targets, context) }
}

/// The numbers that a loss is defined for as targets.
public enum TargetDomain: Sendable, Equatable, CustomStringConvertible {
  case all
  /// 0...1.
  case probabilities
  /// −1 and 1.
  case signs

  func contains(_ value: Double) -> Bool {
    switch self {
    case .all: true
    case .probabilities: (0...1).contains(value)
    case .signs: abs(value) == 1
    }
  }

  public var description: String {
    switch self {
    case .all: "any number"
    case .probabilities: "a number from 0 to 1"
    case .signs: "-1 or 1"
    }
  }
}

extension LossFunction {
  /// A loss of outputs and numbers of the same shape.
  private static func comparing(
    _ name: String, domain: TargetDomain = .all, decision: Decision? = nil,
    _ compute: @escaping @Sendable (Variable<Scalar>, Tensor<Scalar>) -> Variable<Scalar>
  ) -> LossFunction {
    LossFunction(name, domain: domain, decision: decision, isElementwise: decision != .largest) { outputs, targets, _ in
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
  ///
  /// - Precondition: delta is positive.
  public static func huber(delta: Double = 1) -> LossFunction {
    require(delta > 0 && delta.isFinite, "Huber loss: delta is \(delta), not a positive number")
    return comparing("Huber loss") { Autograd.huber($0, Variable($1), delta: delta) }
  }

  /// Binary cross entropy of probabilities (outputs of a sigmoid) and targets in 0...1, in nats.
  public static var binaryCrossEntropy: LossFunction {
    comparing("binary cross entropy", domain: .probabilities, decision: .threshold(0.5)) {
      Autograd.binaryCrossEntropy($0, targets: $1)
    }
  }

  /// Binary cross entropy of logits and targets in 0...1, in nats. The sigmoid is folded in: more exact, without overflow.
  public static var binaryCrossEntropyFromLogits: LossFunction {
    comparing("binary cross entropy from logits", domain: .probabilities, decision: .threshold(0)) {
      Autograd.binaryCrossEntropyFromLogits($0, targets: $1)
    }
  }

  /// The mean of max(0, 1 − target·output), for targets of −1 and 1.
  public static var hinge: LossFunction {
    comparing("hinge loss", domain: .signs, decision: .threshold(0, target: 0)) { Autograd.hinge($0, targets: $1) }
  }

  /// Kullback–Leibler divergence of log-probabilities (outputs of a log-softmax) from target probabilities, in nats.
  public static var kullbackLeibler: LossFunction {
    comparing("Kullback-Leibler divergence", domain: .probabilities, decision: .largest) {
      Autograd.kullbackLeibler($0, distributions: $1)
    }
  }

  /// Cross entropy of logits (outputs without an activation) and classes, or probabilities of the outputs' shape, in nats.
  public static var softmaxCrossEntropy: LossFunction {
    LossFunction("softmax cross entropy", targets: .either, domain: .probabilities, decision: .largest) {
      outputs, targets, context in
      switch targets {
      case .classes(let classes): Autograd.softmaxCrossEntropy(outputs, targets: classes, in: context)
      case .values(let values): Autograd.softmaxCrossEntropy(outputs, distributions: values)
      }
    }
  }

  /// Negative log-likelihood of classes under log-probabilities (outputs of a log-softmax), in nats.
  public static var negativeLogLikelihood: LossFunction {
    LossFunction("negative log-likelihood", targets: .classes, decision: .largest) { outputs, targets, _ in
      guard case .classes(let classes) = targets else {
        programmingError("negative log-likelihood: the targets are numbers")
      }
      return Autograd.negativeLogLikelihood(outputs, targets: classes)
    }
  }
}
