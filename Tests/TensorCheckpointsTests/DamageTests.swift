import TensorCheckpoints
import TensorCore
import Testing

/// A damaged file is an error, whatever the damage; never a trap, never another model.
@Suite struct DamageTests {
  private let whole: [UInt8] = Array(
    Checkpoint(
      tensors: [
        "rnn.weight_hh_l0": StoredTensor([1, 2, 3, 4] as [Float], shape: [2, 2]),
        "rnn.bias_hh_l0": StoredTensor([0.5, 0.25] as [Float], shape: [2]),
        "step": StoredTensor([7] as [Int64], shape: []),
      ],
      metadata: ["vocabulary": #"["\n","a"]"#]
    ).serialized().joined())

  /// The tensor in a file with neither version nor checksum.
  private let foreign: [UInt8] = {
    let header = #"{"__metadata__":{"format":"pt"},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}   "#
    return [UInt8(header.utf8.count), 0, 0, 0, 0, 0, 0, 0] + Array(header.utf8) + [0, 0, 0, 0, 0, 0, 0, 0]
  }()

  private func fails(_ bytes: [UInt8]) -> Bool {
    do {
      _ = try Checkpoint(MappedFile(copying: bytes, as: "file"))
      return false
    } catch {
      return error.file == "file" && !error.description.contains("\n")
    }
  }

  private func headerSize(_ bytes: [UInt8]) -> Int {
    8 + Int(bytes[0]) + Int(bytes[1]) << 8
  }

  @Test func theUndamagedFilesAreRead() {
    #expect(!fails(whole) && !fails(foreign))
  }

  @Test func aFileCutAtAnyByteIsAnError() {
    for file in [whole, foreign] {
      for count in 0..<file.count { #expect(fails(Array(file[..<count])), "cut at \(count)") }
    }
  }

  @Test func aCutInTheDataNamesTheTensorAndTheByteItNeeds() {
    let cut = Array(whole[..<(whole.count - 1)])
    let error = #expect(throws: SafetensorsError.self) { try Checkpoint(MappedFile(copying: cut, as: "m")) }
    #expect(
      error?.description
        == "m: the file is cut short: it ends at byte \(cut.count), tensor \"rnn.weight_hh_l0\" needs bytes up to "
        + "\(whole.count)")
  }

  @Test func anyFlippedBitOfTheHeaderIsAnError() {
    for index in 0..<headerSize(whole) {
      for bit in 0..<8 {
        var damaged = whole
        damaged[index] ^= 1 << bit
        #expect(fails(damaged), "bit \(bit) of byte \(index)")
      }
    }
  }

  @Test func anyFlippedBitOfTheDataIsAnError() {
    for index in headerSize(whole)..<whole.count {
      var damaged = whole
      damaged[index] ^= 1 << (index % 8)
      #expect(fails(damaged), "byte \(index)")
    }
  }

  @Test func anyByteAddedAtTheEndIsAnError() {
    #expect(fails(whole + [0]) && fails(foreign + [0]))
  }

  /// Without a checksum a change may give another file, but a reader must come to an end of its own.
  @Test(arguments: 1...4 as ClosedRange<UInt64>) func aForeignFileChangedAtRandomNeverTraps(seed: UInt64) {
    var random = seed
    func next(_ bound: Int) -> Int {
      random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(random >> 33) % bound
    }
    let spice = Array("{}[]\",:\\u0019eE-.\u{0}é".utf8)
    for _ in 0..<500 {
      var damaged = foreign
      for _ in 0...next(3) {
        let index = next(headerSize(foreign))
        switch next(3) {
        case 0: damaged[index] = spice[next(spice.count)]
        case 1: damaged.insert(spice[next(spice.count)], at: index)
        default: damaged.remove(at: index)
        }
      }
      _ = fails(damaged)
    }
  }
}
