/// Events in a file for TensorBoard, read plainly: bit by bit where that is possible.
package struct EventFile {
  package struct Event: Equatable {
    package var time = 0.0
    package var step = 0
    package fileprivate(set) var version: String?
    package var tag, text, plugin: String?
    package var number: Float?
    package var isStart = false

    package init(
      time: Double = 0, step: Int = 0, tag: String? = nil, number: Float? = nil, text: String? = nil,
      plugin: String? = nil, isStart: Bool = false
    ) {
      (self.time, self.step, self.tag, self.number) = (time, step, tag, number)
      (self.text, self.plugin, self.isStart) = (text, plugin, isStart)
    }
  }

  package struct Damage: Error {
    package let offset: Int
  }

  package private(set) var events: [Event] = []

  /// - Throws: `Damage` for bytes that are not whole records with the right checksums.
  package init(_ bytes: [UInt8]) throws(Damage) {
    var offset = 0
    while offset < bytes.count {
      let rest = bytes[offset...]
      let length = Array(rest.prefix(8))
      let count = Self.number(length)
      guard rest.count >= 16, count <= rest.count - 16, Self.masked(length) == Self.number(rest.dropFirst(8).prefix(4))
      else { throw Damage(offset: offset) }
      let content = Array(rest.dropFirst(12).prefix(count))
      guard Self.masked(content) == Self.number(rest.dropFirst(12 + count).prefix(4)) else {
        throw Damage(offset: offset)
      }
      events.append(Self.event(content))
      offset += 16 + count
    }
  }

  /// Events that TensorBoard shows: a start takes back those of its step and later ones.
  package var shown: [Event] {
    events.reduce(into: []) { shown, event in
      if event.isStart { shown.removeAll { $0.step >= event.step } } else if event.tag != nil { shown.append(event) }
    }
  }

  private static func event(_ bytes: [UInt8]) -> Event {
    var event = Event()
    for (field, value) in fields(bytes) {
      switch field {
      case 1: event.time = Double(bitPattern: UInt64(number(value)))
      case 2: event.step = number(value)
      case 3: event.version = text(value)
      case 5: for (_, value) in fields(value) { add(value, to: &event) }
      case 7: event.isStart = fields(value).contains { $0.number == 1 && $0.value == [1] }
      default: break
      }
    }
    return event
  }

  /// Adds the value of a summary.
  private static func add(_ bytes: [UInt8], to event: inout Event) {
    for (field, value) in fields(bytes) {
      switch field {
      case 1: event.tag = text(value)
      case 2: event.number = Float(bitPattern: UInt32(number(value)))
      case 8: event.text = fields(value).first { $0.number == 8 }.map { text($0.value) }
      case 9:
        event.plugin = fields(value).first { $0.number == 1 }.flatMap { fields($0.value).first }.map { text($0.value) }
      default: break
      }
    }
  }

  /// Fields of a message. An integer is given as the bytes of the number, lowest first.
  private static func fields(_ bytes: [UInt8]) -> [(number: Int, value: [UInt8])] {
    var (rest, fields) = (bytes[...], [(number: Int, value: [UInt8])]())
    func integer() -> UInt64 {
      var (value, shift) = (UInt64(0), UInt64(0))
      while let byte = rest.popFirst() {
        value |= UInt64(byte & 127) << shift
        if byte < 128 { break }
        shift += 7
      }
      return value
    }
    while !rest.isEmpty {
      let key = integer()
      let value: [UInt8]
      switch key % 8 {
      case 0:
        let number = integer()
        value = (0..<8).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }.prefixWithoutZeros
      case 1: value = Array(rest.prefix(8))
      case 5: value = Array(rest.prefix(4))
      default:
        let count = Int(integer())
        value = Array(rest.prefix(count))
      }
      if key % 8 != 0 { rest = rest.dropFirst(value.count) }
      fields.append((Int(key / 8), value))
    }
    return fields
  }

  private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

  /// The number of little-endian bytes.
  private static func number(_ bytes: some Collection<UInt8>) -> Int {
    Int(truncatingIfNeeded: bytes.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) })
  }

  /// Checksum of bytes as records have it.
  package static func masked(_ bytes: [UInt8]) -> Int {
    var crc = UInt32.max
    for byte in bytes {
      for bit in 0..<8 {
        let isOdd = (crc ^ UInt32(byte) >> UInt32(bit)) & 1 == 1
        crc = crc >> 1
        if isOdd { crc ^= 0x82F6_3B78 }
      }
    }
    crc = ~crc
    return Int((crc >> 15 | crc << 17) &+ 0xA282_EAD8)
  }
}

extension [UInt8] {
  fileprivate var prefixWithoutZeros: [UInt8] { Array(reversed().drop { $0 == 0 }.reversed()) }
}
