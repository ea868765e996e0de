/// Bounds of numbers that come from outside: from options, from files, from settings. Within them arithmetic on counts and
/// times does not overflow; a number beyond them is refused where it is read.
package enum OutsideNumbers {
  /// The largest count of steps, epochs, validations or tokens: a step each microsecond for 32 years. `Double` holds it, and
  /// counting on from it, exactly.
  package static let largestCount = 1_000_000_000_000_000
  /// The longest time in seconds: 32 years.
  package static let longestTime = 1e9
}
