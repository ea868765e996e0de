import ModelTraining

extension TrainingSettings {
  public enum OptimizerName: String, Sendable, CaseIterable {
    case adam
    case adamW = "adamw"
    case nAdam = "nadam"
    case sgd
    case rmsProp = "rmsprop"
    case adaGrad = "adagrad"
    case adaDelta = "adadelta"
    case lion

    fileprivate func settings(learningRate: Double) -> OptimizerSettings {
      switch self {
      case .adam: .adam(learningRate: learningRate)
      case .adamW: .adamW(learningRate: learningRate)
      case .nAdam: .nAdam(learningRate: learningRate)
      case .sgd: .sgd(learningRate: learningRate, momentum: 0.9)
      case .rmsProp: .rmsProp(learningRate: learningRate)
      case .adaGrad: .adaGrad(learningRate: learningRate)
      case .adaDelta: .adaDelta(learningRate: learningRate)
      case .lion: .lion(learningRate: learningRate)
      }
    }

    /// Whether weight decay shrinks the weights beside the rule, instead of adding to the gradient.
    fileprivate var decouplesDecay: Bool { self == .adamW || self == .lion }
  }

  /// The update rule, with its learning rate and its decay of weights.
  var optimizerSettings: OptimizerSettings {
    var settings = optimizer.settings(learningRate: learningRate)
    if let weightDecay {
      settings.decay = weightDecay == 0 ? .none : optimizer.decouplesDecay ? .decoupled(weightDecay) : .l2(weightDecay)
    }
    return settings
  }
}
