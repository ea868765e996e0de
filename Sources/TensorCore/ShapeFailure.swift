/// Stops the program because of a programming error: an operation was given shapes that it cannot work on.
///
/// Unlike `precondition`, the message survives in release builds.
@inline(never)
package func shapeFailure(_ operation: String, _ shapes: TensorShape..., hint: String = "") -> Never {
  let list = shapes.map(\.description).joined(separator: " and ")
  fatalError("\(operation): shapes \(list) do not fit\(hint.isEmpty ? "" : "; \(hint)")")
}

/// Stops the program with `message` unless `condition` holds, in release builds too.
@inline(__always)
package func require(_ condition: Bool, _ message: @autoclosure () -> String) {
  if !condition { programmingError(message()) }
}

@inline(never)
package func programmingError(_ message: String) -> Never { fatalError(message) }
