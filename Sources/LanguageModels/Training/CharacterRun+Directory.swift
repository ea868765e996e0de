import ModelTraining
import TensorCheckpoints
import TensorCore

extension CharacterRun {
  /// Takes the directory for this run until the end of the next training: makes and locks it, makes sure that there is room, and
  /// writes the configuration. Training does it by itself, but refuses a directory that holds an earlier run.
  ///
  /// A run that was resumed goes on in the directory of its checkpoint; any other must be free for it.
  ///
  /// - Parameters:
  ///   - limits: limits of the training, to know how much its files will take.
  ///   - reporting: how often it will save, and how many states it will keep.
  /// - Precondition: limits and reporting have no problem.
  /// - Throws: `FileError`, of the kind `busy` when another run is using the directory; `RunDirectoryTaken`;
  ///   `RunConfigurationError` where `config.json` does not tell whose the files are; `SafetensorsError` or `ModelFileError`
  ///   where the `last` to go on from or the `best` beside it is damaged.
  public func claimDirectory(
    earlier: EarlierRunPolicy = .refuse, limits: TrainingLimits = TrainingLimits(),
    reporting: TrainingReporting = TrainingReporting()
  ) throws {
    try claimDirectory(
      earlier: earlier, configuration: settings.resolved(stepsPerEpoch: stepsPerEpoch).members(), limits: limits,
      reporting: reporting)
  }

  /// - Parameter configuration: members of `config.json`; the run's identity is added to them.
  package func claimDirectory(
    earlier: EarlierRunPolicy, configuration: Members, limits: TrainingLimits, reporting: TrainingReporting
  ) throws {
    if let problem = limits.problem ?? reporting.problem { programmingError("claimDirectory: \(problem)") }
    guard let directory else { return }
    let claim = try DirectoryClaim(
      directory, run: identity, known: knownState, configuration: configuration, earlier: earlier,
      sizes: sizes(limits, reporting))
    let pendingLoss = try pendingBest.flatMap { try ModelFile<Float>($0).history?.validationLoss }
    bestLoss = min(try bestLoss(in: claim), pendingLoss ?? .infinity)
    metrics = try MetricsLog(
      directory, run: identity, resumedAt: claim.isContinued ? MetricsLog.Mark(progress) : nil, unwritten: metrics)
    if knownState?.path != directory.path {
      knownState = DirectoryClaim.KnownState(
        path: directory.path, metadata: claim.isContinued ? knownState?.metadata : nil)
    }
    self.claim = claim
  }

  /// Validation loss of the `best` that is there, if it is of this run: an earlier part may have written it.
  private func bestLoss(in claim: DirectoryClaim) throws -> Double {
    let directory = claim.directory
    guard try directory.requireFile(directory.best), !claim.holdsForeign(directory.best) else { return .infinity }
    let file = try ModelFile<Float>(Checkpoint(contentsOf: directory.best, using: directory.files))
    guard let history = file.history, history.run == identity, file.model.shape == model.shape,
      history.corpusHash == corpus.contentHash
    else { return .infinity }
    return history.validationLoss ?? .infinity
  }

  /// Sizes of the files, rounded up.
  private func sizes(_ limits: TrainingLimits, _ reporting: TrainingReporting) -> RunDirectory.Sizes {
    let state = trainer.state
    let moments = state.optimizer.namedMoments(of: model)
    let widths = model.rnn.stateComponents.joined().map(\.width)
    let (parameters, names) = (model.parameterCount, model.parameters.count)
    // Names, shapes and offsets; settings, vocabulary.
    let header = { (tensors: Int) in 8192 + 200 * tensors + 2 * self.corpus.vocabulary.json.utf8.count }
    let models = settings.averaging > 0 ? 2 : 1
    let numbers =
      models * parameters + moments.reduce(0) { $0 + $1.tensor.shape.count } + settings.batch * widths.reduce(0, +)
    let stepsToCome = limits.lastStep(stepsPerEpoch: stepsPerEpoch).map { max($0 - step, 0) }
    let lines = min((stepsToCome ?? 0) / (settings.validateEvery ?? stepsPerEpoch), 100_000) + 100
    let samplesEvery = reporting.sampleEvery ?? TrainingReporting.usualSampleInterval(stepsPerEpoch: stepsPerEpoch)
    let samples = samplesEvery == 0 ? 0 : min((stepsToCome ?? 0) / samplesEvery, 10_000)
    // Besides those on schedule, one at the end, and one each minute, which nobody knows.
    let saves = stepsToCome.map { $0 / (reporting.checkpointEvery ?? stepsPerEpoch) + 1 }
    return RunDirectory.Sizes(
      last: 2 * 4 * numbers + header(2 * (models * names + moments.count + widths.count)),
      best: 4 * parameters + header(names),
      kept: min(reporting.kept, saves ?? reporting.kept) + (settings.schedule == .warmUpStableDecay ? 1 : 0),
      others: 262_144 + 400 * lines + (400 + 3 * reporting.sampleLength) * samples)
  }
}
