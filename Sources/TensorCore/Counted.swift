/// A count with its noun, for messages: `1 token`, `2 tokens`.
///
/// - Parameter noun: one whose plural ends in s.
package func counted(_ count: Int, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }
