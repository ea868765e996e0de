import CharrnnCommandSupport
import SequenceModeling

/// Vocabulary that a text is read in to be trained on.
struct TrainedVocabulary {
  /// The vocabulary; nil for the text's own.
  private let given: Vocabulary?

  /// - Parameters:
  ///   - checkpoint: state of the run that is resumed.
  ///   - initial: model whose weights the run starts from. Its words or subwords spell any text.
  /// - Throws: an error of the file of `--tokenizer`, and a usage failure where that is not the vocabulary of the run.
  init(_ arguments: ParsedArguments, resuming checkpoint: Checkpoint? = nil, initial: ModelFile<Float>?) throws {
    let file = try arguments[TrainOptions.tokenizer].map {
      try HuggingFaceTokenizer(contentsOf: $0).vocabularyToTrain()
    }
    let kept = try checkpoint.map { try StoredModel($0).vocabulary }
    if let file, let kept, file != kept {
      throw arguments.usageFailure("--tokenizer is another vocabulary than the run's; leave it out")
    }
    let isChosen = arguments.givenNames.contains("symbols")
    given = kept ?? file ?? (isChosen ? nil : initial?.vocabulary)
  }

  /// The texts, with notices to the user. Characters, scalars and bytes are those of the text.
  ///
  /// - Parameter memory: bytes that finding a vocabulary may take, about; nil for as many as `Corpus` allows.
  func corpus(
    _ input: TextInput, _ settings: TrainingSettings, memory: Double? = nil, in job: Job? = nil
  ) throws -> Corpus {
    let given = given?.kind == settings.tokens && settings.tokens.isOfPieces ? given : nil
    if let job {
      let isShared = job.group.size > 1 && settings.sharesText && input.canBeShared(given)
      let reading = Job.Reading(
        kind: settings.tokens, vocabulary: given?.json, symbols: settings.symbols, memory: memory,
        validation: settings.heldOut.validation, test: settings.heldOut.test, isShared: isShared)
      if let corpus = try job.sharedCorpus(input, reading) {
        corpus.notices.forEach(notice)
        return corpus
      }
    }
    if let given { return try input.corpus(given, unknown: .error) }
    let corpus = try input.corpus(settings.tokens, symbols: settings.symbols, memory: memory)
    corpus.notices.forEach(notice)
    return corpus
  }
}
