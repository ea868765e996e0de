import NeuralLayers
import TabularData
import TensorCore

/// Options of a fit beside its data, epochs, optimizer and loss. Each has a default:
///
///     try net.fit(data, epochs: 30, loss: .meanSquaredError)
///     try net.fit(data, epochs: 30, loss: .meanSquaredError, options: FitOptions(batchSize: 16, validation: .split(0.2)))
public struct FitOptions<Model: Layer> {
  /// Samples of one update; nil stands for 32, or for all samples where there are fewer.
  public var batchSize: Int?
  /// Samples that validation computes at once; less takes less memory.
  public var validationBatchSize: Int
  /// Change of the learning rate from update to update; it counts the updates of earlier fits of a compiled model too.
  public var schedule: LearningRateSchedule
  /// Limit on the gradients of one update.
  public var clipping: GradientClipping
  /// Data on which the model is validated after each epoch.
  public var validation: Validation
  /// Rule that ends the fit before its last epoch; nil for none.
  public var earlyStopping: EarlyStopping?
  /// Whether each epoch goes through the data in a random order of its own.
  public var shuffles: Bool
  /// Decides the order, the units that dropout drops, and the samples held out. The same seed gives the same bits.
  public var seed: UInt64
  /// Number of threads that compute; the bits do not depend on it.
  public var threads: Int
  /// Where the model is computed. It is moved there for the fit and back at its end; callbacks are given the model on the device,
  /// and metrics are taken on the host, from a copy of the outputs of each batch.
  public var device: Device
  /// Called after each step and each epoch, in this order.
  public var callbacks: [FitCallback<Model>]

  public init(
    batchSize: Int? = nil, validationBatchSize: Int = 256, schedule: LearningRateSchedule = .constant,
    clipping: GradientClipping = .none,
    validation: Validation = .none, earlyStopping: EarlyStopping? = nil, shuffles: Bool = true, seed: UInt64 = 1,
    threads: Int = 1, device: Device = .cpu, callbacks: [FitCallback<Model>] = []
  ) {
    self.batchSize = batchSize
    self.validationBatchSize = validationBatchSize
    self.schedule = schedule
    self.clipping = clipping
    self.validation = validation
    self.earlyStopping = earlyStopping
    self.shuffles = shuffles
    self.seed = seed
    self.threads = threads
    self.device = device
    self.callbacks = callbacks
  }

  /// Data on which a fit is validated.
  public enum Validation: Sendable {
    case none
    /// Share of the training data, drawn by the seed and held out.
    case split(Double)
    case data(any SampleSet<Model.Scalar>)
  }

  /// The data that the model learns from, and the data held out.
  func parts<Samples: SampleSet<Model.Scalar>>(
    of data: Samples
  ) throws(DataError) -> (training: Samples, heldOut: (any SampleSet<Model.Scalar>)?) {
    switch validation {
    case .none: return (data, nil)
    case .data(let other): return (data, other)
    case .split(let fraction):
      var random = RandomSource(seed: seed)
      let (training, heldOut) = try data.split(testFraction: fraction, using: &random)
      return (training, heldOut)
    }
  }

  /// The number of samples of one update, of `count` samples.
  func batchSize(of count: Int) throws(DataError) -> Int {
    let size = batchSize ?? min(32, count)
    require(size > 0, "fit: a batch of \(size) samples")
    if size > count { throw .batchLargerThanData(batch: size, count: count) }
    return size
  }
}
