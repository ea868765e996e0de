import CharrnnCommandSupport
import Foundation
import SequenceModeling

/// Place that a compressed or restored file is written to, and the report about it.
struct CompressionOutput {
  private let path: String
  private let isJSON: Bool

  /// - Parameter usual: path where `out` gives none; nil where there is no usual one.
  /// - Throws: where the path is taken, or none is known.
  init(_ arguments: ParsedArguments, out: String?, overwrites: Bool, usual: String?) throws {
    guard let path = out ?? usual else {
      throw arguments.usageFailure("the file's name does not end with \(CompressedName.ending); give --out")
    }
    (self.path, isJSON) = (path, arguments[CommonOptions.json])
    if path == TextInput.standardInput {
      if isJSON { throw arguments.usageFailure("--json and the file are both for standard output; give --out") }
    } else if try !overwrites && SystemFiles().statusIfAny(of: path) != nil {
      throw CommandFailure("\(path): is there already; give --overwrite or another --out", code: .cannotCreate)
    }
  }

  /// The bytes of a file, or of standard input.
  static func content(of name: String) throws -> [UInt8] {
    try (name == TextInput.standardInput ? FileReader.standardInput : FileReader(name)).rest()
  }

  func write(_ bytes: [UInt8]) throws {
    if path == TextInput.standardInput { return try OutputChannel.standardOutput.write(bytes) }
    try creating { try AtomicFile.write([bytes], to: path) }
  }

  /// One line about both sizes, and with `--json` an object.
  func report(content: [UInt8], compressed: [UInt8]) throws {
    let (size, bits) = (TextMeasure(of: content), 8 * Double(compressed.count))
    let rates = [("character", size.characters), ("byte", size.bytes)].map { unit, count in
      (unit, count > 0 ? bits / Double(count) : nil)
    }
    let shown = rates.compactMap { unit, rate in rate.map { "\(Readable.fixed($0, digits: 4)) bits per \(unit)" } }
    notice(
      (["\(counted(content.count, "byte")) of content", "\(counted(compressed.count, "byte")) compressed"] + shown)
        .joined(separator: ", "))
    guard isJSON else { return }
    let report: JSONText = [
      "file": .string(path), "bytes": .integer(content.count), "compressed_bytes": .integer(compressed.count),
      "characters": .integer(size.characters), "bits_per_character": JSONText(rates[0].1),
      "bits_per_byte": JSONText(rates[1].1),
    ]
    try OutputChannel.standardOutput.write(report.line + "\n")
  }
}

/// Share of the bytes that are coded, on a terminal alone.
final class CompressionProgress {
  private var percent: Int?
  private let isShown = Terminal.isTerminal(.standardError)

  func show(_ bytes: Int, of total: Int) {
    let now = min(Int(100 * Double(bytes) / Double(max(total, 1))), 100)
    guard isShown, now != percent else { return }
    percent = now
    try? OutputChannel.standardError.write("\r\(now)% of \(counted(total, "byte"))")
  }

  func finish() {
    if percent != nil { try? OutputChannel.standardError.write("\r\u{1B}[K") }
  }
}
