import CharrnnTestSupport
import Foundation
import ModelTraining
import TensorCore
import Testing

@Suite struct TensorBoardLogTests {
  private let scratch: ScratchDirectory
  private let path: String

  init() throws {
    scratch = try ScratchDirectory()
    path = scratch.path(of: "events.out.tfevents.1")
  }

  private func events() throws -> EventFile { try EventFile(scratch.bytes(of: "events.out.tfevents.1")) }

  /// Values of RFC 3720, appendix B.4, and the usual check value.
  @Test func checksumsAreThoseOfTheStandard() {
    #expect(crc32c(Array("123456789".utf8)) == 0xE306_9283)
    #expect(crc32c([UInt8](repeating: 0, count: 32)) == 0x8A91_36AA)
    #expect(crc32c([UInt8](repeating: 255, count: 32)) == 0x62A8_AB43)
    #expect(crc32c(0..<32) == 0x46DD_794E)
    #expect(crc32c([]) == 0)
  }

  /// Bytes of the format, put together by hand.
  @Test func aNumberIsWrittenInTheBytesOfTheFormat() throws {
    var log = TensorBoardLog(path)
    try log.write()
    let before = try scratch.bytes(of: "events.out.tfevents.1").count
    log.add(1, to: "a", step: 300, at: 1.5)
    try log.write()
    let content: [UInt8] =
      [0x09, 0, 0, 0, 0, 0, 0, 0xF8, 0x3F]  // wall_time
      + [0x10, 0xAC, 0x02]  // step
      + [0x2A, 0x0A, 0x0A, 0x08, 0x0A, 0x01, 0x61, 0x15, 0, 0, 0x80, 0x3F]  // summary { value { tag, simple_value } }
    let record = try Array(scratch.bytes(of: "events.out.tfevents.1")[before...])
    #expect(Array(record[..<8]) == [UInt8(content.count), 0, 0, 0, 0, 0, 0, 0])
    #expect(Array(record[12..<(12 + content.count)]) == content)
    #expect(record.count == 16 + content.count)
  }

  @Test func whatWasAddedIsReadBack() throws {
    var log = TensorBoardLog(path)
    log.add(0.1, to: "loss/train", step: 3, at: 12.25)
    log.add(.nan, to: "loss/train", step: -4, at: 13)
    log.add(text: "Ж\n", to: "sample", step: 1 << 40, at: 14)
    log.restart(at: 2, at: 15)
    try log.write()
    let found = try events().events
    #expect(found.count == 5 && found[0].version == "brain.Event:2" && found[0].step == 0)
    #expect(found[1] == EventFile.Event(time: 12.25, step: 3, tag: "loss/train", number: 0.1))
    #expect(found[2].number?.isNaN == true && found[2].step == -4)
    #expect(found[3] == EventFile.Event(time: 14, step: 1 << 40, tag: "sample", text: "Ж\n", plugin: "text"))
    #expect(found[4] == EventFile.Event(time: 15, step: 2, isStart: true))
  }

  @Test func timeIsNowWhereItIsNotGiven() throws {
    var log = TensorBoardLog(path)
    let before = Date().timeIntervalSince1970
    log.add(0, to: "a", step: 0)
    try log.write()
    let time = try #require(try events().events.last?.time)
    #expect(time >= before && time <= Date().timeIntervalSince1970)
  }

  /// TensorBoard reads on where it stopped: what is there never changes while a log grows.
  @Test func aLogGrowsAndANewOneReplacesIt() throws {
    var (log, before) = (TensorBoardLog(path), [UInt8]())
    for step in 1...3 {
      log.add(0, to: "a", step: step)
      try log.write()
      let bytes = try scratch.bytes(of: "events.out.tfevents.1")
      #expect(bytes.starts(with: before))
      before = bytes
    }
    #expect(try events().events.map(\.step) == [0, 1, 2, 3])
    var other = TensorBoardLog(path, at: 1)
    try other.write()
    #expect(try events().events.map(\.step) == [0])
  }

  /// A file that begins in the same way is added to, also where a record was not finished.
  @Test func aFileWithTheSameBeginningIsGoneOnWith() throws {
    func log() -> TensorBoardLog {
      var log = TensorBoardLog(path, at: 5)
      for step in 1...2 { log.add(text: "text", to: "a", step: step, at: 6) }
      return log
    }
    var first = log()
    try first.write()
    let whole = try scratch.bytes(of: "events.out.tfevents.1")
    for length in 0...whole.count {
      try scratch.write(Array(whole[..<length]), to: "events.out.tfevents.1")
      let file = try SystemFiles().status(of: path).identity
      var second = log()
      second.add(0, to: "b", step: 9)
      try second.write()
      #expect(try events().events.map(\.step) == [0, 1, 2, 9])
      #expect(try SystemFiles().status(of: path).identity == file || length == 0)
    }
  }

  @Test func aLogThatIsRemovedBeginsAnew() throws {
    var log = TensorBoardLog(path)
    try log.write()
    try FileManager.default.removeItem(atPath: path)
    log.add(0, to: "a", step: 7)
    try log.write()
    #expect(try events().events.map(\.version) == ["brain.Event:2", nil])
  }

  /// Whichever system call fails or writes less than it was given, nothing that was added is lost or doubled.
  @Test func whatCouldNotBeWrittenIsWrittenTheNextTime() throws {
    func log(_ files: FaultyFiles) throws -> TensorBoardLog {
      try? FileManager.default.removeItem(atPath: path)
      var log = TensorBoardLog(path, using: files)
      try log.write()
      log.add(0, to: "a", step: 1)
      return log
    }
    let files = FaultyFiles()
    var whole = try log(files)
    let before = files.calls.count
    try whole.write()
    for call in before + 1...files.calls.count {
      for fault in [FaultyFiles.Fault.once(ENOSPC), .short] {
        var log = try log(FaultyFiles(fault, at: call))
        try? log.write()
        log.add(0, to: "a", step: 2)
        try log.write()
        #expect(try events().events.map(\.step) == [0, 1, 2], "\(files.calls[call - 1])")
      }
    }
  }
}
