import CharrnnCommandSupport
import SequenceModeling

/// The options that describe a model and its training, as `train`, `benchmark` and `gradcheck` group them.
enum ModelOptions {
  /// Declared to be refused with its reason.
  static let bidirectional = Flag("bidirectional", help: "")

  static func architecture(_ settings: SettingOptions) -> OptionGroup {
    OptionGroup("Model", settings.options(.model) + [bidirectional])
  }

  static func training(_ settings: SettingOptions) -> [OptionGroup] {
    [
      OptionGroup("Training", settings.options(.updates, .arithmetic, .tokens, .randomness)),
      OptionGroup("Regularization", settings.options(.dropping, .penalty)),
    ]
  }

  static func refuseBidirectional(_ arguments: ParsedArguments) throws {
    if arguments[bidirectional] {
      throw arguments.usageFailure(
        "--bidirectional: a model that writes from left to right cannot read what comes after; leave it out (the library's "
          + "StackedRecurrent reads in both directions, for other tasks)")
    }
  }
}
