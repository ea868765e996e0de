import CharrnnCommandSupport
import Foundation
import SequenceModeling

/// `charrnn score`: a model's surprise at every token of a text.
enum ScoreCommand {
  static let texts = Argument<[String]>.many("FILE", help: "text files, read one after the other; - is standard input")
  static let lines = Option(
    "lines", .count(atLeast: 1), help: "only the N oddest lines, the oddest first")
  static let html = Option(
    "html", .path("FILE"), help: "write a page for a browser, with what the model expected instead")
  static let json = Flag("json", help: "print a JSON object for each token, or with --lines for each line")

  static let command = Command(
    name: "score", summary: "show where a text surprises a model", arguments: [CommonOptions.model, texts],
    groups: [OptionGroup("Options", [lines, html, json, CommonOptions.unknown, CommonOptions.threads])],
    example: "charrnn score runs/fables corpora/fables.txt --lines 5", run: run)

  @Sendable
  static func run(_ arguments: ParsedArguments) throws -> ExitCode {
    let model = CommonOptions.modelPath(arguments)
    let input = try TextInput(arguments[texts], of: arguments)
    if let path = arguments[html] { try requireOutput(path, for: html, besides: input.names + [model], arguments) }
    let file = try ModelFile<Float>(contentsOf: model)
    let corpus = try input.corpus(file.vocabulary, unknown: arguments[CommonOptions.unknown])
    noticeSkipped(of: corpus)
    let wantsAlternatives = arguments[html] != nil || arguments[json] && arguments[lines] == nil
    let surprise = try TextSurprise(
      of: file, on: corpus, likeliest: wantsAlternatives ? alternatives : 0,
      threads: CommonOptions.threadCount(arguments))
    guard surprise.nats.isFinite else {
      throw CommandFailure(
        "\(model): the model's loss on this text is not a number; its weights are damaged", code: .badData)
    }
    if let path = arguments[html] {
      let page = ScorePage(surprise, vocabulary: file.vocabulary, title: "\(input.shownNames), as \(model) reads it")
      try creating { try AtomicFile.write([Array(page.page.html.utf8)], to: path) }
      if page.linesLeftOut > 0 {
        notice("the page leaves out the last \(counted(page.linesLeftOut, "line")) of the text")
      }
      notice("wrote \(path)")
    }
    switch (arguments[json], arguments[lines]) {
    case (true, let count?): try writeJSON(surprise.oddestLines(count), surprise)
    case (true, nil): try writeJSON(surprise, file.vocabulary)
    case (false, let count?): try writeTable(surprise.oddestLines(count), surprise)
    case (false, nil): if arguments[html] == nil { try writeText(surprise) }
    }
    return .done
  }

  /// Tokens that are shown in the place of one.
  private static let alternatives = 3

  /// Writes every line after its bits per character.
  private static func writeText(_ surprise: TextSurprise) throws {
    for line in surprise.lines {
      let mean = line.bitsPerCharacter.map { Readable.fixed($0, digits: 2) } ?? "-"
      try OutputChannel.standardOutput.write(padded(mean, to: 6) + "  " + shown(line.pieces, surprise) + "\n")
    }
    let total = surprise.bitsPerCharacter.map { "\(Readable.fixed($0, digits: 4)) bits per character; " } ?? ""
    let colours = isColoured ? "; yellow from 3 bits, red from 6, inverted from 10" : ""
    notice("\(total)before each line its own\(colours)")
  }

  private static func writeTable(_ lines: [TextSurprise.Line], _ surprise: TextSurprise) throws {
    let width = max(4, lines.map { "\($0.number)".count }.max() ?? 0)
    try OutputChannel.standardOutput.write("oddness    bits  " + padded("line", to: width) + "  text\n")
    for line in lines {
      let numbers = [
        padded(Readable.fixed(line.oddness, digits: 2), to: 7), padded(Readable.fixed(line.bits, digits: 1), to: 6),
        padded("\(line.number)", to: width), shown(line.pieces, surprise),
      ]
      try OutputChannel.standardOutput.write(numbers.joined(separator: "  ") + "\n")
    }
  }

  private static func padded(_ text: String, to width: Int) -> String {
    String(repeating: " ", count: max(width - text.count, 0)) + text
  }

  private static let isColoured = Terminal.isColoured(.standardOutput)

  /// Pieces of one line on one line, without its end; on a terminal in the colours of their surprise.
  private static func shown(_ range: Range<Int>, _ surprise: TextSurprise) -> String {
    var (text, style) = ("", "")
    for index in range {
      let piece = String(decoding: surprise.pieces.bytes[index], as: UTF8.self)
      if index >= range.upperBound - 2 && ["\n", "\r", "\r\n"].contains(piece) { continue }
      let next = isColoured ? colour(surprise.surprises[index]?.bits ?? 0) : ""
      if next != style { text += (style.isEmpty ? "" : "\u{1B}[0m") + next }
      style = next
      text += piece == "\t" ? piece : piece.printable()
    }
    return text + (style.isEmpty ? "" : "\u{1B}[0m")
  }

  private static func colour(_ bits: Double) -> String {
    switch bits {
    case ..<3: ""
    case ..<6: "\u{1B}[33m"
    case ..<10: "\u{1B}[31m"
    default: "\u{1B}[7;31m"
    }
  }

  private static func writeJSON(_ surprise: TextSurprise, _ vocabulary: Vocabulary) throws {
    for line in surprise.lines {
      let objects = line.pieces.map { index -> String in
        let (piece, content) = (surprise.surprises[index], surprise.pieces.bytes[index])
        let likeliest = (piece?.likeliest ?? []).map { JSONText.object(SampleOutput.members(of: $0, vocabulary)) }
        let object: JSONText = [
          "line": .integer(line.number), "text": .string(String(decoding: content, as: UTF8.self)),
          "bits": JSONText(piece?.bits), "expected_bits": JSONText(piece?.expectedBits), "likeliest": .array(likeliest),
        ]
        return object.line + "\n"
      }
      try OutputChannel.standardOutput.write(objects.joined())
    }
  }

  private static func writeJSON(_ lines: [TextSurprise.Line], _ surprise: TextSurprise) throws {
    for line in lines {
      let object: JSONText = [
        "line": .integer(line.number), "oddness": .number(line.oddness), "bits": .number(line.bits),
        "symbols": .integer(line.predictedPieces), "characters": .integer(line.predictedCharacters),
        "text": .string(surprise.pieces.text(line.pieces)),
      ]
      try OutputChannel.standardOutput.write(object.line + "\n")
    }
  }
}
