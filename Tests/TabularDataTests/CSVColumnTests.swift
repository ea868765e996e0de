import TabularData
import TensorCore
import Testing

@Suite struct CSVColumnTests {
  private func number<Scalar: TensorScalar>(_ text: String, as type: Scalar.Type) throws -> Scalar {
    try CSVTable(text: "x\n\(text)").tensor(of: ["x"], as: type).scalar
  }

  /// Reads many numbers at once and compares each with what the standard library makes of its text.
  private func compare<Scalar: TensorScalar>(_ texts: [String], as type: Scalar.Type, _ note: Comment) throws {
    let read = try CSVTable(text: "x\n" + texts.joined(separator: "\n")).tensor(of: ["x"], as: type).scalars
    for (number, text) in zip(read, texts) {
      let expected = try #require(Scalar(text))
      #expect(number == expected && number.sign == expected.sign, "\(text): \(note)")
    }
  }

  @Test(arguments: [UInt64(1), 2, 3])
  func aNumberIsRoundedOnceAsTheStandardLibraryRoundsIt(seed: UInt64) throws {
    var random = RandomSource(seed: seed)
    var texts: [String] = []
    for _ in 0..<1500 {
      var digits = (0..<(1 + random.number(below: 24))).map { _ in String(random.number(below: 10)) }.joined()
      if random.number(below: 2) == 0 {
        let point = random.number(below: digits.count + 1)
        digits = digits.prefix(point) + "." + digits.dropFirst(point)
      }
      let exponent =
        random.number(below: 3) == 0
        ? ""
        : "eE".randomElement(using: &random)!.description
          + ["", "+", "-"].randomElement(using: &random)! + String(random.number(below: 31 - min(digits.count, 24)))
      texts.append(["", "-", "+"].randomElement(using: &random)! + digits + exponent)
    }
    let readable = texts.filter { Float($0)?.isFinite == true }
    try #require(readable.count > 1000)
    try compare(readable, as: Float.self, "seed \(seed)")
    try compare(readable, as: Double.self, "seed \(seed)")
  }

  @Test func aNumberNextToTheMiddleBetweenTwoIsRoundedToTheNearerOne() throws {
    var texts: [String] = []
    for step in 0..<200 {
      // The middle between two neighbours of single precision is exact in double precision.
      let low = Float(1 << 20) + Float(step) * 0.125
      let middle = (Double(low) + Double(low.nextUp)) / 2
      for end in ["", "0000000000000000000000000001", "00000001"] { texts.append("\(middle)\(end)") }
      texts.append("\(middle.nextDown)")
      texts.append("\(middle.nextUp)")
    }
    for step in 0..<200 {
      // Sixteen digits, few enough for the short way, that double precision rounds to the middle.
      let low = Float(0.5) + Float(step) * 0.002
      let digits = Int((low.double + low.nextUp.double) / 2 * 1e16)
      for nearby in digits - 2...digits + 2 { texts.append("0.\(nearby)") }
    }
    try compare(texts, as: Float.self, "")
    try compare(texts, as: Double.self, "")
  }

  @Test func theSmallestAndTheLargestNumbersAreRead() throws {
    try compare(
      ["1e-45", "1.17549421e-38", "1e-60", "3.4028235e38", "-0", "0e999999999999", "1e-99999999999999"], as: Float.self,
      "")
    try compare(
      ["4.9e-324", "2.2250738585072011e-308", "1e-400", "1.7976931348623157e308", "-0.0", "9007199254740993"],
      as: Double.self, "")
    for text in ["1e39", "-3.5e38", "1e22000000000000000000"] {
      let error = #expect(throws: CSVError.self) { try number(text, as: Float.self) }
      #expect(error?.problem == .tooLarge(text, type: "Float"))
    }
    #expect(throws: CSVError.self) { try number("1.8e308", as: Double.self) }
    #expect(try number("1e39", as: Double.self) == 1e39)
  }

  @Test(arguments: ["5.", ".5", "+.5e1", "  7\t", "\" 7 \"", "007", "1E+2"])
  func whatIsANumberIsRead(text: String) throws {
    let bare = text.filter { !"\" \t".contains($0) }
    #expect(try number(text, as: Double.self) == #require(Double(bare)))
    #expect(try number(text, as: Float.self) == #require(Float(bare)))
  }

