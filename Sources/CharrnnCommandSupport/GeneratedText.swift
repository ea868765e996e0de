import TensorCore

/// Output of text that a model wrote, piece by piece. A file or a pipe gets the bytes as they are. A terminal gets line feeds
/// and tabs, and every other control character, and those that reorder text, spelled as an escape: a model can have learned
/// sequences that steer a terminal.
package struct GeneratedText {
  private let channel: OutputChannel
  private let isTerminal: Bool
  /// Whether a carriage return waits for the line feed that would make it harmless.
  private var holdsReturn = false

  /// - Parameter isTerminal: nil for whether the channel leads to one.
  package init(_ channel: OutputChannel, isTerminal: Bool? = nil) {
    self.channel = channel
    self.isTerminal = isTerminal ?? Terminal.isTerminal(channel)
  }

  package mutating func write(_ piece: String) throws(OutputFailure) { try write(Array(piece.utf8)) }

  /// Writes bytes that need not be valid UTF-8; a terminal gets U+FFFD for those that are not.
  package mutating func write(_ piece: [UInt8]) throws(OutputFailure) {
    if isTerminal { try channel.write(shown(String(decoding: piece, as: UTF8.self))) } else { try channel.write(piece) }
  }

  /// Writes what was held back, at the end of the text.
  package mutating func finish() throws(OutputFailure) {
    if holdsReturn { try channel.write(("\r" as Unicode.Scalar).escaped) }
    holdsReturn = false
  }

  private mutating func shown(_ piece: String) -> String {
    var text = String.UnicodeScalarView()
    for scalar in piece.unicodeScalars {
      if holdsReturn { text += (scalar == "\n" ? "\r" : ("\r" as Unicode.Scalar).escaped).unicodeScalars }
      holdsReturn = scalar == "\r"
      if holdsReturn { continue }
      if scalar.steersTerminal && scalar != "\n" && scalar != "\t" {
        text += scalar.escaped.unicodeScalars
      } else {
        text.append(scalar)
      }
    }
    return String(text)
  }
}
