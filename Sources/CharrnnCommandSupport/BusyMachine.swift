import TensorCore

/// Note that threads which should have been busy all the time clearly were not; nil where they were.
///
/// - Parameter cores: those that they had on average while a peak was measured.
package func busyMachineNote(threads: Int, cores: Double) -> String? {
  guard cores < 0.9 * Double(threads) else { return nil }
  let had = "\(counted(threads, "thread")) had \(Readable.fixed(cores, digits: 1)) cores"
  return "\(had) while the peak was measured: other programs ran meanwhile, and the figures are of a busy machine"
}
