extension ProgressState {
  /// Every part, for a log: `step 1260/3000 (42%), epoch 21.3, loss 1.523, …`.
  var plainLine: String {
    let parts = [
      stepText + (percent.map { " (\($0)%)" } ?? ""),
      epoch.map { "epoch \(Readable.fixed($0, digits: 1))" },
      loss.map { "loss \(Readable.fixed($0, digits: 3))" },
      penalty.map { "penalty \(Readable.fixed($0, digits: 3))" },
      bitsPerCharacter.map { "\(Readable.fixed($0, digits: 3)) bits per character" },
      validation.map { "validation loss \(Readable.fixed($0.loss, digits: 3))" },
      validation?.bitsPerCharacter.map { "\(Readable.fixed($0, digits: 3)) bits per character" },
      charactersPerSecond.map { "\(Readable.count($0)) characters/s" },
      secondsLeft.map { "\(Readable.time(seconds: $0)) left" },
    ]
    return parts.compactMap { $0 }.joined(separator: ", ")
  }

  /// As many parts as fit in one column less than `width` (a full line would wrap), and a bar in the room that is left:
  /// ` 42% [=====>       ] step 1260/3000  epoch 21.3  loss 1.523  2.20 bits/char  185k char/s  1m 23s left  val 1.602`.
  func redrawnLine(width: Int, color: Bool) -> String {
    // Parts with their ranks: those of higher rank are dropped first.
    let parts: [(rank: Int, text: String?)] = [
      (3, stepText),
      (4, epoch.map { "epoch \(Readable.fixed($0, digits: 1))" }),
      (0, loss.map { "loss \(Readable.fixed($0, digits: 3))" }),
      (7, penalty.map { "penalty \(Readable.fixed($0, digits: 3))" }),
      (6, bitsPerCharacter.map { "\(Readable.fixed($0, digits: 2)) bits/char" }),
      (5, charactersPerSecond.map { "\(Readable.count($0)) char/s" }),
      (1, secondsLeft.map { "\(Readable.time(seconds: $0)) left" }),
      (2, validation.map { "val \(Readable.fixed($0.loss, digits: 3))" }),
    ]
    // A terminal echoes Control-C as two characters behind the line, which must not wrap for them.
    let room = max(0, width - 3)
    let head = percent.map { String(repeating: " ", count: max(0, 3 - "\($0)".count)) + "\($0)% " } ?? ""
    let smallestBar = percent == nil ? 0 : 9
    var shown = parts.filter { $0.text != nil }
    var tail: String { shown.compactMap(\.text).joined(separator: "  ") }
    while head.count + smallestBar + tail.count > room, let first = shown.map(\.rank).max() {
      shown.removeAll { $0.rank == first }
    }
    let barWidth = min(32, room - head.count - tail.count - 3)
    guard let done, barWidth >= 6 else { return String((head + tail).prefix(room)) }
    return head + bar(done, width: barWidth, color: color) + " " + tail
  }

  private var stepText: String { "step \(step)" + (totalSteps.map { "/\($0)" } ?? "") }

  /// The fraction done, 0 to 1; nil when the end is not known.
  private var done: Double? {
    let known = fraction ?? totalSteps.map { Double(step) / Double($0) }
    return known.flatMap { $0.isFinite ? min(max($0, 0), 1) : nil }
  }

  /// Rounded down: 100 means done.
  private var percent: Int? { done.map { Int($0 * 100) } }

  private func bar(_ done: Double, width: Int, color: Bool) -> String {
    let filled = Int(done * Double(width))
    let head = String(repeating: "=", count: filled) + (filled < width ? ">" : "")
    let rest = String(repeating: " ", count: width - head.count)
    return color ? "[\u{1B}[36m\(head)\u{1B}[0m\(rest)]" : "[\(head)\(rest)]"
  }
}
