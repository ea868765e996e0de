import ModelTraining
import TensorCheckpoints
import TensorCore

extension CharacterRun {
  /// Takes the directory for this run until the end of the next training: makes and locks it, makes sure that there is room, and
  /// writes the configuration. Training does it by itself, but refuses a directory that holds an earlier run.
  ///
  /// - Parameters:
  ///   - configuration: JSON object for `config.json`, with the run's identity as `run` and that of the run that it replaces,
  ///     if any, as `replaces`; nil for the settings.
  ///   - limits: limits of the training, to know how much the metrics will take.
  ///   - kept: how many states will be kept beside `last`.
  /// - Throws: `FileError`, of the kind `busy` when another run is using the directory; `RunDirectoryTaken`.
  public func claimDirectory(
    earlier: EarlierRun = .refuse, configuration: ((_ replaced: String?) throws -> String)? = nil,
    limits: TrainingLimits = TrainingLimits(),
    kept: Int = 0
  ) throws {
    guard let directory else { return }
    let isResumed = isResumed || hasTrained
    claim = try DirectoryClaim(
      directory, run: identity, configuration: configuration ?? ownConfiguration(replacing:), earlier: earlier,
      isResumed: isResumed, sizes: sizes(limits, kept: kept))
    metrics = try MetricsLog(
      directory, run: identity,
      at: isResumed ? MetricsLog.Mark(progress) : MetricsLog.Mark(step: -1, rollbacks: 0))
  }

  private func ownConfiguration(replacing replaced: String?) -> String {
    struct Configuration: Encodable {
      let run, replaces: String?
      let settings: TrainingSettings
    }
    return canonicalJSON(Configuration(run: identity, replaces: replaced, settings: settings)) + "\n"
  }

  /// Sizes of the files, rounded up.
  private func sizes(_ limits: TrainingLimits, kept: Int) -> RunDirectory.Sizes {
    let state = trainer.state
    let moments = state.optimizer.namedMoments(of: model)
    let widths = model.rnn.stateComponents.joined().map(\.width)
    let (parameters, names) = (model.parameterCount, model.parameters.count)
    // Names, shapes and offsets; settings, vocabulary.
    let header = { (tensors: Int) in 8192 + 200 * tensors + 2 * self.corpus.vocabulary.json.utf8.count }
    let numbers =
      parameters + moments.reduce(0) { $0 + $1.tensor.shape.count } + settings.batch * widths.reduce(0, +)
    let interval = settings.validateEvery ?? stepsPerEpoch
    let lines = min((limits.lastStep(stepsPerEpoch: stepsPerEpoch) ?? 0) / interval, 100_000) + 100
    let last = 2 * 4 * numbers + header(2 * (names + moments.count + widths.count))
    return RunDirectory.Sizes(
      last: last, best: 4 * parameters + header(names), others: 32_768 + 400 * lines + min(kept, 1000) * last)
  }
}
