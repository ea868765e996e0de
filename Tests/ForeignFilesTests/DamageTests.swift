import CharrnnFuzzing
import CharrnnTestSupport
import ForeignFiles
import TensorCheckpoints
import TensorCore
import Testing

/// A damaged file is an error of one line or another sound file, whatever the damage; never a trap.
@Suite struct DamageTests {
  /// Values in the place of each byte.
  private let values: [UInt8] = sweep(
    debug: [0, 0x52, 0xFF], release: [0, 1, 2, 0x0A, 0x28, 0x52, 0x7F, 0x80, 0xC0, 0xFE, 0xFF])

  @Test(arguments: [
    "single.npy", "deflated.npz", "tied.pt", "two-models.pt", "ordered.h5", "user-block.h5", "flax.msgpack",
  ])
  func aFileCutAtAnyByteIsAnError(name: String) throws {
    let file = try fixture(name)
    for count in 0..<file.count {
      let cut = memory(file[0..<count])
      #expect(throws: (any Error).self, "cut at \(count)") {
        switch name.suffix(3) {
        case "npy": _ = try StoredTensor(npy: cut)
        case "npz": _ = try NamedTensors(npz: cut)
        case "ack": _ = try MessagePackFile(cut).tensors()
        case ".h5": _ = try HDF5File(cut).tensors()
        default: _ = try TorchCheckpoint(cut).tensors(under: name == "tied.pt" ? nil : "generator")
        }
      }
    }
  }

  @Test(arguments: ["pickle", "zip", "npy", "onnx", "hdf5", "msgpack"]) func aFileWithAnyByteChangedNeverTraps(
    target: String
  ) throws {
    let target = try #require(FuzzTarget(rawValue: target))
    for (_, bytes) in try Repository.fuzzInputs(of: target.rawValue) where bytes.count < 500 {
      for offset in bytes.indices {
        for value in values { target.run(bytes.replacing(at: offset, with: [value])) }
      }
    }
  }

  /// Deflated data, without the checksum that would find the damage first.
  @Test func anyFlippedBitOfDeflatedDataNeverTraps() throws {
    let file = try fixture("deflated.npz")
    let whole = file[0..<file.count]
    let stride = amount(debug: 7, release: 1)
    for offset in Swift.stride(from: 30, to: whole.count, by: stride) {
      let damaged = whole.replacing(at: offset, with: [whole[offset] ^ 1 << UInt8(offset % 8)])
      do {
        let archive = try ZIPArchive(memory(damaged))
        for member in archive.members { _ = try? archive.bytes(of: member) }
      } catch { #expect(!"\(error)".contains("\n")) }
    }
  }

  /// Whole files of HDF5, whose structures are larger than those of the inputs above.
  @Test(arguments: ["types-earliest.h5", "chunks-earliest.h5", "chunks-latest.h5", "links-latest.h5", "dense.h5"])
  func anHDF5FileWithAnyByteChangedNeverTraps(name: String) throws {
    let file = try fixture(name)
    let whole = file[0..<file.count]
    for offset in stride(from: 8, to: whole.count, by: amount(debug: 3001, release: 211)) {
      for value in [0, 0x7F, 0xFF, whole[offset] ^ 1 << UInt8(offset % 8)] {
        FuzzTarget.hdf5.run(whole.replacing(at: offset, with: [value]))
      }
    }
  }

  @Test(arguments: 1...4) func aPickleOfRandomInstructionsNeverTraps(seed: Int) {
    var random = SplitMix(seed: seed)
    let instructions: [[UInt8]] = [
      [0x4E], [0x88], [0x4B, 1], [0x28], [0x29], [0x74], [0x85], [0x86], [0x87], [0x5D], [0x61], [0x65], [0x7D], [0x73],
      [0x75], [0x94], [0x68, 0], [0x68, 1], [0x52], [0x62], [0x51], Pickle.global("collections", "OrderedDict"),
      Pickle.global("torch._utils", "_rebuild_tensor_v2"), Pickle.global("torch._utils", "_rebuild_parameter"),
      Pickle.global("torch", "Size"), Pickle.text("storage"), Pickle.text("0"), Pickle.storage(),
      Pickle.tensor(shape: [2], strides: [1]),
    ]
    for _ in 0..<amount(debug: 500, release: 20_000) {
      let count = Int.random(in: 1...30, using: &random)
      FuzzTarget.pickle.run(Pickle.file((0..<count).flatMap { _ in instructions.randomElement(using: &random)! }))
    }
  }
}
