import CharrnnTestSupport
import ForeignFiles
import TensorCheckpoints
import TensorCore

/// A fixture of `Tests/Interop/make_fixtures.py`.
func fixture(_ name: String) throws -> MappedFile { try MappedFile(Repository.fixture("foreign/\(name)").path) }

/// Elements of an array in a fixture: element i is i/8, plus the number of the array in its file.
func ruled(_ count: Int, number: Float = 0) -> [Float] { (0..<count).map { Float($0) / 8 + number } }

/// A file in memory, which errors call "file".
func memory(_ bytes: [UInt8]) -> MappedFile { MappedFile(copying: bytes, as: "file") }

extension [UInt8] {
  /// These bytes with others at `offset` in the place of as many.
  func replacing(at offset: Int, with bytes: [UInt8]) -> [UInt8] {
    var copy = self
    copy.replaceSubrange(offset..<offset + bytes.count, with: bytes)
    return copy
  }
}
