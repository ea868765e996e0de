import CharrnnCommandSupport
import SequenceModeling

/// `charrnn benchmark`: measures training and sampling speed beside the machine's arithmetic peak.
enum BenchmarkCommand {
  static let corpora = Argument<[String]>.any(
    "CORPUS", help: "text files, read one after the other; - is standard input")
  static let seconds = Option(
    "seconds", .number(above: 0, atMost: OutsideNumbers.longestTime), default: 10,
    help: "how long to train, or to measure products")
  static let sample = Option("sample", .count(atLeast: 0), default: 2000, help: "tokens to sample; 0 is none")

  static let profile = Flag("profile", help: "also show what the time of a training step goes to")

  private static let settings = SettingOptions([
    .model, .dropping, .penalty, .updates, .tokens, .arithmetic, .randomness,
  ])

  static let command = Command(
    name: "benchmark", summary: "measure training and sampling speed on this machine", arguments: [corpora],
    groups: [ModelOptions.architecture(settings)] + ModelOptions.training(settings) + [
      OptionGroup(
        "Measurement",
        [
          seconds, sample, profile, ProductBenchmark.flag, CommonOptions.threads, DeviceChoice.option,
          SampleCommand.weights,
          CommonOptions.json,
        ])
    ],
    usual: [
      "cell", "layers", "hidden", "batch", "length", "precision", "seconds", "sample", "profile", "products", "weights",
      "threads", "json",
    ],
    example: "charrnn benchmark corpora/fables.txt --hidden 256 --seconds 5", run: run)

  @Sendable
  static func run(_ arguments: ParsedArguments) throws -> ExitCode {
    try ModelOptions.refuseBidirectional(arguments)
    let settings = try settings.settings(arguments)
    if arguments[ProductBenchmark.flag] {
      return try ProductBenchmark.run(
        arguments, corpora: arguments[corpora], settings, seconds: arguments[seconds])
    }
    if arguments[corpora].isEmpty {
      throw arguments.usageFailure("missing argument CORPUS; name a text, or measure matrix products with --products")
    }
    if settings.schedule != .constant {
      throw arguments.usageFailure(
        "--schedule \(settings.schedule.rawValue): a benchmark keeps the learning rate constant; leave it out")
    }
    if arguments[sample] == 0 && arguments.gives(SampleCommand.weights) {
      throw arguments.usageFailure("--weights is how weights are held while sampling, and --sample 0 samples nothing")
    }
    let threads = CommonOptions.threadCount(arguments)
    let corpus = try TextInput(arguments[corpora], of: arguments).corpus(
      settings.tokens, symbols: settings.symbols)
    let device = try DeviceChoice.chosen(arguments)
    let run = try CharacterRun(settings: settings, corpus: corpus, threads: threads, device: device)
    let speed = try run.measureSpeed(
      seconds: arguments[seconds], sample: arguments[sample],
      weights: arguments[SampleCommand.weights], profiled: arguments[profile])
    speed.weightTrial.map(say)
    if device == .cpu { busyMachineNote(threads: threads, cores: speed.averageCores).map(notice) }
    let text =
      arguments[CommonOptions.json]
      ? json(speed, settings, threads: threads, device) : table(speed, settings, threads: threads, device)
    try OutputChannel.standardOutput.write(text)
    return .done
  }

  private static func json(_ speed: SpeedMeasurement, _ settings: TrainingSettings, threads: Int, _ device: Device)
    -> String
  {
    let reported = ["batch", "length", "backward-length", "vary-length", "precision"]
    let settings = settings.resolved(stepsPerEpoch: 1).members { $0.isOfArchitecture || reported.contains($0.name) }
    let measured: Members = [
      ("threads", .integer(threads)), ("device", .string(device == .cpu ? "cpu" : device.arithmetic)),
      ("train_tokens_per_second", .number(speed.trainTokensPerSecond)), ("train_gflops", .number(speed.trainGigaflops)),
      ("peak_gflops", .number(speed.peakGigaflops)), ("sustained_peak_gflops", .number(speed.sustainedPeakGigaflops)),
      ("sample_characters_per_second", .number(speed.sampleCharactersPerSecond)),
      ("weights", speed.weights.map { .string($0.rawValue) } ?? .null), ("loss", .number(speed.loss)),
      ("penalty", .number(speed.penalty)),
      ("peak_rss_mb", .number(speed.peakMemory)),
      ("device_bytes_per_second", JSONText(speed.devicePeak?.bytesPerSecond)),
    ]
    let profile = speed.profile.map { [(name: "profile", value: ProfileReport($0).json)] } ?? []
    return JSONText.object(settings + measured + profile).line + "\n"
  }

  private static func table(_ speed: SpeedMeasurement, _ settings: TrainingSettings, threads: Int, _ device: Device)
    -> String
  {
    let share = 100 * speed.trainGigaflops / speed.peakGigaflops
    let sustainedShare = 100 * speed.trainGigaflops / speed.sustainedPeakGigaflops
    let rate = speed.sampleCharactersPerSecond
    let bandwidth =
      speed.devicePeak.map {
        ", beside the device's, which copies \(Readable.fixed($0.bytesPerSecond / 1e9, digits: 1)) GB/s"
      } ?? ""
    let sampling = rate > 0 ? "\(Readable.count(rate)) characters/s" : "not measured"
    return """
      model     \(settings.architecture.summary), batch \(settings.batch), length \
      \(settings.length), \(settings.precision.rawValue), \
      \(device == .cpu ? "\(counted(threads, "thread")), \(InstructionSet.current.rawValue)" : device.description)
      training  \(Readable.count(speed.trainTokensPerSecond)) tokens/s, \(Readable.fixed(speed.trainGigaflops, digits: 1)) \
      GFLOP/s of the arithmetic needed: \(Readable.fixed(share, digits: 1))% of the measured float32 peak of \
      \(Readable.fixed(speed.peakGigaflops, digits: 1)), \(Readable.fixed(sustainedShare, digits: 1))% of the sustained \
      one of \(Readable.fixed(speed.sustainedPeakGigaflops, digits: 1))
      sampling  \(sampling)
      loss      \(Readable.fixed(speed.loss, digits: 4)) nats after the run
      memory    \(Readable.fixed(speed.peakMemory, digits: 0)) MiB at most\(bandwidth)
      \(speed.profile.map { ProfileReport($0).text } ?? "")
      """
  }
}
