import CharrnnTestSupport
import TabularData
import TensorCore
import Testing

/// A malformed file and the message about it.
private struct Case: Sendable, CustomTestStringConvertible {
  let bytes: [UInt8]
  let message: String

  init(_ text: String, _ message: String) { self.init(bytes: Array(text.utf8), message) }

  init(bytes: [UInt8], _ message: String) {
    self.bytes = bytes
    self.message = message
  }

  var testDescription: String { message }
}

private let quotingAdvice = "put the whole field in quotes, and double the quotes inside of it"

@Suite struct CSVErrorTests {
  @Test(arguments: [
    Case("", "f.csv: there is nothing in it; it needs a line of column names, and a line for each row"),
    Case("\u{FEFF}", "f.csv: there is nothing in it; it needs a line of column names, and a line for each row"),
    Case("a,b", "f.csv: line 1: there are column names and no rows; add a line for each row"),
    Case("a,b\r\n", "f.csv: line 1: there are column names and no rows; add a line for each row"),
    Case(
      bytes: Array("a\n\"1\n".utf8) + [0xC3, 0x28, 0x22], "f.csv: line 3: not valid UTF-8; save the file as UTF-8"),
    Case(bytes: Array("a\n1\n".utf8) + [0xE2, 0x82], "f.csv: line 3: not valid UTF-8; save the file as UTF-8"),
    Case("a,,c\n1,2,3", "f.csv: line 1, column 2: the column has no name; give it one"),
    Case("\n1", "f.csv: line 1, column 1: the column has no name; give it one"),
    Case("\"a\n\", ,c\n1,2,3", "f.csv: line 2, column 2: the column has no name; give it one"),
    Case("a,b,\"a\"\n1,2,3", "f.csv: line 1, column 3 \"a\": column 1 has the same name; rename one of them"),
    Case(
      "a,b\n1,\"2\n3\n",
      "f.csv: line 2, column 2 \"b\": the quote that opens the field is never closed; add the closing quote"),
    Case(
      "a,\"b\n1,2\n", "f.csv: line 1, column 2: the quote that opens the field is never closed; add the closing quote"
    ),
    Case("a,b\n1,\"2\" \n", "f.csv: line 2, column 2 \"b\": text follows the closing quote; \(quotingAdvice)"),
    Case(
      "a,b\n1,2\n3\"\",4\n",
      "f.csv: line 3, column 1 \"a\": a quote stands in a field without quotes around it; \(quotingAdvice)"),
    Case(
      "a,b\n1,2\r3,4\n",
      "f.csv: line 2, column 2 \"b\": a carriage return stands without a line feed; "
        + "end lines with LF or CR LF, or put the field in quotes"),
    Case("a,b\n1,2\n\n3,4\n", "f.csv: line 3: the line is empty; remove it"),
    Case(
      "a,b\n\"1\n\n\",2\n3\n4,5\n",
      "f.csv: line 5: 1 field, and the header has 2 columns; "
        + "correct the line, or put fields that hold separators in quotes"),
    Case(
      "a\n1,\"2\n\",3\n",
      "f.csv: line 2: 3 fields, and the header has 1 column; "
        + "correct the line, or put fields that hold separators in quotes"),
  ])
  private func aMalformedFileIsRefusedWithThePlaceTheReasonAndWhatToDo(example: Case) {
    let error = #expect(throws: CSVError.self) { try CSVTable(bytes: example.bytes, name: "f.csv") }
    #expect(error?.description == example.message)
  }

