import CharrnnCommandSupport
import SequenceModeling

/// `sample --interactive`: the model drafts how the text goes on, and the user accepts, retries or writes on.
///
/// The dialogue is on standard error. At the end standard output gets the whole text, unless it is a terminal and
/// the text was saved.
final class WritingSession {
  private let sampling: Sampling
  private let length: Int
  private let unknown: UnknownPolicy
  private let tokenizer: Tokenizer
  /// The text and what stood before each change of it.
  private var (text, undoStack): ([Int32], [[Int32]])
  /// Tokens that the model wrote last, which are not accepted yet.
  private var draft: [Int32] = []
  /// The text as it was saved last.
  private var saved: [Int32] = []
  private var seed: UInt64
  private let input = LineInput()

  /// - Parameters:
  ///   - length: tokens that the model writes at once.
  ///   - unknown: what becomes of typed characters that the model does not know.
  init(_ sampling: Sampling, length: Int, unknown: UnknownPolicy) {
    (self.sampling, self.length, self.unknown, seed) = (sampling, length, unknown, sampling.seed)
    (text, undoStack) = (sampling.prime, [])
    tokenizer = Tokenizer(sampling.vocabulary)
  }

  private static let help = """
    Enter       accept what the model wrote, and let it go on
    words       accept it, add your words as they are (\\n is a line end), and let the model go on
    ::words     words that begin with a colon
    :r          write that part again, differently
    :k N        keep the first N words of it
    :u          take back the last part
    :t          show the whole text
    :w FILE     write the text to a new file, with what is not accepted yet
    :q          end
    """

  /// Runs until the user ends it, or a signal does.
  func run() throws -> ExitCode {
    SignalWatch.install()
    SignalWatch.finishStepsFirst()
    sampling.saySeed()
    try say("\(Self.help)\n")
    if text.isEmpty {
      try say("Type a beginning, or press Enter.\n")
    } else {
      try showText()
      try write()
    }
    while SignalWatch.stop == nil {
      try say("> ")
      guard let line = try input.next(until: { SignalWatch.stop != nil }), line != ":q" else { break }
      do { try execute(line) } catch let failure as CommandFailure { try say("\(failure.message)\n") }
    }
    try say("\n")
    if Terminal.isTerminal(.standardOutput) {
      if text != saved { try showText() }
    } else {
      if !draft.isEmpty { try say("\(counted(draft.count, "token")) that were not accepted are left out\n") }
      try OutputChannel.standardOutput.write(tokenizer.decode(text))
    }
    return SignalWatch.stop?.exitCode ?? .done
  }

  private func execute(_ line: String) throws {
    let words = line.hasPrefix("::") ? [] : line.split(separator: " ", maxSplits: 1).map(String.init)
    switch words.first {
    case ":r" where words.count == 1: try write()
    case ":k" where words.count == 2: try keep(words[1])
    case ":u" where words.count == 1: try takeBack()
    case ":t" where words.count == 1: try showText()
    case ":w" where words.count == 2: try save(words[1])
    case let word? where word.hasPrefix(":"):
      try say("no command \(line.quotedName); the commands are:\n\(Self.help)\n")
    default:
      let added = try tokens(of: line.hasPrefix("::") ? String(line.dropFirst()) : line)
      accept(draft + added)
      try write()
    }
  }

  private func tokens(of words: String) throws -> [Int32] {
    let text = words.replacing("\\n", with: "\n")
    do { return Array(try tokenizer.encode(text, unknown: unknown).tokens) } catch {
      throw CommandFailure("\(error); write it in other words", code: .badData)
    }
  }

  private func accept(_ tokens: [Int32]) {
    draft = []
    if tokens.isEmpty { return }
    undoStack.append(text)
    text += tokens
  }

  /// Lets the model write on; a draft that was there is dropped. A draft that the length would end within a word ends before it.
  private func write() throws {
    (draft, seed) = (try newDraft(), seed &+ 1)
    let line = tokenizer.decode(text).split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).last!
    try show(Array(line))
    try showDraft()
  }

  private func newDraft() throws -> [Int32] {
    var (written, bytes) = ([Int32](), 0)
    do {
      try sampling.continueText(after: text, length: length, seed: seed) { piece in
        written += piece.choice.map { [$0.drawn.token] } ?? []
        bytes += piece.bytes.count
        if SignalWatch.stop != nil { throw Interrupted() }
      }
    } catch is Interrupted {}
    if written.count < length {
      // Tokens of a text that ends the draft are no part of it.
      let before = tokenizer.decode(text).count
      while before + tokenizer.decode(written).count > bytes, !written.isEmpty { written.removeLast() }
      return written
    }
    let end = written.lastIndex(where: isSpace).map { $0 + 1 } ?? written.count
    return Array(written[..<end])
  }

  private func isSpace(_ token: Int32) -> Bool {
    String(decoding: sampling.vocabulary[token], as: UTF8.self).allSatisfy(\.isWhitespace)
  }

  private func showDraft() throws {
    let isColoured = Terminal.isColoured(.standardError)
    if isColoured { try say("\u{1B}[36m") }
    try show(tokenizer.decode(draft))
    try say((isColoured ? "\u{1B}[0m" : "") + "\n")
  }

  private func show(_ bytes: [UInt8]) throws {
    var output = GeneratedText(.standardError)
    try output.write(bytes)
    try output.finish()
  }

  private struct Interrupted: Error {}

  private func keep(_ count: String) throws {
    guard let count = Int(count), count > 0 else { return try say(":k needs a number of words, as :k 5\n") }
    var (kept, words, isInWord) = ([Int32](), 0, false)
    for token in draft {
      if !isSpace(token) && !isInWord { words += 1 }
      if words > count { break }
      isInWord = !isSpace(token)
      kept.append(token)
    }
    accept(kept)
    try showText()
  }

  private func takeBack() throws {
    if draft.isEmpty { text = undoStack.popLast() ?? text }
    draft = []
    try showText()
  }

  private func showText() throws {
    try show(tokenizer.decode(text))
    try showDraft()
  }

  private func save(_ path: String) throws {
    guard try SystemFiles().statusIfAny(of: path) == nil else {
      throw CommandFailure("\(path.printable()) is there already; name a new file", code: .cannotCreate)
    }
    do { try AtomicFile.write([tokenizer.decode(text + draft)], to: path) } catch {
      throw CommandFailure("\(error)", code: .cannotCreate)
    }
    saved = text
    try say("wrote \(path.printable())\n")
  }

  private func say(_ words: String) throws { try OutputChannel.standardError.write(words) }
}
