import TensorCheckpoints
import TensorCore
import Testing

/// A header that asks for more than `CheckpointLimits` is refused where it begins to.
@Suite struct CheckpointLimitTests {
  private func problem(_ header: String) -> SafetensorsError.Problem? {
    let text = Array(header.utf8)
    let bytes = (0..<8).map { UInt8(truncatingIfNeeded: text.count >> ($0 * 8)) } + text
    do { _ = try Checkpoint(MappedFile(copying: bytes, as: "file")) } catch { return error.problem }
    return nil
  }

  private func tensor(_ name: String, dtype: String = "F32", shape: String = "0") -> String {
    #""\#(name)":{"dtype":"\#(dtype)","shape":[\#(shape)],"data_offsets":[0,0]}"#
  }

  private func zeros(_ count: Int) -> String { repeatElement("0", count: count).joined(separator: ",") }

  @Test func aNameOfMoreBytesThanAllowedIsRefusedAtItsBeginning() {
    let name = String(repeating: "a", count: CheckpointLimits.name)
    #expect(problem("{\(tensor(name))}") == nil)
    #expect(problem("{\(tensor(name + "a"))}") == .textTooLong(offset: 9, limit: CheckpointLimits.name))
    #expect(
      problem(#"{"__metadata__":{"\#(name)a":""}}"#) == .textTooLong(offset: 25, limit: CheckpointLimits.name))
    #expect(problem(#"{"a":{"\#(name)a":1}}"#) == .textTooLong(offset: 14, limit: CheckpointLimits.name))
  }

  @Test func theNameOfATypeOfManyBytesIsRefused() {
    let dtype = String(repeating: "F", count: 65)
    #expect(problem("{\(tensor("a", dtype: dtype))}") == .textTooLong(offset: 22, limit: 64))
  }

  @Test func escapesCountAsTheyAreWritten() {
    let name = String(repeating: "\\u0061", count: CheckpointLimits.name / 6 + 1)
    #expect(problem("{\(tensor(name))}") == .textTooLong(offset: 9, limit: CheckpointLimits.name))
  }

  /// Names are compared in canonical order, which takes long for many combining marks.
  @Test func namesThatAreNotASCIICountSixteenfold() {
    let count = CheckpointLimits.allNames / 16 / 500 + 1
    let entries = (0..<count).map { number in
      tensor("\(number)" + String(repeating: "\u{301}\u{316}", count: 125))
    }
    guard case .tooManyTensors? = problem("{" + entries.joined(separator: ",") + "}") else {
      Issue.record("names that take long to compare are read")
      return
    }
  }

  @Test func moreDimensionsThanAllowedAreRefused() {
    #expect(problem("{\(tensor("a", shape: zeros(CheckpointLimits.rank)))}") == nil)
    #expect(problem("{\(tensor("a", shape: zeros(CheckpointLimits.rank + 1)))}") == .tooManyDimensions(tensor: "a"))
  }

  @Test func moreOffsetsThanTwoAreRefusedUnread() {
    #expect(
      problem(#"{"a":{"dtype":"F32","shape":[0],"data_offsets":[0,0,x"#)
        == .missingField("pair of data_offsets", tensor: "a"))
  }

  @Test func moreTensorsThanAllowedAreRefused() {
    let entries = (0...CheckpointLimits.tensors).map { tensor("\($0)") }
    #expect(problem("{" + entries.dropLast().joined(separator: ",") + "}") == nil)
    guard case .tooManyTensors? = problem("{" + entries.joined(separator: ",") + "}") else {
      Issue.record("one tensor more is read")
      return
    }
  }

  @Test func longerNamesTogetherThanAllowedAreRefused() {
    let count = CheckpointLimits.allNames / 500 + 1
    let entries = (0..<count).map { number in
      tensor(String(repeating: "a", count: 500 - "\(number)".count) + "\(number)")
    }
    guard case .tooManyTensors? = problem("{" + entries.joined(separator: ",") + "}") else {
      Issue.record("more bytes of names are read")
      return
    }
  }

  @Test func moreMetadataThanAllowedAreRefused() {
    let entries = (0...CheckpointLimits.metadataEntries).map { #""\#($0)":"""# }
    #expect(problem(#"{"__metadata__":{"# + entries.dropLast().joined(separator: ",") + "}}") == nil)
    guard case .tooMuchMetadata? = problem(#"{"__metadata__":{"# + entries.joined(separator: ",") + "}}") else {
      Issue.record("one entry more is read")
      return
    }
    let half = String(repeating: "x", count: CheckpointLimits.metadata / 2)
    #expect(problem(#"{"__metadata__":{"a":"\#(half)","b":"\#(half)"}}"#) == nil)
    guard case .tooMuchMetadata? = problem(#"{"__metadata__":{"a":"\#(half)","b":"\#(half)x"}}"#) else {
      Issue.record("one byte more is read")
      return
    }
  }

  /// A checkpoint that cannot be read again is never written.
  @Test func whatIsBeyondTheLimitsIsNotWritten() async {
    await #expect(processExitsWith: .failure) {
      _ = Checkpoint(metadata: ["a": String(repeating: "x", count: CheckpointLimits.metadata)]).serialized()
    }
    await #expect(processExitsWith: .failure) {
      let name = String(repeating: "a", count: CheckpointLimits.name + 1)
      _ = Checkpoint(tensors: [name: StoredTensor([] as [Float], shape: [0])]).serialized()
    }
    await #expect(processExitsWith: .failure) {
      let shape = [Int](repeating: 1, count: CheckpointLimits.rank + 1)
      _ = Checkpoint(tensors: ["a": StoredTensor([1] as [Float], shape: shape)]).serialized()
    }
  }
}
