/// Limits of a device, measured.
public struct DevicePeak: Sendable {
  /// Floating-point operations a second of multiply-adds in registers, in single precision.
  public let operationsPerSecond: Double
  /// Bytes a second that a copy within the device's memory reads and writes.
  public let bytesPerSecond: Double
}

extension OpenCLDevice {
  /// Measures the device, in about a second.
  ///
  /// - Throws: `DeviceError` where it fails.
  public func measurePeak() throws(DeviceError) -> DevicePeak {
    let groups = 64 * computeUnits
    let result = Tensor<Float>(uninitialized: [groups * Self.groupSize], pool: pool)
    let count = min(1 << 24, largestBuffer / 8)
    let (source, target) = (
      Tensor<Float>.full([count], 1, pool: pool), Tensor<Float>(uninitialized: [count], pool: pool)
    )
    var iterations = 256
    func burst() {
      launch(
        .reductions, "multiply_add_burst", of: Float.self, groups: groups,
        [.int(iterations), .memory(result.storage.base)])
    }
    // Long enough that the launch does not count.
    while iterations < 1 << 24, try seconds(burst) < 0.02 { iterations *= 2 }
    // 64 chains of two operations in each item.
    let operations = 128 * Double(iterations) * Double(groups * Self.groupSize)
    let arithmetic = try bestSeconds(burst)
    let copying = try bestSeconds { target.storage.base.copy(from: source.storage.base, count: count) }
    withExtendedLifetime((result, source, target)) {}
    return DevicePeak(
      operationsPerSecond: operations / arithmetic, bytesPerSecond: 8 * Double(count) / copying)
  }

  /// The shortest of some runs.
  func bestSeconds(_ work: () -> Void) throws(DeviceError) -> Double {
    var best = Double.infinity
    for _ in 0..<5 { best = min(best, try seconds(work)) }
    return best
  }

  private func seconds(_ work: () -> Void) throws(DeviceError) -> Double {
    try check()
    let clock = ContinuousClock()
    let began = clock.now
    work()
    try check()
    if let failure = DeviceAttempt.current?.failure { throw failure }
    return (clock.now - began) / .seconds(1)
  }
}
