/// The checksum of HDF5's newer structures: Bob Jenkins's lookup3, `hashlittle` with the initial value 0 (2006).
package enum JenkinsHash {
  package static func hash(_ bytes: some Collection<UInt8>) -> UInt32 {
    let bytes = Array(bytes)
    var place = 0
    /// The next four bytes; zeros after the last one.
    func word() -> UInt32 {
      defer { place += 4 }
      return (0..<4).reduce(0) { $0 | (place + $1 < bytes.count ? UInt32(bytes[place + $1]) << UInt32(8 * $1) : 0) }
    }
    var a = 0xDEAD_BEEF &+ UInt32(truncatingIfNeeded: bytes.count)
    var (b, c) = (a, a)
    while bytes.count - place > 12 {
      a &+= word()
      b &+= word()
      c &+= word()
      step(&a, c, 4)
      c &+= b
      step(&b, a, 6)
      a &+= c
      step(&c, b, 8)
      b &+= a
      step(&a, c, 16)
      c &+= b
      step(&b, a, 19)
      a &+= c
      step(&c, b, 4)
      b &+= a
    }
    if bytes.isEmpty { return c }
    a &+= word()
    b &+= word()
    c &+= word()
    end(&c, b, 14)
    end(&a, c, 11)
    end(&b, a, 25)
    end(&c, b, 16)
    end(&a, c, 4)
    end(&b, a, 14)
    end(&c, b, 24)
    return c
  }

  private static func step(_ x: inout UInt32, _ y: UInt32, _ turn: UInt32) {
    x &-= y
    x ^= y << turn | y >> (32 - turn)
  }

  private static func end(_ x: inout UInt32, _ y: UInt32, _ turn: UInt32) {
    x ^= y
    x &-= y << turn | y >> (32 - turn)
  }
}
