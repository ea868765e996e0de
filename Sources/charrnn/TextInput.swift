import CharrnnCommandSupport
import Foundation
import SequenceModeling

/// The texts that a command line names. Each is opened once; `-` is standard input.
final class TextInput {
  /// Names as they were given.
  private let given: [String]
  /// Names of the files, with those of folders in their place.
  let names: [String]
  private var places: [TextSource.Place]
  private var corpora: [Units: Corpus] = [:]
  /// Whether a text comes from a pipe, whose name says nothing about its content.
  private(set) var readsPipe: Bool

  /// - Parameters:
  ///   - given: names of files, and of folders whose texts are read.
  ///   - selection: files of the folders that the user wants.
  init(
    _ given: [String], of arguments: ParsedArguments, selection: TextFolder.Selection = TextFolder.Selection()
  ) throws {
    for name in given { try Job.requireFile(name, arguments) }
    var (names, hasFolder) = ([String](), false)
    for name in given {
      guard Self.isFolder(name) else {
        names.append(name)
        continue
      }
      let folder = try TextFolder(name, selection)
      if let left = folder.notice { notice(left) }
      names += folder.files
      hasFolder = true
    }
    if !hasFolder && (!selection.included.isEmpty || !selection.ignored.isEmpty) {
      throw arguments.usageFailure(
        "--\(selection.included.isEmpty ? "ignore" : "include") chooses files of a folder, and no folder is given")
    }
    self.given = given
    if let (first, second) = Self.samePipe(names) {
      let what =
        first == second
        ? "\(Self.shown(first)) is named twice" : "\(Self.shown(first)) and \(Self.shown(second)) are the same pipe"
      throw arguments.usageFailure("\(what), and can be read once; name it once")
    }
    self.names = names
    places = names.map { $0 == Self.standardInput ? .standardInput : .file($0) }
    readsPipe = names.contains(Self.standardInput)
  }

  /// Names for messages, of many the first ones.
  var shownNames: String {
    let shown = given.map { $0 == Self.standardInput ? FileReader.standardInput.path : $0 }
    let listed = shown.prefix(Self.mostShown).joined(separator: ", ") + (shown.count > Self.mostShown ? ", …" : "")
    return names.count > given.count || shown.count > Self.mostShown
      ? "\(listed) (\(counted(names.count, "file")))" : listed
  }

  private static let mostShown = 4

  /// The name of a run on these texts.
  var runName: String { sharedName(of: given) }

  static func isFolder(_ name: String) -> Bool {
    name != standardInput && (try? SystemFiles().status(of: name))?.kind == .directory
  }

  /// Units of a text, of which its own vocabulary is made.
  private struct Units: Hashable {
    let kind: TokenKind
    let symbols: Int?
  }

  /// The texts as a corpus with its own vocabulary. It is kept: another call reads nothing.
  ///
  /// - Parameters:
  ///   - symbols: size of a vocabulary of words or subwords; nil for one that suits the text.
  ///   - memory: bytes that finding it may take, about.
  func corpus(_ kind: TokenKind, symbols: Int? = nil, memory: Double? = nil) throws(CorpusError) -> Corpus {
    let units = Units(kind: kind, symbols: symbols)
    if let corpus = corpora[units] { return corpus }
    let corpus = try Corpus(places, kind: kind, symbols: symbols, memory: memory)
    corpora[units] = corpus
    return corpus
  }

  /// Hash of the texts as a corpus of a kind of token; of words and subwords without finding them.
  func contentHash(_ kind: TokenKind) throws(CorpusError) -> String {
    // The ranks of a job read parts of the texts later: the whole is not kept.
    if let job = Job.current, job.group.size > 1 { return try Corpus.contentHash(of: places, kind: kind) }
    return try corpus(kind.isOfPieces ? .byte : kind).contentHash
  }

  /// Keeps in memory the bytes of pipes, so that corpora of several kinds of token can be read.
  func keepPipes() throws(CorpusError) {
    for index in places.indices {
      guard let kept = try places[index].keptInMemory() else { continue }
      places[index] = kept
      readsPipe = true
    }
  }

  /// The texts in the symbols of a model.
  func corpus(_ vocabulary: Vocabulary, unknown: UnknownPolicy) throws -> Corpus {
    try Self.corpus(places, vocabulary, unknown: unknown)
  }

