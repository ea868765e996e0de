import Foundation
import TensorCore

/// System calls on files of which one fails, or all from one on. It counts them.
package final class FaultyFiles: FileOperations, @unchecked Sendable {
  package enum Fault: Sendable {
    /// The call fails; those after it do not.
    case once(Int32)
    /// The call and all that would take room on the disk after it fail.
    case forGood(Int32)
    /// Nothing happens from this call on: the process was killed.
    case killed
    /// A write takes one byte only; other calls are not affected.
    case short
  }

  private let system = SystemFiles()
  private let fault: Fault?
  private let faultyCall: Int
  private let lock = NSLock()
  private var made: [String] = []
  private var moved: [String] = []

  /// - Parameter faultyCall: number of the faulty call, counted from 1.
  package init(_ fault: Fault? = nil, at faultyCall: Int = 0) { (self.fault, self.faultyCall) = (fault, faultyCall) }

  /// Names of the calls so far.
  package var calls: [String] { lock.withLock { made } }
  /// Paths that files were moved to.
  package var targets: [String] { lock.withLock { moved } }

  /// Notes a call.
  ///
  /// - Returns: whether it is a write that is to be cut short.
  @discardableResult
  private func note(_ name: String, takesRoom: Bool = false) throws(SystemError) -> Bool {
    let number = lock.withLock {
      made.append(name)
      return made.count
    }
    switch fault {
    case .once(let code)? where number == faultyCall: throw SystemError(code: code)
    case .forGood(let code)? where number == faultyCall || number > faultyCall && takesRoom:
      throw SystemError(code: code)
    case .killed? where number >= faultyCall: throw SystemError(code: EIO)
    case .short?: return number == faultyCall
    default: return false
    }
  }

  package func status(of path: String) throws(SystemError) -> FileStatus {
    try note("status")
    return try system.status(of: path)
  }

  package func status(of descriptor: Int32) throws(SystemError) -> FileStatus {
    try note("status")
    return try system.status(of: descriptor)
  }

  package func isLink(_ path: String) throws(SystemError) -> Bool {
    try note("status")
    return try system.isLink(path)
  }

  package func destination(of path: String) throws(SystemError) -> String {
    try note("destination")
    return try system.destination(of: path)
  }

  package func openForReading(_ path: String) throws(SystemError) -> Int32 {
    try note("open")
    return try system.openForReading(path)
  }

  package func openWithoutWaiting(_ path: String) throws(SystemError) -> Int32 {
    try note("open")
    return try system.openWithoutWaiting(path)
  }

  package func openForUpdating(_ path: String) throws(SystemError) -> Int32 {
    try note("open")
    return try system.openForUpdating(path)
  }

  package func create(_ path: String) throws(SystemError) -> Int32 {
    try note("create", takesRoom: true)
    return try system.create(path)
  }

  package func openDirectory(_ path: String) throws(SystemError) -> Int32 {
    try note("openDirectory")
    return try system.openDirectory(path)
  }

  package func makeDirectory(_ path: String) throws(SystemError) {
    try note("makeDirectory", takesRoom: true)
    try system.makeDirectory(path)
  }

  package func names(in path: String) throws(SystemError) -> [String] {
    try note("names")
    return try system.names(in: path)
  }

  package func readSome(
    into buffer: UnsafeMutableRawBufferPointer, from descriptor: Int32
  ) throws(SystemError) -> Int {
    try note("read")
    return try system.readSome(into: buffer, from: descriptor)
  }

  package func seek(_ descriptor: Int32, to offset: Int) throws(SystemError) {
    try note("seek")
    try system.seek(descriptor, to: offset)
  }

  package func map(_ descriptor: Int32, count: Int) throws(SystemError) -> UnsafeRawBufferPointer {
    try note("map")
    return try system.map(descriptor, count: count)
  }

  package func writeSome(
    _ bytes: ArraySlice<UInt8>, to descriptor: Int32, at offset: Int?
  ) throws(SystemError) -> Int {
    let isShort: Bool
    do { isShort = try note("write", takesRoom: true) } catch {
      // A disk that is full takes what still fits, and a process may be killed in the middle.
      _ = try? system.writeSome(bytes.prefix(1), to: descriptor, at: offset)
      throw error
    }
    return try system.writeSome(isShort ? bytes.prefix(1) : bytes, to: descriptor, at: offset)
  }

  package func allocate(_ count: Int, for descriptor: Int32) throws(SystemError) {
    try note("allocate", takesRoom: true)
    try system.allocate(count, for: descriptor)
  }

  package func lock(_ descriptor: Int32) throws(SystemError) {
    try note("lock")
    try system.lock(descriptor)
  }

  package func sync(_ descriptor: Int32) throws(SystemError) {
    try note("sync")
    try system.sync(descriptor)
  }

  package func closeDescriptor(_ descriptor: Int32) throws(SystemError) {
    // The descriptor is free even where the call fails.
    try system.closeDescriptor(descriptor)
    try note("close")
  }

  package func move(_ path: String, to newPath: String) throws(SystemError) {
    try note("move")
    try system.move(path, to: newPath)
    lock.withLock { moved.append(newPath) }
  }

  package func link(_ path: String, as newPath: String) throws(SystemError) {
    try note("link", takesRoom: true)
    try system.link(path, as: newPath)
  }

  package func remove(_ path: String) throws(SystemError) {
    try note("remove")
    try system.remove(path)
  }

  package func removeDirectory(_ path: String) throws(SystemError) {
    try note("removeDirectory")
    try system.removeDirectory(path)
  }
}
