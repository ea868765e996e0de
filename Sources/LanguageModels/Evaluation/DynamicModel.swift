import Autograd
import NeuralLayers
import RecurrentLayers
import SequenceText
import TensorCore

/// Rule by which a model goes on learning from a text that it predicts.
///
/// Dynamic evaluation with a global prior (Krause, Kahembwe, Murray and Renals 2018, "Dynamic Evaluation of Neural Sequence
/// Models", section 4): after each segment s of the text, every weight θ moves against its gradient and back towards its
/// trained value θ_g,
///
///     θ ← θ − η ∇L(s) / (√MS + ε) + λ RMS (θ_g − θ),   RMS = √MS / mean(√MS) ≤ 1 / λ,
///
/// where MS is the mean square of the weight's gradients on segments of the training text, and L the mean loss.
public struct DynamicRule: Sendable, Equatable {
  /// η.
  public var learningRate: Double
  /// λ: how strongly weights are pulled back.
  public var decay: Double
  /// ε, as a part of the mean of √MS.
  public var epsilon: Double
  /// Tokens in a segment.
  public var segment: Int

  public init(learningRate: Double = 0.0015, decay: Double = 0.015, epsilon: Double = 0.2, segment: Int = 30) {
    (self.learningRate, self.decay, self.epsilon, self.segment) = (learningRate, decay, epsilon, segment)
  }
}

/// A model that goes on learning from the text that it has predicted.
struct DynamicModel {
  private(set) var model: CharacterModel<Float>
  private let rule: DynamicRule
  private let workspace: Workspace<Float>
  private let trained: [Tensor<Float>]
  /// η / (√MS + ε) and λ RMS for each element, by slot.
  private let rates, pulls: [Tensor<Float>]

  /// - Parameter training: text to take the gradients' mean squares from.
  init(_ model: CharacterModel<Float>, rule: DynamicRule, training: TextStream, workspace: Workspace<Float>) {
    (self.model, self.rule, self.workspace) = (model.bound(), rule, workspace)
    trained = self.model.parameters.map(\.parameter.value)
    let roots = Self.meanSquares(of: self.model, on: training, segment: rule.segment, workspace: workspace)
      .map { $0.squareRoot() }
    let count = roots.reduce(0) { $0 + $1.shape.count }
    let mean = roots.reduce(0.0) { $0 + Double($1.sum().scalar) } / Double(max(count, 1))
    // Without gradients to take sizes from, as of a training text shorter than a segment, nothing is learned.
    let (learningRate, decay) = mean > 0 ? (rule.learningRate, rule.decay / mean) : (0, 0)
    rates = roots.map { Float(learningRate) / ($0 + Float(mean > 0 ? rule.epsilon * mean : 1)) }
    pulls = roots.map { Tensor.minimum($0 * Float(decay), Tensor(1)) }
  }

  /// Predicts a segment and then learns from it.
  ///
  /// - Parameters:
  ///   - tokens: n + 1 tokens.
  ///   - resets: tokens before which the state is reset; nil for none.
  ///   - state: state before the first; nil for the initial one. On return, that before the last.
  /// - Returns: logits of the n tokens after the first, [n, 1, vocabulary].
  mutating func predict(
    _ tokens: [Int32], resets: StateResets? = nil, from state: inout CharacterModel<Float>.State?
  ) -> Tensor<Float> {
    let pass = Self.pass(model, over: tokens, resets: resets, from: state, workspace: workspace)
    state = pass.state
    learn(from: pass.gradients)
    return pass.logits
  }

  /// Logits after one token, [1, 1, vocabulary], without learning from it.
  ///
  /// - Parameter state: state before the token; nil for the initial one. On return, that after it.
  func logits(after token: Int32, from state: inout CharacterModel<Float>.State?) -> Tensor<Float> {
    var context = ForwardContext(workspace: workspace)
    let (logits, next) = model(TokenGrid(ids: [token], time: 1, batch: 1), from: state, in: &context)
    state = next
    return logits.value
  }

  private mutating func learn(from gradients: Gradients<Float>) {
    var slot = 0
    let (trained, rates, pulls) = (trained, rates, pulls)
    model.updateParameters { parameter, _ in
      if let gradient = gradients[slot: slot] {
        parameter.value -= gradient * rates[slot]
        parameter.value += (trained[slot] - parameter.value) * pulls[slot]
      }
      slot += 1
    }
  }

  private typealias Pass = (
    logits: Tensor<Float>, state: CharacterModel<Float>.State, gradients: Gradients<Float>
  )

  private static func pass(
    _ model: CharacterModel<Float>, over tokens: [Int32], resets: StateResets?,
    from state: CharacterModel<Float>.State?,
    workspace: Workspace<Float>
  ) -> Pass {
    var context = ForwardContext<Float>(tape: Tape(), workspace: workspace)
    let grid = TokenGrid(ids: Array(tokens.dropLast()), time: tokens.count - 1, batch: 1)
    let (logits, next) = model(grid, resets: resets, from: state, in: &context)
    let loss = softmaxCrossEntropy(logits, targets: Array(tokens.dropFirst()), in: context)
    return (logits.value, next, loss.gradients())
  }

  /// Mean squares of the gradients of segments, by slot: of stretches spread over the text.
  private static func meanSquares(
    of model: CharacterModel<Float>, on text: TextStream, segment: Int, workspace: Workspace<Float>
  ) -> [Tensor<Float>] {
    let available = text.predictions / segment
    let stretches = min(mostStretches, max(available / segmentsOfStretch, 1))
    let length = min(segmentsOfStretch, available)
    var sums = model.parameters.map { Tensor<Float>.zeros(like: $0.parameter.value) }
    for stretch in 0..<stretches {
      let first = text.predictions / stretches * stretch
      var state: CharacterModel<Float>.State?
      for index in 0..<length {
        let start = text.tokens.startIndex + first + index * segment
        let tokens = Array(text.tokens[start...(start + segment)])
        let resets = text.resets(at: Array(start..<start + segment), batch: 1)
        let pass = pass(model, over: tokens, resets: resets, from: state, workspace: workspace)
        state = pass.state
        for slot in sums.indices {
          if let gradient = pass.gradients[slot: slot] { sums[slot] += gradient.squared() }
        }
      }
    }
    return sums.map { $0 * (1 / Float(max(stretches * length, 1))) }
  }

  private static let mostStretches = 20
  private static let segmentsOfStretch = 50
}
