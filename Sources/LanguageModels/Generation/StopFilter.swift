/// Passes text up to the first occurrence of one of some stop texts, which it leaves out.
package struct StopFilter {
  private let stops: [[UInt8]]
  private var held: [UInt8] = []
  package private(set) var hasStopped = false

  package init(_ stops: [String]) { self.stops = stops.filter { !$0.isEmpty }.map { Array($0.utf8) } }

  /// Returns the text that can be shown: all but an end that may be the start of a stop text.
  package mutating func pass(_ piece: [UInt8]) -> [UInt8] {
    guard !stops.isEmpty else { return piece }
    held += piece
    for start in held.indices {
      let rest = held[start...]
      if stops.contains(where: { rest.starts(with: $0) }) {
        hasStopped = true
        return take(start)
      }
      if stops.contains(where: { $0.starts(with: rest) }) { return take(start) }
    }
    return take(held.count)
  }

  /// Returns the text that was held back, at the end of the text.
  package mutating func finish() -> [UInt8] { hasStopped ? [] : take(held.count) }

  private mutating func take(_ count: Int) -> [UInt8] {
    defer { held.removeFirst(count) }
    return Array(held[..<count])
  }
}
