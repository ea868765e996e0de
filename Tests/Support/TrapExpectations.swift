import Testing

/// Expects that a process ended with a message on standard error that contains the given one.
package func expectMessage(
  _ message: String, from result: ExitTest.Result?, sourceLocation: SourceLocation = #_sourceLocation
) {
  let text = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
  #expect(text.contains(message), "\(text)", sourceLocation: sourceLocation)
}
