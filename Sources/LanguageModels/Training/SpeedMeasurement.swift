import Foundation
import ModelTraining
import TensorCore

/// How fast a run trains and its model writes, on this machine now.
public struct SpeedMeasurement: Sendable {
  public let trainTokensPerSecond: Double
  /// The arithmetic that the model needs, whatever was computed: 6 × (Σ|W_hh| + Σ over the layers above the first |W_ih| + Σ|W_hr| +
  /// |W_decoder|) operations a token. An input product that is a look-up counts as nothing.
  public let trainGigaflops: Double
  /// The measured limit of float32 multiply-adds on the same threads, in short bursts, whatever the precision of training.
  public let peakGigaflops: Double
  /// That limit over a longer time, measured after training: clocks drop under load.
  public let sustainedPeakGigaflops: Double
  /// Cores that the threads had on average meanwhile: fewer than threads where other programs used some.
  public let averageCores: Double
  public let sampleCharactersPerSecond: Double
  /// How weights were held while sampling; nil where nothing was sampled.
  public let weights: WeightFormat?
  /// How the weights for sampling were chosen; nil where their format was given, or nothing was sampled.
  public let weightTrial: WeightTrial?
  /// The training loss of the last step, in nats, and the penalties added to it.
  public let loss, penalty: Double
  /// The most memory that the process held, in MiB.
  public let peakMemory: Double
  /// Limits of the device that trained; nil for the CPU. The peaks above are then the device's.
  public let devicePeak: DevicePeak?
  /// Time of training steps by kind of work; nil unless it was asked for.
  public let profile: StepProfile?
}

extension CharacterRun {
  /// Trains for some seconds, after two steps to warm up; nothing is saved.
  ///
  /// - Returns: the median time of a step, in milliseconds.
  package func millisecondsPerStep(within seconds: Double) throws -> Double {
    for _ in 0..<2 { _ = try trainer.trainStep() }
    let clock = ContinuousClock()
    var (times, began) = ([Double](), clock.now)
    let start = began
    repeat {
      let count = stepsAhead(within: times.last.map { $0 / 1000 } ?? .infinity)
      let steps = try trainer.trainSteps(atMost: count).count
      let end = clock.now
      times.append((end - began) / .milliseconds(1) / Double(steps))
      began = end
    } while times.count < 5 || times.count < 100 && (began - start) / .seconds(1) < seconds
    return times.sorted()[times.count / 2]
  }

  /// Trains for some seconds, after three steps to warm up, then samples some tokens; nothing is saved.
  ///
  /// - Parameters:
  ///   - weights: how they are held while sampling.
  ///   - profiled: trains for as long again, watched.
  /// - Throws: `GenerationError` where the format is to be chosen and the model's predictions are not finite.
  public func measureSpeed(
    seconds: Double, sample: Int, weights: WeightChoice = .format(.float32), profiled: Bool = false
  ) throws -> SpeedMeasurement {
    let devicePeak = try device.measurePeak()
    let burstPeak = devicePeak?.operationsPerSecond ?? MachinePeak.measure(Float.self, team: trainer.workspace.team)
    var (loss, penalty) = (Double.nan, 0.0)
    func step(atMost count: Int = 1) throws -> Int {
      let events = try trainer.trainSteps(atMost: count)
      if case .step(let report)? = events.last { (loss, penalty) = (report.loss, report.penalty) }
      return events.count
    }
    for _ in 0..<3 { _ = try step() }
    let clock = ContinuousClock()
    func train() throws -> (steps: Int, seconds: Double) {
      let began = clock.now
      var (steps, passed) = (0, 0.0)
      // In seconds: a `Duration` cannot hold every number of them.
      repeat {
        steps += try step(atMost: stepsAhead(within: steps > 0 ? passed / Double(steps) : .infinity))
        passed = (clock.now - began) / .seconds(1)
      } while passed < seconds
      return (steps, passed)
    }
    let trained = try train()
    let tokensPerSecond = Double(trained.steps * tokensPerStep) / trained.seconds
    let cores = CoreUse()
    let sustainedPeak =
      try device.measurePeak()?.operationsPerSecond
      ?? MachinePeak.measureSustained(Float.self, team: trainer.workspace.team, seconds: min(1, seconds / 10))
    let averageCores = cores.average
    // Other programs may have had the cores during all the bursts.
    let peak = max(burstPeak, sustainedPeak)
    let profile = profiled ? try StepProfile(team: trainer.workspace.team, train: train) : nil

    var charactersPerSecond = 0.0
    var (trial, held): (WeightTrial?, WeightFormat?)
    if sample > 0 {
      let threads = trainer.workspace.team.size
      let format: WeightFormat
      switch weights {
      case .format(let named): format = named
      case .auto:
        let found = try WeightTrial(of: try model.on(.cpu), vocabulary: corpus.vocabulary, threads: threads)
        (trial, format) = (found, found.format)
      }
      held = format
      let generator = TextGenerator(
        model: try model.on(.cpu), vocabulary: corpus.vocabulary, weights: format, threads: threads)
      let options = SamplingOptions(temperature: 0.8)
      _ = generator.text(length: 100, options: options, seed: 1)
      let began = clock.now
      _ = generator.text(length: sample, options: options, seed: 1)
      charactersPerSecond = Double(sample) / ((clock.now - began) / .seconds(1))
    }
    return SpeedMeasurement(
      trainTokensPerSecond: tokensPerSecond,
      trainGigaflops: tokensPerSecond * Double(model.operationsPerToken) / 1e9, peakGigaflops: peak / 1e9,
      sustainedPeakGigaflops: sustainedPeak / 1e9, averageCores: averageCores,
      sampleCharactersPerSecond: charactersPerSecond, weights: held, weightTrial: trial, loss: loss, penalty: penalty,
      peakMemory: peakMemory, devicePeak: devicePeak,
      profile: profile)
  }

  /// The most memory that the process held, in MiB; the operating system counts KiB on Linux and bytes elsewhere.
  var peakMemory: Double {
    var usage = rusage()
    #if os(Linux)
      getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
      return Double(usage.ru_maxrss) / 1024
    #else
      getrusage(RUSAGE_SELF, &usage)
      return Double(usage.ru_maxrss) / 1_048_576
    #endif
  }
}
