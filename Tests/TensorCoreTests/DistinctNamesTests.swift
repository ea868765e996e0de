import TensorCore
import Testing

@Suite struct DistinctNamesTests {
  private func problem(_ json: String) -> JSONProblem? {
    do { try requireDistinctNames(inJSON: json) } catch { return error }
    return nil
  }

  @Test(arguments: [
    "{}", "[]", "null", " -1.5e+3 ", "\"a\"", #"{"a":1,"b":{"a":[{"a":2},{"a":true}]},"A":null}"#,
    "[[],{},\"\\u00e9\"]",
    String(repeating: "[", count: 60) + String(repeating: "]", count: 60),
  ])
  func jsonWithDistinctNamesHasNoProblem(json: String) {
    #expect(problem(json) == nil)
  }

  @Test(arguments: [
    #"{"a":1,"a":1}"#, #"{"a":1,"b":2, "a":3}"#, #"[0,{"x":{"a":{},"a":[]}}]"#, #"{"a":1,"\u0061":2}"#,
    "{\"\u{e9}\":1,\"e\u{301}\":2}",
  ])
  func aNameThatStandsTwiceInOneObjectIsFound(json: String) {
    guard case .duplicateName? = problem(json) else {
      Issue.record("\(json): \(String(describing: problem(json)))")
      return
    }
  }

  @Test(arguments: [
    "", "{", "[1", "[1,]", "{\"a\"}", "{\"a\":}", "{a:1}", "1 2", "\"", "{}{}", "[,]", #"{"a":1,}"#,
    String(repeating: "[", count: 100_000), String(repeating: "{\"a\":", count: 100_000),
  ])
  func whatIsNotJSONIsAProblem(text: String) {
    #expect(problem(text) != nil)
  }
}