  /// Whether the ranks of a job can each read a part of the texts.
  func canBeShared(_ vocabulary: Vocabulary?) -> Bool { Corpus.canBeShared(places, vocabulary: vocabulary) }

  /// The texts as a corpus of which each rank of a job has a part.
  ///
  /// - Parameter vocabulary: nil for one that is found in them.
  func sharedCorpus(
    _ kind: TokenKind, vocabulary: Vocabulary?, symbols: Int?, memory: Double?,
    heldOut: (validation: Double, test: Double), in group: ProcessGroup, agree: (String) -> Void
  ) throws(CorpusError) -> Corpus {
    try Corpus(
      sharing: places, kind: kind, vocabulary: vocabulary, symbols: symbols, memory: memory ?? .infinity,
      heldOut: heldOut, in: group, agree: agree)
  }

  /// The texts in a vocabulary that has every symbol of them, without notices.
  func corpus(_ vocabulary: Vocabulary) throws(CorpusError) -> Corpus {
    try Corpus(places, vocabulary: vocabulary, unknown: .error)
  }

  /// Texts in the symbols of a model, with notices to the user: the only way in which a command reads text for a model.
  static func corpus(
    _ places: [TextSource.Place], _ vocabulary: Vocabulary, unknown: UnknownPolicy
  ) throws -> Corpus {
    let corpus = try read(places, vocabulary, unknown: unknown)
    corpus.notices.forEach(notice)
    return corpus
  }

  /// The text that the run of MODEL was trained on; nil where the run does not name it or it has other symbols now.
  static func trainingText(of file: ModelFile<Float>, _ arguments: ParsedArguments) throws -> Corpus? {
    let names = (try? StoredOptions(RunDirectory(CommonOptions.modelPath(arguments))).corpora()) ?? []
    guard !names.isEmpty, !names.contains(standardInput) else { return nil }
    do { return try TextInput(names, of: arguments).corpus(file.vocabulary, unknown: .error) } catch CorpusError
      .unknownSymbols
    {
      return nil  // It has changed.
    }
  }

  /// The text that the run of MODEL was trained on, for an option that does nothing without it.
  ///
  /// - Throws: a usage failure where the run does not say what it was trained on, `CommandFailure` where that has changed.
  static func unchangedTrainingText(
    of file: ModelFile<Float>, _ arguments: ParsedArguments, for option: String
  ) throws -> Corpus {
    let corpus = try TextInput(namesOfCorpus(arguments, "\(option) needs it"), of: arguments).corpus(
      file.vocabulary, unknown: .skip)
    guard corpus.contentHash == file.history?.corpusHash else {
      throw CommandFailure(
        "\(CommonOptions.modelPath(arguments)): its corpus has changed since the training, so that \(option) cannot know it",
        code: .badData)
    }
    return corpus
  }

  private static func read(
    _ places: [TextSource.Place], _ vocabulary: Vocabulary, unknown: UnknownPolicy
  ) throws -> Corpus {
    do {
      return try Corpus(places, vocabulary: vocabulary, unknown: unknown)
    } catch CorpusError.invalidUTF8(let file, let offset) {
      // The kind of token is the model's: there is nothing else to choose.
      throw CommandFailure(
        "\(file): not valid UTF-8 at byte \(offset)\(encodingAdvice(on: file, invalidAt: offset)); the model reads valid UTF-8 only",
        code: .badData)
    }
  }

  /// Two of the names, the first of those that stand for one pipe; nil if each text can be read.
  private static func samePipe(_ names: [String]) -> (first: String, second: String)? {
    var pipes: [FileStatus.Identity: String] = [:]
    var hasStandardInput = false
    for name in names {
      // Read from where the program that started this one has read to: of a file, too, the second reading finds nothing.
      if name == standardInput && hasStandardInput { return (name, name) }
      hasStandardInput = hasStandardInput || name == standardInput
      let files = SystemFiles()
      // A file that cannot be looked at is an error when it is opened.
      let status = try? name == standardInput ? files.status(of: STDIN_FILENO) : files.status(of: name)
      guard let status, status.kind == .pipe else { continue }
      if let other = pipes.updateValue(name, forKey: status.identity) { return (other, name) }
    }
    return nil
  }

  private static func shown(_ name: String) -> String {
    name == standardInput ? "standard input (-)" : name.printable(atMost: 100)
  }

  static let standardInput = "-"
}
