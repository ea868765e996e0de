import TensorCore

/// A word as a shell reads it back: as it is where that is safe, else in quotation marks.
///
/// A word that begins with a hyphen is a path here; it gets `./`, so that it is not an option.
package func shellWord(_ word: String) -> String {
  quotedForShell(word.hasPrefix("-") && word != "-" ? "./" + word : word)
}

/// An option and its value as a shell reads them back, whatever the value is.
package func shellOption(_ name: String, _ value: String) -> String { "--\(name)=\(quotedForShell(value))" }

private func quotedForShell(_ word: String) -> String {
  let isPlain = word.unicodeScalars.allSatisfy { scalar in
    scalar.isASCII ? plainScalars.contains(scalar) : scalar.properties.isAlphabetic
  }
  if isPlain && !word.isEmpty { return word }
  // Control characters have no other spelling on one line; bash, zsh and ksh know this one.
  if word.unicodeScalars.contains(where: needsOctal) {
    return "$'" + word.unicodeScalars.map(escapedForShell).joined() + "'"
  }
  return "'" + word.split(separator: "'", omittingEmptySubsequences: false).joined(separator: #"'\''"#) + "'"
}

private let plainScalars: Set<Unicode.Scalar> = Set(
  "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./-+,:@%=".unicodeScalars)

/// Whether a scalar is a control character or stands for a byte that is not text.
private func needsOctal(_ scalar: Unicode.Scalar) -> Bool {
  scalar.properties.generalCategory == .control || SystemText.isEscape(scalar)
}

private func escapedForShell(_ scalar: Unicode.Scalar) -> String {
  switch scalar {
  case "'", "\\": return "\\\(scalar)"
  case _ where needsOctal(scalar):
    return SystemText.bytes(of: String(scalar)).map { "\\" + ("00" + String($0, radix: 8)).suffix(3) }.joined()
  default: return String(scalar)
  }
}