  @Test(arguments: [
    Case("a,b\n1,2\n3,\n", "f.csv: line 3, column 2 \"b\": the value is missing; fill it in, or remove the row"),
    Case(
      "a,b\n\"1\n\",2\n3,\" \t\"",
      "f.csv: line 4, column 2 \"b\": the value is missing; fill it in, or remove the row"),
    Case("b\n1\n\n", "f.csv: line 3, column 1 \"b\": the value is missing; fill it in, or remove the row"),
    Case("b\n1,5".replacing(",", with: "."), ""),
    Case(
      "b\nrose\n",
      "f.csv: line 2, column 1 \"b\": \"rose\" is not a number; correct it, or read the column as classes"),
    Case(
      "b\n\"\u{1B}[31m\"\"\u{202E}\n\u{7}\"\n",
      "f.csv: line 2, column 1 \"b\": \"\\u{1B}[31m\\\"\\\"\\u{202E}\\n\\u{07}\" is not a number; "
        + "correct it, or read the column as classes"),
    Case(
      "b\n" + String(repeating: "x", count: 1000),
      "f.csv: line 2, column 1 \"b\": \"" + String(repeating: "x", count: 40)
        + "…\" is not a number; correct it, or read the column as classes"),
    Case(
      "b\n-NaN\n", "f.csv: line 2, column 1 \"b\": \"-NaN\" is not a finite number; correct it, or remove the row"),
    Case(
      "b\n 1e39", "f.csv: line 2, column 1 \"b\": \"1e39\" is too large for Float; correct it, or scale the column"),
  ])
  private func aValueThatIsNoNumberIsRefusedWithItsLineAndColumn(example: Case) throws {
    let table = try CSVTable(bytes: example.bytes, name: "f.csv")
    if example.message.isEmpty {
      #expect(try table.tensor(of: ["b"]).scalars == [1.5])
      return
    }
    let error = #expect(throws: CSVError.self) { try table.tensor(of: ["b"]) }
    #expect(error?.description == example.message)
  }

  @Test func aMissingClassIsRefusedWithItsLineAndColumn() throws {
    for row in ["x,", "x,\"\"", "x,  ", "x,\" \""] {
      let table = try CSVTable(text: "a,b\n1,rose\n\(row)\n3,rose\n", name: "f.csv")
      let message = "f.csv: line 3, column 2 \"b\": the value is missing; fill it in, or remove the row"
      #expect(#expect(throws: CSVError.self) { try table.classes(of: "b") }?.description == message)
      #expect(#expect(throws: CSVError.self) { try table.classes(of: "b", among: ["rose"]) }?.description == message)
    }
  }

  @Test func aClassThatIsNotInTheListIsRefusedWithItsLineAndColumn() throws {
    let table = try CSVTable(text: "a,b\n1,rose\n2,\"a \"\"lily\"\"\"\n", name: "f.csv")
    let error = #expect(throws: CSVError.self) { try table.classes(of: "b", among: ["rose", "iris"]) }
    #expect(
      error?.description
        == "f.csv: line 3, column 2 \"b\": \"a \\\"lily\\\"\" is none of the classes \"rose\", \"iris\"; "
        + "correct it, or remove the row")
  }

  @Test func anUnknownColumnIsRefusedWithTheColumnsThereAre() throws {
    let few = try CSVTable(text: "a,b\n1,2", name: "f.csv")
    for read in [
      { _ = try few.strings(of: "c") }, { _ = try few.tensor(of: ["a", "c"]) }, { _ = try few.classes(of: "c") },
    ] {
      let error = #expect(throws: CSVError.self) { try read() }
      #expect(error?.description == "f.csv: there is no column \"c\"; there are \"a\", \"b\"")
    }
    let names = (0..<100).map { "n\($0)" }.joined(separator: ",")
    let many = try CSVTable(text: names + "\n" + names, name: "f.csv")
    let error = #expect(throws: CSVError.self) { try many.strings(of: "n") }
    let shown = (0..<8).map { "\"n\($0)\"" }.joined(separator: ", ")
    #expect(error?.description == "f.csv: there is no column \"n\"; there are \(shown) and 92 more")
  }

  @Test func aFileThatCannotBeReadIsRefusedByItsPath() {
    let error = #expect(throws: CSVError.self) { try CSVTable(contentsOf: "/nowhere/f.csv") }
    #expect(error?.description == "/nowhere/f.csv: cannot open: no such file or directory; check the path")
  }

  @Test func anErrorTellsTheFileTheLineTheColumnAndTheProblemApart() throws {
    let table = try CSVTable(text: "a,b\n1,x", name: "f.csv")
    let error = try #require(#expect(throws: CSVError.self) { try table.tensor(of: ["b"]) })
    #expect(error.file == "f.csv" && error.line == 2 && error.column?.number == 2 && error.column?.name == "b")
    #expect(error.problem == .notANumber("x"))
  }

  @Test func theTextOfAFileIsThatOfItsBytes() throws {
    let scratch = try ScratchDirectory()
    try scratch.write("\u{FEFF}a;b\r\n1;2\r\n", to: "table.csv")
    #expect(
      try CSVTable(contentsOf: scratch.path(of: "table.csv"), separator: ";").tensor(of: ["a", "b"]).scalars == [1, 2])
  }
}
