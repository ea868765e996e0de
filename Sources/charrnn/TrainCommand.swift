import CharrnnCommandSupport
import Foundation
import SequenceModeling

/// `charrnn train`: learns a character model from text files and keeps it in a run directory.
package enum TrainCommand {
  static let corpora = Argument<[String]>.many(
    "CORPUS", help: "text files and folders of them, read one after the other; - is standard input")

  package static let command = Command(
    name: "train", summary: "learn a character model from text files", arguments: [corpora],
    groups: TrainOptions.groups,
    usual: [
      "time", "steps", "epochs", "cell", "layers", "hidden", "learning-rate", "tokens", "validation", "items", "out",
      "resume",
      "overwrite", "plain", "seed", "threads", "device",
    ],
    example: "charrnn train corpora/fables.txt --cell gru --epochs 20", run: run)

  @Sendable
  static func run(_ arguments: ParsedArguments) throws -> ExitCode {
    SignalWatch.install()
    let arguments = try OptionFile.completing(arguments)
    return try Job.run(arguments.command.name) { job in
      if let path = arguments[OptionFile.option] {
        job?.require(equal: ContentHash.hex(of: try FileReader(path).rest()), called: "the SHA-256 of \(path)")
      }
      guard let job, !job.isLeader else { return try train(arguments, in: job) }
      return try follow(arguments, in: job)
    }
  }

  /// Makes the run that rank 0 of a job has decided on, and trains a part of it.
  private static func follow(_ arguments: ParsedArguments, in job: Job) throws -> ExitCode {
    let input = try TrainOptions.texts(arguments)
    let shared = try job.sharedCorpus(input, nil)
    let plan = try RunPlan.received(in: job.group)
    var corpus = try shared ?? input.corpus(plan.vocabulary)
    job.require(equal: corpus.contentHash, called: "the SHA-256 of the corpus")
    if !corpus.tokens.isWhole {
      corpus = corpus.keeping(try plan.settings.positionsOfRanks(on: corpus, size: job.group.size), in: job.group)
    }
    let run = try CharacterRun(
      settings: plan.settings, corpus: corpus, resuming: plan.checkpoint, threads: CommonOptions.threadCount(arguments),
      memory: TrainOptions.memoryLeft(arguments), group: job.group)
    SignalWatch.finishStepsFirst()
    let end = try run.train(
      limits: plan.limits, reporting: plan.reporting, shouldStop: { SignalWatch.stop != nil })
    return end == .stopped ? SignalWatch.stop?.exitCode ?? .done : .done
  }

  private static func train(_ arguments: ParsedArguments, in job: Job?) throws -> ExitCode {
    let start = try Start(arguments, in: job)
    let run = start.run
    let report = TrainReport(run: run, limits: start.limits)
    let followers = followers(of: start.directory, arguments, on: run.device)
    func updateFiles() { for follower in followers { follower.write() } }
    // Without this, an earlier run's page would stand there until the first validation.
    updateFiles()
    SignalWatch.finishStepsFirst()
    let firstStep = run.step
    let end: RunEnd
    do {
      end = try report.followingErrors {
        try run.train(
          limits: start.limits, reporting: start.reporting,
          report: { event in
            report.receive(event)
            for follower in followers { follower.receive(event) }
          },
          shouldStop: { SignalWatch.stop != nil })
      }
    } catch let error as TrainingDiverged {
      updateFiles()
      throw error
    } catch let error as DeviceError {
      updateFiles()
      let saved = run.savedStep.map {
        "the run is saved up to step \($0); on the CPU it goes on with: \(resumingCommand(arguments, start.directory, on: .cpu))"
      }
      throw CommandFailure("\(error); \(saved ?? "nothing of the run was saved yet")", code: .unavailable)
    }
    report.finish()
    job?.sayTraffic(steps: run.step - firstStep)
    updateFiles()
    if end == .stopped {
      notice(
        "stopped after step \(run.step); the run is saved in \(start.directory.path); go on with: "
          + resumingCommand(arguments, start.directory, on: run.device)
      )
      // It may have reached another rank of a job.
      return SignalWatch.stop?.exitCode ?? .terminated
    }
    if end == .patienceSpent {
      let found =
        "no improvement in \(counted(run.progress.validationsSinceBest, "validation")); stopped after step \(run.step)"
      let isOver = run.step >= start.limits.lastStep(stepsPerEpoch: run.stepsPerEpoch) ?? .max
      let command = resumingCommand(arguments, start.directory, on: run.device)
      let more = run.progress.validationsSinceBest + (run.settings.patience ?? 0)
      notice(isOver ? found : "\(found); with more patience: \(command) --patience \(more)")
    } else if let more = report.morePatience, !TrainOptions.isTiny(run) {
      notice("with more patience: \(resumingCommand(arguments, start.directory, on: run.device)) --patience \(more)")
    }
    if end == .finished, run.progress.decay != nil, !run.hasDecayed {
      notice("the time was over before the learning rate had fallen: --resume with another --time trains on")
    }
    if start.limits.seconds != nil, let steps = run.stepsToRepeat {
      notice(
        "the same run, said without a clock: \(explicitCommand(arguments, run.settings, TrainingLimits(steps: steps), on: run.device))"
      )
    }
    try TrainConclusion(run, in: start.directory).say(
      lastLoss: report.lastValidationLoss, threads: start.threads, memory: TrainOptions.memoryLeft(arguments))
    updateFiles()
    if let failure = report.outputFailure { throw failure }
    return .done
  }

  /// Files that are kept up to date while the run goes on. One that has events for TensorBoard goes on with them.
  private static func followers(
    of directory: RunDirectory, _ arguments: ParsedArguments, on device: Device
  ) -> [RunFollower] {
    let page = RunPage.follower(directory, resuming: resumingCommand(arguments, directory, on: device))
    let hasEvents = arguments[TrainOptions.tensorboard] || directory.holds(directory.events)
    return [page] + (hasEvents ? [RunEvents.follower(directory)] : [])
  }

  /// A run that has its directory and can be trained.
  ///
  /// The checkpoint that it goes on from is not kept: while it is mapped, the file that replaces it needs room beside it.
  private struct Start {
    let run: CharacterRun
    private(set) var directory: RunDirectory
    private(set) var limits: TrainingLimits
    let reporting: TrainingReporting
    let threads: Int

    init(_ arguments: ParsedArguments, in job: Job?) throws {
      let input = try TrainOptions.texts(arguments)
      let choice = try RunChoice(arguments, corpora: input)
      if let beginning = choice.beginning { notice(beginning) }
      var base = try choice.checkpoint.map { try CharacterRun.settings(of: $0) }
      // It may have been given anew after the state was saved, as the limits may.
      if base != nil, let patience = try StoredOptions(choice.directory).patience() { base?.patience = patience }
      if let base, base.lastFileValidates != arguments.gives(TrainOptions.validation) {
        let file = try StoredOptions(choice.directory).corpora()?.last.map { " \(shellWord($0))" } ?? ""
        throw arguments.usageFailure(
          base.lastFileValidates
            ? "the run validates on a file of its own; give it again: --validation\(file)"
            : "the run validates on a part of its text; leave out --validation, or start a new run")
      }
      let initial = base == nil ? try initialModel(arguments) : nil
      let chooses = base == nil && !arguments[TrainOptions.plain]
      // A run's own file of options names the interval that the run leaves open.
      let epoch =
        base != nil && base?.validateEvery == nil
        ? try StoredOptions(choice.directory).validationInterval() : nil
      var settings = try TrainOptions.settings(
        arguments, resuming: base, epoch: epoch, structure: chooses ? initial?.model.architecture : nil)
      if let initial { try Self.requireForgetBias(settings, of: initial, arguments) }
      if base == nil { settings.lastFileValidates = arguments[TrainOptions.validation] != nil }
      var corpus = try TrainedVocabulary(arguments, resuming: choice.checkpoint, initial: initial).corpus(
        input, settings, memory: TrainOptions.memoryLeft(arguments), in: job)
      directory = choice.directory
      // Also where it has saved nothing yet and begins again.
      let resumed = arguments[TrainOptions.resume] ? directory : nil
      limits = try TrainOptions.limits(arguments, resuming: resumed)
      reporting = try TrainOptions.reporting(arguments, resuming: resumed)
      threads = CommonOptions.threadCount(arguments)
      let chosen =
        chooses
        ? try ChosenSettings(
          arguments, settings, limits, on: corpus, from: initial, begun: resumed, threads: threads, in: job) : nil
      if let chosen { (settings, limits) = (chosen.settings, chosen.limits) }
      if base == nil, settings.validateEvery != nil {
        settings = try settings.canonical(stepsPerEpoch: settings.stepsPerEpoch(on: corpus))
      }
      let undecayed = try Self.stateToExtend(arguments, choice, settings, limits, on: corpus)
      if base == nil && settings.schedule.spansHorizon {
        settings.horizon = try limits.lastStep(stepsPerEpoch: settings.stepsPerEpoch(on: corpus))
      }
      if let job {
        let plan = RunPlan(
          settings: settings, limits: limits, reporting: reporting, corpus: corpus,
          checkpoint: undecayed ?? choice.checkpoint)
        plan.send(in: job.group)
        job.require(equal: corpus.contentHash, called: "the SHA-256 of the corpus")
        if !corpus.tokens.isWhole {
          corpus = corpus.keeping(try settings.positionsOfRanks(on: corpus, size: job.group.size), in: job.group)
        }
      }
      let wanted = arguments[DeviceChoice.optionWithAuto] ?? .cpu
      if wanted != .cpu { try DeviceChoice.refuse(arguments, with: [], in: job) }
      let (from, memory) = (undecayed ?? choice.checkpoint, TrainOptions.memoryLeft(arguments))
      let device =
        try wanted.device()
        ?? DeviceTrial { [settings, corpus, threads] in
          try CharacterRun(
            settings: settings, corpus: corpus, resuming: from, initial: initial, threads: threads, device: $0,
            memory: memory)
        }.faster()
      // A corpus that cannot be trained on is found before anything is written.
      run = try CharacterRun(
        settings: settings, corpus: corpus, directory: directory, resuming: from, inPlaceOf: choice.checkpoint,
        initial: initial, threads: threads, device: device, memory: memory, group: job?.group)
      let (initFrom, tokenizer) =
        base == nil
        ? (arguments[TrainOptions.initFrom], arguments[TrainOptions.tokenizer])
        : try (StoredOptions(directory).initFrom(), StoredOptions(directory).tokenizer())
      try claimDirectory(
        choice, arguments,
        configuration: configuration(
          of: run, corpora: input.names, initFrom: initFrom, tokenizer: tokenizer, limits: limits, reporting: reporting,
          chosen: base == nil ? chosen?.names : try StoredOptions(directory).namesChosen(),
          threads: threads))
      if choice.beginning != nil { notice("starting from the beginning") }
      if let other = choice.numberedAfter { notice("\(other) is there; this run is \(directory.path)") }
      if let checkpoint = choice.checkpoint {
        if undecayed != nil { notice("training on from the state before the learning rate fell") }
        try announce(resuming: run, from: checkpoint, in: directory, limits: limits)
      }
      chosen?.announce(arguments)
      describe(run, files: input.shownNames, threads: threads, job)
      if run.recomputes { notice("activations are computed twice, since memory is too small to keep them") }
      TrainOptions.noticeSmallParts(of: run, arguments)
    }

    /// The state before the run's decay, where it is to train longer; nil where it goes on from `last`.
    private static func stateToExtend(
      _ arguments: ParsedArguments, _ choice: RunChoice, _ settings: TrainingSettings, _ limits: TrainingLimits,
      on corpus: Corpus
    ) throws -> Checkpoint? {
      guard let last = choice.checkpoint, let decay = try CharacterRun.decay(of: last) else { return nil }
      let path = choice.directory.undecayed
      do {
        guard let undecayed = try Self.undecayed(of: choice.directory) else {
          throw CommandFailure("\(path): the run's state before its learning rate fell is not there", code: .badData)
        }
        let isExtended = try CharacterRun.extends(
          last, from: undecayed, limits: limits, allowsMoreTime: arguments.gives(TrainOptions.time),
          patience: settings.patience, stepsPerEpoch: settings.stepsPerEpoch(on: corpus))
        if isExtended { return undecayed }
        if let waited = try CharacterRun.validationsWaited(before: undecayed, patience: settings.patience) {
          notice("no improvement in \(counted(waited, "validation")) ended the run; --patience \(2 * waited) trains on")
        }
      } catch {
        let reason = "\(message(for: error)); without it the run can end, but not train longer"
        // Where it is asked to train longer, that is no note.
        let ends: [any OptionDeclaration] = [TrainOptions.time, TrainOptions.steps, TrainOptions.epochs]
        if decay.isOver && ends.contains(where: arguments.gives) { throw CommandFailure(reason, code: .badData) }
        notice(reason)
      }
      if !decay.isOver { notice("the learning rate has begun to fall: the run ends at step \(decay.steps)") }
      return nil
    }

    private static func undecayed(of directory: RunDirectory) throws -> Checkpoint? {
      let path = directory.undecayed
      return try RunOwnership(of: directory).owner(of: path) == .run ? Checkpoint(contentsOf: path) : nil
    }

    private static func requireForgetBias(
      _ settings: TrainingSettings, of initial: ModelFile<Float>, _ arguments: ParsedArguments
    ) throws {
      if settings.forgetBias != Architecture().forgetBias,
        settings.forgetBias != initial.model.architecture.forgetBias
      {
        throw arguments.usageFailure("--forget-bias: the model of --init-from brings its own biases; leave it out")
      }
    }

    private mutating func claimDirectory(
      _ choice: RunChoice, _ arguments: ParsedArguments, configuration: Members
    ) throws {
      let earlier: EarlierRunPolicy =
        arguments[TrainOptions.resume] ? .resume : arguments[TrainOptions.overwrite] ? .replace : .refuse
      while true {
        do {
          return try creating {
            try run.claimDirectory(
              earlier: earlier, configuration: configuration, limits: limits, reporting: reporting)
          }
        } catch let error where choice.mayTakeAnother && isTaken(error) {
          // Another run, started at the same time, was faster.
          directory = try choice.free()
          run.directory = directory
        }
      }
    }
  }

  /// Whether a directory could not be claimed because another run has it.
  private static func isTaken(_ error: any Error) -> Bool {
    error is RunDirectoryTaken || (error as? FileError)?.kind == .busy
  }

  /// The command line that says settings and limits, and leaves nothing to be chosen.
  static func explicitCommand(
    _ arguments: ParsedArguments, _ settings: TrainingSettings, _ limits: TrainingLimits, on device: Device = .cpu
  ) -> String {
    let initial = arguments[TrainOptions.initFrom].map { " --init-from \(shellWord($0))" } ?? ""
    return "\(command(arguments)) \(explicitOptions(settings, limits))\(initial)\(DeviceChoice.words(device))"
  }

  /// The command line with no options but those that name texts and a vocabulary.
  private static func command(_ arguments: ParsedArguments) -> String {
    let naming = [
      TrainOptions.validation, TrainOptions.include, TrainOptions.ignore, TrainOptions.tokenizer,
    ].compactMap { option in
      arguments[option].map { "--\(option.name) \(shellWord($0))" }
    }
    return (["\(Job.launcher)charrnn train"] + arguments[corpora].map(shellWord) + naming).joined(separator: " ")
  }

  /// The command line that goes on with a run.
  private static func resumingCommand(
    _ arguments: ParsedArguments, _ directory: RunDirectory, on device: Device
  ) -> String {
    "\(command(arguments)) --resume --out \(shellWord(directory.path))\(DeviceChoice.words(device))"
  }

  static func initialModel(_ arguments: ParsedArguments) throws -> ModelFile<Float>? {
    try arguments[TrainOptions.initFrom].map { try ModelFile<Float>(contentsOf: $0) }
  }

  private static func announce(
    resuming run: CharacterRun, from checkpoint: Checkpoint, in directory: RunDirectory, limits: TrainingLimits
  ) throws {
    let then = try CharacterRun.instructionSet(of: checkpoint)
    let now = run.device.arithmetic
    if then != now {
      notice(
        "the run was saved under \(then) and goes on under \(now): its bits will differ from those of an unbroken run")
    }
    if run.settings.precision.isEmulated {
      notice(
        "precision \(run.settings.precision.rawValue) is emulated where AMX is not in the instruction set in use (\(now)): the "
          + "run goes on many times slower")
    }
    notice("resuming \(directory.path) after step \(run.step)")
    if let loss = run.progress.bestValidationLoss, !directory.holds(directory.best) {
      notice(
        "\(directory.best) is not there, a model with a validation loss of \(Readable.fixed(loss, digits: 3)); the next one that is "
          + "validated takes its place")
    }
    if run.settings.schedule.spansHorizon, let horizon = run.settings.horizon,
      limits.lastStep(stepsPerEpoch: run.stepsPerEpoch) ?? .max > horizon
    {
      notice(
        "the schedule \(run.settings.schedule.rawValue) ends at step \(horizon); steps after it change next to nothing")
    }
  }

  private static func describe(_ run: CharacterRun, files: String, threads: Int, _ job: Job?) {
    let model = run.model
    notice(
      "\(files): \(counted(run.corpus.tokens.count, "token")), \(counted(model.shape.vocabulary, "symbol")); "
        + "\(model.architecture.summary), "
        + "\(counted(model.parameterCount, "parameter")); \(counted(run.stepsPerEpoch, "step")) an epoch; "
        + (job.map { "\($0.summary), each of " } ?? "")
        + (run.device == .cpu
          ? "\(counted(threads, "thread")), \(InstructionSet.current.rawValue)" : run.device.description))
    if let symbols = run.settings.symbols, symbols > model.shape.vocabulary {
      let kind = run.corpus.kind.rawValue
      notice("the text has no more than \(model.shape.vocabulary) symbols that stand in it twice, each byte or \(kind)")
    }
  }

  /// Members of `config.json`: every option as it was resolved.
  private static func configuration(
    of run: CharacterRun, corpora: [String], initFrom: String?, tokenizer: String?,
    limits: TrainingLimits, reporting: TrainingReporting,
    chosen: [String]?, threads: Int
  ) -> Members {
    let lastStep = limits.lastStep(stepsPerEpoch: run.stepsPerEpoch)
    var members = run.settings.resolved(stepsPerEpoch: run.stepsPerEpoch).members()
    members.insert(
      [
        ("epochs", JSONText(limits.epochs)), ("steps", JSONText(limits.epochs == nil ? lastStep : limits.steps)),
        ("time", JSONText(limits.seconds)),
      ], after: "vary_length")
    members.insert([("threads", .integer(threads))], after: "precision")
    let samplesEvery = reporting.sampleEvery ?? TrainingReporting.usualSampleInterval(stepsPerEpoch: run.stepsPerEpoch)
    return [("corpora", .array(corpora.map { .string($0) }))] + members + [
      ("sample_every", .integer(samplesEvery)),
      ("checkpoint_every", JSONText(reporting.checkpointEvery)),
      ("keep", .integer(reporting.kept)),
      ("chosen", chosen.map { .array($0.map { .string($0) }) } ?? .null),
      ("init_from", JSONText(initFrom)), ("tokenizer", JSONText(tokenizer)),
      ("parameters", .integer(run.model.parameterCount)), ("charrnn", .string(version)),
    ]
  }
}