  @Test(arguments: [
    ".", "+", "-", "e5", "1e", "1e+", "1.2.3", "1e2.5", "--1", "1 2", "0x10", "0x1p3", "1_000", "1f", "١", "true", "NA",
    "1e5x",
    "\u{A0}1", "nan(0)", "1e--2", "½",
  ])
  func whatIsNoNumberIsRefused(text: String) {
    for type in [Double.self, Float.self] as [any TensorScalar.Type] {
      let error = #expect(throws: CSVError.self) { try number(text, as: type) }
      #expect(error?.problem == .notANumber(text))
    }
  }

  @Test(arguments: ["nan", "NaN", "-nan", "inf", "-Inf", "+INFINITY"])
  func whatIsNotFiniteIsRefused(text: String) {
    let error = #expect(throws: CSVError.self) { try number(text, as: Double.self) }
    #expect(error?.problem == .notFinite(text))
  }

  @Test func aTensorHasTheColumnsInTheOrderTheyAreAskedForAlsoTwice() throws {
    let table = try CSVTable(text: "a,b,c\n1,2,3\n4,5,6\n")
    #expect(try table.tensor(of: ["a", "b", "c"]) == Tensor([1, 2, 3, 4, 5, 6], shape: [2, 3]))
    #expect(try table.tensor(of: ["c", "a", "c"]) == Tensor([3, 1, 3, 6, 4, 6], shape: [2, 3]))
    #expect(try table.tensor(of: ["b"], as: Double.self) == Tensor([2, 5], shape: [2, 1]))
    #expect(try table.tensor(of: []).shape == [2, 0])
  }

  @Test func theColumnsThatAreNotAskedForMayHoldAnything() throws {
    let table = try CSVTable(text: "a,b,c\nx,2,\n\"y,\n\",5,nan\n")
    #expect(try table.tensor(of: ["b"]).scalars == [2, 5])
  }

  /// Classes are the distinct values sorted by bytes, and each row names its own.
  @Test func classesAreTheDistinctValuesSortedByBytes() throws {
    let values = ["b", "a\"", "b", "é", "Z", "10", "e\u{301}", "9", "a\"", " b", "a"]
    let text = "k\n" + values.map { "\"" + $0.replacing("\"", with: "\"\"") + "\"" }.joined(separator: "\n")
    let labels = try CSVTable(text: text).classes(of: "k")
    let expected = [" b", "10", "9", "Z", "a", "a\"", "b", "e\u{301}", "é"]
    #expect(labels.names.map { Array($0.utf8) } == expected.map { Array($0.utf8) })
    #expect(labels.indices.map { Array(labels.names[Int($0)].utf8) } == values.map { Array($0.utf8) })
  }

  @Test func classesAmongGivenNamesHaveTheNumbersOfThoseNames() throws {
    let train = try CSVTable(text: "k\nc\na\nb\n").classes(of: "k")
    let test = try CSVTable(text: "k\nb\n\"b\"\nc\n").classes(of: "k", among: train.names)
    #expect(test.names == ["a", "b", "c"])
    #expect(test.indices == [1, 1, 2])
    #expect(try CSVTable(text: "k\nb\nz\n").classes(of: "k", among: ["z", "é", "e\u{301}", "b"]).indices == [3, 0])
  }

  @Test func oneHotLabelsHaveA1AtEachRowsClass() throws {
    let labels = try CSVTable(text: "k\nc\na\nb\nc\n").classes(of: "k")
    #expect(labels.oneHot() == Tensor([0, 0, 1, 1, 0, 0, 0, 1, 0, 0, 0, 1], shape: [4, 3]))
    #expect(labels.oneHot(as: Double.self).argmax() == labels.indices)
  }

  @Test func namesThatAreEqualAsStringsAndDifferInBytesAreTwoColumns() throws {
    let table = try CSVTable(text: "é,e\u{301}\n1,2\n")
    #expect(try table.strings(of: "é") == ["1"])
    #expect(try table.strings(of: "e\u{301}") == ["2"])
  }
}
