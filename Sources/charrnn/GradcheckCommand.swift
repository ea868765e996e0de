import CharrnnCommandSupport
import Foundation
import SequenceModeling

/// `charrnn gradcheck`: compares analytic and numeric gradients, parameter by parameter, in double precision.
enum GradcheckCommand {
  private static let settings = SettingOptions(
    [.model, .dropping, .randomness], defaults: TrainingSettings(architecture: Architecture(hidden: 8)),
    limits: ["hidden": .integer(1...64)])
  static let batch = Option("batch", .integer(atLeast: 1, atMost: 64), default: 2, help: "sequences side by side")
  static let length = Option("length", .integer(atLeast: 1, atMost: 1000), default: 12, help: "steps of the sequences")
  static let vocabulary = Option("vocabulary", .integer(atLeast: 1, atMost: 256), default: 7, help: "symbols")
  static let broken = Option(
    "break", .text("PARAMETER"), help: "spoil this parameter's gradient, to see the check fail")

  static let command = Command(
    name: "gradcheck", summary: "compare analytic and numeric gradients",
    arguments: [],
    groups: [
      ModelOptions.architecture(settings), OptionGroup("Regularization", settings.options(.dropping)),
      OptionGroup(
        "Check",
        [vocabulary, batch, length] + settings.options(.randomness) + [broken, DeviceChoice.option, CommonOptions.json]),
    ],
    usual: ["cell", "layers", "hidden", "embedding", "batch", "length", "vocabulary", "json"],
    example: "charrnn gradcheck --cell lstm --layers 2 --hidden 8 --length 12", run: run)

  @Sendable
  static func run(_ arguments: ParsedArguments) throws -> ExitCode {
    try ModelOptions.refuseBidirectional(arguments)
    let settings = try settings.settings(arguments)
    let check = CharacterModelCheck(
      settings.shape(vocabulary: arguments[vocabulary]), batch: arguments[batch], length: arguments[length],
      seed: UInt64(settings.seed))
    if let name = arguments[broken], !check.names.contains(name) {
      throw arguments.usageFailure("--break \(name) names none of \(check.names.joined(separator: ", "))")
    }
    let comparisons = try check.run(on: try DeviceChoice.chosen(arguments), breaking: arguments[broken])
    let failed = comparisons.filter { !$0.passes }
    if arguments[CommonOptions.json] {
      let report: JSONText = [
        "passed": .bool(failed.isEmpty), "tolerance": .number(GradientCheck.tolerance),
        "parameters": .array(
          comparisons.map {
            [
              "name": .string($0.name), "shape": .array($0.shape.dimensions.map { .integer($0) }),
              "relative_error": .number($0.relativeError), "norm": .number($0.norm), "passed": .bool($0.passes),
            ]
          }),
      ]
      try OutputChannel.standardOutput.write(report.line + "\n")
    } else {
      try OutputChannel.standardOutput.write(table(comparisons))
    }
    guard let first = failed.first else { return .done }
    throw CommandFailure(
      "\(failed.count) of \(comparisons.count) gradients are wrong, the first that of \(first.name): relative error "
        + "\(first.relativeError), allowed \(GradientCheck.tolerance)", code: .checkFailed)
  }

  private static func table(_ comparisons: [GradientCheck.Comparison]) -> String {
    let width = comparisons.map(\.name.count).max() ?? 0
    return comparisons.map { comparison in
      let name = comparison.name.padding(toLength: width, withPad: " ", startingAt: 0)
      let error = String(format: "%.2e", comparison.relativeError)
      return "\(comparison.passes ? "ok   " : "WRONG") \(name)  relative error \(error)  \(comparison.shape)\n"
    }.joined()
  }
}
