import CSequenceKernels
import Foundation

/// Filling and copying of elements in the host's memory or on a device.
extension UnsafeMutablePointer where Pointee: TensorScalar {
  /// Sets `count` elements to `value`.
  func fill(_ value: Pointee, count: Int) {
    if count == 0 { return }
    if let device = OpenCLDevice.at(self) { return device.fill(self, value, rows: 1, columns: count, stride: count) }
    if value == 0 && value.sign == .plus {
      memset(self, 0, count * MemoryLayout<Pointee>.stride)
      return
    }
    // Copies of growing blocks, because a loop over a generic element would not become vector code.
    self[0] = value
    var done = 1
    while done < count {
      let block = Swift.min(done, count - done)
      (self + done).update(from: self, count: block)
      done += block
    }
  }

  /// Copies `count` elements from the same place.
  func copy(from source: UnsafePointer<Pointee>, count: Int) {
    copyRows(1, of: count, from: source, stride: count, toStride: count)
  }

  /// Copies rows of `columns` elements from the same place, `stride` elements apart there and `toStride` here.
  func copyRows(_ rows: Int, of columns: Int, from source: UnsafePointer<Pointee>, stride: Int, toStride: Int) {
    if rows == 0 || columns == 0 { return }
    if let device = OpenCLDevice.at(self) {
      return device.copy(rows: rows, columns: columns, from: source, stride: stride, to: self, stride: toStride)
    }
    requireHost(source, "copy")
    for row in 0..<rows { (self + row * toStride).update(from: source + row * stride, count: columns) }
  }
}

/// Traps where an operand of an operation on the host is on a device.
@inline(__always)
func requireHost(_ address: UnsafeRawPointer, _ operation: String) {
  if let device = OpenCLDevice.at(address) { placeFailure(operation, .cpu, .openCL(device)) }
}
